//! The states of a group: what each means for what is printed, and `--describe --state`.

use std::fmt;
use std::io::{self, Write};

use anyhow::{Result, bail};
use client::krafka::admin::{ClusterBroker, ConsumerGroupDescription};

use super::MISSING;

/// A state that a consumer group can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    PreparingRebalance,
    CompletingRebalance,
    Stable,
    Dead,
    Empty,
    Assigning,
    Reconciling,
}

impl State {
    pub(super) const ALL: [Self; 7] = [
        Self::PreparingRebalance,
        Self::CompletingRebalance,
        Self::Stable,
        Self::Dead,
        Self::Empty,
        Self::Assigning,
        Self::Reconciling,
    ];

    /// The state of this name, in any case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.to_string().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

/// Says what is special about the state of a group; whether there are rows to print.
///
/// # Errors
/// When nobody knows the state.
pub(super) fn announce(
    group: &ConsumerGroupDescription,
    row_count: usize,
    out: &mut dyn Write,
) -> Result<bool> {
    let id = &group.group_id;
    match State::parse(&group.state) {
        None => {
            let found = &group.state;
            bail!("Expected a valid consumer group state, but found '{found}'.")
        }
        Some(State::Dead) => {
            writeln!(out, "\nError: Consumer group '{id}' does not exist.")?;
            return Ok(false);
        }
        Some(State::Empty) => {
            // What stands before it is to be seen before it.
            out.flush()?;
            let _ = writeln!(
                io::stderr(),
                "\nConsumer group '{id}' has no active members."
            );
        }
        Some(State::Stable) => {}
        Some(_) => {
            out.flush()?;
            let _ = writeln!(
                io::stderr(),
                "\nWarning: Consumer group '{id}' is rebalancing."
            );
        }
    }
    Ok(row_count > 0)
}

/// What `--state` tells of a group.
#[derive(Debug)]
pub(super) struct Row {
    group: String,
    coordinator: String,
    strategy: String,
    state: String,
    /// Of the group, and of its target assignment.
    epochs: [String; 2],
    member_count: String,
}

impl Row {
    pub(super) fn of(
        group: &ConsumerGroupDescription,
        coordinator: Option<&ClusterBroker>,
    ) -> Self {
        let coordinator = coordinator.map_or(MISSING.to_owned(), |broker| {
            format!("{}:{}  ({})", broker.host, broker.port, broker.id)
        });
        let epoch = |epoch: Option<i32>| epoch.map_or(MISSING.to_owned(), |it| it.to_string());
        let strategy = group.assignor.as_deref().filter(|name| !name.is_empty());
        Self {
            group: group.group_id.clone(),
            coordinator,
            strategy: strategy.unwrap_or(MISSING).to_owned(),
            state: group.state.clone(),
            epochs: [group.group_epoch, group.assignment_epoch].map(epoch),
            member_count: group.members.len().to_string(),
        }
    }

    /// The row under its header.
    pub(super) fn table(&self, is_verbose: bool) -> String {
        let header = Self {
            group: "GROUP".to_owned(),
            coordinator: "COORDINATOR (ID)".to_owned(),
            strategy: "ASSIGNMENT-STRATEGY".to_owned(),
            state: "STATE".to_owned(),
            epochs: ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"].map(str::to_owned),
            member_count: "#MEMBERS".to_owned(),
        };
        let widths = [
            self.group.chars().count().max(15),
            self.coordinator.chars().count().max(25),
        ];
        format!(
            "{}{}\n",
            header.text(widths, is_verbose),
            self.text(widths, is_verbose)
        )
    }

    fn text(&self, [group, coordinator]: [usize; 2], is_verbose: bool) -> String {
        let mut text = format!(
            "\n{:group$} {:coordinator$} {:20} {:20}",
            self.group, self.coordinator, self.strategy, self.state
        );
        if is_verbose {
            let [of_group, of_target] = &self.epochs;
            text.push_str(&format!(" {of_group:15} {of_target:25}"));
        }
        format!("{text} {}", self.member_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_known_by_name() {
        assert_eq!(
            State::parse("preparingrebalance"),
            Some(State::PreparingRebalance)
        );
        assert_eq!(State::parse("NotReady"), None);
    }

    #[test]
    fn the_row_stands_under_its_header() {
        let row = Row {
            group: "g-consumer".to_owned(),
            coordinator: "127.0.0.1:29092  (1)".to_owned(),
            strategy: "uniform".to_owned(),
            state: "Stable".to_owned(),
            epochs: ["2", "2"].map(str::to_owned),
            member_count: "1".to_owned(),
        };
        let expected = "
GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS
g-consumer      127.0.0.1:29092  (1)      uniform              Stable               1
";
        assert_eq!(row.table(false), expected);
        let verbose = row.table(true);
        let header = verbose.lines().nth(1).unwrap();
        let end = "STATE                GROUP-EPOCH     TARGET-ASSIGNMENT-EPOCH   #MEMBERS";
        assert!(header.ends_with(end), "{verbose}");
        let end = "Stable               2               2                         1\n";
        assert!(verbose.ends_with(end), "{verbose}");
    }
}
