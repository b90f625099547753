//! The frame around a record of `__cluster_metadata` or `__remote_log_metadata`: which type it is,
//! and in which version (KIP-631).
//!
//! ```text
//! unsigned varint  frame version, always 1
//! unsigned varint  type of the record
//! unsigned varint  version of the record
//! …                the record
//! ```

use crate::wire::{DecodeError, Reader, Writer};

/// The frame in front of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordFrame {
    /// The type of the record, which its family numbers.
    pub id: i16,
    /// The version of the record.
    pub version: i16,
}

impl RecordFrame {
    const FRAME_VERSION: u32 = 1;

    /// Reads a frame and leaves the record in `reader`.
    ///
    /// # Errors
    /// When the bytes end, the frame is not of version 1, or a number exceeds an `int16`.
    pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let frame_version = reader.unsigned_varint()?;
        if frame_version != Self::FRAME_VERSION {
            return Err(DecodeError::InvalidValue {
                field: "frame version",
                value: i64::from(frame_version),
            });
        }
        Ok(Self {
            id: small_number(reader, "record type")?,
            version: small_number(reader, "record version")?,
        })
    }

    /// Writes the frame. Neither number may be negative.
    pub fn encode(self, writer: &mut Writer) {
        writer.put_unsigned_varint(Self::FRAME_VERSION);
        writer.put_unsigned_varint(self.id as u32);
        writer.put_unsigned_varint(self.version as u32);
    }
}

fn small_number(reader: &mut Reader<'_>, field: &'static str) -> Result<i16, DecodeError> {
    let number = reader.unsigned_varint()?;
    i16::try_from(number).map_err(|_| DecodeError::InvalidValue {
        field,
        value: i64::from(number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::group::{GroupKey, GroupValue, OffsetCommitKey, OffsetCommitValue};
    use crate::generated::metadata::{FeatureLevelRecord, MetadataRecord};

    #[test]
    fn a_framed_record_is_read_and_written_as_kafka_does() {
        let mut bytes = vec![1, 12, 0, 14];
        bytes.extend(b"group.version\x00\x01\x00");
        let (record, version) = MetadataRecord::decode_frame(&bytes).unwrap();
        let expected = FeatureLevelRecord {
            name: "group.version".to_owned(),
            feature_level: 1,
        };
        assert_eq!(record, MetadataRecord::FeatureLevel(expected));
        let mut writer = Writer::new();
        record.encode_frame(&mut writer, version).unwrap();
        assert_eq!(writer.buffer(), bytes);
        bytes.push(0);
        assert_eq!(
            MetadataRecord::decode_frame(&bytes),
            Err(DecodeError::Surplus(1))
        );
    }

    #[test]
    fn a_framed_record_of_an_unknown_type_is_kept() {
        let bytes = [1, 0xe7, 7, 3, 4, 5, 6];
        let (record, version) = MetadataRecord::decode_frame(&bytes).unwrap();
        assert_eq!((record.id(), version), (999, 3));
        let mut writer = Writer::new();
        record.encode_frame(&mut writer, 0).unwrap();
        assert_eq!(writer.buffer(), bytes);
    }

    #[test]
    fn a_frame_of_another_version_or_with_a_number_too_large_is_refused() {
        for bytes in [[0, 12, 0, 0, 0], [2, 12, 0, 0, 0], [1, 0xff, 0xff, 0x7f, 0]] {
            let refused = MetadataRecord::decode_frame(&bytes);
            assert!(
                matches!(refused, Err(DecodeError::InvalidValue { .. })),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn keys_and_values_carry_their_type_and_their_version() {
        let key = GroupKey::OffsetCommit(OffsetCommitKey {
            group: "g".to_owned(),
            topic: "t".to_owned(),
            partition: 7,
        });
        let mut writer = Writer::new();
        key.encode(&mut writer).unwrap();
        assert_eq!(
            writer.buffer(),
            b"\x00\x01\x00\x01g\x00\x01t\x00\x00\x00\x07"
        );
        assert_eq!(GroupKey::decode(&mut Reader::new(writer.buffer())), Ok(key));
        let value = GroupValue::OffsetCommit(OffsetCommitValue::default());
        let mut writer = Writer::new();
        value.encode(&mut writer, 3).unwrap();
        assert_eq!(writer.buffer()[..2], [0, 3]);
        assert_eq!(
            GroupValue::decode(1, &mut Reader::new(writer.buffer())),
            Ok(value)
        );
    }

    #[test]
    fn keys_and_values_of_an_unknown_type_are_kept() {
        let bytes = [3, 231, 1, 2];
        let key = GroupKey::decode(&mut Reader::new(&bytes)).unwrap();
        let value = GroupValue::decode(key.id(), &mut Reader::new(&bytes)).unwrap();
        assert_eq!((key.id(), value.id()), (999, 999));
        let (mut keys, mut values) = (Writer::new(), Writer::new());
        key.encode(&mut keys).unwrap();
        value.encode(&mut values, 0).unwrap();
        assert_eq!((keys.buffer(), values.buffer()), (&bytes[..], &bytes[..]));
    }
}
