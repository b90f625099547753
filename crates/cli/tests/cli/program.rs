//! The program in a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A directory with a configuration, removed at the end.
pub(crate) struct Place {
    folder: PathBuf,
}

/// What the program did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) errors: String,
}

/// What every configuration here says; the log directories come behind it.
pub(crate) const CONFIG: &str = "process.roles=broker,controller\nnode.id=1\n\
    listeners=PLAINTEXT://127.0.0.1:19092,CONTROLLER://127.0.0.1:19093\n\
    controller.listener.names=CONTROLLER\n\
    controller.quorum.bootstrap.servers=127.0.0.1:19093\n";

impl Place {
    /// An empty directory for the test of this name, with `server.properties` for these log
    /// directories.
    pub(crate) fn new(name: &str, log_dirs: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // Left there by a run that was killed.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let place = Self { folder };
        place.write(
            "server.properties",
            &format!("{CONFIG}log.dirs={log_dirs}\n"),
        );
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs the program with these arguments, split at spaces.
    pub(crate) fn klamm(&self, arguments: &str) -> Ran {
        self.run(Path::new(env!("CARGO_BIN_EXE_klamm")), arguments)
    }

    /// Runs the program by a link with this name.
    pub(crate) fn linked(&self, name: &str, arguments: &str) -> Ran {
        let link = self.path(name);
        if !link.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_klamm"), &link).unwrap();
        }
        self.run(&link, arguments)
    }

    fn run(&self, program: &Path, arguments: &str) -> Ran {
        let mut command = Command::new(program);
        command.current_dir(&self.folder);
        command.args(arguments.split_whitespace());
        remove_variables(&mut command);
        command.output().unwrap().into()
    }
}

/// Takes away the variables that would be configuration.
pub(crate) fn remove_variables(command: &mut Command) {
    let variables = std::env::vars_os().map(|(name, _)| name);
    for name in variables.filter(|name| name.to_string_lossy().starts_with("KAFKA_")) {
        command.env_remove(name);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            errors: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// It succeeded and complained of nothing; what it printed.
    pub(crate) fn succeeded(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.errors, "", "{self:?}");
        self.out
    }

    /// It ended with 1 and printed nothing but a complaint, which is returned.
    pub(crate) fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{self:?}");
        assert_eq!(self.out, "", "{self:?}");
        self.errors
    }
}
