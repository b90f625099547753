//! Bytes as text, the way Java reads UTF-8.

/// What is not UTF-8 becomes U+FFFD. Half of a surrogate pair is one such character in Java, where
/// Rust would make one of each of its bytes.
pub(super) fn of_bytes(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut position = 0;
    let mut surrogate_end = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        position += chunk.valid().len();
        let invalid = chunk.invalid();
        if !invalid.is_empty() && position >= surrogate_end {
            text.push(char::REPLACEMENT_CHARACTER);
            surrogate_end = match bytes[position..] {
                [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => position + 3,
                [0xed, 0xa0..=0xbf, ..] => position + 2,
                _ => surrogate_end,
            };
        }
        position += invalid.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_utf8_is_replaced_as_in_java() {
        let check = |bytes: &[u8], text: &str| assert_eq!(of_bytes(bytes), text);
        check("Klamm ä流".as_bytes(), "Klamm ä流");
        check(b"a\xffb\xc3", "a\u{fffd}b\u{fffd}");
        check(b"\xf0\x9f\x98z", "\u{fffd}z");
        check(b"\xed\xa0\x80z\xed\xb0\x80", "\u{fffd}z\u{fffd}");
        check(b"\xed\xa0z", "\u{fffd}z");
    }
}
