//! The body of `decode`: fields in order, then the tagged ones.

use super::super::model::{Field, Fixed, Message, Struct, Type, Versions};
use super::default;
use std::fmt::Write as _;

/// The statements of `decode`, after its check of the version.
pub(super) fn body(message: &Message, structure: &Struct) -> String {
    let flexible = message.flexible(structure.versions);
    let mut text = String::new();
    if flexible == "flexible" {
        let first = message.first_flexible.unwrap_or_default();
        let _ = writeln!(text, "let flexible = version >= {first};");
    }
    let tagged: Vec<&Field> = structure
        .fields
        .iter()
        .filter(|field| field.tag.is_some())
        .collect();
    if flexible == "false" {
        text.push_str("Ok(");
        literal(&mut text, structure, flexible);
        text.push(')');
        return text;
    }
    let mutable = if tagged.is_empty() { "" } else { "mut " };
    let _ = write!(text, "let {mutable}decoded = ");
    literal(&mut text, structure, flexible);
    text.push_str(";\n");
    if tagged.is_empty() {
        let _ = writeln!(text, "reader.skip_tagged_fields({flexible})?;");
    } else {
        let versions = message.flexible_part(structure.versions);
        tagged_fields(&mut text, versions, &tagged, flexible);
    }
    text.push_str("Ok(decoded)");
    text
}

/// The struct with its fields as they are read; tagged and absent ones have their defaults.
fn literal(text: &mut String, structure: &Struct, flexible: &str) {
    text.push_str("Self {\n");
    for field in &structure.fields {
        let name = field.rust_name();
        let absent = default::value(field);
        if field.tag.is_some() {
            let _ = writeln!(text, "{name}: {absent},");
            continue;
        }
        let flexible = if field.never_flexible {
            "false"
        } else {
            flexible
        };
        let value = read(field, flexible);
        let _ = match field.versions.condition(structure.versions) {
            None => writeln!(text, "{name}: {value},"),
            Some(present) => {
                writeln!(
                    text,
                    "{name}: if {present} {{ {value} }} else {{ {absent} }},"
                )
            }
        };
    }
    text.push('}');
}

fn tagged_fields(text: &mut String, versions: Versions, tagged: &[&Field], flexible: &str) {
    if flexible != "true" {
        let _ = writeln!(text, "if {flexible} {{");
    }
    text.push_str(
        "let mut tagged_fields = reader.tagged_fields()?;
        while tagged_fields.next(reader, |tag, reader| {
            match tag {\n",
    );
    for field in tagged {
        let (Some(tag), name) = (field.tag, field.rust_name()) else {
            continue;
        };
        // Tagged fields are in the flexible form whatever the version of the message.
        let value = read_tagged(field);
        let guard = field.versions.condition(versions);
        let guard = guard
            .map(|condition| format!(" if {condition}"))
            .unwrap_or_default();
        let _ = writeln!(text, "{tag}{guard} => decoded.{name} = {value},");
    }
    text.push_str("_ => return Ok(false),\n}\nOk(true)\n})? {}\n");
    if flexible != "true" {
        text.push_str("}\n");
    }
}

fn read_tagged(field: &Field) -> String {
    match &field.kind {
        Type::Struct(name) if field.nullable.is_some() => format!(
            "if reader.is_tagged_present(\"{}\")? {{ Some({name}::decode(reader, version)?) }} \
             else {{ None }}",
            field.name
        ),
        _ => read(field, "true"),
    }
}

/// The expression that reads a field.
fn read(field: &Field, flexible: &str) -> String {
    let Some(nullable) = field.nullable else {
        return read_value(field, false, flexible);
    };
    let with_null = read_value(field, true, flexible);
    match nullable.condition(field.versions) {
        None => with_null,
        Some(condition) => {
            let without_null = read_value(field, false, flexible);
            format!("if {condition} {{ {with_null} }} else {{ Some({without_null}) }}")
        }
    }
}

fn read_value(field: &Field, nullable: bool, flexible: &str) -> String {
    match (&field.kind, nullable) {
        (Type::Fixed(fixed), _) => fixed.read(),
        (Type::String, false) => format!("reader.str({flexible})?.into()"),
        (Type::String, true) => format!("reader.nullable_str({flexible})?.map(Into::into)"),
        (Type::Bytes, false) => format!("reader.bytes({flexible})?.into()"),
        (Type::Bytes, true) => format!("reader.nullable_bytes({flexible})?.map(Into::into)"),
        (Type::Records, false) => format!("Records::Inline(reader.bytes({flexible})?)"),
        (Type::Records, true) => {
            format!("reader.nullable_bytes({flexible})?.map(Records::Inline)")
        }
        (Type::Struct(name), false) => format!("{name}::decode(reader, version)?"),
        (Type::Struct(name), true) => format!(
            "if reader.is_present(\"{}\")? {{ Some({name}::decode(reader, version)?) }} \
             else {{ None }}",
            field.name
        ),
        (Type::Array(element), nullable) => {
            let method = if nullable { "nullable_array" } else { "array" };
            let element = element_reader(element, flexible);
            format!("reader.{method}({flexible}, {element})?")
        }
    }
}

/// The function that reads an element of an array.
fn element_reader(element: &Type, flexible: &str) -> String {
    match element {
        Type::Fixed(fixed) => format!("Reader::{}", fixed.reader()),
        Type::String => format!("|reader| reader.str({flexible}).map(Into::into)"),
        Type::Bytes => format!("|reader| reader.bytes({flexible}).map(Into::into)"),
        Type::Records => format!("|reader| reader.bytes({flexible}).map(Records::Inline)"),
        Type::Struct(name) => format!("|reader| {name}::decode(reader, version)"),
        Type::Array(inner) => {
            let inner = element_reader(inner, flexible);
            format!("|reader| reader.array({flexible}, {inner})")
        }
    }
}

impl Fixed {
    fn read(self) -> String {
        match self {
            Self::ErrorCode => "ErrorCode(reader.i16()?)".to_owned(),
            fixed => format!("reader.{}()?", fixed.reader()),
        }
    }

    const fn reader(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int8 => "i8",
            Self::Int16 | Self::ErrorCode => "i16",
            Self::Uint16 => "u16",
            Self::Int32 => "i32",
            Self::Uint32 => "u32",
            Self::Int64 => "i64",
            Self::Float64 => "f64",
            Self::Uuid => "uuid",
        }
    }
}
