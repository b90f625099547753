//! Messages between brokers and controller, and how they go astray.

use protocol::ErrorCode;
use protocol::ids::BrokerId;
use replica::{AlterPartition, AlterPartitionAnswer, FollowerFetch, LeaderAnswer, ProposalId};

use super::chance::Chance;
use super::controller::Image;
use crate::toy_log::Entry;

/// Something that reaches a broker (`to`), if it still is in the start it was meant for.
#[derive(Debug, Clone)]
pub(super) enum Message {
    Fetch {
        fetch: FollowerFetch,
        number: u64,
        start: u64,
    },
    FetchAnswer {
        answer: LeaderAnswer,
        entries: Vec<Entry>,
        number: u64,
    },
    AlterAnswer {
        proposal: ProposalId,
        answer: Result<AlterPartitionAnswer, ErrorCode>,
    },
    Metadata(Box<Image>),
    /// Time to fetch, unless a later fetch than this one is under way.
    FetchTick {
        number: u64,
    },
    Deadline,
    Checkpoint,
}

/// Something that happens in the world.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Deliver {
        to: BrokerId,
        start: u64,
        message: Message,
    },
    /// A produce request; with or without waiting for the in-sync replicas.
    Produce {
        to: BrokerId,
        waits_for_all: bool,
    },
    Read {
        to: BrokerId,
    },
    Alter {
        from: BrokerId,
        start: u64,
        request: AlterPartition,
    },
    Crash(BrokerId),
    Restart(BrokerId),
    Pause(BrokerId),
    Resume(BrokerId),
    /// The controller has not heard of the broker for long, if it still does not run.
    Fence(BrokerId),
    MoveLeader,
}

/// How the network treats messages.
pub(super) struct Network {
    pub(super) chance: Chance,
    pub(super) is_healed: bool,
}

impl Network {
    /// When the copies of a message arrive: none, one or two, after some time.
    pub(super) fn delays_ms(&mut self) -> Vec<u64> {
        if self.is_healed {
            return vec![1];
        }
        let copies = match self.chance.below(100) {
            0..4 => 0,
            4..8 => 2,
            _ => 1,
        };
        (0..copies).map(|_| self.delay_ms()).collect()
    }

    /// The delay of a message that is sure to arrive.
    pub(super) fn delay_ms(&mut self) -> u64 {
        if self.is_healed {
            return 1;
        }
        let limit = if self.chance.percent(5) { 200 } else { 8 };
        self.chance.between(1, limit)
    }
}
