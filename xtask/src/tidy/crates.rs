//! The crates of the workspace and of the fuzz workspace, as their manifests declare them.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::workspace;

/// The manifests that open a workspace. Fuzz targets have their own because they need a nightly
/// compiler.
const WORKSPACES: &[&str] = &["Cargo.toml", "fuzz/Cargo.toml"];

/// A crate of ours.
#[derive(Debug)]
pub(super) struct Crate {
    pub(super) name: String,
    /// Relative to the root, with slashes.
    pub(super) folder: String,
    pub(super) dependencies: Vec<Dependency>,
}

/// What a crate declares to use, be it for its code, its tests or its build.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// Whether it is a crate of ours.
    pub(super) is_ours: bool,
}

/// Every crate of every workspace of the tree.
pub(super) fn of_workspaces(root: &Path) -> Result<Vec<Crate>> {
    let mut crates = Vec::new();
    for manifest in WORKSPACES
        .iter()
        .filter(|manifest| root.join(manifest).is_file())
    {
        let metadata = workspace::output(workspace::cargo(root).args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--offline",
            "--manifest-path",
            manifest,
        ]))?;
        let metadata: Value = serde_json::from_slice(&metadata)
            .with_context(|| format!("read metadata of {manifest}"))?;
        crates.extend(parse(root, &metadata).with_context(|| format!("read crates: {manifest}"))?);
    }
    Ok(crates)
}

fn parse(root: &Path, metadata: &Value) -> Result<Vec<Crate>> {
    let packages = metadata["packages"]
        .as_array()
        .context("metadata has no packages")?;
    packages
        .iter()
        .map(|package| {
            let manifest = Path::new(text(package, "manifest_path")?);
            let folder = manifest
                .parent()
                .and_then(|folder| folder.strip_prefix(root).ok());
            let folder = folder.with_context(|| format!("{} is elsewhere", manifest.display()))?;
            let dependencies = package["dependencies"]
                .as_array()
                .context("no dependencies")?;
            Ok(Crate {
                name: text(package, "name")?.to_owned(),
                folder: folder.to_string_lossy().into_owned(),
                dependencies: dependencies.iter().map(dependency).collect::<Result<_>>()?,
            })
        })
        .collect()
}

fn dependency(declared: &Value) -> Result<Dependency> {
    Ok(Dependency {
        name: text(declared, "name")?.to_owned(),
        is_ours: declared["path"].is_string(),
    })
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value[key]
        .as_str()
        .with_context(|| format!("metadata has no `{key}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_read_with_its_folder_and_dependencies() {
        let metadata = serde_json::json!({ "packages": [{
            "name": "storage",
            "manifest_path": "/tree/crates/storage/Cargo.toml",
            "dependencies": [
                { "name": "protocol", "kind": null, "path": "/tree/crates/protocol" },
                { "name": "proptest", "kind": "dev" },
            ],
        }] });
        let crates = parse(Path::new("/tree"), &metadata).unwrap();
        assert_eq!(crates[0].name, "storage");
        assert_eq!(crates[0].folder, "crates/storage");
        let dependencies = &crates[0].dependencies;
        let seen: Vec<_> = dependencies
            .iter()
            .map(|each| (&*each.name, each.is_ours))
            .collect();
        assert_eq!(seen, [("protocol", true), ("proptest", false)]);
    }

    #[test]
    fn metadata_without_packages_is_an_error() {
        assert!(parse(Path::new("/tree"), &Value::Null).is_err());
    }
}
