//! Ids for producers, from blocks that the controller gives to this broker alone.
//!
//! An id that two producers had would make the broker take records of one for repetitions of the
//! other's, and drop them. So a block is never given back, and its ids are gone with the process.
//!
//! Not the job of this module: asking the controller.
//!
//! Invariant: no id is given twice.

use metadata::controller::ProducerIdBlock;
use protocol::ids::ProducerId;
use tokio::sync::Mutex;

/// The ids at hand.
#[derive(Debug, Default)]
pub struct ProducerIds {
    /// What is left of the last block. Held while the next one is asked for, so that those who
    /// need one ask once.
    rest: Mutex<Option<ProducerIdBlock>>,
}

impl ProducerIds {
    /// The next id; `allocate` gets another block when this one is used up.
    ///
    /// # Errors
    /// What `allocate` fails with; the next call asks again.
    pub async fn next<E>(
        &self,
        allocate: impl Future<Output = Result<ProducerIdBlock, E>>,
    ) -> Result<ProducerId, E> {
        let mut rest = self.rest.lock().await;
        let mut block = match rest.take().filter(|block| block.size > 0) {
            Some(block) => block,
            None => allocate.await?,
        };
        let next = block.first;
        block.first = ProducerId(next.0 + 1);
        block.size -= 1;
        *rest = Some(block);
        Ok(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(first: i64, size: i32) -> Result<ProducerIdBlock, &'static str> {
        let first = ProducerId(first);
        Ok(ProducerIdBlock { first, size })
    }

    #[tokio::test]
    async fn a_block_is_used_up_before_the_next_is_asked_for() {
        let ids = ProducerIds::default();
        let mut given = Vec::new();
        for first in [1_000, 5_000, 5_000, 7_000] {
            given.push(ids.next(async move { block(first, 2) }).await.unwrap().0);
        }
        assert_eq!(given, [1_000, 1_001, 5_000, 5_001]);
    }

    #[tokio::test]
    async fn a_failure_gives_no_id_and_the_next_call_asks_again() {
        let ids = ProducerIds::default();
        assert_eq!(
            ids.next(async { Err("no controller") }).await,
            Err("no controller")
        );
        assert_eq!(ids.next(async { block(3, 1) }).await, Ok(ProducerId(3)));
    }
}
