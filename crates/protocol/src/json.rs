//! Records as JSON, the way Kafka's tools show them: names in camel case, fields in the order of
//! their definition, those that a version lacks left out, bytes in base64.
//!
//! Not the job of this module: reading JSON, or JSON of requests and responses. Which fields a
//! record has is generated from its definition, beside the record.
//!
//! Invariant: printed text is valid JSON on one line, whatever strings and numbers are in it.

use std::fmt;

use crate::uuid::Uuid;

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number; what is not finite is printed as text.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes, printed as text in base64.
    Bytes(Vec<u8>),
    /// Values in order.
    Array(Vec<Self>),
    /// Named values in order.
    Object(Vec<(&'static str, Self)>),
}

/// What can be shown as JSON.
pub trait ToJson {
    /// The value as `version` of its record has it.
    fn to_json(&self, version: i16) -> Json;
}

impl Json {
    /// The value of this name, if this is an object that has it.
    pub fn field_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Self::Object(fields) = self else {
            return None;
        };
        let mut fields = fields.iter_mut();
        fields.find_map(|(held, value)| (*held == name).then_some(value))
    }
}

/// The fields of a record, as they come.
pub(crate) struct Fields {
    version: i16,
    fields: Vec<(&'static str, Json)>,
}

impl Fields {
    /// None yet, of a record of this version.
    pub(crate) const fn of(version: i16) -> Self {
        let fields = Vec::new();
        Self { version, fields }
    }

    /// Adds one.
    pub(crate) fn put(&mut self, name: &'static str, value: &impl ToJson) {
        self.fields.push((name, value.to_json(self.version)));
    }

    /// All of them.
    pub(crate) fn into_json(self) -> Json {
        Json::Object(self.fields)
    }
}

impl fmt::Display for Json {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Float(value) => write_float(formatter, *value),
            Self::Text(text) => write_text(formatter, text),
            Self::Bytes(bytes) => write_base64(formatter, bytes),
            Self::Array(elements) => {
                formatter.write_str("[")?;
                for (index, element) in elements.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(formatter, "{comma}{element}")?;
                }
                formatter.write_str("]")
            }
            Self::Object(fields) => {
                formatter.write_str("{")?;
                for (index, (name, value)) in fields.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(formatter, "{comma}\"{name}\":{value}")?;
                }
                formatter.write_str("}")
            }
        }
    }
}

/// As Java's `Double.toString` has it: with a point always, and with an exponent where the value is
/// below a thousandth or not below ten million.
fn write_float(formatter: &mut fmt::Formatter<'_>, value: f64) -> fmt::Result {
    if value.is_nan() {
        return formatter.write_str("\"NaN\"");
    }
    if value.is_infinite() {
        let sign = if value < 0.0 { "-" } else { "" };
        return write!(formatter, "\"{sign}Infinity\"");
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return write!(formatter, "{value:?}");
    }
    let text = format!("{value:E}");
    match text.split_once('E') {
        Some((digits, exponent)) if !digits.contains('.') => {
            write!(formatter, "{digits}.0E{exponent}")
        }
        _ => formatter.write_str(&text),
    }
}

fn write_text(formatter: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' => formatter.write_str("\\\""),
            '\\' => formatter.write_str("\\\\"),
            '\n' => formatter.write_str("\\n"),
            '\r' => formatter.write_str("\\r"),
            '\t' => formatter.write_str("\\t"),
            '\u{8}' => formatter.write_str("\\b"),
            '\u{c}' => formatter.write_str("\\f"),
            control if control < ' ' => write!(formatter, "\\u{:04X}", u32::from(control)),
            letter => write!(formatter, "{letter}"),
        }?;
    }
    formatter.write_str("\"")
}

fn write_base64(formatter: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    formatter.write_str("\"")?;
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for position in 0..4 {
            let letter = if position <= chunk.len() {
                char::from(LETTERS[(bits >> (18 - 6 * position) & 0x3f) as usize])
            } else {
                '='
            };
            write!(formatter, "{letter}")?;
        }
    }
    formatter.write_str("\"")
}

macro_rules! integers {
    ($($kind:ty)*) => {
        $(impl ToJson for $kind {
            fn to_json(&self, _version: i16) -> Json {
                Json::Integer((*self).into())
            }
        })*
    };
}

integers!(i8 i16 u16 i32 i64);

impl ToJson for bool {
    fn to_json(&self, _version: i16) -> Json {
        Json::Bool(*self)
    }
}

impl ToJson for f64 {
    fn to_json(&self, _version: i16) -> Json {
        Json::Float(*self)
    }
}

impl ToJson for String {
    fn to_json(&self, _version: i16) -> Json {
        Json::Text(self.clone())
    }
}

impl ToJson for Uuid {
    fn to_json(&self, _version: i16) -> Json {
        Json::Text(self.to_string())
    }
}

/// Bytes: no record has an array of this type.
impl ToJson for Vec<u8> {
    fn to_json(&self, _version: i16) -> Json {
        Json::Bytes(self.clone())
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self, version: i16) -> Json {
        Json::Array(
            self.iter()
                .map(|element| element.to_json(version))
                .collect(),
        )
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self, version: i16) -> Json {
        self.as_ref()
            .map_or(Json::Null, |value| value.to_json(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generated::metadata::PartitionRecord;

    #[test]
    fn values_print_as_json() {
        let check = |json: Json, text: &str| assert_eq!(json.to_string(), text);
        let object = vec![
            ("a", Json::Null),
            ("b", Json::Array(vec![Json::Bool(true)])),
        ];
        check(Json::Object(object), r#"{"a":null,"b":[true]}"#);
        check(Json::Object(Vec::new()), "{}");
        check(Json::Integer(i64::MIN), "-9223372036854775808");
        check(
            Json::Text("ä\"\\/\n\r\t\u{8}\u{c}\u{1f}\u{7f}".to_owned()),
            "\"ä\\\"\\\\/\\n\\r\\t\\b\\f\\u001F\u{7f}\"",
        );
        for (bytes, text) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            check(Json::Bytes(bytes.into()), &format!("\"{text}\""));
        }
        check(Json::Bytes(vec![0xfb, 0xff]), "\"+/8=\"");
    }

    #[test]
    fn floats_print_as_in_java() {
        let check = |value: f64, text: &str| assert_eq!(Json::Float(value).to_string(), text);
        check(0.0, "0.0");
        check(-0.0, "-0.0");
        check(1030.0, "1030.0");
        check(0.001, "0.001");
        check(0.00012, "1.2E-4");
        check(9_999_999.5, "9999999.5");
        check(1e7, "1.0E7");
        check(-1.25e300, "-1.25E300");
        check(f64::NAN, "\"NaN\"");
        check(f64::NEG_INFINITY, "\"-Infinity\"");
    }

    #[test]
    fn a_record_shows_what_its_version_has_and_tagged_fields_that_differ_from_their_default() {
        let mut record = PartitionRecord {
            leader: 3,
            leader_recovery_state: 0,
            directories: vec![Uuid::ZERO],
            eligible_leader_replicas: Some(vec![1]),
            ..PartitionRecord::default()
        };
        let start = "{\"partitionId\":-1,\"topicId\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"replicas\":[],\
                     \"isr\":[],\"removingReplicas\":[],\"addingReplicas\":[],\"leader\":3,";
        let epochs = "\"leaderEpoch\":-1,\"partitionEpoch\":-1";
        let end = "\"directories\":[\"AAAAAAAAAAAAAAAAAAAAAA\"],\"eligibleLeaderReplicas\":[1]}";
        assert_eq!(record.to_json(0).to_string(), format!("{start}{epochs}}}"));
        assert_eq!(
            record.to_json(2).to_string(),
            format!("{start}{epochs},{end}")
        );
        record.leader_recovery_state = 1;
        assert_eq!(
            record.to_json(0).to_string(),
            format!("{start}\"leaderRecoveryState\":1,{epochs}}}")
        );
    }

    #[test]
    fn a_field_is_found_by_its_name() {
        let mut json = Json::Object(vec![("a", Json::Integer(1))]);
        assert_eq!(json.field_mut("a"), Some(&mut Json::Integer(1)));
        assert_eq!(json.field_mut("b"), None);
        assert_eq!(Json::Null.field_mut("a"), None);
    }
}
