//! A budget for the bytes of requests in flight: from the first byte of a frame until the frame
//! is dropped.
//!
//! Kafka's `queued.max.request.bytes` is of this kind, off by default and charged with the
//! announced size; here a frame is charged as its bytes come in, so announcements alone use
//! nothing up.
//!
//! Invariants:
//! - No more than the budget and one whole frame are charged at a time.
//! - Who waits is served in order of arrival.
//! - There is always one frame that can be received to its end: the one that holds the overdraft.
//!   Without it, frames that each hold a part and want more would wait for each other.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The budget; clones share it.
#[derive(Debug, Clone)]
pub struct ByteBudget {
    bytes: Arc<Semaphore>,
    /// One permit, for the frame that may exceed the budget.
    overdraft: Arc<Semaphore>,
    bytes_max: usize,
}

/// What one frame is charged with, given back when dropped.
#[derive(Debug)]
pub struct Allotment {
    budget: ByteBudget,
    charged: OwnedSemaphorePermit,
    overdraft: Option<OwnedSemaphorePermit>,
}

impl ByteBudget {
    /// A budget of `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Self {
        // A semaphore grants 32 bits at a time.
        let bytes_max = bytes_max.min(Semaphore::MAX_PERMITS).min(u32::MAX as usize);
        Self {
            bytes: Arc::new(Semaphore::new(bytes_max)),
            overdraft: Arc::new(Semaphore::new(1)),
            bytes_max,
        }
    }

    /// Divides `bytes_max` into a budget for the listeners of clients and a reserve for those of
    /// replication and the control plane. A produce that waits for its followers keeps its bytes,
    /// so followers must never wait for what producers keep.
    pub fn with_reserve(bytes_max: usize, reserve_bytes: usize) -> (Self, Self) {
        let for_clients = bytes_max.saturating_sub(reserve_bytes);
        (Self::new(for_clients), Self::new(reserve_bytes))
    }

    /// Charges a new frame with its first bytes, when there are as many.
    pub async fn begin(&self, bytes: usize) -> Allotment {
        Allotment {
            budget: self.clone(),
            charged: self.charge(bytes).await,
            overdraft: None,
        }
    }

    /// How many bytes are not charged.
    pub fn available_bytes(&self) -> usize {
        self.bytes.available_permits()
    }

    async fn charge(&self, bytes: usize) -> OwnedSemaphorePermit {
        let bytes = bytes.min(self.bytes_max) as u32;
        let charge = Arc::clone(&self.bytes).acquire_many_owned(bytes).await;
        charge.expect("the semaphore is never closed")
    }
}

impl Allotment {
    /// Charges the frame with `bytes` more, or lets it exceed the budget, whichever can be first.
    /// Giving up waiting charges nothing.
    pub async fn grow(&mut self, bytes: usize) {
        if self.overdraft.is_some() {
            return;
        }
        tokio::select! {
            biased;
            more = self.budget.charge(bytes) => self.charged.merge(more),
            overdraft = Arc::clone(&self.budget.overdraft).acquire_owned() => {
                self.overdraft = Some(overdraft.expect("the semaphore is never closed"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use tokio::sync::mpsc;
    use tokio::task::yield_now;

    #[tokio::test]
    async fn who_waits_is_served_in_order_when_a_frame_is_dropped() {
        let budget = ByteBudget::new(100);
        let first = budget.begin(100).await;
        let (served, mut order) = mpsc::channel(8);
        for (name, bytes) in [("big", 90), ("small", 10), ("late", 1)] {
            let (budget, served) = (budget.clone(), served.clone());
            tokio::spawn(async move {
                let allotment = budget.begin(bytes).await;
                served.send((name, allotment)).await.unwrap();
            });
            yield_now().await;
        }
        assert!(order.try_recv().is_err());
        drop(first);
        let (big, big_allotment) = order.recv().await.unwrap();
        let (small, _small_allotment) = order.recv().await.unwrap();
        assert_eq!((big, small), ("big", "small"));
        yield_now().await;
        assert!(order.try_recv().is_err());
        drop(big_allotment);
        assert_eq!(order.recv().await.unwrap().0, "late");
    }

    #[tokio::test]
    async fn frames_that_each_hold_a_part_do_not_wait_for_each_other_for_ever() {
        let budget = ByteBudget::new(100);
        let mut one = budget.begin(50).await;
        let mut other = budget.begin(50).await;
        one.grow(1_000).await;
        one.grow(1_000).await;
        {
            let mut growth = pin!(other.grow(40));
            tokio::select! {
                biased;
                () = &mut growth => panic!("only one frame may exceed the budget"),
                () = yield_now() => {}
            }
            drop(one);
            growth.await;
        }
        assert_eq!(budget.available_bytes(), 10);
        drop(other);
        assert_eq!(budget.available_bytes(), 100);
    }

    #[tokio::test]
    async fn the_reserve_is_there_when_clients_have_used_up_theirs() {
        let (clients, reserve) = ByteBudget::with_reserve(100, 30);
        let _all = clients.begin(70).await;
        assert_eq!(clients.available_bytes(), 0);
        let _fetch = reserve.begin(30).await;
    }

    #[tokio::test]
    async fn a_frame_larger_than_the_whole_budget_is_still_received() {
        let budget = ByteBudget::new(10);
        let mut allotment = budget.begin(64).await;
        allotment.grow(1_000).await;
        drop(allotment);
        assert_eq!(budget.available_bytes(), 10);
    }
}
