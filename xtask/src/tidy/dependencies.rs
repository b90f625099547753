//! Every dependency has its reason on one page, and the page has no other.

use std::collections::BTreeSet;

use super::Finding;
use super::crates::Crate;
use super::files::TrackedFile;

const PAGE: &str = "docs/dependencies.md";

/// Dependencies that the page does not list, and rows of the page that nothing uses or that stand
/// there twice.
pub(super) fn not_as_used(crates: &[Crate], files: &[TrackedFile]) -> Vec<Finding> {
    let dependencies = crates.iter().flat_map(|each| &each.dependencies);
    let external = dependencies.filter(|dependency| !dependency.is_ours);
    let used: BTreeSet<&str> = external
        .map(|dependency| dependency.name.as_str())
        .collect();
    let page = files
        .iter()
        .find(|file| file.path == PAGE)
        .map_or("", TrackedFile::text);
    let mut listed = BTreeSet::new();
    let rows = page.lines().filter_map(crate_of_row);
    let twice: Vec<&str> = rows.filter(|name| !listed.insert(*name)).collect();

    let unlisted = used
        .difference(&listed)
        .map(|name| format!("does not list `{name}`"));
    let gone = listed
        .difference(&used)
        .map(|name| format!("lists `{name}`, which nothing uses"));
    let twice = twice
        .into_iter()
        .map(|name| format!("lists `{name}` twice"));
    unlisted
        .chain(gone)
        .chain(twice)
        .map(|message| Finding::in_file(PAGE, message))
        .collect()
}

/// The crate a row of a table is about: the first cell, if that is code.
fn crate_of_row(line: &str) -> Option<&str> {
    line.strip_prefix("| `")?.split('`').next()
}

#[cfg(test)]
mod tests {
    use super::super::crates::Dependency;
    use super::*;

    fn found(used: &[(&str, bool)], page: &str) -> Vec<String> {
        let dependencies = used
            .iter()
            .map(|(name, is_ours)| Dependency {
                name: (*name).to_owned(),
                is_ours: *is_ours,
            })
            .collect();
        let each = Crate {
            name: "a".to_owned(),
            folder: "crates/a".to_owned(),
            dependencies,
        };
        let findings = not_as_used(&[each], &[TrackedFile::new(PAGE, page)]);
        findings
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn a_dependency_without_reason_is_found() {
        let page = "| crate | reason |\n|---|---|\n| `thiserror` | errors |\n";
        assert_eq!(
            found(&[("thiserror", false), ("protocol", true)], page),
            [""; 0]
        );
        let messages = found(&[("thiserror", false), ("left-pad", false)], page);
        assert_eq!(messages, ["does not list `left-pad`"]);
    }

    #[test]
    fn a_second_row_is_found() {
        let page = "| `rand` | ids |\n\n| `rand` | names |\n";
        assert_eq!(found(&[("rand", false)], page), ["lists `rand` twice"]);
    }

    #[test]
    fn a_reason_without_dependency_is_found() {
        let messages = found(&[], "| `thiserror` | errors |\n");
        assert_eq!(messages, ["lists `thiserror`, which nothing uses"]);
    }
}
