//! The whole gate, the same here and on the machine that decides about a merge. At most ten
//! minutes on two cores.

use std::path::Path;

use anyhow::{Context, Result};

use crate::stages::{self, Stage};
use crate::{codegen, compat_page, tidy, workspace};

// From cheap to dear, so that a slip shows early.
const STAGES: &[Stage] = &[
    Stage {
        name: "format",
        work: check_format,
    },
    Stage {
        name: "tidy",
        work: tidy::run,
    },
    Stage {
        name: "generated code",
        work: |root| codegen::run(root, &["--check".to_owned()]),
    },
    Stage {
        name: "generated pages",
        work: compat_page::check,
    },
    Stage {
        name: "dependencies",
        work: check_dependencies,
    },
    Stage {
        name: "lints",
        work: check_lints,
    },
    Stage {
        name: "tests",
        work: |root| cargo(root, &["test", "--workspace", "--locked"]),
    },
    Stage {
        name: "fuzz targets",
        work: check_fuzz_targets,
    },
    Stage {
        name: "documentation",
        work: build_documentation,
    },
];

/// Runs every stage, or up to the first that fails.
pub(crate) fn run(root: &Path) -> Result<()> {
    stages::run(root, STAGES)
}

fn check_format(root: &Path) -> Result<()> {
    cargo(root, &["fmt", "--all", "--check"])?;
    cargo(
        root,
        &["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"],
    )
}

fn check_dependencies(root: &Path) -> Result<()> {
    // Advisories are left out: their database is on the network and changes under us.
    cargo(
        root,
        &[
            "deny",
            "--all-features",
            "check",
            "bans",
            "licenses",
            "sources",
        ],
    )
    .context("needs cargo-deny, which `.ci/run` installs")
}

fn check_lints(root: &Path) -> Result<()> {
    cargo(
        root,
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
    )
}

/// That they still fit the code; to run them takes a nightly compiler (`cargo xtask fuzz`).
fn check_fuzz_targets(root: &Path) -> Result<()> {
    let arguments = ["clippy", "--locked", "--", "-D", "warnings"];
    workspace::run(workspace::cargo(&root.join("fuzz")).args(arguments))
}

fn build_documentation(root: &Path) -> Result<()> {
    let mut command = workspace::cargo(root);
    command.args(["doc", "--workspace", "--no-deps", "--locked"]);
    workspace::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<()> {
    workspace::run(workspace::cargo(root).args(arguments))
}
