//! COMPAT.md, written from the message definitions and from the golden files that test them: what
//! is not on it is not claimed.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::codegen::model::{Api, Definitions, Message, Versions};

const PAGE: &str = "COMPAT.md";
const GOLDEN: &str = "crates/protocol/tests/golden";

const INTRODUCTION: &str = "# Compatibility

Written by `cargo xtask docs` from the message definitions; do not edit. The measure is Apache Kafka
4.3.1.

*Golden bytes* means: bytes that Kafka's own classes wrote in every one of these versions are in the
tree, decode, and encode again to the same bytes (but for unknown tagged fields, which are skipped).
It says that Klamm can read and write a message, not that a node answers it.
";

/// Writes the page anew.
pub(crate) fn write(root: &Path) -> Result<()> {
    fs::write(root.join(PAGE), page(root)?).with_context(|| format!("write {PAGE}"))
}

/// Compares the page with what would be written.
///
/// # Errors
/// When they differ.
pub(crate) fn check(root: &Path) -> Result<()> {
    let committed = fs::read_to_string(root.join(PAGE)).with_context(|| format!("read {PAGE}"))?;
    ensure!(
        committed == page(root)?,
        "check {PAGE}: is stale; run `cargo xtask docs`"
    );
    Ok(())
}

fn page(root: &Path) -> Result<String> {
    let definitions = crate::codegen::definitions(root)?;
    let golden = |message: &Message| {
        let path = root.join(GOLDEN).join(format!("{}.txt", message.name));
        // A message without a golden file is tested in no version.
        golden_versions(&fs::read_to_string(path).unwrap_or_default())
    };
    let apis = api_table(&definitions, golden)?;
    let records = record_table(&definitions, golden)?;
    let mut page = String::from(INTRODUCTION);
    write!(page, "\n## Requests and responses\n\n{apis}")?;
    write!(page, "\n## Stored records\n\n{records}")?;
    Ok(page)
}

fn api_table(
    definitions: &Definitions,
    golden: impl Fn(&Message) -> BTreeSet<i16>,
) -> Result<String> {
    let mut table = String::from(
        "| key | name | served by | versions | advertised | tested by |\n\
         |---|---|---|---|---|---|\n",
    );
    for api in &definitions.apis {
        let both = &golden(&api.request) & &golden(&api.response);
        let versions = api.request.versions;
        writeln!(
            table,
            "| {} | {} | {} | {versions} | {} | {} |",
            api.key,
            api.name,
            listeners(api),
            advertised(api),
            verdict(versions, &both),
        )?;
    }
    Ok(table)
}

fn record_table(
    definitions: &Definitions,
    golden: impl Fn(&Message) -> BTreeSet<i16>,
) -> Result<String> {
    let mut table = String::from("| family | record | versions | tested by |\n|---|---|---|---|\n");
    for family in &definitions.families {
        for message in family.messages() {
            let tested = verdict(message.versions, &golden(message));
            let Message { name, versions, .. } = message;
            writeln!(
                table,
                "| {} | {name} | {versions} | {tested} |",
                family.folder
            )?;
        }
    }
    Ok(table)
}

fn listeners(api: &Api) -> &'static str {
    match (api.broker, api.controller) {
        (true, true) => "broker, controller",
        (true, false) => "broker",
        (false, true) => "controller",
        (false, false) => "-",
    }
}

fn advertised(api: &Api) -> String {
    match (api.advertised, api.unstable) {
        (Some(versions), _) => versions.to_string(),
        (None, Some(unstable)) => format!("without {unstable}, which is unstable"),
        (None, None) => "the same".to_owned(),
    }
}

fn verdict(versions: Versions, tested: &BTreeSet<i16>) -> String {
    let missing: Vec<String> = (versions.first..=versions.last)
        .filter(|version| !tested.contains(version))
        .map(|version| version.to_string())
        .collect();
    match missing.len() {
        0 => "golden bytes".to_owned(),
        _ if tested.is_empty() => "nothing".to_owned(),
        _ => format!("golden bytes, not for {}", missing.join(", ")),
    }
}

/// The versions of which a golden file has a sample: the first word of its lines.
fn golden_versions(text: &str) -> BTreeSet<i16> {
    let first_words = text.lines().filter_map(|line| line.split(' ').next());
    first_words.filter_map(|word| word.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_fresh() {
        check(&crate::workspace::root().unwrap()).unwrap();
    }

    #[test]
    fn the_versions_of_a_golden_file_are_the_first_words_of_its_lines() {
        let text = "# Fetch as written: version, case\n4 absent 00\n4 set 01\n17 absent 00\n";
        assert_eq!(golden_versions(text), BTreeSet::from([4, 17]));
    }

    #[test]
    fn a_version_without_sample_is_named() {
        let versions = Versions { first: 3, last: 5 };
        assert_eq!(
            verdict(versions, &BTreeSet::from([3, 4, 5])),
            "golden bytes"
        );
        assert_eq!(
            verdict(versions, &BTreeSet::from([4])),
            "golden bytes, not for 3, 5"
        );
        assert_eq!(verdict(versions, &BTreeSet::new()), "nothing");
    }
}
