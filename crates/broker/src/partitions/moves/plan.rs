//! What is decided about moves between log directories: whose turn it is, and what comes next.
//!
//! ```text
//! (copying) ──all copied─> (assigning) ──the controller knows─> (assigned) ──turn──> ended
//! ```
//!
//! The controller is told before the copy takes its place (KIP-858): were the new directory to fail
//! right after, it would not know that the replica was in it.
//!
//! Not the job of this module: copying, and asking the controller.
//!
//! Invariants:
//! - A move has one turn at a time at most, and none while the controller is asked.
//! - What is said of a move that was given up, or begun anew since, changes nothing.

use std::collections::{BTreeMap, VecDeque};

use storage::directories::TopicIdPartition;

/// The moves of a node.
#[derive(Debug, Default)]
pub(super) struct MovePlan {
    moves: BTreeMap<TopicIdPartition, Move>,
    /// Those whose turn will be, some of them perhaps given up.
    queue: VecDeque<Ticket>,
    begun: u64,
    /// Nothing is copied before this time, so that no more is copied than is allowed.
    ready_at_ms: u64,
}

/// One move, told from others of the same partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    pub(super) id: TopicIdPartition,
    serial: u64,
}

#[derive(Debug, Clone, Copy)]
struct Move {
    serial: u64,
    phase: Phase,
}

/// How far a move is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The copy is behind.
    Copying,
    /// The controller is asked.
    Assigning,
    /// The copy may take its place.
    Assigned,
}

/// What there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// To copy for this move, and to let the copy take its place if it may and has all.
    Turn(Ticket, Phase),
    /// Nothing before this time on the monotonic clock.
    At(u64),
    /// Nothing until something is said.
    Nothing,
}

/// What is to be done after a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AfterTurn {
    /// Nothing but to take the next one.
    GoOn,
    /// To tell the controller where the replica will be.
    Assign,
    /// To let the copy take its place.
    Exchange,
}

impl MovePlan {
    /// Begins a move, unless there is one of this partition; returns whether it did.
    pub(super) fn begin(&mut self, id: TopicIdPartition) -> bool {
        if self.moves.contains_key(&id) {
            return false;
        }
        self.begun += 1;
        let serial = self.begun;
        let phase = Phase::Copying;
        self.moves.insert(id, Move { serial, phase });
        self.queue.push_back(Ticket { id, serial });
        true
    }

    /// Gives a move up; returns how far it was.
    pub(super) fn cancel(&mut self, id: TopicIdPartition) -> Option<Phase> {
        self.moves.remove(&id).map(|it| it.phase)
    }

    /// Takes whose turn it is out of the queue.
    pub(super) fn next(&mut self, now_ms: u64) -> Next {
        while let Some(ticket) = self.queue.front().copied() {
            let Some(phase) = self.phase(ticket) else {
                self.queue.pop_front();
                continue;
            };
            if self.ready_at_ms > now_ms {
                return Next::At(self.ready_at_ms);
            }
            self.queue.pop_front();
            return Next::Turn(ticket, phase);
        }
        Next::Nothing
    }

    /// So many bytes were copied in a turn; `bytes_per_second` of them are allowed.
    pub(super) fn copied(
        &mut self,
        ticket: Ticket,
        bytes: u64,
        is_complete: bool,
        bytes_per_second: u64,
        now_ms: u64,
    ) -> AfterTurn {
        let taken_ms = bytes.saturating_mul(1000) / bytes_per_second.max(1);
        self.ready_at_ms = self.ready_at_ms.max(now_ms).saturating_add(taken_ms);
        match self.phase(ticket) {
            Some(Phase::Copying) if is_complete => {
                self.set_phase(ticket, Phase::Assigning);
                AfterTurn::Assign
            }
            Some(Phase::Assigned) if is_complete => AfterTurn::Exchange,
            Some(_) => {
                self.queue.push_back(ticket);
                AfterTurn::GoOn
            }
            None => AfterTurn::GoOn,
        }
    }

    /// The controller knows where the replica will be.
    pub(super) fn assigned(&mut self, ticket: Ticket) {
        if self.phase(ticket) == Some(Phase::Assigning) {
            self.set_phase(ticket, Phase::Assigned);
            self.queue.push_back(ticket);
        }
    }

    /// The move has ended, as it was to or not.
    pub(super) fn ended(&mut self, ticket: Ticket) {
        if self.phase(ticket).is_some() {
            self.moves.remove(&ticket.id);
        }
    }

    fn phase(&self, ticket: Ticket) -> Option<Phase> {
        let found = self.moves.get(&ticket.id)?;
        (found.serial == ticket.serial).then_some(found.phase)
    }

    fn set_phase(&mut self, ticket: Ticket, phase: Phase) {
        if let Some(found) = self.moves.get_mut(&ticket.id) {
            found.phase = phase;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::Uuid;

    const UNLIMITED: u64 = i64::MAX as u64;

    fn id(partition: i32) -> TopicIdPartition {
        TopicIdPartition {
            topic_id: Uuid::from_u128(500),
            partition,
        }
    }

    fn turn(plan: &mut MovePlan, now_ms: u64) -> Ticket {
        match plan.next(now_ms) {
            Next::Turn(ticket, _) => ticket,
            other => panic!("it is somebody's turn, not {other:?}"),
        }
    }

    #[test]
    fn moves_take_turns() {
        let mut plan = MovePlan::default();
        assert!(plan.begin(id(0)) && plan.begin(id(1)));
        assert!(!plan.begin(id(0)), "it is under way");
        for partition in [0, 1, 0, 1] {
            let ticket = turn(&mut plan, 0);
            assert_eq!(ticket.id, id(partition));
            let after = plan.copied(ticket, 100, false, UNLIMITED, 0);
            assert_eq!(after, AfterTurn::GoOn);
        }
    }

    #[test]
    fn the_controller_is_told_before_the_copy_takes_its_place() {
        let mut plan = MovePlan::default();
        plan.begin(id(0));
        let ticket = turn(&mut plan, 0);
        let after = plan.copied(ticket, 100, true, UNLIMITED, 0);
        assert_eq!(after, AfterTurn::Assign);
        assert_eq!(plan.next(0), Next::Nothing);
        plan.assigned(ticket);
        assert_eq!(turn(&mut plan, 0), ticket);
        let after = plan.copied(ticket, 100, false, UNLIMITED, 0);
        assert_eq!(after, AfterTurn::GoOn, "records came meanwhile");
        assert_eq!(turn(&mut plan, 0), ticket);
        let after = plan.copied(ticket, 100, true, UNLIMITED, 0);
        assert_eq!(after, AfterTurn::Exchange);
        plan.ended(ticket);
        assert!(plan.begin(id(0)));
    }

    #[test]
    fn a_move_that_was_given_up_is_not_taken_for_the_next_one() {
        let mut plan = MovePlan::default();
        plan.begin(id(0));
        let ticket = turn(&mut plan, 0);
        plan.copied(ticket, 100, true, UNLIMITED, 0);
        assert_eq!(plan.cancel(id(0)), Some(Phase::Assigning));
        assert_eq!(plan.cancel(id(0)), None);
        plan.begin(id(0));
        plan.assigned(ticket);
        plan.ended(ticket);
        let next = plan.next(0);
        assert!(matches!(next, Next::Turn(_, Phase::Copying)), "{next:?}");
        assert_eq!(plan.next(0), Next::Nothing);
    }

    #[test]
    fn no_more_is_copied_than_is_allowed() {
        let mut plan = MovePlan::default();
        plan.begin(id(0));
        let (mut now_ms, mut bytes) = (0, 0);
        while now_ms < 10_000 {
            match plan.next(now_ms) {
                Next::Turn(ticket, _) => {
                    plan.copied(ticket, 700, false, 1_000, now_ms);
                    bytes += 700;
                }
                Next::At(ready_at_ms) => {
                    assert!(ready_at_ms > now_ms);
                    now_ms = ready_at_ms;
                }
                Next::Nothing => panic!("the move has not ended"),
            }
        }
        assert!((9_800..=10_700).contains(&bytes), "{bytes}");
    }
}
