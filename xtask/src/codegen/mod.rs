//! `cargo xtask codegen`: from `crates/protocol/messages` to `crates/protocol/src/generated`.
//!
//! The committed output must be what the definitions make: `--check` says where it is not, and so
//! does a test. Output is formatted in a folder of its own, so that a failure leaves the tree as
//! it was.

mod emit;
pub(crate) mod model;
mod names;
mod parse;

use anyhow::{Context, Result, bail, ensure};
use emit::Files;
use model::Definitions;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The crate that definitions and output belong to.
const CRATE: &str = "crates/protocol";
/// The folder below the crate that holds nothing but output.
const OUTPUT: &str = "src/generated";

/// Writes the generated code, or with `--check` compares it with what is there.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    match arguments {
        [] => write(root),
        [check] if check == "--check" => check_fresh(root),
        _ => bail!("usage: cargo xtask codegen [--check]"),
    }
}

/// Reads every definition of the tree at `root`.
pub(crate) fn definitions(root: &Path) -> Result<Definitions> {
    parse::read(&root.join(CRATE).join("messages"))
}

fn write(root: &Path) -> Result<()> {
    let (protocol, files) = (root.join(CRATE), generate(root)?);
    for stale in stale_files(&protocol, &files)? {
        fs::remove_file(protocol.join(stale))?;
    }
    for (path, text) in &files {
        let path = protocol.join(path);
        if fs::read_to_string(&path).is_ok_and(|current| current == *text) {
            continue;
        }
        let folder = path.parent().context("a file has a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn check_fresh(root: &Path) -> Result<()> {
    let (protocol, files) = (root.join(CRATE), generate(root)?);
    let mut differing = stale_files(&protocol, &files)?;
    for (path, text) in &files {
        if fs::read_to_string(protocol.join(path)).ok().as_ref() != Some(text) {
            differing.push(path.clone());
        }
    }
    let list = differing.join(", ");
    ensure!(
        differing.is_empty(),
        "check codegen: run `cargo xtask codegen`, these differ: {list}"
    );
    Ok(())
}

/// All output, formatted.
fn generate(root: &Path) -> Result<Files> {
    format(root, emit::files(&definitions(root)?))
}

/// Has rustfmt format the files, in a folder that is gone afterwards.
fn format(root: &Path, mut files: Files) -> Result<Files> {
    let folder = std::env::temp_dir().join(format!("klamm-codegen-{}", std::process::id()));
    for (path, text) in &files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(&path, text)?;
    }
    let formatted = rustfmt(root, &folder, &files);
    for (path, text) in &mut files {
        *text = fs::read_to_string(folder.join(path))?;
    }
    fs::remove_dir_all(&folder)?;
    formatted.map(|()| files)
}

fn rustfmt(root: &Path, folder: &Path, files: &Files) -> Result<()> {
    let output = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root)
        .args(files.keys())
        .current_dir(folder)
        .output()
        .context("run rustfmt")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "format output: {errors}");
    Ok(())
}

/// Files among the output that the definitions no longer make.
fn stale_files(protocol: &Path, files: &Files) -> Result<Vec<String>> {
    let mut present = BTreeSet::new();
    collect_files(protocol, Path::new(OUTPUT), &mut present)?;
    Ok(present
        .into_iter()
        .filter(|path| !files.contains_key(path))
        .collect())
}

fn collect_files(protocol: &Path, folder: &Path, files: &mut BTreeSet<String>) -> Result<()> {
    let absolute = protocol.join(folder);
    if !absolute.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(absolute)? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect_files(protocol, &path, files)?;
        } else {
            files.insert(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_code_is_what_the_definitions_make() {
        super::check_fresh(&crate::workspace::root().unwrap()).unwrap();
    }
}
