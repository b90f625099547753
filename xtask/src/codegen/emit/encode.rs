//! The body of `encode`: fields in order, then the tagged ones by their tags.

use super::super::model::{Field, Fixed, Message, Struct, Type};
use super::default;
use std::fmt::Write as _;

/// The statements of `encode`, after its check of the version.
pub(super) fn body(message: &Message, structure: &Struct) -> String {
    let flexible = message.flexible(structure.versions);
    let mut text = String::new();
    if flexible == "flexible" {
        let first = message.first_flexible.unwrap_or_default();
        let _ = writeln!(text, "let flexible = version >= {first};");
    }
    for field in &structure.fields {
        let form = if field.never_flexible {
            "false"
        } else {
            flexible
        };
        let mut write = String::new();
        if field.tag.is_none() {
            null_check(&mut write, structure, field);
            value(&mut write, field, form);
        }
        in_its_versions(&mut text, structure, field, &write);
    }
    let mut tagged: Vec<&Field> = structure
        .fields
        .iter()
        .filter(|field| field.tag.is_some())
        .collect();
    tagged.sort_by_key(|field| field.tag);
    match flexible {
        "false" => {}
        "true" => tagged_fields(&mut text, message, structure, &tagged),
        _ => {
            let _ = writeln!(text, "if {flexible} {{");
            tagged_fields(&mut text, message, structure, &tagged);
            text.push_str("}\n");
        }
    }
    text.push_str("Ok(())");
    text
}

/// `write` in the versions that have the field; elsewhere a value that would get lost is an error.
fn in_its_versions(text: &mut String, structure: &Struct, field: &Field, write: &str) {
    let present = field.versions.condition(structure.versions);
    let absent = field.versions.absence(structure.versions);
    let (Some(present), Some(absent)) = (present, absent) else {
        text.push_str(write);
        return;
    };
    let lost = if field.ignorable {
        String::new()
    } else {
        format!(
            "{} {{ return Err(EncodeError::field(\"{}.{}\", version)); }}\n",
            default::differs(field),
            structure.name,
            field.name
        )
    };
    let _ = match (write.is_empty(), lost.is_empty()) {
        (true, true) => Ok(()),
        (true, false) => writeln!(text, "if {absent} && {lost}"),
        (false, true) => writeln!(text, "if {present} {{ {write} }}"),
        (false, false) => writeln!(text, "if {present} {{ {write} }} else if {lost}"),
    };
}

fn null_check(text: &mut String, structure: &Struct, field: &Field) {
    let condition = field
        .nullable
        .and_then(|nullable| nullable.absence(field.versions));
    if let Some(condition) = condition {
        let _ = writeln!(
            text,
            "if {condition} && self.{}.is_none() {{
                return Err(EncodeError::null(\"{}.{}\", version));
            }}",
            field.rust_name(),
            structure.name,
            field.name
        );
    }
}

/// Writes an untagged field.
fn value(text: &mut String, field: &Field, flexible: &str) {
    let name = format!("self.{}", field.rust_name());
    let nullable = field.nullable.is_some();
    let _ = match &field.kind {
        Type::Fixed(fixed) => writeln!(text, "{};", fixed.write(&name)),
        Type::String if nullable => {
            writeln!(text, "writer.put_str({name}.as_deref(), {flexible})?;")
        }
        Type::String => writeln!(text, "writer.put_str(Some(&{name}), {flexible})?;"),
        Type::Bytes if nullable => {
            writeln!(text, "writer.put_bytes({name}.as_deref(), {flexible})?;")
        }
        Type::Bytes => writeln!(text, "writer.put_bytes(Some(&{name}), {flexible})?;"),
        Type::Records if nullable => {
            writeln!(text, "writer.put_records({name}.as_ref(), {flexible})?;")
        }
        Type::Records => writeln!(text, "writer.put_records(Some(&{name}), {flexible})?;"),
        Type::Struct(_) if nullable => writeln!(
            text,
            "writer.put_presence({name}.is_some());
            if let Some(value) = &{name} {{ value.encode(writer, version)?; }}"
        ),
        Type::Struct(_) => writeln!(text, "{name}.encode(writer, version)?;"),
        Type::Array(element) => {
            let (length, elements) = if nullable {
                (
                    format!("{name}.as_ref().map(Vec::len)"),
                    format!("{name}.iter().flatten()"),
                )
            } else {
                (format!("Some({name}.len())"), format!("&{name}"))
            };
            writeln!(
                text,
                "writer.put_length({length}, {flexible})?;
                for {} in {elements} {{ {} }}",
                if matches!(**element, Type::Fixed(_)) {
                    "&element"
                } else {
                    "element"
                },
                element_writer(element, flexible)
            )
        }
    };
}

fn element_writer(element: &Type, flexible: &str) -> String {
    match element {
        Type::Fixed(fixed) => format!("{};", fixed.write("element")),
        Type::String => format!("writer.put_str(Some(element), {flexible})?;"),
        Type::Bytes => format!("writer.put_bytes(Some(element), {flexible})?;"),
        Type::Records => format!("writer.put_records(Some(element), {flexible})?;"),
        Type::Struct(_) => "element.encode(writer, version)?;".to_owned(),
        Type::Array(inner) => format!(
            "writer.put_length(Some(element.len()), {flexible})?; for element in element {{ {} }}",
            element_writer(inner, flexible)
        ),
    }
}

fn tagged_fields(text: &mut String, message: &Message, structure: &Struct, tagged: &[&Field]) {
    if tagged.is_empty() {
        text.push_str("writer.put_unsigned_varint(0);\n");
        return;
    }
    let mut counts = Vec::new();
    let mut writes = String::new();
    for field in tagged {
        let mut set = default::differs(field);
        let versions = message.flexible_part(structure.versions);
        if let Some(condition) = field.versions.condition(versions) {
            set = format!("{condition} && {set}");
        }
        let mut content = String::new();
        null_check(&mut content, structure, field);
        tagged_value(&mut content, field);
        counts.push(format!("u32::from({set})"));
        let tag = field.tag.unwrap_or_default();
        let _ = writeln!(
            writes,
            "if {set} {{ writer.put_tagged_field({tag}, |writer| {{ {content} Ok(()) }})?; }}"
        );
    }
    let _ = writeln!(text, "writer.put_unsigned_varint({});", counts.join(" + "));
    text.push_str(&writes);
}

fn tagged_value(text: &mut String, field: &Field) {
    if field.nullable.is_some() && matches!(field.kind, Type::Struct(_)) {
        let name = field.rust_name();
        let _ = writeln!(
            text,
            "writer.put_tagged_presence(self.{name}.is_some());
            if let Some(value) = &self.{name} {{ value.encode(writer, version)?; }}"
        );
        return;
    }
    value(text, field, "true");
}

impl Fixed {
    fn write(self, value: &str) -> String {
        match self {
            Self::Bool => format!("writer.put_bool({value})"),
            Self::Int8 => format!("writer.put_i8({value})"),
            Self::Int16 => format!("writer.put_i16({value})"),
            Self::Uint16 => format!("writer.put_u16({value})"),
            Self::Int32 => format!("writer.put_i32({value})"),
            Self::Uint32 => format!("writer.put_u32({value})"),
            Self::Int64 => format!("writer.put_i64({value})"),
            Self::Float64 => format!("writer.put_f64({value})"),
            Self::Uuid => format!("writer.put_uuid({value})"),
            Self::ErrorCode => format!("writer.put_i16({value}.0)"),
        }
    }
}
