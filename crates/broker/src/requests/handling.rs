//! How long a handler is at work: the time in which it is polled, not the time that it waits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;

/// A future that is timed.
pub(super) struct Timed<F> {
    future: Pin<Box<F>>,
    time: Duration,
}

impl<F> Timed<F> {
    pub(super) fn new(future: F) -> Self {
        Self {
            future: Box::pin(future),
            time: Duration::ZERO,
        }
    }
}

impl<F: Future> Future for Timed<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let start = Instant::now();
        let polled = self.future.as_mut().poll(context);
        self.time += start.elapsed();
        polled.map(|output| (output, self.time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, sleep};

    #[tokio::test(start_paused = true)]
    async fn what_a_handler_waits_for_does_not_count() {
        let timed = Timed::new(async {
            sleep(Duration::from_secs(5)).await;
            7
        });
        let (output, time) = timed.await;
        assert_eq!((output, time), (7, Duration::ZERO));
        advance(Duration::from_secs(1)).await;
    }
}
