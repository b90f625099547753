//! The known name that is spelt almost like an unknown one.

/// The name with the fewest edits from `text`, if they are few enough to be a slip.
pub(super) fn nearest(
    text: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let edits_max = 1 + text.len() / 8;
    names
        .filter(|name| name.len().abs_diff(text.len()) <= edits_max)
        .map(|name| (edits(text.as_bytes(), name.as_bytes()), name))
        .filter(|(edits, _)| *edits <= edits_max)
        .min()
        .map(|(_, name)| name)
}

/// How many bytes have to be added, removed or replaced to get from one text to the other.
fn edits(from: &[u8], to: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (position, left) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = position + 1;
        for (column, right) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let names = || ["log.dirs", "log.dir", "log.retention.ms"].into_iter();
        assert_eq!(
            nearest("log.retension.ms", names()),
            Some("log.retention.ms")
        );
        assert_eq!(nearest("log.dires", names()), Some("log.dirs"));
        assert_eq!(nearest("my.plugin.key", names()), None);
        assert_eq!(nearest("", names()), None);
    }

    #[test]
    fn edits_are_additions_removals_and_replacements() {
        assert_eq!(edits(b"", b"abc"), 3);
        assert_eq!(edits(b"kitten", b"sitting"), 3);
        assert_eq!(edits(b"same", b"same"), 0);
    }
}
