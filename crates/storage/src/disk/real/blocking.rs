//! Work that waits for the device, kept off the threads that serve requests.
//!
//! Work once begun runs to its end, also when nobody waits for it any more: what must be
//! remembered about its outcome, the work itself remembers.

use std::io;
use std::panic;
use std::path::PathBuf;

use super::super::DiskError;

/// Runs `work` on the blocking pool of the tokio runtime. `operation` and `path` say what was not
/// done if the runtime stops before it began.
pub(super) async fn run<T: Send + 'static>(
    operation: &'static str,
    path: PathBuf,
    work: impl FnOnce() -> Result<T, DiskError> + Send + 'static,
) -> Result<T, DiskError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => panic::resume_unwind(panic),
            Err(cancelled) => {
                let cancelled = io::Error::other(cancelled);
                Err(DiskError::from_system(operation, &path, cancelled))
            }
        },
    }
}
