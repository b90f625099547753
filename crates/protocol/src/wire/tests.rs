//! The primitive types at their edges, and what readers refuse.

use super::*;

#[test]
fn varints_round_trip_at_their_edges() {
    let values = [0, 1, -1, 63, -64, 64, -65, 8191, i32::MAX, i32::MIN];
    for value in values {
        let mut writer = Writer::new();
        writer.put_varint(value);
        writer.put_varlong(i64::from(value) << 32);
        writer.put_unsigned_varint(value as u32);
        let sizes = varint_size(value)
            + varlong_size(i64::from(value) << 32)
            + unsigned_varint_size(value as u32);
        assert_eq!(writer.size(), sizes, "{value}");
        let mut reader = Reader::new(writer.buffer());
        assert_eq!(reader.varint(), Ok(value));
        assert_eq!(reader.varlong(), Ok(i64::from(value) << 32));
        assert_eq!(reader.unsigned_varint(), Ok(value as u32));
        assert_eq!(reader.remaining(), 0);
    }
}

#[test]
fn a_varint_that_does_not_end_is_refused() {
    let bytes = [0xff; 11];
    let too_long = |bits| Err(DecodeError::VarintTooLong(bits));
    assert_eq!(Reader::new(&bytes).unsigned_varint(), too_long(32));
    assert_eq!(
        Reader::new(&bytes).varlong(),
        Err(DecodeError::VarintTooLong(64))
    );
    assert!(matches!(
        Reader::new(&bytes[..3]).varint(),
        Err(DecodeError::Truncated { .. })
    ));
}

#[test]
fn an_announced_count_does_not_allocate() {
    let mut writer = Writer::new();
    writer.put_i32(i32::MAX);
    let mut reader = Reader::new(writer.buffer());
    let array = reader.array(false, Reader::i64);
    assert!(matches!(array, Err(DecodeError::ArrayTooLong { .. })));
}

#[test]
fn a_frame_of_tiny_elements_stays_within_its_memory_budget() {
    // Each element is one byte on the wire and 64 in memory.
    let count = 1 << 20;
    let mut bytes = (count as i32).to_be_bytes().to_vec();
    bytes.resize(count, 0);
    bytes.resize(count + 4, 0);
    let mut reader = Reader::new(&bytes);
    let array = reader.array(false, |reader| reader.i8().map(|_| [0_u64; 8]));
    assert_eq!(array, Err(DecodeError::MemoryBudget));
}

#[test]
fn null_and_empty_differ_in_both_forms() {
    for flexible in [false, true] {
        let mut writer = Writer::new();
        writer.put_str(None, flexible).unwrap();
        writer.put_str(Some(""), flexible).unwrap();
        writer.put_bytes(None, flexible).unwrap();
        writer.put_bytes(Some(&[7]), flexible).unwrap();
        let mut reader = Reader::new(writer.buffer());
        assert_eq!(reader.nullable_str(flexible), Ok(None));
        assert_eq!(reader.str(flexible), Ok(""));
        assert_eq!(reader.nullable_bytes(flexible), Ok(None));
        assert_eq!(reader.bytes(flexible), Ok(&[7_u8][..]));
        assert_eq!(reader.remaining(), 0);
    }
}

#[test]
fn a_string_longer_than_an_int16_can_say_is_refused_in_both_forms() {
    let longest = "x".repeat(i16::MAX as usize);
    let too_long = "x".repeat(longest.len() + 1);
    for flexible in [false, true] {
        let mut writer = Writer::new();
        writer.put_str(Some(&longest), flexible).unwrap();
        let mut reader = Reader::new(writer.buffer());
        assert_eq!(reader.str(flexible), Ok(&*longest));
        let refused = writer.put_str(Some(&too_long), flexible);
        assert_eq!(refused, Err(EncodeError::TooLong(too_long.len())));
    }
    let mut writer = Writer::new();
    writer.put_bytes(Some(too_long.as_bytes()), true).unwrap();
    let read = Reader::new(writer.buffer())
        .nullable_str(true)
        .map(|text| text.map(str::len));
    assert_eq!(read, Err(DecodeError::StringTooLong(too_long.len())));
}

#[test]
fn tagged_fields_must_ascend_and_be_filled() {
    let mut writer = Writer::new();
    writer.put_unsigned_varint(2);
    for tag in [1, 1] {
        let content = |writer: &mut Writer| {
            writer.put_i16(5);
            Ok(())
        };
        writer.put_tagged_field(tag, content).unwrap();
    }
    let mut reader = Reader::new(writer.buffer());
    let mut fields = reader.tagged_fields().unwrap();
    let known = |_: u32, reader: &mut Reader<'_>| reader.i16().map(|_| true);
    assert_eq!(fields.next(&mut reader, known), Ok(true));
    assert_eq!(
        fields.next(&mut reader, known),
        Err(DecodeError::TagOutOfOrder(1))
    );

    let mut reader = Reader::new(writer.buffer());
    let mut fields = reader.tagged_fields().unwrap();
    let half = fields.next(&mut reader, |_, reader| reader.i8().map(|_| true));
    assert_eq!(
        half,
        Err(DecodeError::TaggedFieldSurplus { tag: 1, surplus: 1 })
    );
}

#[test]
fn external_records_leave_a_gap_that_counts() {
    let mut writer = Writer::new();
    writer.put_i32(1);
    let records = Records::External {
        token: 9,
        size: 300,
    };
    writer.put_records(Some(&records), true).unwrap();
    writer.put_i8(2);
    assert_eq!(writer.size(), 4 + 2 + 300 + 1);
    let gap = ExternalRecords {
        position: 6,
        token: 9,
        size: 300,
    };
    assert_eq!(writer.external_records(), &[gap]);
}

#[test]
fn a_struct_that_may_be_null_has_a_marker_of_two_values() {
    let mut writer = Writer::new();
    for present in [true, false] {
        writer.put_presence(present);
        writer.put_tagged_presence(present);
    }
    assert_eq!(writer.buffer(), [1, 1, 0xff, 0]);
    let mut reader = Reader::new(writer.buffer());
    for present in [true, false] {
        assert_eq!(reader.is_present("cursor"), Ok(present));
        assert_eq!(reader.is_tagged_present("cursor"), Ok(present));
    }
    for read in [Reader::is_present, Reader::is_tagged_present] {
        let refused = read(&mut Reader::new(&[2]), "cursor");
        assert!(matches!(
            refused,
            Err(DecodeError::InvalidValue { value: 2, .. })
        ));
    }
}
