//! Invariant: when nothing is wrong any more, everything works again within a bounded time: each
//! client gets on.

use super::Checker;
use std::collections::BTreeSet;

const NAME: &str = "progress";

/// The clients that have got on since somebody began to look.
pub(super) type Progress = BTreeSet<String>;

impl Checker {
    /// A client got what it wanted.
    pub(crate) fn got_on(&mut self, client: &str) {
        if !self.progress.contains(client) {
            self.progress.insert(client.to_owned());
        }
    }

    /// Begins to look.
    pub(crate) fn watch_progress(&mut self) {
        self.progress.clear();
    }

    /// They should all have got on by now.
    pub(crate) fn check_progress(&mut self, clients: &[String]) {
        let stuck: Vec<_> = clients
            .iter()
            .filter(|client| !self.progress.contains(*client))
            .collect();
        if !stuck.is_empty() {
            let message = format!("nothing is wrong and these do not get on: {stuck:?}");
            self.violate(NAME, "run", &message);
        }
    }

    /// Something did not become possible within its time.
    pub(crate) fn stuck(&mut self, what: &str) {
        self.violate(NAME, "run", what);
    }
}
