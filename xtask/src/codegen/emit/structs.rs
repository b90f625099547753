//! One message: its structs and what they implement.

use super::super::model::{Field, Fixed, Message, Struct, Type};
use super::{decode, default, encode, header};
use std::fmt::Write as _;

/// The file of a message.
pub(super) fn file(message: &Message) -> String {
    let about = format!("`{}`: {}", message.name, message.summary);
    let origin = format!("crates/protocol/messages/{}", message.file);
    let mut text = header(&about, &origin);
    let mut body = String::new();
    for (index, structure) in message.structs.iter().enumerate() {
        definition(&mut body, message, structure, index == 0);
        default::implementation(&mut body, message, structure);
        if index == 0 {
            message_implementation(&mut body, message, structure);
        } else {
            private_implementation(&mut body, message, structure);
        }
    }
    imports(&mut text, &body);
    text + &body
}

/// Imports what `body` mentions.
fn imports(text: &mut String, body: &str) {
    for (words, path) in [
        (
            &["ErrorCode,", "ErrorCode(", "ErrorCode::"][..],
            "crate::error_code::ErrorCode",
        ),
        (&["Uuid,", "Uuid>", "Uuid::"], "crate::uuid::Uuid"),
        (&["Message<"], "crate::wire::Message"),
        (&["DecodeError>"], "crate::wire::DecodeError"),
        (&["EncodeError>"], "crate::wire::EncodeError"),
        (&["Reader<"], "crate::wire::Reader"),
        (&["Records<", "Records::"], "crate::wire::Records"),
        (&["Writer,"], "crate::wire::Writer"),
        (&["Cow<"], "std::borrow::Cow"),
        (&["RangeInclusive<"], "std::ops::RangeInclusive"),
    ] {
        if words.iter().any(|word| mentions(body, word)) {
            let _ = writeln!(text, "use {path};");
        }
    }
    text.push('\n');
}

/// Whether `word` stands in `text`, and not as the end of a longer name.
fn mentions(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(position, _)| {
        let before = text[..position].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || "_.\"".contains(letter))
    })
}

fn definition(text: &mut String, message: &Message, structure: &Struct, top: bool) {
    if top {
        let _ = writeln!(text, "/// {}", capitalised(&message.summary));
        let flexible = match message.first_flexible {
            Some(first) if first <= message.versions.first => "all flexible".to_owned(),
            Some(first) => format!("flexible from {first}"),
            None => "none flexible".to_owned(),
        };
        let _ = writeln!(text, "///\n/// Versions {}, {flexible}.", message.versions);
    } else {
        let versions = structure.versions.words(message.versions);
        let _ = writeln!(text, "/// Part of [`{}`], {versions}.", message.name);
    }
    let derived = if default::is_derivable(structure) {
        ", Default"
    } else {
        ""
    };
    let name = message.rust_name(&structure.name, "'a");
    let _ = writeln!(
        text,
        "#[derive(Debug, Clone, PartialEq{derived})]\npub struct {name} {{"
    );
    for field in &structure.fields {
        let _ = writeln!(text, "/// {}", field_facts(message, structure, field));
        let _ = writeln!(
            text,
            "pub {}: {},",
            field.rust_name(),
            field_type(message, field)
        );
    }
    text.push_str("}\n\n");
}

fn field_facts(message: &Message, structure: &Struct, field: &Field) -> String {
    let mut facts = capitalised(&field.versions.words(message.versions));
    if structure.versions == field.versions {
        facts = "As long as its struct".to_owned();
        if structure.versions == message.versions {
            facts = "Every version".to_owned();
        }
    }
    match field.nullable {
        None => {}
        Some(nullable) if nullable == field.versions => facts.push_str("; may be null"),
        Some(nullable) => {
            let _ = write!(
                facts,
                "; may be null in {}",
                nullable.words(message.versions)
            );
        }
    }
    if let Some(default) = default::in_words(field) {
        let _ = write!(facts, "; default {default}");
    }
    if let Some(tag) = field.tag {
        let _ = write!(facts, "; tag {tag}");
    }
    if field.ignorable && field.versions != structure.versions {
        facts.push_str("; dropped where the version lacks it");
    }
    if field.key {
        facts.push_str("; tells the elements apart");
    }
    facts.push('.');
    facts
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn field_type(message: &Message, field: &Field) -> String {
    let name = type_name(message, &field.kind);
    if field.nullable.is_some() {
        format!("Option<{name}>")
    } else {
        name
    }
}

fn type_name(message: &Message, kind: &Type) -> String {
    match kind {
        Type::Fixed(fixed) => fixed.rust_name().to_owned(),
        Type::String if message.owned => "String".to_owned(),
        Type::String => "Cow<'a, str>".to_owned(),
        Type::Bytes if message.owned => "Vec<u8>".to_owned(),
        Type::Bytes => "Cow<'a, [u8]>".to_owned(),
        Type::Records => "Records<'a>".to_owned(),
        Type::Struct(name) => message.rust_name(name, "'a"),
        Type::Array(element) => format!("Vec<{}>", type_name(message, element)),
    }
}

impl Fixed {
    const fn rust_name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int8 => "i8",
            Self::Int16 => "i16",
            Self::Uint16 => "u16",
            Self::Int32 => "i32",
            Self::Uint32 => "u32",
            Self::Int64 => "i64",
            Self::Float64 => "f64",
            Self::Uuid => "Uuid",
            Self::ErrorCode => "ErrorCode",
        }
    }
}

/// `impl Message` for the message itself.
fn message_implementation(text: &mut String, message: &Message, structure: &Struct) {
    let borrows = message.borrows(&message.name);
    let (generics, lifetime) = if borrows { ("<'a>", "'a") } else { ("", "'_") };
    let name = message.rust_name(&message.name, "'a");
    let first_flexible = match message.first_flexible {
        Some(first) => format!("Some({first})"),
        None => "None".to_owned(),
    };
    let _ = write!(
        text,
        "impl{generics} Message<{lifetime}> for {name} {{
            const NAME: &'static str = \"{}\";
            const VERSIONS: RangeInclusive<i16> = {}..={};
            const FIRST_FLEXIBLE: Option<i16> = {first_flexible};

            fn decode(reader: &mut Reader<{lifetime}>, version: i16) -> Result<Self, DecodeError> {{
                DecodeError::check_version(Self::NAME, &Self::VERSIONS, version)?;
                {}
            }}

            fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {{
                EncodeError::check_version(Self::NAME, &Self::VERSIONS, version)?;
                {}
            }}
        }}\n\n",
        message.name,
        message.versions.first,
        message.versions.last,
        decode::body(message, structure),
        encode::body(message, structure),
    );
}

/// `decode` and `encode` of a struct inside a message.
fn private_implementation(text: &mut String, message: &Message, structure: &Struct) {
    let decode = decode::body(message, structure);
    let encode = encode::body(message, structure);
    let lifetime = if message.borrows(&structure.name) {
        "'a"
    } else {
        "'_"
    };
    let generics = if lifetime == "'a" { "<'a>" } else { "" };
    let version = |body: &str| {
        let used = ["version ", "version,", "version)"]
            .iter()
            .any(|word| mentions(body, word));
        if used { "version" } else { "_version" }
    };
    let _ = write!(
        text,
        "impl{generics} {} {{
            fn decode(reader: &mut Reader<{lifetime}>, {}: i16) -> Result<Self, DecodeError> {{
                {decode}
            }}

            fn encode(&self, writer: &mut Writer, {}: i16) -> Result<(), EncodeError> {{
                {encode}
            }}
        }}\n\n",
        message.rust_name(&structure.name, "'a"),
        version(&decode),
        version(&encode),
    );
}
