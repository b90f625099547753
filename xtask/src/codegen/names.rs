//! From Kafka's names to Rust's.

/// `KRaftVersionFeature` to `kraft_version_feature`.
pub(super) fn snake(name: &str) -> String {
    // KRaft is one word, although it does not look like one.
    let name = name.replace("KRaft", "Kraft");
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::new();
    for (position, &letter) in letters.iter().enumerate() {
        let after_lower = position > 0 && !letters[position - 1].is_ascii_uppercase();
        let before_lower = letters
            .get(position + 1)
            .is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && position > 0 && (after_lower || before_lower) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// `group` or `remote_log` to `Group` and `RemoteLog`.
pub(super) fn camel(snake: &str) -> String {
    let mut words = String::new();
    for word in snake.split('_') {
        let (first, rest) = word.split_at(1);
        words.push_str(&first.to_ascii_uppercase());
        words.push_str(rest);
    }
    words
}

/// The Rust name of a field.
pub(super) fn field(name: &str) -> String {
    let name = snake(name);
    match name.as_str() {
        "type" | "match" | "ref" | "move" | "use" | "final" => format!("r#{name}"),
        _ => name,
    }
}

/// The variant of an enum that holds a message: its name without what the enum's name says.
pub(super) fn variant(name: &str) -> &str {
    name.strip_suffix("Record").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart_by_their_capitals() {
        for (name, expected) in [
            ("TopicId", "topic_id"),
            ("KRaftVersionFeature", "kraft_version_feature"),
            ("V3AndBelowTopics", "v3_and_below_topics"),
            ("processId", "process_id"),
            ("ISRNodes", "isr_nodes"),
        ] {
            assert_eq!(snake(name), expected);
        }
        assert_eq!(camel("remote_log"), "RemoteLog");
        assert_eq!(field("Type"), "r#type");
    }
}
