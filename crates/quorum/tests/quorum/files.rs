//! The files as Apache Kafka 4.3.1 has written them, for the same times and ids.

use std::path::Path;
use std::sync::Arc;

use quorum::{FormatError, InitialVoters, OpenError, format, read_bootstrap};
use raft::{
    KraftVersionRange, OffsetAndEpoch, ReplicaKey, Snapshot, SnapshotBuilder, SnapshotStart, Voter,
    VoterSet,
};
use storage::disk::Disk;
use storage::disk::simulated::SimulatedDisk;

use crate::node::{self, FEATURES, LOG, format_options, hex, open, read};
use crate::run;

/// The snapshot that `kafka-storage format --standalone` wrote.
const VOTERS: &str = "\
    00000000000000000000009a0000000002a1af9cc3002000000002000001a1f9afdffc000001a1f9 \
    afdffcffffffffffffffffffffffffffff000000032a0000000800000003160000000001a1f9afdf \
    f200001e00000208000000050a000000010000820100000408000000066e000002000000012def44 \
    fad87149b9ba8457ab4c78ca05020b434f4e54524f4c4c45520a3132372e302e302e3171a5000000 \
    00010000000000000000000000030000003f0000000002a5a133e2002000000000000001a1f9afe0 \
    15000001a1f9afe015ffffffffffffffffffffffffffff000000011a000000080000000406000000 \
    00";

/// The `bootstrap.checkpoint` that it wrote, with a SCRAM user besides the features.
const BOOTSTRAP: &str = "\
    0000000000000000000000470000000002bfcb3e55002000000000000001a1f9afdf89000001a1f9 \
    afdf89ffffffffffffffffffffffffffff000000012a000000080000000316000000000000000000 \
    0000000000000000000001000001630000000002f23d2202000000000006000001a1f9afdfe30000 \
    01a1f9afdfe3ffffffffffffffffffffffffffff000000073a000000012e010c00116d6574616461 \
    74612e76657273696f6e001e00005a000002014e010c0021656c696769626c652e6c65616465722e \
    7265706c696361732e76657273696f6e00010000340000040128010c000e67726f75702e76657273 \
    696f6e00010000340000060128010c000e73686172652e76657273696f6e0001000038000008012c \
    010c001073747265616d732e76657273696f6e000100004000000a0134010c00147472616e736163 \
    74696f6e2e76657273696f6e00020000e00100000c01d201010b0004626f62011a793866617a6c68 \
    76746f3675767130637077717a61687a32332179d6fd07a41752819944ac472563a0cc5862ffae81 \
    3e6530915fcf3a756bb9fd21112acbdff37e55bb79c9c028ce789e3ff64aa06385bf8def420cc14c \
    6838a52800001000000000000000000000080000003f0000000002cd3c4016002000000000000001 \
    a1f9afdfe4000001a1f9afdfe4ffffffffffffffffffffffffffff000000011a0000000800000004 \
    0600000000";

/// The value of the first record of the log: LeaderChange, of version 0.
const LEADER_CHANGE: &str = "00000000000102000000010002000000010000";
const KRAFT_VERSION: &str = "0000000100";
const KRAFT_VOTERS: &str = "000002000000012def44fad87149b9ba8457ab4c78ca05020b434f4e54524f4c4c4552\
                            0a3132372e302e302e3171a50000000001000000";

fn formatted() -> Arc<dyn Disk> {
    let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new(1));
    run(node::format_standalone(disk.as_ref())).unwrap();
    disk
}

/// The times at which Kafka wrote the header, the records and the footer.
struct Times {
    header_ms: i64,
    records_ms: i64,
    footer_ms: i64,
}

/// Reads a file of Kafka and builds it again from what was read.
fn check_rebuilt(kafkas: &str, times: &Times) -> Snapshot {
    let kafkas = hex(kafkas);
    let snapshot = Snapshot::decode(OffsetAndEpoch::BOOTSTRAP, &kafkas).unwrap();
    let start = SnapshotStart {
        id: snapshot.id,
        last_contained_log_timestamp_ms: snapshot.last_contained_log_timestamp_ms,
        voters: snapshot.voters.clone(),
    };
    let (mut builder, mut bytes) = SnapshotBuilder::begin(start, times.header_ms).unwrap();
    for record in &snapshot.records {
        assert_eq!(builder.push(record, times.records_ms), Ok(None));
    }
    bytes.extend(builder.finish(times.footer_ms).unwrap());
    assert_eq!(bytes, kafkas);
    snapshot
}

#[test]
fn kafkas_first_snapshot_is_read_and_built_again_byte_for_byte() {
    let times = Times {
        header_ms: 0x01a1_f9af_dffc,
        records_ms: 0,
        footer_ms: 0x01a1_f9af_e015,
    };
    let snapshot = check_rebuilt(VOTERS, &times);
    assert!(snapshot.records.is_empty());
    let voters = snapshot.voters.unwrap();
    let key = voters.voter(1).unwrap().key;
    assert_eq!(key.directory_id, Some(node::directory_id()));
}

#[test]
fn kafkas_bootstrap_checkpoint_is_read_and_built_again_byte_for_byte() {
    let times = Times {
        header_ms: 0x01a1_f9af_df89,
        records_ms: 0x01a1_f9af_dfe3,
        footer_ms: 0x01a1_f9af_dfe4,
    };
    let snapshot = check_rebuilt(BOOTSTRAP, &times);
    assert_eq!(snapshot.records.len(), 7);
    assert_eq!(snapshot.records[..6], FEATURES.map(hex));
}

#[test]
fn a_snapshot_that_was_cut_or_changed_is_refused() {
    let kafkas = hex(BOOTSTRAP);
    for size in 0..kafkas.len() {
        let cut = Snapshot::decode(OffsetAndEpoch::BOOTSTRAP, &kafkas[..size]);
        assert!(cut.is_err(), "cut to {size} bytes");
    }
    // Behind the checksum of the first batch.
    for position in 21..83 {
        let mut changed = kafkas.clone();
        changed[position] ^= 1;
        let changed = Snapshot::decode(OffsetAndEpoch::BOOTSTRAP, &changed);
        assert!(changed.is_err(), "changed at {position}");
    }
}

#[test]
fn formatting_writes_the_voters_and_features_that_kafka_writes() {
    let disk = formatted();
    let name = format!("{LOG}/00000000000000000000-0000000000.checkpoint");
    let ours = run(read(disk.as_ref(), &name));
    let kafkas = hex(VOTERS);
    // The times differ, and with them the checksums; the voters do not.
    assert_eq!(ours.len(), kafkas.len());
    let voters = hex(KRAFT_VOTERS);
    let position = |file: &[u8]| file.windows(voters.len()).position(|part| part == voters);
    assert!(position(&ours).is_some());
    assert_eq!(position(&ours), position(&kafkas));
    let records = run(read_bootstrap(disk.as_ref(), Path::new("/data")));
    assert_eq!(records.unwrap().unwrap(), FEATURES.map(hex));
}

#[test]
fn the_log_begins_as_kafkas_does() {
    let disk = formatted();
    let quorum = run(open(&disk));
    run(quorum.start(node::at(0x01a1_f9af_e015))).unwrap();
    let log = run(read(
        disk.as_ref(),
        &format!("{LOG}/00000000000000000000.log"),
    ));
    assert_eq!(log.len(), 174, "as many bytes as Kafka's first batch");
    for value in [LEADER_CHANGE, KRAFT_VERSION, KRAFT_VOTERS] {
        let value = hex(value);
        assert!(
            log.windows(value.len()).any(|part| part == value),
            "{value:02x?}"
        );
    }
    let state = run(read(disk.as_ref(), &format!("{LOG}/quorum-state")));
    let kafkas = "{\"leaderId\":1,\"leaderEpoch\":1,\"votedId\":-1,\
                  \"votedDirectoryId\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"data_version\":1}";
    assert_eq!(String::from_utf8(state).unwrap(), kafkas);
    let metadata = run(read(disk.as_ref(), &format!("{LOG}/partition.metadata")));
    assert_eq!(metadata, b"version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ");
}

#[test]
fn a_formatted_directory_is_left_alone_or_refused() {
    let disk = formatted();
    let check = |options, message: &str| {
        let error = run(format(disk.as_ref(), &options)).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
    };
    check(
        format_options(5),
        "format log directory /data: it is formatted already",
    );
    let mut options = format_options(5);
    options.ignore_formatted = true;
    options
        .log_dirs
        .push(("/more".into(), protocol::Uuid::from_u128(5)));
    let before = run(read(disk.as_ref(), "/data/bootstrap.checkpoint"));
    let outcome = run(format(disk.as_ref(), &options)).unwrap();
    assert_eq!(outcome.ignored, [Path::new("/data")]);
    assert_eq!(outcome.formatted, [Path::new("/more")]);
    assert_eq!(
        run(read(disk.as_ref(), "/data/bootstrap.checkpoint")),
        before
    );
    options.identity.cluster_id = "other".to_owned();
    check(
        options.clone(),
        "it belongs to cluster iykqZaBdSNekMPfftoQUpg, not other",
    );
    options.identity.cluster_id = node::CLUSTER.to_owned();
    options.identity.node_id = 2;
    check(options.clone(), "it belongs to node 1, not 2");
    options.metadata_log_dir = "/elsewhere".into();
    let error = run(format(disk.as_ref(), &options)).unwrap_err();
    assert!(matches!(error, FormatError::NotALogDir { .. }), "{error}");
}

#[test]
fn without_voters_in_the_log_they_must_be_configured() {
    let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new(1));
    let mut options = format_options(5);
    options.voters = InitialVoters::Static;
    run(format(disk.as_ref(), &options)).unwrap();
    let opened = run(node::open_with(&disk, Default::default()));
    let error = opened.unwrap_err().to_string();
    assert!(
        error.contains("controller.quorum.voters is empty"),
        "{error}"
    );
}

#[test]
fn listed_voters_are_written_as_those_of_a_standalone_node_are() {
    const CHECKPOINT: &str =
        "/data/__cluster_metadata-0/00000000000000000000-0000000000.checkpoint";
    let voter = |id, port| Voter {
        key: ReplicaKey {
            id,
            directory_id: Some(node::directory_id()),
        },
        endpoints: vec![node::endpoint(port)],
        kraft_versions: KraftVersionRange::SUPPORTED,
    };
    let checkpoint_of = |voters| {
        let disk: Arc<dyn Disk> = Arc::new(SimulatedDisk::new(1));
        let mut options = format_options(5);
        options.voters = voters;
        run(format(disk.as_ref(), &options)).unwrap();
        let bytes = run(read(disk.as_ref(), CHECKPOINT));
        (bytes, run(node::open_with(&disk, Default::default())).err())
    };
    let listed = |voters: Vec<Voter>| InitialVoters::Listed {
        voters: VoterSet::new(voters),
    };
    let (standalone, _) = checkpoint_of(format_options(5).voters);
    let (alone, error) = checkpoint_of(listed(vec![voter(1, 29093)]));
    assert_eq!(alone, standalone);
    assert!(error.is_none(), "{error:?}");
    let (several, error) = checkpoint_of(listed(vec![voter(1, 29093), voter(2, 29094)]));
    assert!(several.len() > alone.len());
    assert!(matches!(error, Some(OpenError::SoleVoter(_))), "{error:?}");
}
