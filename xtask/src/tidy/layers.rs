//! Who may use whom. THINK BEFORE YOU EDIT THE TABLE: a new edge is a decision about the house, not
//! a fix for a build error, and ARCHITECTURE.md tells the reasons for those that are here.
//!
//! A crate without a row is not tidy, so a new crate begins with its row. Pure crates are cores:
//! they are given time, chance and bytes, and so run the same under simulation as in production.

use super::Finding;
use super::crates::Crate;

/// The rules for one crate of ours.
pub(super) struct Layer {
    name: &'static str,
    /// The crates of ours it may use, for its code and for its tests.
    may_use: &'static [&'static str],
    pub(super) kind: Kind,
    pub(super) unsafe_code: UnsafeCode,
}

/// Whether a crate may reach for the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No clock, file, socket, thread, chance or runtime.
    Pure,
    /// Carries out what the pure crates decide.
    Shell,
    /// Never part of the product.
    Chore,
}

/// Where a crate may have unsafe code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnsafeCode {
    Forbidden,
    /// In one module that holds nothing but system calls.
    OneModule,
}

const LAYERS: &[Layer] = &[
    pure("protocol", &[]),
    pure("raft", &["protocol"]),
    pure("metadata", &["protocol"]),
    pure("replica", &["protocol"]),
    pure("coordinator", &["protocol", "metadata"]),
    pure("security", &["protocol", "metadata"]),
    shell("storage", &["protocol"]).with_one_unsafe_module(),
    shell("net", &["protocol"]).with_one_unsafe_module(),
    shell("quorum", &["protocol", "raft", "storage", "net"]),
    shell(
        "broker",
        &[
            "protocol",
            "raft",
            "metadata",
            "replica",
            "coordinator",
            "security",
            "storage",
            "net",
            "quorum",
        ],
    ),
    shell("client", &["protocol", "net"]),
    shell(
        "klamm",
        &[
            "protocol", "raft", "metadata", "security", "storage", "net", "quorum", "broker",
            "client",
        ],
    ),
    chore(
        "sim",
        &[
            "protocol",
            "raft",
            "metadata",
            "replica",
            "coordinator",
            "security",
            "storage",
            "net",
            "quorum",
            "broker",
        ],
    ),
    chore(
        "compat-quorum",
        &["protocol", "raft", "metadata", "storage", "quorum"],
    ),
    chore("compat-storage", &["protocol", "storage"]),
    chore("fuzz", &["protocol"]),
    chore("null-server", &["protocol"]),
    chore("xtask", &[]),
];

/// External crates that a pure crate has no use for, with the reason. A name also stands for the
/// names that go on after it with a hyphen or an underscore (`tokio-util`).
const BANNED_IN_PURE: &[(&str, &str)] = &[
    ("tokio", "a pure crate has no runtime"),
    ("async", "a pure crate has no runtime"),
    ("futures", "a pure crate has no runtime"),
    ("mio", "a pure crate does no input or output"),
    ("socket2", "a pure crate does no input or output"),
    ("rustix", "a pure crate makes no system calls"),
    ("libc", "a pure crate makes no system calls"),
    ("rand", "a pure crate is given its chance"),
    ("getrandom", "a pure crate is given its chance"),
    ("chrono", "a pure crate is given the time"),
    ("time", "a pure crate is given the time"),
    (
        "serde",
        "wire types are generated as plain code, which builds several times faster",
    ),
    ("anyhow", "a library's errors carry their entities"),
];

const ANYHOW_ALLOWED: &[&str] = &[
    "compat-quorum",
    "compat-storage",
    "klamm",
    "null-server",
    "xtask",
];

/// The row of a crate.
pub(super) fn of(name: &str) -> Option<&'static Layer> {
    LAYERS.iter().find(|layer| layer.name == name)
}

/// Edges that the table does not have.
pub(super) fn wrong_edges(each: &Crate) -> Vec<Finding> {
    let manifest = format!("{}/Cargo.toml", each.folder);
    let Some(layer) = of(&each.name) else {
        let message = format!("`{}` has no row in xtask/src/tidy/layers.rs", each.name);
        return vec![Finding::in_file(&manifest, message)];
    };
    let complaints = each.dependencies.iter().filter_map(|dependency| {
        let name = dependency.name.as_str();
        if dependency.is_ours {
            wrong_inside(layer, name)
        } else {
            wrong_outside(layer, name)
        }
    });
    complaints
        .map(|complaint| Finding::in_file(&manifest, complaint))
        .collect()
}

fn wrong_inside(layer: &Layer, used: &str) -> Option<String> {
    let may_use = layer.may_use.contains(&used);
    (!may_use).then(|| format!("`{}` may not use `{used}`", layer.name))
}

fn wrong_outside(layer: &Layer, used: &str) -> Option<String> {
    let banned = BANNED_IN_PURE
        .iter()
        .find(|(banned, _)| is_of_family(used, banned));
    if let (Kind::Pure, Some((_, reason))) = (layer.kind, banned) {
        return Some(format!("`{}` may not use `{used}`: {reason}", layer.name));
    }
    let is_misplaced = used == "anyhow" && !ANYHOW_ALLOWED.contains(&layer.name);
    is_misplaced.then(|| format!("`{}` may not use `anyhow`: it is a library", layer.name))
}

fn is_of_family(name: &str, family: &str) -> bool {
    name.strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_']))
}

const fn pure(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer {
        name,
        may_use,
        kind: Kind::Pure,
        unsafe_code: UnsafeCode::Forbidden,
    }
}

const fn shell(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer {
        name,
        may_use,
        kind: Kind::Shell,
        unsafe_code: UnsafeCode::Forbidden,
    }
}

const fn chore(name: &'static str, may_use: &'static [&'static str]) -> Layer {
    Layer {
        name,
        may_use,
        kind: Kind::Chore,
        unsafe_code: UnsafeCode::Forbidden,
    }
}

impl Layer {
    const fn with_one_unsafe_module(self) -> Self {
        Self {
            unsafe_code: UnsafeCode::OneModule,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::crates::Dependency;
    use super::*;

    fn found(name: &str, ours: &[&str], others: &[&str]) -> Vec<String> {
        let inside = ours.iter().map(|name| (name, true));
        let outside = others.iter().map(|name| (name, false));
        let dependencies = inside
            .chain(outside)
            .map(|(name, is_ours)| Dependency {
                name: (*name).to_owned(),
                is_ours,
            })
            .collect();
        let each = Crate {
            name: name.to_owned(),
            folder: "crates/x".to_owned(),
            dependencies,
        };
        wrong_edges(&each)
            .into_iter()
            .map(|finding| finding.message)
            .collect()
    }

    #[test]
    fn an_edge_of_the_table_is_fine_and_its_reverse_is_found() {
        assert_eq!(found("storage", &["protocol"], &["rustix"]), [""; 0]);
        assert_eq!(
            found("protocol", &["storage"], &[]),
            ["`protocol` may not use `storage`"]
        );
    }

    #[test]
    fn a_runtime_in_a_pure_crate_is_found_by_family() {
        let messages = found("protocol", &[], &["tokio-util", "thiserror", "timely"]);
        assert_eq!(
            messages,
            ["`protocol` may not use `tokio-util`: a pure crate has no runtime"]
        );
    }

    #[test]
    fn anyhow_in_a_library_is_found() {
        assert_eq!(found("storage", &[], &["anyhow"]).len(), 1);
        assert_eq!(found("xtask", &[], &["anyhow"]).len(), 0);
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(found("attic", &[], &[]).len(), 1);
    }

    #[test]
    fn the_table_has_no_cycle_since_rows_only_use_rows_above() {
        for (index, layer) in LAYERS.iter().enumerate() {
            let above = &LAYERS[..index];
            for used in layer.may_use {
                assert!(
                    above.iter().any(|row| row.name == *used),
                    "{} uses {used}",
                    layer.name
                );
            }
        }
    }
}
