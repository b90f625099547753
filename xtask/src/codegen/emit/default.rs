//! Defaults: as values, as words, and as the test whether a field differs from its default.

use super::super::model::{Default, Field, Fixed, Message, Struct, Type};
use std::fmt::Write as _;

/// Whether `#[derive(Default)]` gives Kafka's defaults.
pub(super) fn is_derivable(structure: &Struct) -> bool {
    structure.fields.iter().all(|field| {
        let null_or_none = is_null(field) || field.nullable.is_none();
        null_or_none && matches!(field.default, None | Some(Default::Null))
    })
}

/// `impl Default`, where it cannot be derived.
pub(super) fn implementation(text: &mut String, message: &Message, structure: &Struct) {
    if is_derivable(structure) {
        return;
    }
    let name = message.rust_name(&structure.name, "'_");
    let _ = writeln!(
        text,
        "impl Default for {name} {{ fn default() -> Self {{ Self {{"
    );
    for field in &structure.fields {
        let _ = writeln!(text, "{}: {},", field.rust_name(), value(field));
    }
    text.push_str("} } }\n\n");
}

/// The default as a Rust expression.
pub(super) fn value(field: &Field) -> String {
    let zero = match &field.kind {
        _ if is_null(field) => return "None".to_owned(),
        Type::Fixed(fixed) => fixed_value(*fixed, field.default),
        Type::Array(_) => "Vec::new()".to_owned(),
        _ => "Default::default()".to_owned(),
    };
    if field.nullable.is_some() {
        format!("Some({zero})")
    } else {
        zero
    }
}

/// The default, where it is worth a word.
pub(super) fn in_words(field: &Field) -> Option<String> {
    match field.default {
        None if field.nullable.is_some() && !is_null(field) => Some("empty".to_owned()),
        None if field.nullable.is_some() => Some("null".to_owned()),
        None => None,
        Some(Default::Null) => Some("null".to_owned()),
        Some(Default::True) => Some("true".to_owned()),
        Some(Default::Number(number)) => Some(number.to_string()),
    }
}

/// The expression that is true when the field is not its default.
pub(super) fn differs(field: &Field) -> String {
    let name = format!("self.{}", field.rust_name());
    if is_null(field) {
        return format!("{name}.is_some()");
    }
    let nullable = field.nullable.is_some();
    match &field.kind {
        Type::Fixed(Fixed::Bool) if field.default == Some(Default::True) => format!("!{name}"),
        Type::Fixed(Fixed::Bool) => name,
        Type::Fixed(Fixed::Uuid) => format!("!{name}.is_zero()"),
        Type::Fixed(fixed) => format!("{name} != {}", fixed_value(*fixed, field.default)),
        Type::Struct(body) if nullable => format!("{name} != Some({body}::default())"),
        Type::Struct(body) => format!("{name} != {body}::default()"),
        Type::Records => format!("{name}.size() > 0"),
        _ if nullable => format!("{name}.as_ref().is_none_or(|value| !value.is_empty())"),
        _ => format!("!{name}.is_empty()"),
    }
}

/// Records have no other default than null, when they may be null at all.
fn is_null(field: &Field) -> bool {
    let records = matches!(field.kind, Type::Records);
    field.nullable.is_some() && (records || field.default == Some(Default::Null))
}

fn fixed_value(fixed: Fixed, default: Option<Default>) -> String {
    let number = match default {
        Some(Default::Number(number)) => number,
        _ => 0,
    };
    match fixed {
        Fixed::Bool => (default == Some(Default::True)).to_string(),
        Fixed::Uuid => "Uuid::ZERO".to_owned(),
        Fixed::Float64 => format!("{number}.0"),
        Fixed::ErrorCode if number == 0 => "ErrorCode::NONE".to_owned(),
        Fixed::ErrorCode => format!("ErrorCode({number})"),
        Fixed::Int32 if number == i64::from(i32::MIN) => "i32::MIN".to_owned(),
        Fixed::Int32 if number == i64::from(i32::MAX) => "i32::MAX".to_owned(),
        Fixed::Int64 if number == i64::MAX => "i64::MAX".to_owned(),
        _ => number.to_string(),
    }
}
