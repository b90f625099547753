//! Several futures at a time, a limited number of them: in one task ([`join`]), or in a task each
//! ([`spread`]), for work that keeps more than one processor busy.
//!
//! The order in which they are begun is that of the input, and so is that of the outputs. In one
//! task they are polled in that order as well; tasks are polled as the runtime pleases, which is a
//! fixed order if it has one thread. So the same answers of the disk always give the same course
//! of events, but for a runtime of several threads.

use std::collections::BTreeMap;
use std::future::{pending, poll_fn};
use std::num::NonZeroUsize;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::Poll;

use tokio::runtime::Handle;
use tokio::task::JoinSet;

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

/// The same with a task of the present tokio runtime for each item; where there is no runtime, in
/// this task. Given up half-way, it ends the tasks.
pub(super) async fn spread<I, T: Send + 'static>(
    limit: NonZeroUsize,
    items: Vec<I>,
    work: &(dyn Fn(I) -> Work<'static, T> + Sync),
) -> Vec<T> {
    let Ok(runtime) = Handle::try_current() else {
        return join(limit, items, work).await;
    };
    let mut waiting = items.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut outputs = BTreeMap::new();
    loop {
        while running.len() < limit.get()
            && let Some((index, item)) = waiting.next()
        {
            let work = work(item);
            running.spawn_on(async move { (index, work.await) }, &runtime);
        }
        match running.join_next().await {
            Some(Ok((index, output))) => {
                outputs.insert(index, output);
            }
            Some(Err(error)) => match error.try_into_panic() {
                Ok(panic) => resume_unwind(panic),
                // Only a runtime that stops ends tasks, and it ends this one as well.
                Err(_) => pending().await,
            },
            None => return outputs.into_values().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Waker};

    use tokio::runtime::{self, Runtime};

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

    /// Works on items in tasks of `runtime`, and says how many ran at most and in which order they
    /// were begun.
    fn check_spread(runtime: &Runtime, limit: usize) -> (usize, Vec<usize>) {
        let items = vec![5, 2, 3, 2, 2, 4, 2];
        let running = Arc::new(Running::default());
        let begun = Arc::new(Mutex::new(Vec::new()));
        let work = |polls| -> Work<'static, usize> {
            let (running, begun) = (running.clone(), begun.clone());
            Box::pin(async move {
                begun.lock().unwrap().push(polls);
                let now = running.now.fetch_add(1, Ordering::Relaxed) + 1;
                running.most.fetch_max(now, Ordering::Relaxed);
                for _ in 0..polls {
                    tokio::task::yield_now().await;
                }
                running.now.fetch_sub(1, Ordering::Relaxed);
                polls
            })
        };
        let limit = NonZeroUsize::new(limit).unwrap();
        let outputs = runtime.block_on(spread(limit, items.clone(), &work));
        assert_eq!(outputs, items);
        let begun = begun.lock().unwrap().clone();
        (running.most.load(Ordering::Relaxed), begun)
    }

    #[test]
    fn tasks_are_begun_in_order_and_no_more_of_them_than_the_limit() {
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        for limit in 1..=8 {
            let (most, begun) = check_spread(&runtime, limit);
            assert_eq!(most, limit.min(7));
            assert_eq!(begun, [5, 2, 3, 2, 2, 4, 2]);
        }
    }

    #[test]
    fn outputs_of_several_threads_are_in_the_order_of_the_items() {
        let threads = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build();
        let (most, mut begun) = check_spread(&threads.unwrap(), 3);
        assert!(most <= 3);
        begun.sort_unstable();
        assert_eq!(begun, [2, 2, 2, 2, 3, 4, 5]);
    }

    #[test]
    fn work_that_is_given_up_is_ended() {
        struct Ended(Arc<AtomicUsize>);
        impl Drop for Ended {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let ended = Arc::new(AtomicUsize::new(0));
        let work = |()| -> Work<'static, ()> {
            let ended = Ended(ended.clone());
            Box::pin(async move {
                let _ended = ended;
                pending().await
            })
        };
        runtime.block_on(async {
            let mut spread = pin!(spread(NonZeroUsize::MIN, vec![()], &work));
            poll_fn(|context| {
                assert!(spread.as_mut().poll(context).is_pending());
                Poll::Ready(())
            })
            .await;
            tokio::task::yield_now().await;
            assert_eq!(ended.load(Ordering::Relaxed), 0);
        });
        drop(runtime);
        assert_eq!(ended.load(Ordering::Relaxed), 1);
    }
}
