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
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder below `crates/protocol` that holds nothing but output.
const OUTPUT: &str = "src/generated";

/// Writes the generated code, or with `--check` compares it with what is there.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        [] => write(),
        [check] if check == "--check" => check_fresh(),
        _ => bail!("usage: cargo xtask codegen [--check]"),
    }
}

/// Reads every definition of the tree at `root`.
pub(crate) fn definitions(root: &Path) -> Result<Definitions> {
    parse::read(&root.join("crates/protocol/messages"))
}

fn write() -> Result<()> {
    let (root, files) = (protocol(), generate()?);
    for stale in stale_files(&root, &files)? {
        fs::remove_file(root.join(stale))?;
    }
    for (path, text) in &files {
        let path = root.join(path);
        if fs::read_to_string(&path).is_ok_and(|current| current == *text) {
            continue;
        }
        let folder = path.parent().context("a file has a folder")?;
        fs::create_dir_all(folder)?;
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

fn check_fresh() -> Result<()> {
    let (root, files) = (protocol(), generate()?);
    let mut differing = stale_files(&root, &files)?;
    for (path, text) in &files {
        if fs::read_to_string(root.join(path)).ok().as_ref() != Some(text) {
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
fn generate() -> Result<Files> {
    format(emit::files(&definitions(workspace())?))
}

/// Has rustfmt format the files, in a folder that is gone afterwards.
fn format(mut files: Files) -> Result<Files> {
    let folder = std::env::temp_dir().join(format!("klamm-codegen-{}", std::process::id()));
    for (path, text) in &files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().context("a file has a folder")?)?;
        fs::write(&path, text)?;
    }
    let formatted = rustfmt(&folder, &files);
    for (path, text) in &mut files {
        *text = fs::read_to_string(folder.join(path))?;
    }
    fs::remove_dir_all(&folder)?;
    formatted.map(|()| files)
}

fn rustfmt(folder: &Path, files: &Files) -> Result<()> {
    let output = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(workspace())
        .args(files.keys())
        .current_dir(folder)
        .output()
        .context("run rustfmt")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "format output: {errors}");
    Ok(())
}

/// Files among the output that the definitions no longer make.
fn stale_files(root: &Path, files: &Files) -> Result<Vec<String>> {
    let mut present = BTreeSet::new();
    collect_files(root, Path::new(OUTPUT), &mut present)?;
    Ok(present
        .into_iter()
        .filter(|path| !files.contains_key(path))
        .collect())
}

fn collect_files(root: &Path, folder: &Path, files: &mut BTreeSet<String>) -> Result<()> {
    let absolute = root.join(folder);
    if !absolute.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(absolute)? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect_files(root, &path, files)?;
        } else {
            files.insert(path.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

fn protocol() -> PathBuf {
    workspace().join("crates/protocol")
}

fn workspace() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_committed_code_is_what_the_definitions_make() {
        super::check_fresh().unwrap();
    }
}
