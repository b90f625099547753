//! How a record is printed: the columns of Kafka's `DefaultMessageFormatter`.
//!
//! Not the job of this module: where it is printed.
//!
//! Invariant: a record is printed whole or not at all; the value of a record is copied once.

use std::io::{self, Write};

use anyhow::{Error, Result, bail};
use client::Properties;
use client::krafka::{ConsumerRecord, TimestampType};

use super::deserializer::Deserializer;

/// A formatter with its properties.
#[derive(Debug)]
pub(super) enum Formatter {
    Default(Columns),
    /// The same, and a line on standard error for each record.
    Logging(Columns),
    NoOp,
}

/// What is printed of a record, in this order.
#[derive(Debug)]
pub(super) struct Columns {
    is_timestamp: bool,
    is_partition: bool,
    is_offset: bool,
    is_delivery: bool,
    is_epoch: bool,
    is_headers: bool,
    is_key: bool,
    is_value: bool,
    key_separator: Vec<u8>,
    line_separator: Vec<u8>,
    headers_separator: Vec<u8>,
    null_literal: Vec<u8>,
    key: Option<Deserializer>,
    value: Option<Deserializer>,
    headers: Option<Deserializer>,
}

impl Formatter {
    pub(super) const DEFAULT: &str = "org.apache.kafka.tools.consumer.DefaultMessageFormatter";

    /// The formatter of this class.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn configure(class: &str, properties: &Properties) -> Result<Self> {
        let name = class.strip_prefix("org.apache.kafka.tools.consumer.");
        match name.unwrap_or_default() {
            "DefaultMessageFormatter" => Ok(Self::Default(Columns::configure(properties))),
            "LoggingMessageFormatter" => Ok(Self::Logging(Columns::configure(properties))),
            "NoOpMessageFormatter" => Ok(Self::NoOp),
            _ => bail!("there is no formatter {class}"),
        }
    }

    /// Prints a record behind what is in `out`.
    ///
    /// # Errors
    /// When a deserializer does not take its bytes, as the exception of Kafka's; `out` is as before
    /// then.
    pub(super) fn write(&self, record: &ConsumerRecord, out: &mut Vec<u8>) -> Result<()> {
        let columns = match self {
            Self::NoOp => return Ok(()),
            Self::Default(columns) | Self::Logging(columns) => columns,
        };
        let before = out.len();
        if let Err(message) = columns.write(record, out) {
            out.truncate(before);
            let class = "org.apache.kafka.common.errors.SerializationException";
            return Err(Error::msg(format!("{class}: {message}")));
        }
        if matches!(self, Self::Logging(_)) {
            let _ = writeln!(io::stderr(), "INFO {}", logged(record));
        }
        Ok(())
    }
}

fn logged(record: &ConsumerRecord) -> String {
    let timestamp = format!("{}:{}, ", type_of(record), record.timestamp);
    let key = match &record.key {
        None => "null ".to_owned(),
        Some(key) => format!("{}, ", String::from_utf8_lossy(key)),
    };
    let value = record.value.as_deref().unwrap_or(b"null");
    let value = String::from_utf8_lossy(value);
    format!("{timestamp}key:{key}value:{value}")
}

impl Columns {
    fn configure(properties: &Properties) -> Self {
        let is_on = |name, default| {
            let value = properties.get(name);
            value.map_or(default, |value| value.trim().eq_ignore_ascii_case("true"))
        };
        let bytes =
            |name, default: &str| properties.get(name).unwrap_or(default).as_bytes().to_vec();
        Self {
            is_timestamp: is_on("print.timestamp", false),
            is_partition: is_on("print.partition", false),
            is_offset: is_on("print.offset", false),
            is_delivery: is_on("print.delivery", false),
            is_epoch: is_on("print.epoch", false),
            is_headers: is_on("print.headers", false),
            is_key: is_on("print.key", false),
            is_value: is_on("print.value", true),
            key_separator: bytes("key.separator", "\t"),
            line_separator: bytes("line.separator", "\n"),
            headers_separator: bytes("headers.separator", ","),
            null_literal: bytes("null.literal", "null"),
            key: deserializer(properties, "key.deserializer"),
            value: deserializer(properties, "value.deserializer"),
            headers: deserializer(properties, "headers.deserializer"),
        }
    }

    fn write(&self, record: &ConsumerRecord, out: &mut Vec<u8>) -> Result<(), String> {
        let mut line = Line {
            columns: self,
            out,
            is_begun: false,
        };
        if self.is_timestamp {
            let text = format_args!("{}:{}", type_of(record), record.timestamp);
            line.begin().show(text);
        }
        if self.is_partition {
            line.begin()
                .show(format_args!("Partition:{}", record.partition));
        }
        if self.is_offset {
            line.begin().show(format_args!("Offset:{}", record.offset));
        }
        if self.is_delivery {
            // Only share groups count deliveries.
            line.begin().show(format_args!("Delivery:NOT_PRESENT"));
        }
        if self.is_epoch {
            // Kafka's tool loses the epoch before it prints it.
            line.begin().show(format_args!("Epoch:NOT_PRESENT"));
        }
        if self.is_headers {
            line.begin().headers(record)?;
        }
        if self.is_key {
            line.begin().field(record.key.as_deref(), self.key)?;
        }
        if self.is_value {
            line.begin().field(record.value.as_deref(), self.value)?;
        }
        if line.is_begun {
            out.extend_from_slice(&self.line_separator);
        }
        Ok(())
    }
}

/// A deserializer that is not known is complained of, and the bytes are printed as they are.
fn deserializer(properties: &Properties, name: &str) -> Option<Deserializer> {
    let class = properties.get(name)?;
    let deserializer = Deserializer::of_class(class);
    if deserializer.is_none() {
        let what = "Unable to instantiate a deserializer from";
        let _ = writeln!(io::stderr(), "ERROR {what} {class}");
    }
    deserializer
}

fn type_of(record: &ConsumerRecord) -> &'static str {
    match record.timestamp_type {
        TimestampType::LogAppendTime => "LogAppendTime",
        _ => "CreateTime",
    }
}

/// A line that is being written.
struct Line<'a> {
    columns: &'a Columns,
    out: &'a mut Vec<u8>,
    is_begun: bool,
}

impl Line<'_> {
    /// Separates a column from the one before it.
    fn begin(&mut self) -> &mut Self {
        if self.is_begun {
            self.out.extend_from_slice(&self.columns.key_separator);
        }
        self.is_begun = true;
        self
    }

    fn show(&mut self, text: std::fmt::Arguments<'_>) {
        // Memory takes everything.
        let _ = self.out.write_fmt(text);
    }

    fn headers(&mut self, record: &ConsumerRecord) -> Result<(), String> {
        if record.headers.is_empty() {
            self.out.extend_from_slice(b"NO_HEADERS");
        }
        for (index, (key, value)) in record.headers.iter().enumerate() {
            if index > 0 {
                self.out.extend_from_slice(&self.columns.headers_separator);
            }
            self.show(format_args!("{key}:"));
            self.field(value.as_deref(), self.columns.headers)?;
        }
        Ok(())
    }

    /// Null is its literal, which the deserializer sees as well, as in Kafka.
    fn field(
        &mut self,
        bytes: Option<&[u8]>,
        deserializer: Option<Deserializer>,
    ) -> Result<(), String> {
        let bytes = bytes.unwrap_or(&self.columns.null_literal);
        match deserializer {
            Some(deserializer) => deserializer.write(bytes, self.out),
            None => {
                self.out.extend_from_slice(bytes);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> ConsumerRecord {
        let mut record = ConsumerRecord::new("t", 2, 7, Some("k".into()), Some("v".into()));
        record.timestamp = 5;
        record.headers = vec![("h".to_owned(), Some("1".into())), ("i".to_owned(), None)];
        record
    }

    fn printed(pairs: &[(&str, &str)], record: &ConsumerRecord) -> Result<String> {
        let mut properties = Properties::new();
        properties.extend(pairs.iter().copied());
        let formatter = Formatter::configure(Formatter::DEFAULT, &properties)?;
        let mut out = b"before|".to_vec();
        let written = formatter.write(record, &mut out);
        let text = String::from_utf8(out).unwrap();
        written.map(|()| text.strip_prefix("before|").unwrap().to_owned())
    }

    const LONG: &str = "org.apache.kafka.common.serialization.LongDeserializer";

    #[test]
    fn columns_come_in_kafkas_order() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            assert_eq!(printed(pairs, &record()).unwrap(), expected);
        };
        check(&[], "v\n");
        let all = [
            ("print.timestamp", "true"),
            ("print.key", "TRUE "),
            ("print.offset", "true"),
            ("print.partition", "true"),
            ("print.headers", "true"),
            ("print.delivery", "true"),
            ("print.epoch", "true"),
        ];
        check(
            &all,
            "CreateTime:5\tPartition:2\tOffset:7\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\
             \th:1,i:null\tk\tv\n",
        );
        let only_key = [("print.value", "false"), ("print.key", "true")];
        check(&only_key, "k\n");
        check(&[("print.value", "no")], "");
    }

    #[test]
    fn separators_and_the_literal_of_null_can_be_chosen() {
        let pairs = [
            ("print.headers", "true"),
            ("print.key", "true"),
            ("key.separator", " | "),
            ("line.separator", ";"),
            ("headers.separator", "&"),
            ("null.literal", "-"),
        ];
        let mut record = record();
        record.value = None;
        assert_eq!(printed(&pairs, &record).unwrap(), "h:1&i:- | k | -;");
        record.headers.clear();
        assert_eq!(printed(&pairs, &record).unwrap(), "NO_HEADERS | k | -;");
    }

    #[test]
    fn what_a_deserializer_does_not_take_is_not_printed_at_all() {
        let pairs = [("print.key", "true"), ("value.deserializer", LONG)];
        let error = printed(&pairs, &record()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "org.apache.kafka.common.errors.SerializationException: Size of data received by \
             LongDeserializer is not 8"
        );
        let mut record = record();
        record.value = Some(9_i64.to_be_bytes().to_vec().into());
        assert_eq!(printed(&pairs, &record).unwrap(), "k\t9\n");
    }

    #[test]
    fn a_record_is_logged_as_kafka_logs_it() {
        let mut record = record();
        assert_eq!(logged(&record), "CreateTime:5, key:k, value:v");
        (record.key, record.value) = (None, None);
        assert_eq!(logged(&record), "CreateTime:5, key:null value:null");
    }
}
