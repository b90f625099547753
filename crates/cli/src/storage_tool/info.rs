//! `klamm storage info`: which log directories there are, whose they are, and what is wrong.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use storage::checkpoint::{self, MetaProperties, MetaPropertiesVersion};
use storage::disk::Disk;

use crate::surroundings;

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    directories: Vec<PathBuf>,
    /// Of the first directory that has one.
    meta: Option<MetaProperties>,
    problems: Vec<String>,
}

/// Prints what is in the log directories of this configuration; fails if anything is wrong.
pub(super) fn run(config: &Path, out: &mut dyn Write) -> Result<ExitCode> {
    let config = super::format::configuration(config)?;
    let directories = super::format::directories(&config);
    let disk = surroundings::disk();
    let findings = surroundings::block_on(look_at(disk.as_ref(), &directories))?;
    findings.print(out)?;
    Ok(match findings.problems.is_empty() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

async fn look_at(disk: &dyn Disk, directories: &[PathBuf]) -> Findings {
    let mut findings = Findings::default();
    for path in directories {
        if let Err(problem) = findings.look_at(disk, path).await {
            findings.problems.push(problem);
        }
    }
    let version = findings.meta.as_ref().map(|meta| meta.version);
    if version == Some(MetaPropertiesVersion::Zero) {
        findings.problems.push(
            "The kafka configuration file appears to be for a cluster in KRaft mode, but the \
             directories are formatted for legacy mode."
                .to_owned(),
        );
    }
    findings
}

impl Findings {
    async fn look_at(&mut self, disk: &dyn Disk, path: &Path) -> Result<(), String> {
        let shown = path.display();
        match fs::metadata(path) {
            Err(_) => return Err(format!("{shown} does not exist")),
            Ok(found) if !found.is_dir() => return Err(format!("{shown} is not a directory")),
            Ok(_) => self.directories.push(path.to_owned()),
        }
        let file = path.join(MetaProperties::FILE_NAME);
        let loaded = checkpoint::load::<MetaProperties>(disk, &file).await;
        let loaded =
            loaded.map_err(|error| format!("Error loading {}: {error}", file.display()))?;
        let meta = loaded.ok_or_else(|| format!("{shown} is not formatted."))?;
        match &self.meta {
            None => self.meta = Some(meta),
            Some(first) if first.cluster_id != meta.cluster_id => {
                return Err("Mismatched cluster IDs between storage directories.".to_owned());
            }
            Some(first) if first.node_id != meta.node_id => {
                return Err("Mismatched node IDs between storage directories.".to_owned());
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn print(&self, out: &mut dyn Write) -> Result<()> {
        let directories: Vec<_> = self.directories.iter().map(|path| path.display()).collect();
        match directories.len() {
            0 => {}
            1 => print_list("Found log directory:", &directories, out)?,
            _ => print_list("Found log directories:", &directories, out)?,
        }
        if let Some(meta) = &self.meta {
            writeln!(out, "Found metadata: {{{}}}\n", properties_of(meta))?;
        }
        match self.problems.len() {
            0 => {}
            1 => print_list("Found problem:", &self.problems, out)?,
            _ => print_list("Found problems:", &self.problems, out)?,
        }
        Ok(())
    }
}

fn print_list<T: std::fmt::Display>(title: &str, items: &[T], out: &mut dyn Write) -> Result<()> {
    writeln!(out, "{title}")?;
    for item in items {
        writeln!(out, "  {item}")?;
    }
    writeln!(out)?;
    Ok(())
}

/// In the order of their names, as Java prints a map.
fn properties_of(meta: &MetaProperties) -> String {
    let (version, node_id) = match meta.version {
        MetaPropertiesVersion::Zero => ("0", "broker.id"),
        MetaPropertiesVersion::One => ("1", "node.id"),
    };
    let properties = BTreeMap::from([
        ("version", Some(version.to_owned())),
        (node_id, meta.node_id.map(|id| id.to_string())),
        ("cluster.id", meta.cluster_id.clone()),
        ("directory.id", meta.directory_id.map(|id| id.to_string())),
    ]);
    let present = properties.into_iter();
    let present = present.filter_map(|(key, value)| Some(format!("{key}={}", value?)));
    present.collect::<Vec<_>>().join(", ")
}
