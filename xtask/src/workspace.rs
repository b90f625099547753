//! Where the tree is, and how a program is started in it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The folder of the workspace. Taken from Cargo at run time, not at compile time, so that two
/// checkouts that share a target folder do not check each other.
pub(crate) fn root() -> Result<PathBuf> {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .context("find workspace: not started by cargo (CARGO_MANIFEST_DIR is not set)")?;
    let xtask = PathBuf::from(manifest);
    let root = xtask
        .parent()
        .context("find workspace: xtask has no parent folder")?;
    Ok(root.to_path_buf())
}

/// The Cargo that runs us, in `folder`.
pub(crate) fn cargo(folder: &Path) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(folder);
    command
}

/// Builds the program of `package`, unoptimised, and says where it is.
///
/// # Errors
/// When it does not build.
pub(crate) fn built(root: &Path, package: &str) -> Result<PathBuf> {
    run(cargo(root).args(["build", "--quiet", "--package", package]))?;
    Ok(target(root).join("debug").join(package))
}

/// The same, optimised.
///
/// # Errors
/// When it does not build.
pub(crate) fn built_for_release(root: &Path, package: &str) -> Result<PathBuf> {
    let arguments = ["build", "--quiet", "--release", "--package", package];
    run(cargo(root).args(arguments))?;
    Ok(target(root).join("release").join(package))
}

/// Nobody listens on these, and the system hands out others first before it repeats them.
pub(crate) fn free_ports() -> Result<(u16, u16)> {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("find a free port");
    let (one, other) = (listen()?, listen()?);
    Ok((one.local_addr()?.port(), other.local_addr()?.port()))
}

/// Runs `command` to its end, its output going where ours goes.
///
/// # Errors
/// When it cannot be started or says that it failed.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command
        .status()
        .with_context(|| format!("start `{shown}`"))?;
    ensure!(status.success(), "run `{shown}`: {status}");
    Ok(())
}

/// Runs `command` to its end and returns what it wrote to its standard output.
///
/// # Errors
/// When it cannot be started or says that it failed; the error carries its standard error.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let shown = shown(command);
    let output = command
        .output()
        .with_context(|| format!("start `{shown}`"))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "run `{shown}`: {}: {}",
        output.status,
        complaint.trim()
    );
    Ok(output.stdout)
}

fn target(root: &Path) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root.join("target"), Into::into)
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program());
    let mut words = vec![program.to_string_lossy()];
    words.extend(
        command
            .get_args()
            .map(|argument| argument.to_string_lossy()),
    );
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_an_error_that_names_it() {
        let error = run(Command::new("sh").args(["-c", "exit 3"]))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("sh -c exit 3") && error.contains('3'),
            "{error}"
        );
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_it() {
        let error = run(&mut Command::new("no-such-program"))
            .unwrap_err()
            .to_string();
        assert_eq!(error, "start `no-such-program`");
    }

    #[test]
    fn the_output_of_a_failing_command_is_its_complaint() {
        let error = output(Command::new("sh").args(["-c", "echo bad >&2; exit 1"])).unwrap_err();
        assert!(error.to_string().ends_with("bad"), "{error}");
    }
}
