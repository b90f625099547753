//! The frame of Kafka's checkpoint files: the version (0), the number of entries, and one entry a
//! line, each line ended by LF.

use std::fmt::{Display, Write as _};

use super::MalformedFile;

const VERSION: i32 = 0;

/// Reads a file of entries, each parsed from the fields of its line, that is, the parts between
/// white space. An empty file has no entry: Kafka creates files before it has something for them.
///
/// # Errors
/// When a line is not UTF-8, or not what `parse` takes, or lines are missing or left over.
pub(crate) fn decode<const FIELDS: usize, T>(
    bytes: &[u8],
    parse: impl Fn([&str; FIELDS]) -> Option<T>,
) -> Result<Vec<T>, MalformedFile> {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let mut lines = bytes.split(|&byte| byte == b'\n').zip(1..);
    let Some((first, line)) = lines.next().filter(|(first, _)| !first.is_empty()) else {
        return Ok(Vec::new());
    };
    let version = parse_number(first).ok_or_else(|| MalformedFile::line(line, first))?;
    if version != i64::from(VERSION) {
        let version = i32::try_from(version).unwrap_or(i32::MAX);
        return Err(MalformedFile::UnknownVersion { version });
    }
    let Some((second, line)) = lines.next() else {
        return Ok(Vec::new());
    };
    let announced = parse_number(second).ok_or_else(|| MalformedFile::line(line, second))?;
    let entries = lines
        .map(|(text, line)| {
            let fields = str::from_utf8(text).ok().and_then(split_fields);
            let entry = fields.and_then(&parse);
            entry.ok_or_else(|| MalformedFile::line(line, text))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let found = entries.len();
    if usize::try_from(announced) != Ok(found) {
        return Err(MalformedFile::EntryCount { announced, found });
    }
    Ok(entries)
}

/// The file of these entries, in this order.
pub(crate) fn encode<T: Display>(entries: impl ExactSizeIterator<Item = T>) -> Vec<u8> {
    let mut text = format!("{VERSION}\n{}\n", entries.len());
    for entry in entries {
        writeln!(text, "{entry}").expect("a string takes every text");
    }
    text.into_bytes()
}

fn parse_number(text: &[u8]) -> Option<i64> {
    str::from_utf8(text).ok()?.trim_ascii_end().parse().ok()
}

fn split_fields<const FIELDS: usize>(line: &str) -> Option<[&str; FIELDS]> {
    let mut fields = [""; FIELDS];
    let mut found = line.split_ascii_whitespace();
    for field in &mut fields {
        *field = found.next()?;
    }
    found.next().is_none().then_some(fields)
}
