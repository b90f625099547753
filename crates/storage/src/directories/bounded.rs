//! Several futures at a time in one task, a limited number of them.
//!
//! The order in which they are begun and polled is that of the input, so that the same answers of
//! the disk always give the same course of events.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::task::Poll;

/// What is done about one item. Its type says nothing of what is done, so that what awaits it can
/// be sent to another thread.
pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Works on all items to the end, at most `limit` at a time, and returns what that gave in the
/// order of the items.
pub(super) async fn join<'a, I, T>(
    limit: NonZeroUsize,
    items: Vec<I>,
    work: &(dyn Fn(I) -> Work<'a, T> + Sync),
) -> Vec<T> {
    let mut waiting = items.into_iter().enumerate();
    let mut running: Vec<(usize, Work<'a, T>)> = Vec::new();
    let mut outputs = BTreeMap::new();
    poll_fn(|context| {
        loop {
            while running.len() < limit.get()
                && let Some((index, item)) = waiting.next()
            {
                running.push((index, work(item)));
            }
            if running.is_empty() {
                return Poll::Ready(());
            }
            let before = running.len();
            running.retain_mut(|(index, work)| match work.as_mut().poll(context) {
                Poll::Ready(output) => {
                    outputs.insert(*index, output);
                    false
                }
                Poll::Pending => true,
            });
            if running.len() == before {
                return Poll::Pending;
            }
        }
    })
    .await;
    outputs.into_values().collect()
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Waker};

    use super::*;

    /// How many run, and how many did at most.
    #[derive(Default)]
    struct Running {
        now: AtomicUsize,
        most: AtomicUsize,
    }

    /// Is done when it is polled for the `polls`th time, the second at the earliest.
    async fn take(polls: usize, running: &Running) -> usize {
        let now = running.now.fetch_add(1, Ordering::Relaxed) + 1;
        running.most.fetch_max(now, Ordering::Relaxed);
        let mut left = polls;
        poll_fn(|_| {
            left -= 1;
            if left == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        running.now.fetch_sub(1, Ordering::Relaxed);
        polls
    }

    #[test]
    fn no_more_run_than_the_limit_and_the_order_of_outputs_is_that_of_the_items() {
        let items = vec![5, 2, 3, 2, 2, 4, 2];
        for limit in 1..=8 {
            let running = Running::default();
            let limit = NonZeroUsize::new(limit).unwrap();
            let work = |polls| -> Work<'_, usize> { Box::pin(take(polls, &running)) };
            let mut joined = pin!(join(limit, items.clone(), &work));
            let mut context = Context::from_waker(Waker::noop());
            let outputs = (0..100).find_map(|_| match joined.as_mut().poll(&mut context) {
                Poll::Ready(outputs) => Some(outputs),
                Poll::Pending => None,
            });
            assert_eq!(outputs.as_ref(), Some(&items));
            let most = running.most.load(Ordering::Relaxed);
            assert_eq!(most, limit.get().min(items.len()));
        }
    }
}
