//! What needs no cluster: the levels that a release begins with, and what levels need.

use std::io::Write;

use anyhow::{Result, anyhow};

use super::update::name_and_level;
use crate::storage_tool::{self, Unknown};

/// Prints the levels that a release begins with, or the latest one.
pub(super) fn print_defaults(release: Option<&str>, out: &mut dyn Write) -> Result<()> {
    storage_tool::print_defaults(release, out)?;
    Ok(())
}

/// Prints what each of these levels needs, given as `feature=level`.
pub(super) fn print_dependencies<'a>(
    given: impl Iterator<Item = &'a str>,
    out: &mut dyn Write,
) -> Result<()> {
    for given in given {
        let (name, level) = name_and_level(given)?;
        let text = storage_tool::dependencies(name, level).map_err(|unknown| match unknown {
            Unknown::MetadataVersion => anyhow!("Unknown metadata.version {level}"),
            Unknown::Feature => anyhow!("Unknown feature: {name}"),
            Unknown::Level => anyhow!("No feature:{name} with feature level {level}"),
        })?;
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(given: &str) -> String {
        let mut out = Vec::new();
        match print_dependencies(given.split(' '), &mut out) {
            Ok(()) => String::from_utf8(out).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_level_needs_a_metadata_version_or_nothing_or_is_not_known() {
        let check = |given, expected: &str| assert_eq!(printed(given), expected);
        check(
            "eligible.leader.replicas.version=1 transaction.version=2",
            "eligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)\n\
             transaction.version=2 has no dependencies.\n",
        );
        check("metadata.version=99", "Unknown metadata.version 99");
        check("x=1", "Unknown feature: x");
        check(
            "group.version=7",
            "No feature:group.version with feature level 7",
        );
        check(
            "x",
            "Can't parse feature=level string x: equals sign not found.",
        );
    }
}
