//! The list of all messages that the golden tests go through.

use super::super::model::Definitions;
use super::header;
use std::fmt::Write as _;

/// The file of the list.
pub(super) fn file(definitions: &Definitions) -> String {
    let mut text = header("Every message there is.", "crates/protocol/messages");
    text.push_str(
        "use super::{Entry, Message, Reader, entry};\nuse protocol::generated as all;\n\n",
    );
    let _ = writeln!(text, "pub(crate) const ALL: &[Entry] = &[");
    let mut paths = Vec::new();
    for family in &definitions.families {
        paths.extend(family.messages().map(|message| {
            let path = format!("{}::{}", family.folder, message.name);
            (message, path)
        }));
    }
    let borrowed = definitions.messages().filter(|message| !message.owned);
    paths.extend(borrowed.map(|message| (message, message.name.clone())));
    for (_, path) in paths {
        let _ = writeln!(text, "entry!(all::{path}),");
    }
    text.push_str("];\n");
    text
}
