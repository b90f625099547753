//! Sleeping on the timing wheel: one wheel for a runtime, one task that sleeps until the wheel's
//! next deadline, and futures that are woken by it.
//!
//! Not the job of this module: the order of deadlines (`timing_wheel`), and wall time.
//!
//! Invariant: nothing wakes while nothing is due or about to move down the wheel.

use crate::timing_wheel::{TimerKey, TimingWheel};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// The timers of a runtime; clones share them. The driver ends with the last clone.
#[derive(Debug, Clone)]
pub struct Timers {
    owner: Arc<Owner>,
}

/// Completes when its deadline has come. Costs nothing before its first poll, which arms it.
#[derive(Debug)]
pub struct Sleep {
    timers: Timers,
    deadline: Instant,
    armed: Option<TimerKey>,
}

#[derive(Debug)]
struct Owner {
    wheel: Arc<SharedWheel>,
    driver: AbortHandle,
}

#[derive(Debug)]
struct SharedWheel {
    /// Moment zero of the wheel.
    origin: Instant,
    state: Mutex<State>,
    /// Told when the driver sleeps for too long.
    sooner: Notify,
}

#[derive(Debug)]
struct State {
    wheel: TimingWheel<Waker>,
    /// Until when the driver sleeps.
    driver_wakes_ms: u64,
}

impl Timers {
    /// Starts a driver on the present runtime.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn start() -> Self {
        let wheel = Arc::new(SharedWheel {
            origin: Instant::now(),
            state: Mutex::new(State {
                wheel: TimingWheel::new(0),
                driver_wakes_ms: 0,
            }),
            sooner: Notify::new(),
        });
        let driver = tokio::spawn(drive(Arc::clone(&wheel))).abort_handle();
        Self {
            owner: Arc::new(Owner { wheel, driver }),
        }
    }

    /// Sleeps for `duration` from now on.
    pub fn sleep(&self, duration: Duration) -> Sleep {
        self.sleep_until(Instant::now() + duration)
    }

    /// Sleeps until `deadline`.
    pub fn sleep_until(&self, deadline: Instant) -> Sleep {
        Sleep {
            timers: self.clone(),
            deadline,
            armed: None,
        }
    }

    /// How many sleeps are armed.
    pub fn armed_count(&self) -> usize {
        self.owner.wheel.lock().wheel.count()
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Sleep {
    /// Moves the deadline.
    pub fn reset(&mut self, deadline: Instant) {
        self.disarm();
        self.deadline = deadline;
    }

    /// When it completes.
    pub const fn deadline(&self) -> Instant {
        self.deadline
    }

    fn disarm(&mut self) {
        if let Some(key) = self.armed.take() {
            self.timers.owner.wheel.lock().wheel.cancel(key);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.deadline {
            self.disarm();
            return Poll::Ready(());
        }
        let sleep = &mut *self;
        let shared = &sleep.timers.owner.wheel;
        let mut state = shared.lock();
        let waiting = sleep.armed.and_then(|key| state.wheel.value_mut(key));
        if let Some(waker) = waiting {
            waker.clone_from(context.waker());
            return Poll::Pending;
        }
        let deadline_ms = shared.ms_rounded_up(sleep.deadline);
        sleep.armed = Some(state.wheel.insert(deadline_ms, context.waker().clone()));
        let driver_oversleeps = state.driver_wakes_ms > deadline_ms;
        drop(state);
        if driver_oversleeps {
            shared.sooner.notify_one();
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl SharedWheel {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics under this lock")
    }

    fn ms_rounded_up(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.origin);
        u64::try_from(since.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

async fn drive(shared: Arc<SharedWheel>) {
    let mut due = Vec::new();
    loop {
        let now_ms = Instant::now().duration_since(shared.origin).as_millis() as u64;
        let wake_ms = {
            let mut state = shared.lock();
            state.wheel.advance(now_ms, &mut due);
            let wake_ms = state.wheel.next_wake_ms();
            state.driver_wakes_ms = wake_ms.unwrap_or(u64::MAX);
            wake_ms
        };
        due.drain(..).for_each(Waker::wake);
        // A deadline beyond what the clock can say never comes.
        let wake_at = wake_ms.and_then(|ms| shared.origin.checked_add(Duration::from_millis(ms)));
        let Some(wake_at) = wake_at else {
            shared.sooner.notified().await;
            continue;
        };
        tokio::select! {
            biased;
            () = shared.sooner.notified() => {}
            () = sleep_until(wake_at) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sleeps_end_at_their_deadlines_whatever_the_order_they_began_in() {
        let timers = Timers::start();
        let begin = Instant::now();
        let mut ends = Vec::new();
        let mut tasks = tokio::task::JoinSet::new();
        for ms in [600_000, 5, 70, 0, 5_000] {
            let sleep = timers.sleep(Duration::from_millis(ms));
            tasks.spawn(async move {
                sleep.await;
                (ms, begin.elapsed())
            });
        }
        while let Some(end) = tasks.join_next().await {
            ends.push(end.unwrap());
        }
        for (ms, elapsed) in &ends {
            let late = *elapsed - Duration::from_millis(*ms);
            assert!(late <= Duration::from_millis(1), "{ms} ended {elapsed:?}");
        }
        assert!(ends.is_sorted());
        assert_eq!(timers.armed_count(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_sleep_leaves_the_wheel_and_a_reset_one_moves() {
        let timers = Timers::start();
        let begin = Instant::now();
        let mut sleep = timers.sleep(Duration::from_secs(3));
        tokio::select! {
            biased;
            () = &mut sleep => unreachable!(),
            () = tokio::task::yield_now() => {}
        }
        assert_eq!(timers.armed_count(), 1);
        sleep.reset(begin + Duration::from_secs(1));
        assert_eq!(timers.armed_count(), 0);
        sleep.await;
        assert_eq!(begin.elapsed(), Duration::from_secs(1));
        assert_eq!(timers.armed_count(), 0);
    }
}
