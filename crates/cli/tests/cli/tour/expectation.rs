//! Whether a terminal shows what is written in the README.
//!
//! In what is written, `…` stands for any part of a line, and alone in a line for any lines, also
//! none. Blanks separate, however many; blank lines do not count. Lines come in the order that is
//! written, as far as there is one: see [`Order`].

/// What stands for anything.
const ANY: &str = "…";

/// How far the order of lines is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    All,
    /// Records of one partition are in order, partitions among each other are not. The partition
    /// stands at the beginning of the line.
    WithinPartitions,
    /// Rows of a table, in the order of a hash table.
    None,
}

/// Whether all of what is printed is what is written.
pub(super) fn fits(written: &[String], printed: &[String], order: Order) -> bool {
    let mut written = shown(written);
    let mut printed = shown(printed);
    match order {
        Order::All => {}
        Order::WithinPartitions => {
            written.sort_by(|one, other| partition(one).cmp(partition(other)));
            printed.sort_by(|one, other| partition(one).cmp(partition(other)));
        }
        Order::None => return fit_somehow(&written, printed),
    }
    fit_in_order(&written, &printed)
}

/// Lines that are not blank, with single blanks.
fn shown(lines: &[String]) -> Vec<String> {
    let lines = lines.iter().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ")
    });
    lines.filter(|line| !line.is_empty()).collect()
}

fn partition(line: &str) -> &str {
    let first = line.split(' ').next().unwrap_or_default();
    if first.starts_with("Partition:") {
        first
    } else {
        ""
    }
}

fn fit_in_order(written: &[String], printed: &[String]) -> bool {
    let Some((first, rest)) = written.split_first() else {
        return printed.is_empty();
    };
    if first == ANY {
        return (0..=printed.len()).any(|count| fit_in_order(rest, &printed[count..]));
    }
    let Some((line, others)) = printed.split_first() else {
        return false;
    };
    fits_line(first, line) && fit_in_order(rest, others)
}

fn fit_somehow(written: &[String], mut printed: Vec<String>) -> bool {
    for line in written {
        let found = printed.iter().position(|shown| fits_line(line, shown));
        let Some(found) = found else {
            return false;
        };
        printed.remove(found);
    }
    printed.is_empty()
}

fn fits_line(written: &str, printed: &str) -> bool {
    let Some((begin, written)) = written.split_once(ANY) else {
        return printed == written;
    };
    let (middle, end) = written.rsplit_once(ANY).unwrap_or(("", written));
    let rest = printed.strip_prefix(begin);
    let Some(mut rest) = rest.and_then(|rest| rest.strip_suffix(end)) else {
        return false;
    };
    for part in middle.split(ANY) {
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(written: &str, printed: &str, order: Order) -> bool {
        let lines = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
        fits(&lines(written), &lines(printed), order)
    }

    #[test]
    fn anything_may_stand_where_it_is_said() {
        assert!(fit("a … d", "a b c d", Order::All));
        assert!(fit("a…b…c", "a1b2c", Order::All));
        assert!(fit("a-…", "a-1", Order::All));
        assert!(fit("…\nready\n…", "log\nlog\nready", Order::All));
        assert!(!fit("a…b…c", "a1c", Order::All));
        assert!(!fit("ab…ba", "aba", Order::All));
        assert!(!fit("…\nready", "log\nready\nmore", Order::All));
    }

    #[test]
    fn blanks_do_not_count_and_everything_else_does() {
        assert!(fit("a  b\n\nc", "\na\tb\nc\n", Order::All));
        assert!(!fit("a", "a\nb", Order::All));
        assert!(!fit("a\nb", "a", Order::All));
        assert!(!fit("a", "A", Order::All));
    }

    #[test]
    fn order_counts_as_far_as_there_is_one() {
        assert!(!fit("a\nb", "b\na", Order::All));
        assert!(fit("a\nb", "b\na", Order::None));
        assert!(!fit("a\na", "a\nb", Order::None));
        let records = "Partition:0 a\nPartition:0 b\nPartition:1 c";
        let other = "Partition:1 c\nPartition:0 a\nPartition:0 b";
        assert!(fit(records, other, Order::WithinPartitions));
        let wrong = "Partition:1 c\nPartition:0 b\nPartition:0 a";
        assert!(!fit(records, wrong, Order::WithinPartitions));
    }
}
