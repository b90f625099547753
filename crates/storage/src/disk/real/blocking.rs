//! Work that waits for the device, kept off the threads that serve requests.
//!
//! Work once begun runs to its end, also when nobody waits for it any more: what must be
//! remembered about its outcome, the work itself remembers.

use std::io;
use std::panic;
use std::path::PathBuf;

use super::super::DiskError;
use super::device::{Device, Kind};

/// Runs `work` on the blocking pool of the tokio runtime when it is its turn on the device.
/// `operation` and `path` say what was not done if the runtime stops before it began.
pub(super) async fn run<T: Send + 'static>(
    device: &Device,
    operation: &'static str,
    path: PathBuf,
    work: impl FnOnce() -> Result<T, DiskError> + Send + 'static,
) -> Result<T, DiskError> {
    let turn = device.turn(Kind::Sync).await;
    let in_turn = move || {
        let outcome = work();
        drop(turn);
        outcome
    };
    match tokio::task::spawn_blocking(in_turn).await {
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
