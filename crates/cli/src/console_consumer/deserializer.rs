//! Bytes as text, by the names and in the notation of Kafka's deserializers and Java's `toString`.
//!
//! Not the job of this module: what is deserialized, and what stands around it.

use std::fmt::Display;
use std::io::Write;

use crate::java_numbers;

/// A deserializer of `org.apache.kafka.common.serialization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deserializer {
    Boolean,
    /// Java prints the identity of the array; here it is the bytes.
    ByteArray,
    ByteBuffer,
    Bytes,
    Double,
    Float,
    Integer,
    Long,
    Short,
    String,
    Uuid,
}

impl Deserializer {
    /// The deserializer of this class; none if it is not one that is known here.
    pub(super) fn of_class(class: &str) -> Option<Self> {
        let name = class.strip_prefix("org.apache.kafka.common.serialization.")?;
        Some(match name.strip_suffix("Deserializer")? {
            "Boolean" => Self::Boolean,
            "ByteArray" => Self::ByteArray,
            "ByteBuffer" => Self::ByteBuffer,
            "Bytes" => Self::Bytes,
            "Double" => Self::Double,
            "Float" => Self::Float,
            "Integer" => Self::Integer,
            "Long" => Self::Long,
            "Short" => Self::Short,
            "String" => Self::String,
            "UUID" => Self::Uuid,
            _ => return None,
        })
    }

    /// Writes the text behind what is in `out`.
    ///
    /// # Errors
    /// What Kafka's deserializer says of bytes that it does not take.
    pub(super) fn write(self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::Boolean => show(out, boolean(bytes)?),
            Self::ByteArray => out.extend_from_slice(bytes),
            Self::ByteBuffer => {
                let count = bytes.len();
                let text = format_args!("java.nio.HeapByteBuffer[pos=0 lim={count} cap={count}]");
                show(out, text);
            }
            Self::Bytes => write_printable(bytes, out),
            Self::Double => {
                let number = f64::from_be_bytes(sized(bytes, "Deserializer")?);
                show(out, java_numbers::double(number));
            }
            Self::Float => {
                let number = f32::from_be_bytes(sized(bytes, "Deserializer")?);
                show(out, java_numbers::float(number));
            }
            Self::Integer => {
                let bytes = sized(bytes, "IntegerDeserializer")?;
                show(out, i32::from_be_bytes(bytes));
            }
            Self::Long => show(out, i64::from_be_bytes(sized(bytes, "LongDeserializer")?)),
            Self::Short => show(out, i16::from_be_bytes(sized(bytes, "ShortDeserializer")?)),
            Self::String => match std::str::from_utf8(bytes) {
                Ok(_) => out.extend_from_slice(bytes),
                Err(_) => show(out, String::from_utf8_lossy(bytes)),
            },
            Self::Uuid => {
                let text = uuid(bytes).ok_or("Error parsing data into UUID")?;
                out.extend_from_slice(text.as_bytes());
            }
        }
        Ok(())
    }
}

fn show(out: &mut Vec<u8>, value: impl Display) {
    // Memory takes everything.
    let _ = write!(out, "{value}");
}

fn sized<const SIZE: usize>(bytes: &[u8], who: &str) -> Result<[u8; SIZE], String> {
    let sized = bytes.try_into();
    sized.map_err(|_| format!("Size of data received by {who} is not {SIZE}"))
}

fn boolean(bytes: &[u8]) -> Result<bool, String> {
    match sized(bytes, "BooleanDeserializer")? {
        [0] => Ok(false),
        [1] => Ok(true),
        [byte] => Err(format!(
            "Unexpected byte received by BooleanDeserializer: {}",
            byte.cast_signed()
        )),
    }
}

/// As Kafka's `Bytes` shows itself: what ASCII cannot print, and the backslash, in hexadecimal.
fn write_printable(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        match byte {
            b'\\' | 0..b' ' | 0x7f.. => show(out, format_args!("\\x{byte:02X}")),
            _ => out.push(byte),
        }
    }
}

/// A uuid in its usual form, in small letters.
fn uuid(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let parts: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let is_hexadecimal = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_uuid = lengths == [8, 4, 4, 4, 12] && parts.iter().all(is_hexadecimal);
    is_uuid.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(class: &str, bytes: &[u8]) -> Result<String, String> {
        let class = format!("org.apache.kafka.common.serialization.{class}Deserializer");
        let mut out = Vec::new();
        let deserializer = Deserializer::of_class(&class).unwrap();
        deserializer.write(bytes, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_primitive_types_of_kafka_are_shown_as_java_shows_them() {
        let check = |class, bytes: &[u8], expected: &str| {
            assert_eq!(shown(class, bytes).as_deref(), Ok(expected), "{class}");
        };
        check("Long", &(-5_i64).to_be_bytes(), "-5");
        check("Integer", &7_i32.to_be_bytes(), "7");
        check("Short", &[0xff, 0xfe], "-2");
        check("Boolean", &[1], "true");
        check("String", b"a\xff", "a\u{fffd}");
        check("ByteArray", b"raw", "raw");
        check("Bytes", b"a\\\x01\xff~", "a\\x5C\\x01\\xFF~");
        check(
            "ByteBuffer",
            b"abc",
            "java.nio.HeapByteBuffer[pos=0 lim=3 cap=3]",
        );
        let uuid = "01234567-89AB-cdef-0123-456789abcdef";
        check("UUID", uuid.as_bytes(), &uuid.to_lowercase());
        check("Float", &0.1_f32.to_be_bytes(), "0.1");
        check("Double", &1e7_f64.to_be_bytes(), "1.0E7");
    }

    #[test]
    fn bytes_that_do_not_fit_are_refused_in_kafkas_words() {
        let check = |class, bytes: &[u8], expected: &str| {
            assert_eq!(shown(class, bytes).unwrap_err(), expected);
        };
        check(
            "Long",
            b"null",
            "Size of data received by LongDeserializer is not 8",
        );
        check(
            "Double",
            b"",
            "Size of data received by Deserializer is not 8",
        );
        check(
            "Boolean",
            &[0xff],
            "Unexpected byte received by BooleanDeserializer: -1",
        );
        check("UUID", b"1-2-3-4-5-6", "Error parsing data into UUID");
        assert_eq!(Deserializer::of_class("LongDeserializer"), None);
        assert_eq!(Deserializer::of_class("com.example.Deserializer"), None);
    }
}
