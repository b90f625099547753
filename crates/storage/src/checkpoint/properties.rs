//! Java's properties format: `key=value` lines with comments, continued lines and escapes.
//!
//! Not the job of this module: what keys mean. As with Java's reader of bytes, bytes are
//! ISO-8859-1; everything else is written as `\uXXXX`, which every reader of the format takes.

use std::fmt::Write as _;

use super::MalformedFile;

/// The keys and values of a file, in its order; a key can occur more than once, and the last one
/// counts.
///
/// # Errors
/// When a `\u` is not followed by four hexadecimal digits, or the characters are not Unicode.
pub fn parse(bytes: &[u8]) -> Result<Vec<(String, String)>, MalformedFile> {
    logical_lines(bytes)
        .into_iter()
        .map(|line| {
            let (key, value) = split(&line.text);
            let line = line.number;
            let text = |part| unescape(part).ok_or(MalformedFile::Escape { line });
            Ok((text(key)?, text(value)?))
        })
        .collect()
}

/// Appends the line `key=value`.
pub fn append(text: &mut String, key: &str, value: &str) {
    for character in key.chars() {
        append_escaped(text, character, true);
    }
    text.push('=');
    for (position, character) in value.chars().enumerate() {
        append_escaped(text, character, position == 0);
    }
    text.push('\n');
}

struct LogicalLine {
    /// Where it begins; lines count from 1.
    number: usize,
    text: Vec<u8>,
}

/// Lines without comments and blank ones, and with continued ones joined.
fn logical_lines(bytes: &[u8]) -> Vec<LogicalLine> {
    let mut lines: Vec<LogicalLine> = Vec::new();
    let mut is_continued = false;
    for (line, number) in natural_lines(bytes).zip(1..) {
        let text = trim_start(line);
        if !is_continued {
            if matches!(text.first(), None | Some(b'#' | b'!')) {
                continue;
            }
            let text = Vec::new();
            lines.push(LogicalLine { number, text });
        }
        let backslashes = text.iter().rev().take_while(|&&byte| byte == b'\\').count();
        is_continued = backslashes % 2 == 1;
        let kept = text.len() - usize::from(is_continued);
        if let Some(last) = lines.last_mut() {
            last.text.extend_from_slice(&text[..kept]);
        }
    }
    lines
}

/// The lines between CR, LF, and CR LF.
fn natural_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|&byte| byte == b'\n').flat_map(|line| {
        line.strip_suffix(b"\r")
            .unwrap_or(line)
            .split(|&byte| byte == b'\r')
    })
}

/// Splits a line at the first `=`, `:` or white space of its key that is not escaped.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let mut is_escaped = false;
    let end = line.iter().position(|&byte| {
        let ends = !is_escaped && (is_white_space(byte) || matches!(byte, b'=' | b':'));
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = trim_start(rest);
    match rest {
        [b'=' | b':', value @ ..] => (key, trim_start(value)),
        _ => (key, rest),
    }
}

fn unescape(text: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        units.push(match byte {
            b'\\' => match bytes.next() {
                Some(b't') => u16::from(b'\t'),
                Some(b'n') => u16::from(b'\n'),
                Some(b'r') => u16::from(b'\r'),
                Some(b'f') => 0x0c,
                Some(b'u') => (0..4).try_fold(0, |unit, _| {
                    let digit = char::from(bytes.next()?).to_digit(16)?;
                    Some(unit << 4 | digit as u16)
                })?,
                Some(other) => u16::from(other),
                None => break,
            },
            byte => u16::from(byte),
        });
    }
    String::from_utf16(&units).ok()
}

/// Appends a character of a key, or of a value, whose spaces are escaped only where it begins.
fn append_escaped(text: &mut String, character: char, escapes_space: bool) {
    match character {
        ' ' if escapes_space => text.push_str("\\ "),
        '\t' => text.push_str("\\t"),
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\u{c}' => text.push_str("\\f"),
        '\\' | '=' | ':' | '#' | '!' => {
            text.push('\\');
            text.push(character);
        }
        ' '..='~' => text.push(character),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04X}").expect("a string takes every text");
            }
        }
    }
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_white_space(byte));
    &text[start.unwrap_or(text.len())..]
}

const fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let parsed = parse(text.as_bytes()).unwrap();
        let parsed: Vec<_> = parsed
            .iter()
            .map(|(key, value)| (&**key, &**value))
            .collect();
        assert_eq!(parsed, expected, "{text:?}");
    }

    #[test]
    fn reads_what_java_reads() {
        check(
            "a=1\nb: 2\r\nc 3\rd = 4 ",
            &[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4 ")],
        );
        check("#a=1\n ! b=2\n\n\t\nc=3", &[("c", "3")]);
        check("a", &[("a", "")]);
        check("a=\n=b", &[("a", ""), ("", "b")]);
        check("a\\=\\:\\ b=c=d", &[("a=: b", "c=d")]);
        check(
            "a=one,\\\n   two,\\\n  # three",
            &[("a", "one,two,# three")],
        );
        check("a=b\\\\\nc=d", &[("a", "b\\"), ("c", "d")]);
        check("a=b\\", &[("a", "b")]);
        check(
            "a=\\t\\n\\r\\f\\q\\u00e4\\uD83D\\uDE00",
            &[("a", "\t\n\r\u{c}qä😀")],
        );
        assert_eq!(
            parse(b"a=\xe4").unwrap(),
            [("a".to_owned(), "ä".to_owned())]
        );
    }

    #[test]
    fn refuses_escapes_that_are_no_character() {
        let malformed = MalformedFile::Escape { line: 2 };
        assert_eq!(parse(b"\na=\\u12"), Err(malformed.clone()));
        assert_eq!(parse(b"\na=\\uD83D"), Err(malformed.clone()));
        // It may be a password.
        assert!(!malformed.to_string().contains("12"));
    }

    #[test]
    fn writes_what_java_writes() {
        let mut text = String::new();
        append(&mut text, "a b#", " c d=:!\\\tä");
        assert_eq!(text, "a\\ b\\#=\\ c d\\=\\:\\!\\\\\\t\\u00E4\n");
    }

    proptest! {
        #[test]
        fn every_text_comes_back(pairs in prop::collection::vec(any::<(String, String)>(), 0..4)) {
            let mut text = String::new();
            for (key, value) in &pairs {
                append(&mut text, key, value);
            }
            prop_assert_eq!(parse(text.as_bytes()).unwrap(), pairs);
        }

        #[test]
        fn no_bytes_make_the_parser_panic(bytes in any::<Vec<u8>>()) {
            let _ = parse(&bytes);
        }
    }
}
