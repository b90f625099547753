//! Offsets as comma-separated values, as `--export` prints and `--from-file` reads them: topic,
//! partition and offset, with the group before them unless there is exactly one.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::cluster_groups::Partition;

/// Offsets of partitions, by group.
pub(super) type Plan = BTreeMap<String, BTreeMap<Partition, i64>>;

/// Writes a plan.
pub(super) fn write(plan: &Plan, with_groups: bool) -> String {
    let mut text = String::new();
    for (group, offsets) in plan {
        for ((topic, id), offset) in offsets {
            if with_groups {
                text.push_str(&format!("{},", quoted(group)));
            }
            text.push_str(&format!("{},{id},{offset}\n", quoted(topic)));
        }
    }
    text
}

/// Reads a plan. Lines without a group are for `only_group`.
///
/// # Errors
/// When a line is none of a plan.
pub(super) fn read(text: &str, only_group: Option<&str>) -> Result<Plan> {
    let lines = text
        .trim_end_matches('\n')
        .split('\n')
        .map(|line| line.trim_end_matches('\r'));
    let first = lines.clone().next().unwrap_or_default();
    let only_group = only_group.filter(|_| fields(first).len() == 3);
    let mut plan = Plan::new();
    for (index, line) in lines.enumerate() {
        let fields = fields(line);
        let mut fields = fields.iter().map(String::as_str);
        let group = only_group
            .or_else(|| fields.next())
            .unwrap_or_default()
            .to_owned();
        let mut next = || fields.next().map(str::trim);
        let (Some(topic), Some(id), Some(offset), None) = (next(), next(), next(), next()) else {
            bail!("read plan: line {} is none: {line}", index + 1);
        };
        let what = || format!("read plan: line {}", index + 1);
        let partition = (topic.to_owned(), id.parse().with_context(what)?);
        let offset = offset.parse().with_context(what)?;
        plan.entry(group).or_default().insert(partition, offset);
    }
    Ok(plan)
}

/// A value as Kafka's tool writes it: quoted when it is long, or might need to be.
fn quoted(value: &str) -> String {
    const LENGTH_MAX: usize = 24;
    if value.len() <= LENGTH_MAX && value.chars().all(|character| character >= '-') {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// The values of a line.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        let field = fields.last_mut().map_or(0, |field| field.len());
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                push(&mut fields, '"');
            }
            '"' if is_quoted || field == 0 => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(String::new()),
            _ => push(&mut fields, character),
        }
    }
    fields
}

fn push(fields: &mut [String], character: char) {
    if let Some(field) = fields.last_mut() {
        field.push(character);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(group: &str) -> Plan {
        let topics = ["t1", "a-topic-with-quite-a-long-name"];
        let offsets = topics.map(|topic| ((topic.to_owned(), 2), 61));
        BTreeMap::from([(group.to_owned(), BTreeMap::from(offsets))])
    }

    #[test]
    fn what_is_written_is_read_again() {
        for group in ["g", "a, \"strange\" group"] {
            for with_groups in [true, false] {
                let text = write(&plan(group), with_groups);
                assert_eq!(read(&text, Some(group)).unwrap(), plan(group), "{text}");
            }
        }
        let text = write(&plan("g"), false);
        assert_eq!(text, "\"a-topic-with-quite-a-long-name\",2,61\nt1,2,61\n");
        let text = write(&plan("a, \"b\""), true);
        assert!(text.ends_with("\"a, \"\"b\"\"\",t1,2,61\n"), "{text}");
    }

    #[test]
    fn lines_that_are_none_are_refused() {
        for bad in ["", "t1,0", "t1,x,5", "t1,0,y", "g,t1,0,1,2", "t1,0,5\nt1,1"] {
            assert!(read(bad, Some("g")).is_err(), "{bad}");
        }
        assert!(read("t1,0,5", None).is_err());
        assert!(read("g,t1,0,5\r\n", None).is_ok());
    }
}
