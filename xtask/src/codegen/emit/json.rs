//! How records are shown as JSON: one file for each family that tools show.

use super::super::model::{Family, Message, Shape, Struct, Type};
use super::super::names::{camel, snake, variant};
use super::{default, family, header};
use std::fmt::Write as _;

/// Families that tools show as JSON. The others are never in a log, or printed otherwise.
const SHOWN: [&str; 6] = [
    "consumer_protocol",
    "control",
    "group",
    "metadata",
    "share",
    "transaction",
];

/// Whether there is JSON of the family's records.
pub(super) fn is_shown(family: &Family) -> bool {
    SHOWN.contains(&family.folder.as_str())
}

/// The file of a family.
pub(super) fn file(family: &Family) -> String {
    let about = format!("Records of the family `{}` as JSON.", family.folder);
    let mut text = header(&about, &family::origin(family));
    text.push_str("use crate::json::{Fields, Json, ToJson};\n\n");
    for (name, _) in family::enums(family) {
        any_record(&mut text, family, name);
    }
    for message in family.messages() {
        for structure in &message.structs {
            implementation(&mut text, message, structure);
        }
    }
    text
}

/// The enum over a family's records, keys or values: what it holds is shown.
fn any_record(text: &mut String, family: &Family, name: &str) {
    let enum_name = camel(&family.folder) + &camel(name);
    let _ = writeln!(
        text,
        "impl ToJson for super::{enum_name} {{
            fn to_json(&self, version: i16) -> Json {{
                match self {{"
    );
    for record in &family.records {
        let variant = variant(&record.name);
        let _ = writeln!(text, "Self::{variant}(held) => held.to_json(version),");
    }
    text.push_str("Self::Unknown { bytes, .. } => Json::Bytes(bytes.clone()),\n}\n}\n}\n\n");
    let is_framed = family
        .records
        .iter()
        .all(|record| matches!(record.shape, Shape::Single(_)));
    if is_framed {
        type_names(text, family, &enum_name);
    }
}

/// What records that carry their type are called by it.
fn type_names(text: &mut String, family: &Family, enum_name: &str) {
    let _ = writeln!(
        text,
        "impl super::{enum_name} {{
            /// What Kafka calls its type; none if it is not known.
            pub const fn type_name(&self) -> Option<&'static str> {{
                Some(match self {{"
    );
    for record in &family.records {
        let (variant, name) = (variant(&record.name), snake(&record.name));
        let _ = writeln!(
            text,
            "Self::{variant}(_) => \"{}\",",
            name.to_ascii_uppercase()
        );
    }
    text.push_str("Self::Unknown { .. } => return None,\n})\n}\n}\n\n");
}

fn implementation(text: &mut String, message: &Message, structure: &Struct) {
    let module = snake(&message.name);
    let mut imports = String::new();
    let mut fields = String::new();
    for field in &structure.fields {
        let name = field.rust_name();
        let mut shown = field.name.clone();
        shown[..1].make_ascii_lowercase();
        let put = format!("fields.put(\"{shown}\", &self.{name});");
        let differs = field.tag.map(|_| default::differs(field));
        if let (Some(_), Type::Struct(body)) = (field.tag, &field.kind) {
            let _ = writeln!(imports, "use super::{module}::{body};\n");
        }
        let present = field.versions.condition(structure.versions);
        let conditions: Vec<String> = present.into_iter().chain(differs).collect();
        let _ = if conditions.is_empty() {
            writeln!(fields, "{put}")
        } else {
            writeln!(fields, "if {} {{ {put} }}", conditions.join(" && "))
        };
    }
    let mutable = if fields.is_empty() { "" } else { "mut " };
    let _ = write!(
        text,
        "impl ToJson for super::{module}::{} {{
            fn to_json(&self, version: i16) -> Json {{
                {imports}let {mutable}fields = Fields::of(version);
                {fields}fields.into_json()
            }}
        }}\n\n",
        structure.name,
    );
}
