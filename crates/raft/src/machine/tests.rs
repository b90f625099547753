//! Transcripts of the state machine: inputs, and what follows from each.

use protocol::Uuid;

use super::*;
use crate::batch::{BatchContent, ControlRecord, build_control_batch, read_batches};
use crate::snapshot::Snapshot;
use crate::snapshot_id::OffsetAndEpoch;
use crate::voters::{Endpoint, KraftVersionRange};

const NOW: Now = Now {
    monotonic_ms: 5,
    wall_ms: 7,
};

fn voter(id: i32, port: u16) -> Voter {
    Voter {
        key: ReplicaKey {
            id,
            directory_id: Some(Uuid::from_u128(id as u128)),
        },
        endpoints: vec![Endpoint {
            name: "CONTROLLER".to_owned(),
            host: "127.0.0.1".to_owned(),
            port,
        }],
        kraft_versions: KraftVersionRange::SUPPORTED,
    }
}

/// What `format --standalone` leaves.
fn standalone(voters: &[Voter]) -> VoterHistory {
    let mut history = VoterHistory::default();
    history.load_snapshot(&Snapshot {
        id: OffsetAndEpoch::BOOTSTRAP,
        last_contained_log_timestamp_ms: 0,
        kraft_version: Some(KraftVersion::One),
        voters: Some(VoterSet::new(voters.iter().cloned())),
        records: Vec::new(),
    });
    history
}

fn replica(history: VoterHistory, configured: &[Voter]) -> Replica {
    Replica {
        local: voter(1, 9093),
        election: ElectionState::NONE,
        last_epoch: None,
        history,
        configured_voters: VoterSet::new(configured.iter().cloned()),
    }
}

/// Everything that happens from the start on, one line for each input and each effect.
fn transcript(raft: &mut Raft, inputs: &[Input]) -> String {
    let mut lines = Vec::new();
    for input in inputs {
        lines.push(format!("{input:?}"));
        for effect in raft.handle(NOW, *input).unwrap() {
            lines.push(match effect {
                Effect::Persist(state) => {
                    let voted = state.voted.map(|key| key.id);
                    let (epoch, leader) = (state.epoch, state.leader_id);
                    format!("  persist epoch {epoch} leader {leader:?} voted {voted:?}")
                }
                Effect::AppendStartOfEpoch { epoch, batch } => {
                    let types = control_types(&batch).join(" ");
                    format!("  append in epoch {epoch}: {types}")
                }
                Effect::Commit { high_watermark } => format!("  commit {high_watermark}"),
            });
        }
    }
    lines.join("\n")
}

fn control_types(batch: &[u8]) -> Vec<&'static str> {
    let batches = read_batches(batch).unwrap();
    let BatchContent::Control(records) = &batches[0].content else {
        panic!("not a control batch");
    };
    let name = |record: &ControlRecord| match record {
        ControlRecord::LeaderChange(_) => "LeaderChange",
        ControlRecord::KraftVersion(_) => "KRaftVersion",
        ControlRecord::Voters(_) => "Voters",
        other => panic!("{other:?}"),
    };
    records.iter().map(name).collect()
}

const fn started(base_offset: i64) -> Input {
    Input::EpochStarted {
        base_offset: Offset(base_offset),
    }
}

const fn flushed(end_offset: i64) -> Input {
    Input::Flushed {
        end_offset: Offset(end_offset),
    }
}

#[test]
fn a_new_quorum_opens_its_first_epoch_with_version_and_voters() {
    let mut raft = Raft::new(replica(standalone(&[voter(1, 9093)]), &[])).unwrap();
    let inputs = [
        Input::Start,
        Input::Persisted,
        Input::Persisted,
        flushed(0),
        started(0),
        flushed(0),
        flushed(3),
        flushed(3),
        flushed(9),
    ];
    let expected = "Start
  persist epoch 1 leader None voted Some(1)
Persisted
  persist epoch 1 leader Some(1) voted None
Persisted
  append in epoch 1: LeaderChange KRaftVersion Voters
Flushed { end_offset: 0 }
EpochStarted { base_offset: 0 }
Flushed { end_offset: 0 }
Flushed { end_offset: 3 }
  commit 3
Flushed { end_offset: 3 }
Flushed { end_offset: 9 }
  commit 9";
    assert_eq!(transcript(&mut raft, &inputs), expected);
    assert_eq!(raft.high_watermark(), Some(Offset(9)));
}

#[test]
fn a_later_start_takes_the_next_epoch_and_only_says_who_leads() {
    let mut history = standalone(&[voter(1, 9093)]);
    let set = VoterSet::new([voter(1, 9093)]);
    let records = [
        ControlRecord::KraftVersion(KraftVersion::One),
        ControlRecord::Voters(set),
    ];
    let batch = build_control_batch(Offset(1), LeaderEpoch(6), 0, &records).unwrap();
    history.replay(&read_batches(&batch).unwrap()[0]);
    let mut later = replica(history.clone(), &[]);
    later.election.epoch = LeaderEpoch(4);
    // The log knows of a later epoch than the election state.
    later.last_epoch = Some(LeaderEpoch(6));
    let mut raft = Raft::new(later).unwrap();
    let inputs = [
        Input::Start,
        Input::Persisted,
        Input::Persisted,
        started(3),
        flushed(3),
    ];
    let expected = "Start
  persist epoch 7 leader None voted Some(1)
Persisted
  persist epoch 7 leader Some(1) voted None
Persisted
  append in epoch 7: LeaderChange
EpochStarted { base_offset: 3 }
Flushed { end_offset: 3 }";
    assert_eq!(transcript(&mut raft, &inputs), expected);

    let mut moved = replica(history, &[]);
    moved.local = voter(1, 9999);
    let mut raft = Raft::new(moved).unwrap();
    let moved = transcript(
        &mut raft,
        &[Input::Start, Input::Persisted, Input::Persisted],
    );
    assert!(
        moved.ends_with("LeaderChange KRaftVersion Voters"),
        "{moved}"
    );
}

#[test]
fn static_voters_are_not_written_to_the_log() {
    let mut raft = Raft::new(replica(VoterHistory::default(), &[voter(1, 9093)])).unwrap();
    let shown = transcript(
        &mut raft,
        &[Input::Start, Input::Persisted, Input::Persisted],
    );
    assert!(
        shown.ends_with("append in epoch 1: LeaderChange"),
        "{shown}"
    );
}

#[test]
fn what_is_not_a_quorum_of_this_one_voter_is_refused() {
    let check = |replica: Replica, message: &str| {
        let error = Raft::new(replica).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    };
    let (one, two) = (voter(1, 9093), voter(2, 9094));
    check(
        replica(VoterHistory::default(), &[]),
        "controller.quorum.voters is empty",
    );
    check(
        replica(standalone(&[one.clone(), two.clone()]), &[]),
        "it has 2 voters, and elections among several",
    );
    check(replica(standalone(&[two]), &[]), "is not the voter");
    let mut elsewhere = one;
    elsewhere.key.directory_id = Some(Uuid::from_u128(77));
    check(replica(standalone(&[elsewhere]), &[]), "is not the voter");
    let mut no_voters = VoterHistory::default();
    no_voters.load_snapshot(&Snapshot {
        id: OffsetAndEpoch::BOOTSTRAP,
        last_contained_log_timestamp_ms: 0,
        kraft_version: Some(KraftVersion::One),
        voters: None,
        records: Vec::new(),
    });
    check(replica(no_voters, &[]), "neither the log nor a snapshot");
}
