//! What holds for every kind of file: what is written is read back, and no bytes make a reader
//! panic, neither arbitrary ones nor a file with damage.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::sample::Index;
use protocol::Uuid;
use protocol::ids::Offset;

use super::*;
use crate::names::TopicPartition;

/// Damage to a file: bytes that were replaced, and where it was cut.
#[derive(Debug, Clone)]
struct Damage {
    bytes: Vec<(Index, u8)>,
    end: Option<Index>,
}

impl Damage {
    fn any() -> impl Strategy<Value = Self> {
        // What means something in one of the formats, and what does not.
        let byte = prop_oneof![
            prop::sample::select(&b"\n\r \t:=\\u-019\0\xff"[..]),
            any::<u8>()
        ];
        let bytes = prop::collection::vec((any::<Index>(), byte), 0..4);
        (bytes, any::<Option<Index>>()).prop_map(|(bytes, end)| Self { bytes, end })
    }

    fn apply(&self, mut file: Vec<u8>) -> Vec<u8> {
        for (index, byte) in &self.bytes {
            let index = index.index(file.len());
            file[index] = *byte;
        }
        if let Some(end) = self.end {
            file.truncate(end.index(file.len()));
        }
        file
    }
}

fn check_round_trip<T: WholeFile + PartialEq + Debug>(content: &T, damage: &Damage) {
    let file = content.encode();
    assert_eq!(T::decode(&file).as_ref(), Ok(content));
    check_bytes::<T>(&damage.apply(file));
}

/// Whatever can be read is written such that it is read as the same.
fn check_bytes<T: WholeFile + PartialEq + Debug>(bytes: &[u8]) {
    if let Ok(content) = T::decode(bytes) {
        assert_eq!(T::decode(&content.encode()), Ok(content));
    }
}

fn offset_checkpoint() -> impl Strategy<Value = OffsetCheckpoint> {
    let topic = "[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,20}";
    let entry = ((topic, 0..=i32::MAX), 0..=i64::MAX);
    prop::collection::btree_map(entry.0, entry.1, 0..5).prop_map(|entries| {
        let entries = entries.into_iter().map(|((topic, partition), offset)| {
            let topic = topic.parse().expect("a name of these characters is one");
            (TopicPartition { topic, partition }, Offset(offset))
        });
        OffsetCheckpoint {
            offsets: entries.collect(),
        }
    })
}

fn meta_properties() -> impl Strategy<Value = MetaProperties> {
    let version = prop_oneof![
        Just(MetaPropertiesVersion::Zero),
        Just(MetaPropertiesVersion::One)
    ];
    // No key of the formats has a capital letter.
    let others = prop::collection::btree_map("[A-Z].{0,5}", any::<String>(), 0..3);
    let fields = (
        version,
        any::<Option<i32>>(),
        any::<Option<String>>(),
        any::<Option<u128>>(),
        others,
    );
    fields.prop_map(|(version, node_id, cluster_id, directory_id, others)| {
        let is_zero = version == MetaPropertiesVersion::Zero;
        MetaProperties {
            version,
            node_id: if is_zero {
                node_id
            } else {
                node_id.or(Some(1))
            },
            cluster_id: cluster_id.or_else(|| (!is_zero).then(String::new)),
            directory_id: directory_id.map(Uuid::from_u128),
            others,
        }
    })
}

proptest! {
    #[test]
    fn offset_checkpoints_come_back(content in offset_checkpoint(), damage in Damage::any()) {
        check_round_trip(&content, &damage);
    }

    #[test]
    fn meta_properties_come_back(content in meta_properties(), damage in Damage::any()) {
        check_round_trip(&content, &damage);
    }

    #[test]
    fn partition_metadata_comes_back(topic_id in 1..=u128::MAX, damage in Damage::any()) {
        let topic_id = Uuid::from_u128(topic_id);
        check_round_trip(&PartitionMetadata { topic_id }, &damage);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in any::<Vec<u8>>()) {
        check_bytes::<OffsetCheckpoint>(&bytes);
        check_bytes::<MetaProperties>(&bytes);
        check_bytes::<PartitionMetadata>(&bytes);
        check_bytes::<CleanShutdown>(&bytes);
    }
}
