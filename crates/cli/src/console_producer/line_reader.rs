//! How a line becomes a record: `headers TAB key TAB value`, where headers and key are there only
//! if the properties of the reader say so (Kafka's `LineMessageReader`).
//!
//! Not the job of this module: where lines come from.
//!
//! It departs from Kafka in one thing: bytes that are not UTF-8 stay as they are, where Java puts
//! U+FFFD.

use anyhow::{Context, Result, bail};
use client::Properties;
use client::krafka::Record;
use regex::bytes::Regex;

/// What stands where in a line.
#[derive(Debug)]
pub(super) struct LineFormat {
    /// What separates the key from the value; none if there is no key.
    key_separator: Option<Vec<u8>>,
    /// None if there are no headers.
    headers: Option<HeadersFormat>,
    /// A line in which something is missing is taken as far as it goes.
    is_error_ignored: bool,
    /// What stands for null.
    null_marker: Option<Vec<u8>>,
}

#[derive(Debug)]
struct HeadersFormat {
    /// Stands behind them.
    delimiter: Vec<u8>,
    /// Stands between two; a regular expression, as in Kafka.
    separator: Regex,
    key_separator: Vec<u8>,
}

impl LineFormat {
    /// The format that the properties of the reader describe.
    ///
    /// # Errors
    /// When two of the separators are the same, or one is no regular expression.
    pub(super) fn configure(properties: &Properties) -> Result<Self> {
        let is_on = |name| properties.get(name).is_some_and(is_true);
        let text = |name, default| properties.get(name).unwrap_or(default);
        let null_marker = properties.get("null.marker");
        let separators = [
            ("headers.delimiter", text("headers.delimiter", "\t")),
            ("headers.separator", text("headers.separator", ",")),
            ("headers.key.separator", text("headers.key.separator", ":")),
        ];
        for (index, (name, separator)) in separators.iter().enumerate() {
            for (other, same) in &separators[index + 1..] {
                if separator == same {
                    bail!("{EXCEPTION}: {name} and {other} may not be equal");
                }
            }
        }
        let key = ("key.separator", text("key.separator", "\t"));
        for (name, separator) in [key].iter().chain(&separators) {
            if null_marker == Some(*separator) {
                bail!("{EXCEPTION}: null.marker and {name} may not be equal");
            }
        }
        let [(_, delimiter), (_, separator), (_, key_separator)] = separators;
        let headers = HeadersFormat {
            delimiter: delimiter.into(),
            separator: Regex::new(separator).context("read headers.separator")?,
            key_separator: key_separator.into(),
        };
        Ok(Self {
            key_separator: is_on("parse.key").then(|| key.1.into()),
            headers: is_on("parse.headers").then_some(headers),
            is_error_ignored: is_on("ignore.error"),
            null_marker: null_marker.map(Into::into),
        })
    }

    /// The record of a line; lines are numbered from 1.
    ///
    /// # Errors
    /// When a separator is missing; the message names the line.
    pub(super) fn record(&self, topic: &str, number: u64, line: &[u8]) -> Result<Record> {
        let mut rest = line;
        let headers = match &self.headers {
            None => None,
            Some(format) => {
                let what = "headers delimiter";
                let head = self.split(&mut rest, &format.delimiter, what, (number, line))?;
                head.filter(|head| !self.is_null(head))
                    .map(|head| (format, head))
            }
        };
        let key = match &self.key_separator {
            None => None,
            Some(separator) => self.split(&mut rest, separator, "key separator", (number, line))?,
        };
        let mut record = Record::new(topic, rest.to_vec());
        if self.is_null(rest) {
            record = record.without_value();
        }
        if let Some(key) = key.filter(|key| !self.is_null(key)) {
            record = record.key(key.to_vec());
        }
        match headers {
            None => Ok(record),
            Some((format, headers)) => self.with_headers(record, format, headers, number),
        }
    }

    /// Takes what stands before the separator, and the separator, off the rest of the line.
    fn split<'a>(
        &self,
        rest: &mut &'a [u8],
        separator: &[u8],
        what: &str,
        (number, line): (u64, &[u8]),
    ) -> Result<Option<&'a [u8]>> {
        match position(rest, separator) {
            Some(at) => {
                let head = &rest[..at];
                *rest = &rest[at + separator.len()..];
                Ok(Some(head))
            }
            None if self.is_error_ignored => Ok(None),
            None => {
                let line = String::from_utf8_lossy(line);
                bail!("{EXCEPTION}: No {what} found on line number {number}: '{line}'");
            }
        }
    }

    fn with_headers(
        &self,
        mut record: Record,
        format: &HeadersFormat,
        headers: &[u8],
        number: u64,
    ) -> Result<Record> {
        let mut pairs: Vec<&[u8]> = format.separator.split(headers).collect();
        // As Java splits: nothing at the end is no part, unless it is all there is.
        while pairs.len() > 1 && pairs.last().is_some_and(|last| last.is_empty()) {
            pairs.pop();
        }
        for pair in pairs {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            let Some(at) = position(pair, &format.key_separator) else {
                if self.is_error_ignored {
                    record = record.null_header(text(pair));
                    continue;
                }
                let pair = text(pair);
                bail!(
                    "{EXCEPTION}: No header key separator found in pair '{pair}' on line number \
                     {number}"
                );
            };
            let (key, value) = (&pair[..at], &pair[at + format.key_separator.len()..]);
            if self.is_null(key) {
                let marker = text(key);
                bail!(
                    "{EXCEPTION}: Header keys should not be equal to the null marker '{marker}' \
                     as they can't be null"
                );
            }
            record = match self.is_null(value) {
                true => record.null_header(text(key)),
                false => record.header(text(key), value.to_vec()),
            };
        }
        Ok(record)
    }

    fn is_null(&self, field: &[u8]) -> bool {
        self.null_marker.as_deref() == Some(field)
    }
}

/// What Kafka's tool calls such failures.
const EXCEPTION: &str = "org.apache.kafka.common.KafkaException";

fn is_true(value: &str) -> bool {
    value.trim().eq_ignore_ascii_case("true")
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    match part {
        [] => Some(0),
        [byte] => text.iter().position(|other| other == byte),
        part => text.windows(part.len()).position(|window| window == part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(pairs: &[(&str, &str)]) -> Result<LineFormat> {
        let mut properties = Properties::new();
        properties.extend(pairs.iter().copied());
        LineFormat::configure(&properties)
    }

    /// `headers | key | value`, or what is wrong.
    fn shown(pairs: &[(&str, &str)], line: &str) -> String {
        let text = |bytes: Option<&[u8]>| match bytes {
            None => "null".to_owned(),
            Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        };
        match format(pairs).unwrap().record("t", 3, line.as_bytes()) {
            Err(error) => error.to_string(),
            Ok(record) => {
                let headers = record.headers.iter();
                let headers =
                    headers.map(|(key, value)| format!("{key}={}", text(value.as_deref())));
                let headers = headers.collect::<Vec<_>>().join(" ");
                let key = text(record.key.as_deref());
                format!("{headers}|{key}|{}", text(record.value.as_deref()))
            }
        }
    }

    const KEY: (&str, &str) = ("parse.key", "true");
    const HEADERS: (&str, &str) = ("parse.headers", " TRUE ");
    const IGNORE: (&str, &str) = ("ignore.error", "true");
    const NULL: (&str, &str) = ("null.marker", "NULL");

    #[test]
    fn a_line_is_a_value_unless_keys_or_headers_are_asked_for() {
        let check = |pairs: &[(&str, &str)], line, expected: &str| {
            assert_eq!(shown(pairs, line), expected, "{line}");
        };
        check(&[], "a\tb", "|null|a\tb");
        check(&[], "", "|null|");
        check(&[KEY], "k\tv\tw", "|k|v\tw");
        check(&[KEY, ("key.separator", "::")], "k::v", "|k|v");
        check(&[KEY], "\t", "||");
        check(&[HEADERS], "a:1,b:\tv", "a=1 b=|null|v");
        check(&[HEADERS, KEY], "a:1,b:2:3,\tk\tv", "a=1 b=2:3|k|v");
    }

    #[test]
    fn the_marker_stands_for_null_in_every_field_but_the_key_of_a_header() {
        let check = |line, expected: &str| {
            assert_eq!(shown(&[HEADERS, KEY, NULL], line), expected, "{line}");
        };
        check("NULL\tNULL\tNULL", "|null|null");
        check("a:NULL\tk\tNULL", "a=null|k|null");
        let refusal = "org.apache.kafka.common.KafkaException: Header keys should not be equal to \
                       the null marker 'NULL' as they can't be null";
        check("NULL:1\tk\tv", refusal);
    }

    #[test]
    fn what_is_missing_is_named_with_its_line_or_ignored() {
        let check = |pairs: &[(&str, &str)], line, expected: &str| {
            let shown = shown(pairs, line);
            let shown = shown.trim_start_matches("org.apache.kafka.common.KafkaException: ");
            assert_eq!(shown, expected, "{line}");
        };
        check(
            &[KEY],
            "nokey",
            "No key separator found on line number 3: 'nokey'",
        );
        check(
            &[HEADERS],
            "none",
            "No headers delimiter found on line number 3: 'none'",
        );
        let pair = "No header key separator found in pair 'a' on line number 3";
        check(&[HEADERS], "a\tv", pair);
        check(&[KEY, IGNORE], "nokey", "|null|nokey");
        check(&[HEADERS, IGNORE], "a,b:1\tv", "a=null b=1|null|v");
        check(&[HEADERS, IGNORE], "none", "|null|none");
    }

    #[test]
    fn separators_that_cannot_be_told_apart_are_refused() {
        let check = |pairs: &[(&str, &str)], expected: &str| {
            let error = format(pairs).unwrap_err().to_string();
            assert_eq!(error, format!("{EXCEPTION}: {expected}"));
        };
        check(
            &[("headers.separator", "\t")],
            "headers.delimiter and headers.separator may not be equal",
        );
        check(
            &[("headers.separator", ":")],
            "headers.separator and headers.key.separator may not be equal",
        );
        check(
            &[("null.marker", "\t")],
            "null.marker and key.separator may not be equal",
        );
    }
}
