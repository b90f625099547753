//! Directories for tests, below the build's own folder for them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

/// A directory that is removed when the test is over.
pub(crate) struct TestDirectory(PathBuf);

impl TestDirectory {
    /// `name` must be the test's own.
    pub(crate) fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = folder.join(format!("disk-{}-{name}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TestDirectory {
    fn drop(&mut self) {
        // What is left behind harms nobody; a panic here would hide the test's own.
        let _ = fs::remove_dir_all(&self.0);
    }
}
