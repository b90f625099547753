//! Every message in every version: against bytes that Kafka's own classes wrote, and against
//! itself.
//!
//! `tests/golden/<Message>.txt` holds the bytes of Kafka, a line each: version, case, hexadecimal;
//! `#` starts a comment. The case `unknown` is the case `set` with unknown tagged fields.

#![expect(clippy::disallowed_methods, reason = "golden bytes are in files")]

mod dispatch;
mod fixture;

use dispatch::ALL;
use fixture::Line;
use protocol::wire::{DecodeError, EncodeError, Message, Reader, Writer};
use std::fmt::Debug;
use std::ops::RangeInclusive;

/// What the tests do with a message type, without its type.
pub(crate) struct Entry {
    name: &'static str,
    versions: RangeInclusive<i16>,
    decode_and_encode: fn(&[u8], i16) -> Result<Reencoded, DecodeError>,
    encode_default: fn(i16) -> Result<Vec<u8>, EncodeError>,
    decode_default: fn(&[u8], i16) -> bool,
}

/// What became of bytes that were decoded.
struct Reencoded {
    unread: usize,
    bytes: Vec<u8>,
    announced_size: usize,
}

macro_rules! entry {
    ($message:ty) => {
        Entry {
            name: <$message as Message<'_>>::NAME,
            versions: <$message as Message<'_>>::VERSIONS,
            decode_and_encode: |bytes, version| {
                let reader = &mut Reader::new(bytes);
                let message = <$message>::decode(reader, version)?;
                Ok(super::reencode(&message, version, reader.remaining()))
            },
            encode_default: |version| super::encode(&<$message>::default(), version),
            decode_default: |bytes, version| {
                super::decodes_to(bytes, version, &<$message>::default())
            },
        }
    };
}
use entry;

fn reencode<'a, M: Message<'a>>(message: &M, version: i16, unread: usize) -> Reencoded {
    Reencoded {
        unread,
        bytes: encode(message, version).expect("what was decoded can be encoded"),
        announced_size: message
            .size(version)
            .expect("what can be encoded has a size"),
    }
}

fn encode<'a, M: Message<'a>>(message: &M, version: i16) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer::new();
    message.encode(&mut writer, version)?;
    Ok(writer.into_parts().0)
}

fn decodes_to<'a, M>(bytes: &'a [u8], version: i16, expected: &M) -> bool
where
    M: Message<'a> + PartialEq + Debug,
{
    let reader = &mut Reader::new(bytes);
    let decoded = M::decode(reader, version);
    decoded.as_ref() == Ok(expected) && reader.remaining() == 0
}

#[test]
fn what_kafka_wrote_decodes_and_encodes_to_the_same_bytes() {
    let mut failures = Vec::new();
    for entry in ALL {
        let lines = fixture::lines(entry.name);
        for line in &lines {
            let expected = expected(&lines, line);
            let failure = match (entry.decode_and_encode)(&line.bytes, line.version) {
                Err(error) => error.to_string(),
                Ok(again) if again.unread > 0 => format!("{} bytes unread", again.unread),
                Ok(again) if again.bytes != expected => fixture::difference(expected, &again.bytes),
                Ok(again) if again.announced_size != expected.len() => {
                    format!("size announced as {}", again.announced_size)
                }
                Ok(_) => continue,
            };
            failures.push(format!(
                "{} v{} {}: {failure}",
                entry.name, line.version, line.case
            ));
        }
    }
    let count = failures.len();
    assert!(
        failures.is_empty(),
        "{count} lines:\n{}",
        failures.join("\n")
    );
}

/// The bytes that `line` should be encoded to: unknown tagged fields are skipped, which leaves what
/// was set besides them, or the defaults if there is nothing to set.
fn expected<'a>(lines: &'a [Line], line: &'a Line) -> &'a [u8] {
    if line.case != "unknown" {
        return &line.bytes;
    }
    let case = |case| {
        lines
            .iter()
            .find(|other| other.version == line.version && other.case == case)
    };
    let known = case("set").or_else(|| case("absent"));
    &known
        .expect("a version has a line without unknown fields")
        .bytes
}

#[test]
fn defaults_are_those_of_kafka() {
    let mut failures = Vec::new();
    for entry in ALL {
        for line in fixture::lines(entry.name)
            .iter()
            .filter(|line| line.case == "absent")
        {
            let bytes = (entry.encode_default)(line.version).unwrap_or_default();
            if bytes != line.bytes {
                let difference = fixture::difference(&line.bytes, &bytes);
                failures.push(format!("{} v{}: {difference}", entry.name, line.version));
            }
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn every_version_of_every_message_has_bytes_of_kafka() {
    let mut missing = Vec::new();
    for entry in ALL {
        let lines = fixture::lines(entry.name);
        for version in entry.versions.clone() {
            if !lines.iter().any(|line| line.version == version) {
                missing.push(format!("{} v{version}", entry.name));
            }
        }
    }
    assert!(missing.is_empty(), "no fixture for {}", missing.join(", "));
}

#[test]
fn every_fixture_belongs_to_a_message() {
    let names = fixture::names();
    let unknown = names
        .iter()
        .filter(|name| ALL.iter().all(|entry| entry.name != **name));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn a_default_decodes_to_itself_and_no_part_of_it_decodes() {
    for entry in ALL {
        for version in entry.versions.clone() {
            let name = entry.name;
            let bytes = (entry.encode_default)(version);
            let bytes = bytes.unwrap_or_else(|error| panic!("{name} v{version}: {error}"));
            assert!((entry.decode_default)(&bytes, version), "{name} v{version}");
            for length in 0..bytes.len() {
                let part = (entry.decode_and_encode)(&bytes[..length], version);
                assert!(
                    part.is_err(),
                    "{name} v{version}: {length} bytes are enough"
                );
            }
        }
    }
}

#[test]
fn a_version_that_a_message_lacks_is_refused() {
    for entry in ALL {
        for version in [*entry.versions.start() - 1, *entry.versions.end() + 1] {
            assert!(
                (entry.encode_default)(version).is_err(),
                "{} v{version}",
                entry.name
            );
            let decoded = (entry.decode_and_encode)(&[0; 64], version);
            let refused = matches!(decoded, Err(DecodeError::UnsupportedVersion { .. }));
            assert!(refused, "{} v{version}", entry.name);
        }
    }
}

#[test]
fn no_bytes_make_a_decoder_panic() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        // Xorshift: enough to reach every branch, and the same in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut decoded = 0;
    for entry in ALL {
        for version in entry.versions.clone() {
            for _ in 0..64 {
                let length = next() % 96;
                // Small numbers make plausible lengths, so that decoding gets further.
                let small = next() % 2 == 0;
                let byte = |number: u64| {
                    if small {
                        number as u8 % 4
                    } else {
                        number as u8
                    }
                };
                let bytes: Vec<u8> = (0..length).map(|_| byte(next() >> 32)).collect();
                decoded += usize::from((entry.decode_and_encode)(&bytes, version).is_ok());
            }
        }
    }
    assert!(
        decoded > 1000,
        "only {decoded} random messages decoded: the test has lost its bite"
    );
}
