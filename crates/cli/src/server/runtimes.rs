//! The runtimes of a node: one with a thread for each processor, for requests and data, and one
//! with a single thread for the control plane (quorum, controller, heartbeats), so that a busy data
//! path does not cost an election.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// Both runtimes.
#[derive(Debug)]
pub(crate) struct Runtimes {
    pub(crate) data: Runtime,
    pub(crate) control: Runtime,
}

impl Runtimes {
    /// Starts their threads.
    ///
    /// # Errors
    /// When the operating system refuses them.
    pub(crate) fn start() -> io::Result<Self> {
        let data = Builder::new_multi_thread()
            .thread_name("klamm-data")
            .enable_all()
            .build()?;
        let control = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("klamm-control")
            .enable_all()
            .build()?;
        Ok(Self { data, control })
    }

    /// Ends them without waiting for work that hangs in a disk: whoever wanted it waited for it, or
    /// has given it up.
    pub(crate) fn end(self) {
        self.data.shutdown_background();
        self.control.shutdown_background();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_disk_that_does_not_answer_holds_up_no_end() {
        let runtimes = Runtimes::start().unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (answer, answered) = mpsc::channel::<()>();
        runtimes.data.spawn_blocking(move || {
            begun.send(()).unwrap();
            // Fails when the test is over.
            let _ = answered.recv();
        });
        has_begun.recv().unwrap();
        runtimes.end();
        drop(answer);
    }

    #[test]
    fn the_control_plane_has_a_thread_of_its_own() {
        let runtimes = Runtimes::start().unwrap();
        let name = || std::thread::current().name().map(str::to_owned);
        let of_data = runtimes.data.spawn(async move { name() });
        let of_control = runtimes.control.spawn(async move { name() });
        let names = runtimes
            .data
            .block_on(async { (of_data.await, of_control.await) });
        assert_eq!(names.0.unwrap().as_deref(), Some("klamm-data"));
        assert_eq!(names.1.unwrap().as_deref(), Some("klamm-control"));
        assert_eq!(runtimes.control.metrics().num_workers(), 1);
    }
}
