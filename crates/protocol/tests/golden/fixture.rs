//! The bytes that Kafka's own classes wrote.

use std::fs;
use std::path::PathBuf;

/// A message in one version.
pub(crate) struct Line {
    pub(crate) version: i16,
    /// What the message was made to show.
    pub(crate) case: String,
    pub(crate) bytes: Vec<u8>,
}

/// The lines for a message, none when it has no file.
pub(crate) fn lines(message: &str) -> Vec<Line> {
    let text = fs::read_to_string(folder().join(format!("{message}.txt"))).unwrap_or_default();
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.map(|line| parse(message, line)).collect()
}

/// The messages that have a file.
pub(crate) fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the fixtures' folder exists");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let texts = paths.filter(|path| path.extension().is_some_and(|extension| extension == "txt"));
    texts
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// Where two byte strings part.
pub(crate) fn difference(expected: &[u8], actual: &[u8]) -> String {
    let same = expected
        .iter()
        .zip(actual)
        .take_while(|(left, right)| left == right)
        .count();
    let from = |bytes: &[u8]| bytes[same..bytes.len().min(same + 16)].to_vec();
    let (expected, actual) = (from(expected), from(actual));
    format!("from byte {same}: expected {expected:02x?}, encoded {actual:02x?}")
}

fn parse(message: &str, line: &str) -> Line {
    let mut words = line.split_whitespace();
    let mut word = || words.next().unwrap_or_default();
    let (version, case, digits) = (word(), word(), word());
    let bytes = (0..digits.len()).step_by(2).map(|at| {
        let byte = digits
            .get(at..at + 2)
            .and_then(|byte| u8::from_str_radix(byte, 16).ok());
        byte.unwrap_or_else(|| panic!("{message}: `{digits}` is not hexadecimal"))
    });
    Line {
        version: version
            .parse()
            .unwrap_or_else(|_| panic!("{message}: version `{version}`")),
        case: case.to_owned(),
        bytes: bytes.collect(),
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}
