//! `--list`: the groups, with their types and states if these are asked for.

use std::io::Write;

use anyhow::Result;
use client::exception::Exception;
use client::krafka::admin::{ConsumerGroupListing, GroupType};

use crate::arguments::Values;

use super::cluster_groups::ClusterGroups;
use super::states::State;

pub(super) async fn run(
    groups: &ClusterGroups,
    values: &Values,
    out: &mut dyn Write,
) -> Result<()> {
    let (types, states) = (values.last("type"), values.last("state"));
    if types.is_none() && states.is_none() {
        for id in groups.ids(None::<std::iter::Empty<&str>>).await? {
            writeln!(out, "{id}")?;
        }
        return Ok(());
    }
    let wanted_types = wanted_types(types.unwrap_or_default())?;
    let wanted_states = wanted_states(states.unwrap_or_default())?;
    let listed = groups.list(wanted_types, wanted_states).await?;
    write!(out, "{}", table(&listed, types.is_some(), states.is_some()))?;
    Ok(())
}

fn wanted_types(text: &str) -> Result<Vec<String>, Exception> {
    let types = text.split(',').map(|name| name.trim().to_lowercase());
    let types: Vec<String> = types.filter(|_| !text.is_empty()).collect();
    let is_known = |name: &String| matches!(&**name, "classic" | "consumer");
    if types.iter().all(is_known) {
        return Ok(types);
    }
    let valid = "Valid types are: Classic, Consumer";
    Err(Exception::illegal_argument(format!(
        "Invalid types list '{text}'. {valid}"
    )))
}

fn wanted_states(text: &str) -> Result<Vec<String>, Exception> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let states = text.split(',').map(|name| State::parse(name.trim()));
    let states: Option<Vec<State>> = states.collect();
    match states {
        Some(states) => Ok(states.iter().map(ToString::to_string).collect()),
        None => {
            let valid = State::ALL.map(|state| state.to_string()).join(", ");
            let message = format!("Invalid state list '{text}'. Valid states are: {valid}");
            Err(Exception::illegal_argument(message))
        }
    }
}

fn table(groups: &[ConsumerGroupListing], with_types: bool, with_states: bool) -> String {
    let rows = groups.iter().map(|group| {
        let state = group.state.as_deref().and_then(State::parse);
        let state = state.map_or("Unknown".to_owned(), |state| state.to_string());
        let kind = match &group.group_type {
            Some(GroupType::Classic) => "Classic",
            Some(GroupType::Consumer) => "Consumer",
            _ => "Unknown",
        };
        (group.group_id.clone(), kind.to_owned(), state)
    });
    let header = ("GROUP".to_owned(), "TYPE".to_owned(), "STATE".to_owned());
    let width = groups
        .iter()
        .map(|group| group.group_id.chars().count())
        .max();
    let width = width.unwrap_or(0).max(15) + 10;
    let mut text = String::new();
    for (id, kind, state) in std::iter::once(header).chain(rows) {
        text.push_str(&format!("{id:width$}"));
        if with_types {
            text.push_str(&format!(" {kind:20}"));
        }
        if with_states {
            text.push_str(&format!(" {state:20}"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_states_are_lists_of_names_in_any_case() {
        assert_eq!(
            wanted_types("Classic, CONSUMER").unwrap(),
            ["classic", "consumer"]
        );
        assert_eq!(wanted_types("").unwrap(), [""; 0]);
        let refusal = wanted_types("share").unwrap_err().message;
        let expected = "Invalid types list 'share'. Valid types are: Classic, Consumer";
        assert_eq!(refusal, expected);
        assert_eq!(wanted_states("stable,EMPTY").unwrap(), ["Stable", "Empty"]);
        let refusal = wanted_states("fine").unwrap_err().message;
        assert!(
            refusal.starts_with("Invalid state list 'fine'. Valid states are: "),
            "{refusal}"
        );
    }

    #[test]
    fn without_groups_there_is_the_header() {
        let header = "GROUP                     TYPE                 STATE               \n";
        assert_eq!(table(&[], true, true), header);
        assert_eq!(
            table(&[], false, true),
            "GROUP                     STATE               \n"
        );
    }
}
