//! Which of the nodes that run are meant. Every condition that is given has to hold.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::control::{CONFIG, DATA, NODE_ID, PROCESS_ROLE};
use super::presence;
use super::running::{self, RunningNode};
use super::statement::{NodeStatement, Statement};
use crate::arguments::Values;
use crate::surroundings;

/// Conditions on a node.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Selection {
    node_id: Option<i32>,
    /// In order.
    roles: Option<Vec<String>>,
    config_file: Option<PathBuf>,
    log_dir: Option<PathBuf>,
}

impl Selection {
    /// The conditions that the options say.
    ///
    /// # Errors
    /// When a value makes no sense.
    pub(super) fn of(values: &Values) -> Result<Self> {
        let node_id = values.last(NODE_ID.long);
        let node_id = node_id.map(|text| {
            let context = || format!("read --node-id `{text}`");
            text.parse().with_context(context)
        });
        let path = |option: &str| values.last(option).map(|text| real(Path::new(text)));
        Ok(Self {
            node_id: node_id.transpose()?,
            roles: values.last(PROCESS_ROLE.long).map(roles).transpose()?,
            config_file: path(CONFIG.long),
            log_dir: path(DATA.long),
        })
    }

    /// The nodes that run and are meant.
    ///
    /// # Errors
    /// When it cannot be seen what runs.
    pub(super) fn find(&self) -> Result<Vec<RunningNode>> {
        let scope = presence::scope(&surroundings::variables());
        let mut nodes = running::find(&scope)?;
        nodes.retain(|node| self.means(&node.statement));
        Ok(nodes)
    }

    fn means(&self, statement: &Statement) -> bool {
        let node = statement.node.as_ref();
        let holds = |condition: &dyn Fn(&NodeStatement) -> bool| node.is_some_and(condition);
        let means_id = self
            .node_id
            .is_none_or(|id| holds(&|node| node.node_id == id));
        let roles = self.roles.as_ref();
        let means_roles = roles.is_none_or(|roles| holds(&|node| node.roles == *roles));
        let log_dir = self.log_dir.as_deref();
        let means_log_dir = log_dir.is_none_or(|path| holds(&|node| has_directory(node, path)));
        let config_file = statement.config_file.as_deref().map(real);
        let means_file = self.config_file.is_none() || self.config_file == config_file;
        means_id && means_roles && means_log_dir && means_file
    }
}

fn has_directory(node: &NodeStatement, path: &Path) -> bool {
    let mut all = node.log_dirs.iter().chain([&node.metadata_log_dir]);
    all.any(|each| real(each) == path)
}

/// The roles of a list, in order.
fn roles(text: &str) -> Result<Vec<String>> {
    let mut roles: Vec<_> = text.split(',').map(|role| role.trim().to_owned()).collect();
    roles.sort();
    roles.dedup();
    let is_role = |role: &String| matches!(role.as_str(), "broker" | "controller");
    if !roles.iter().all(is_role) {
        bail!("read --process-role `{text}`: roles are broker and controller");
    }
    Ok(roles)
}

/// The path without links, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let found = fs::canonicalize(path).or_else(|_| std::path::absolute(path));
    found.unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::jopt;
    use crate::server::statement::Phase;

    const OPTIONS: &[crate::arguments::OptionSpec] = &[PROCESS_ROLE, NODE_ID, CONFIG, DATA];

    fn selection(line: &str) -> Result<Selection> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Selection::of(&jopt::parse(OPTIONS, &arguments).unwrap().values)
    }

    fn statement() -> Statement {
        Statement {
            phase: Phase::Starting,
            scope: String::new(),
            begin_ticks: 0,
            started_ms: 0,
            config_file: Some("/nowhere/server.properties".into()),
            node: Some(NodeStatement {
                node_id: 3,
                roles: vec!["broker".to_owned(), "controller".to_owned()],
                log_dirs: vec!["/nowhere/one".into(), "/nowhere/two".into()],
                metadata_log_dir: "/nowhere/meta".into(),
            }),
            serving: None,
        }
    }

    #[test]
    fn every_condition_has_to_hold() {
        let check = |line: &str, means: bool| {
            let selection = selection(line).unwrap();
            assert_eq!(selection.means(&statement()), means, "{line}");
        };
        check("", true);
        check("--node-id 3", true);
        check("--node-id 33", false);
        check("--process-role=controller,broker", true);
        check("--process-role broker", false);
        check("--config /nowhere/server.properties", true);
        check("--config server.properties", false);
        check("--data /nowhere/two", true);
        check("--data /nowhere/meta", true);
        check("--data /nowhere", false);
        check("--node-id 3 --data /nowhere/three", false);
    }

    #[test]
    fn a_node_of_which_nothing_is_known_yet_is_only_meant_by_its_file_or_by_no_condition() {
        let early = Statement {
            node: None,
            ..statement()
        };
        let check = |line: &str, means: bool| {
            assert_eq!(selection(line).unwrap().means(&early), means, "{line}");
        };
        check("", true);
        check("--config /nowhere/server.properties", true);
        check("--node-id 3", false);
        check("--data /nowhere/one", false);
    }

    #[test]
    fn values_that_make_no_sense_are_refused() {
        let check = |line: &str, message: &str| {
            let error = selection(line).unwrap_err();
            assert_eq!(format!("{error:#}"), message);
        };
        check(
            "--node-id one",
            "read --node-id `one`: invalid digit found in string",
        );
        check(
            "--process-role king",
            "read --process-role `king`: roles are broker and controller",
        );
    }
}
