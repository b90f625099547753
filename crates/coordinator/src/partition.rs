//! Which partition of `__consumer_offsets` keeps a group.

/// The partition of a group: the absolute value of Java's `String.hashCode` modulo the count.
///
/// Java hashes UTF-16 units, and Kafka takes 0 for the one value that has no absolute value.
///
/// # Panics
/// When `partition_count` is not positive: a topic has a partition.
#[must_use]
pub fn partition_for(group_id: &str, partition_count: i32) -> i32 {
    assert!(
        partition_count > 0,
        "a topic has at least one partition, not {partition_count}"
    );
    java_hash(group_id).checked_abs().unwrap_or(0) % partition_count
}

fn java_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0, |hash: i32, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_go_where_java_puts_them() {
        // Group, what Java says of `hashCode()`, and the partition of fifty that follows.
        let known = [
            ("", 0, 0),
            ("a", 97, 47),
            ("abc", 96_354, 4),
            ("hello", 99_162_322, 22),
            ("test-group", 627_841_412, 12),
            ("console-consumer-34488", 160_363_218, 18),
            ("gr\u{fc}n", 3_185_949, 49),
            ("\u{1f600}", 1_772_899, 49),
            ("my-group", -1906497762, 12),
            // The one hash that has no absolute value.
            ("polygenelubricants", i32::MIN, 0),
        ];
        for (group_id, hash, partition) in known {
            assert_eq!(java_hash(group_id), hash, "{group_id}");
            assert_eq!(partition_for(group_id, 50), partition, "{group_id}");
        }
    }
}
