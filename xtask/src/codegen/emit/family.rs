//! The enums over the records of a family: one where each record carries its id in a frame, two
//! (keys and values) where records have keys, none where records are never mixed.

use super::super::model::{Family, Message, Record, Shape};
use super::super::names::{camel, snake, variant};
use super::{header, json};
use std::fmt::Write as _;

/// The `mod.rs` of a family.
pub(super) fn module(family: &Family) -> String {
    let about = format!("Records of the family `{}`, owned.", family.folder);
    let mut text = header(&about, &origin(family));
    let enums = enums(family);
    for message in family.messages() {
        let _ = writeln!(text, "pub mod {};", snake(&message.name));
    }
    for (name, _) in &enums {
        let _ = writeln!(text, "mod {name};");
    }
    if json::is_shown(family) {
        text.push_str("mod json;\n");
    }
    text.push('\n');
    for message in family.messages() {
        let _ = writeln!(text, "pub use {}::{};", snake(&message.name), message.name);
    }
    for (name, _) in &enums {
        let enum_name = camel(&family.folder) + &camel(name);
        let _ = writeln!(text, "pub use {name}::{enum_name};");
    }
    text
}

/// The enums of a family, by their modules' names.
pub(super) fn enums(family: &Family) -> Vec<(&'static str, String)> {
    match family.records.first() {
        Some(Record { id: None, .. }) | None => Vec::new(),
        Some(Record {
            shape: Shape::Single(_),
            ..
        }) => vec![("record", framed(family))],
        Some(Record {
            shape: Shape::Pair { .. },
            ..
        }) => vec![("key", keys(family)), ("value", values(family))],
    }
}

/// Where the definitions of a family are.
pub(super) fn origin(family: &Family) -> String {
    format!("crates/protocol/messages/records/{}", family.folder)
}

/// The messages of one side with the ids and names of their records.
fn variants(family: &Family, key: bool) -> Vec<(i16, &str, &Message)> {
    let mut variants = Vec::new();
    for record in &family.records {
        let message = match &record.shape {
            Shape::Single(message) => message,
            Shape::Pair { key: message, .. } if key => message,
            Shape::Pair { value, .. } => value,
        };
        variants.push((
            record.id.unwrap_or_default(),
            variant(&record.name),
            message,
        ));
    }
    variants
}

/// The enum itself, with `unknown` as the fields of what it does not know.
fn definition(
    name: &str,
    about: &str,
    variants: &[(i16, &str, &Message)],
    unknown: &str,
) -> String {
    let mut text = format!("/// {about}\n#[derive(Debug, Clone, PartialEq)]\npub enum {name} {{\n");
    for (id, variant, message) in variants {
        let _ = writeln!(
            text,
            "/// Type {id}: {}\n{variant}(super::{}),",
            message.summary, message.name
        );
    }
    let _ = writeln!(
        text,
        "/// A type that is not known: kept as it came, to be passed over.
        Unknown {{ {unknown} bytes: Vec<u8> }},\n}}\n"
    );
    text
}

fn ids(text: &mut String, variants: &[(i16, &str, &Message)]) {
    text.push_str("\n/// The number of its type.\npub const fn id(&self) -> i16 {\nmatch self {\n");
    for (id, variant, _) in variants {
        let _ = writeln!(text, "Self::{variant}(_) => {id},");
    }
    text.push_str("Self::Unknown { id, .. } => *id,\n}\n}\n");
}

fn framed(family: &Family) -> String {
    let name = camel(&family.folder) + "Record";
    let about = format!("Any record of the family `{}`.", family.folder);
    let mut text = header(&about, &origin(family));
    text.push_str(
        "use crate::record_frame::RecordFrame;
        use crate::wire::{DecodeError, EncodeError, Message, Reader, Writer};\n\n",
    );
    let variants = variants(family, false);
    let unknown = "/// The number of its type.\nid: i16,\n/// Its version.\nversion: i16,
        /// What follows its frame.\n";
    text.push_str(&definition(&name, &about, &variants, unknown));
    let _ = writeln!(
        text,
        "impl {name} {{
            /// Reads a whole value: the frame and a record that fills the rest. Also gives the
            /// version that it was written in.
            ///
            /// # Errors
            /// When the frame is not of a known version, the record's type does not have the
            /// version, or the bytes do not hold exactly one such record.
            pub fn decode_frame(bytes: &[u8]) -> Result<(Self, i16), DecodeError> {{
                let reader = &mut Reader::new(bytes);
                let RecordFrame {{ id, version }} = RecordFrame::decode(reader)?;
                let record = match id {{"
    );
    for (id, variant, _) in &variants {
        let _ = writeln!(
            text,
            "{id} => Self::{variant}(Message::decode(reader, version)?),"
        );
    }
    let _ = writeln!(
        text,
        "_ => Self::Unknown {{ id, version, bytes: reader.take_rest().to_vec() }},
                }};
                reader.expect_end()?;
                Ok((record, version))
            }}

            /// Writes the frame and the record in `version`; an unknown one as it came, in the
            /// version that it came with.
            ///
            /// # Errors
            /// As [`Message::encode`].
            pub fn encode_frame(
                &self,
                writer: &mut Writer,
                version: i16,
            ) -> Result<(), EncodeError> {{
                let frame = RecordFrame {{ id: self.id(), version }};
                if let Self::Unknown {{ version, bytes, .. }} = self {{
                    RecordFrame {{ version: *version, ..frame }}.encode(writer);
                    writer.put(bytes);
                    return Ok(());
                }}
                frame.encode(writer);
                match self {{"
    );
    for (_, variant, _) in &variants {
        let _ = writeln!(
            text,
            "Self::{variant}(record) => record.encode(writer, version),"
        );
    }
    text.push_str("Self::Unknown { .. } => Ok(()),\n}\n}\n");
    ids(&mut text, &variants);
    text.push_str("}\n");
    text
}

fn keys(family: &Family) -> String {
    let name = camel(&family.folder) + "Key";
    let about = format!("The key of any record of the family `{}`.", family.folder);
    let mut text = header(&about, &origin(family));
    text.push_str("use crate::wire::{DecodeError, EncodeError, Message, Reader, Writer};\n\n");
    let variants = variants(family, true);
    let unknown = "/// The number of its type.\nid: i16,\n/// What follows its number.\n";
    text.push_str(&definition(&name, &about, &variants, unknown));
    let _ = writeln!(
        text,
        "impl {name} {{
            /// Reads a key: the number of its type, then its fields.
            ///
            /// # Errors
            /// When the bytes do not hold such a key.
            pub fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {{
                let id = reader.i16()?;
                Ok(match id {{"
    );
    for (id, variant, _) in &variants {
        let _ = writeln!(
            text,
            "{id} => Self::{variant}(Message::decode(reader, 0)?),"
        );
    }
    let _ = writeln!(
        text,
        "_ => Self::Unknown {{ id, bytes: reader.take_rest().to_vec() }},
                }})
            }}

            /// Writes the key.
            ///
            /// # Errors
            /// As [`Message::encode`].
            pub fn encode(&self, writer: &mut Writer) -> Result<(), EncodeError> {{
                writer.put_i16(self.id());
                match self {{"
    );
    for (_, variant, _) in &variants {
        let _ = writeln!(text, "Self::{variant}(key) => key.encode(writer, 0),");
    }
    text.push_str("Self::Unknown { bytes, .. } => { writer.put(bytes); Ok(()) }\n}\n}\n");
    ids(&mut text, &variants);
    text.push_str("}\n");
    text
}

fn values(family: &Family) -> String {
    let name = camel(&family.folder) + "Value";
    let about = format!("The value of any record of the family `{}`.", family.folder);
    let mut text = header(&about, &origin(family));
    text.push_str("use crate::wire::{DecodeError, EncodeError, Message, Reader, Writer};\n\n");
    let variants = variants(family, false);
    let unknown = "/// The number of its type, from its key.\nid: i16,
        /// What the value consists of, its version included.\n";
    text.push_str(&definition(&name, &about, &variants, unknown));
    let _ = writeln!(
        text,
        "impl {name} {{
            /// Reads the value that belongs to a key of type `id`: its version, then its fields.
            ///
            /// # Errors
            /// When the type does not have the version, or the bytes do not hold such a value.
            pub fn decode(id: i16, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {{
                if !matches!(id, {}) {{
                    let bytes = reader.take_rest().to_vec();
                    return Ok(Self::Unknown {{ id, bytes }});
                }}
                let version = reader.i16()?;
                Ok(match id {{",
        variants
            .iter()
            .map(|(id, ..)| id.to_string())
            .collect::<Vec<_>>()
            .join(" | ")
    );
    for (id, variant, _) in &variants {
        let _ = writeln!(
            text,
            "{id} => Self::{variant}(Message::decode(reader, version)?),"
        );
    }
    text.push_str("_ => ");
    let _ = writeln!(
        text,
        "Self::Unknown {{ id, bytes: Vec::new() }},
                }})
            }}

            /// Writes the value in `version`; an unknown one as it came.
            ///
            /// # Errors
            /// As [`Message::encode`].
            pub fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {{
                if let Self::Unknown {{ bytes, .. }} = self {{
                    writer.put(bytes);
                    return Ok(());
                }}
                writer.put_i16(version);
                match self {{"
    );
    for (_, variant, _) in &variants {
        let _ = writeln!(
            text,
            "Self::{variant}(value) => value.encode(writer, version),"
        );
    }
    text.push_str("Self::Unknown { .. } => Ok(()),\n}\n}\n");
    ids(&mut text, &variants);
    text.push_str("}\n");
    text
}
