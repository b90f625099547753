//! Values: read from text as Apache Kafka's ConfigDef does, checked, and written again.
//!
//! Not the job of this module: which keys have which types; what values mean together.

use std::fmt;

use super::endpoint::HostPort;
use super::error::ConfigError;
use super::key::{ConfigKey, Kind, Valid};

/// A value of a key's type.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of type boolean.
    Boolean(bool),
    /// Of type int, short or long, within its range.
    Integer(i64),
    /// Of type double.
    Double(f64),
    /// Of type string or class.
    Text(String),
    /// Of type list.
    List(Vec<String>),
    /// Of type password.
    Password(Password),
}

/// A secret. Neither `{}` nor `{:?}` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Text that stands in for every password.
    pub const HIDDEN: &str = "[hidden]";

    /// The secret itself, for whoever checks it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(Self::HIDDEN)
    }
}

impl fmt::Display for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(Self::HIDDEN)
    }
}

impl Value {
    /// Reads and checks the text of a value.
    ///
    /// # Errors
    /// When the text is not of the key's type, or the key does not take the value.
    pub fn parse(key: &ConfigKey, text: &str) -> Result<Self, ConfigError> {
        let value = read(key, text)?;
        check(key, &value)?;
        Ok(value)
    }

    /// What the key has when it is not set.
    pub fn default_of(key: &ConfigKey) -> Option<Self> {
        let text = key.default_text()?;
        Some(read(key, text).expect("the table's own tests read every default"))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(formatter),
            Self::Integer(value) => value.fmt(formatter),
            Self::Double(value) => write_double(*value, formatter),
            Self::Text(value) => formatter.write_str(value),
            Self::List(parts) => formatter.write_str(&parts.join(",")),
            Self::Password(value) => value.fmt(formatter),
        }
    }
}

fn read(key: &ConfigKey, text: &str) -> Result<Value, ConfigError> {
    let trimmed = text.trim();
    let not_a_number = || {
        let reason = format!("Not a number of type {}", key.kind.name());
        ConfigError::value(key.name, text, reason)
    };
    let integer = |min: i64, max: i64| {
        let parsed = trimmed.parse::<i64>().ok();
        let in_range = parsed.filter(|value| (min..=max).contains(value));
        in_range.map(Value::Integer).ok_or_else(not_a_number)
    };
    match key.kind {
        Kind::Boolean if trimmed.eq_ignore_ascii_case("true") => Ok(Value::Boolean(true)),
        Kind::Boolean if trimmed.eq_ignore_ascii_case("false") => Ok(Value::Boolean(false)),
        Kind::Boolean => {
            let reason = "Expected value to be either true or false";
            Err(ConfigError::value(key.name, text, reason))
        }
        Kind::Short => integer(i16::MIN.into(), i16::MAX.into()),
        Kind::Int => integer(i32::MIN.into(), i32::MAX.into()),
        Kind::Long => integer(i64::MIN, i64::MAX),
        Kind::Double => {
            let parsed = trimmed.parse::<f64>().ok();
            let number = parsed.filter(|value| value.is_finite());
            number.map(Value::Double).ok_or_else(not_a_number)
        }
        Kind::Text | Kind::Class => Ok(Value::Text(trimmed.to_owned())),
        Kind::Password => Ok(Value::Password(Password(trimmed.to_owned()))),
        Kind::List => Ok(Value::List(parts(trimmed))),
    }
}

/// The parts between commas, each once, without the white space around them.
fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    if text.is_empty() {
        return parts;
    }
    for part in text.split(',').map(str::trim) {
        if !parts.iter().any(|known| known == part) {
            parts.push(part.to_owned());
        }
    }
    parts
}

fn check(key: &ConfigKey, value: &Value) -> Result<(), ConfigError> {
    let refuse = |reason: String| Err(ConfigError::value(key.name, &value.to_string(), reason));
    match (value, key.valid) {
        (_, Valid::Any) => Ok(()),
        (Value::Integer(number), _) => match number_reason(*number, key.valid) {
            Some(reason) => refuse(reason),
            None => Ok(()),
        },
        (Value::Double(number), Valid::UpTo(max)) => {
            if *number < 0.0 {
                refuse("Value must be at least 0".to_owned())
            } else if *number > max {
                refuse(format!("Value must be no more than {max}"))
            } else {
                Ok(())
            }
        }
        (Value::Text(text), valid) => match text_reason(key.name, text, valid) {
            Some(reason) => refuse(reason),
            None => Ok(()),
        },
        (Value::List(parts), valid) => check_list(key.name, parts, valid),
        (Value::Boolean(_) | Value::Double(_) | Value::Password(_), _) => Ok(()),
    }
}

/// Why a number is not taken.
fn number_reason(number: i64, valid: Valid) -> Option<String> {
    let (min, max) = match valid {
        Valid::AtLeast(min) => (min, i64::MAX),
        Valid::Between(min, max) => (min, max),
        Valid::GzipLevel if number == -1 || (1..=9).contains(&number) => return None,
        Valid::GzipLevel => {
            return Some("Value must be between 1 and 9 or equal to -1".to_owned());
        }
        _ => return None,
    };
    if number < min {
        return Some(format!("Value must be at least {min}"));
    }
    (number > max).then(|| format!("Value must be no more than {max}"))
}

/// Why a text is not taken.
fn text_reason(key: &str, text: &str, valid: Valid) -> Option<String> {
    match valid {
        Valid::NotEmpty if text.is_empty() => Some("String must be non-empty".to_owned()),
        Valid::OneOf(all) if !all.contains(&text) => {
            Some(format!("String must be one of: {}", all.join(", ")))
        }
        Valid::OneOfIgnoringCase(all)
            if !all.iter().any(|each| each.eq_ignore_ascii_case(text)) =>
        {
            let all = all.join(", ");
            Some(format!("String must be one of (case insensitive): {all}"))
        }
        Valid::Endpoint if HostPort::parse(text).is_none() => {
            Some("String must be of the form host:port".to_owned())
        }
        Valid::OffsetReset if !is_offset_reset(text) => Some(format!(
            "Invalid value `{text}` for configuration {key}. The value must be either \
             'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'."
        )),
        _ => None,
    }
}

fn check_list(key: &str, parts: &[String], valid: Valid) -> Result<(), ConfigError> {
    let allowed = match valid {
        Valid::ListOf(all) | Valid::SomeOf(all) => all,
        _ => &[],
    };
    if parts.is_empty() && matches!(valid, Valid::ListNotEmpty | Valid::SomeOf(_)) {
        let values = if allowed.is_empty() {
            "any non-empty value".to_owned()
        } else {
            format!("[{}]", allowed.join(", "))
        };
        let reason = format!("must not be empty. Valid values include: {values}");
        return Err(ConfigError::list(key, reason));
    }
    match valid {
        Valid::Voters => return super::quorum::parse_voters(parts).map(|_| ()),
        Valid::Endpoints => return super::quorum::parse_bootstrap_servers(parts).map(|_| ()),
        Valid::ThrottledReplicas => return check_throttled_replicas(key, parts),
        _ => {}
    }
    if parts.iter().any(String::is_empty) {
        return Err(ConfigError::list(key, "values must not be empty."));
    }
    let strange = parts
        .iter()
        .find(|part| !allowed.is_empty() && !allowed.contains(&part.as_str()));
    match strange {
        Some(part) => {
            let reason = format!("String must be one of: {}", allowed.join(", "));
            Err(ConfigError::value(key, part, reason))
        }
        None => Ok(()),
    }
}

fn check_throttled_replicas(key: &str, parts: &[String]) -> Result<(), ConfigError> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_replica = |part: &String| {
        let pair = part.split_once(':');
        part.is_empty() || pair.is_some_and(|(left, right)| is_number(left) && is_number(right))
    };
    if parts.concat() == "*" || parts.iter().all(is_replica) {
        return Ok(());
    }
    let reason = format!(
        "{key} must be the literal '*' or a list of replicas in the following format: \
         [partitionId]:[brokerId],[partitionId]:[brokerId],..."
    );
    let value = format!("[{}]", parts.join(", "));
    Err(ConfigError::value(key, &value, reason))
}

fn is_offset_reset(text: &str) -> bool {
    match text.split_once(':') {
        None => matches!(text, "earliest" | "latest"),
        Some((name, duration)) => name == "by_duration" && is_duration(duration),
    }
}

/// Whether the text is a duration of ISO 8601 that is not negative: `PnDTnHnMn.nS`.
fn is_duration(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let Some(rest) = upper.strip_prefix('P') else {
        return false;
    };
    let (days, time) = match rest.split_once('T') {
        Some((days, time)) => (days, Some(time)),
        None => (rest, None),
    };
    let is_complete = |time: &str| !time.is_empty();
    !(days.is_empty() && time.is_none())
        && has_units(days, "D")
        && time.is_none_or(|time| is_complete(time) && has_units(time, "HMS"))
}

/// Whether the text is numbers with these units, in their order, each at most once.
fn has_units(mut text: &str, mut units: &str) -> bool {
    while !text.is_empty() {
        let end = text.find(|character: char| !character.is_ascii_digit() && character != '.');
        let Some((number, rest)) = end.map(|end| text.split_at(end)) else {
            return false;
        };
        let mut letters = rest.chars();
        let Some(position) = letters.next().and_then(|letter| units.find(letter)) else {
            return false;
        };
        let takes_fraction = rest.starts_with('S');
        let whole = number.split_once('.').map_or(number, |(whole, _)| whole);
        if whole.is_empty() || number.matches('.').count() > usize::from(takes_fraction) {
            return false;
        }
        units = &units[position + 1..];
        text = letters.as_str();
    }
    true
}

/// Writes a number as Java does: with an exponent below a thousandth and from ten million on.
fn write_double(value: f64, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let is_plain = value == 0.0 || (1e-3..1e7).contains(&value.abs());
    if is_plain {
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
