//! Reads the definitions under `crates/protocol/messages` and checks them.
//!
//! A definition is lines indented by two spaces a level; `#` starts a comment, and the first
//! comment of a file says what it defines. What stands where:
//!
//! ```text
//! api KEY NAME                        a request and its response; then, as far as they apply,
//! listeners broker controller         who serves it
//! unstable VERSION                    a newest version that is offered only on demand
//! advertised VERSIONS                 what ApiVersions says, if it is not what is served
//! forwardable                         brokers forward it to the controller
//! request VERSIONS [flexible FROM+]   the fields of each below it
//! response VERSIONS [flexible FROM+]
//! header NAME VERSIONS …              a header
//! record [ID] NAME VERSIONS …         a stored record; the folder is its family
//! pair ID NAME                        a keyed record, and below it
//! key VERSIONS …, value VERSIONS …    its two parts
//!
//!   FIELD TYPE VERSIONS [ATTRIBUTE, …]
//! ```
//!
//! Types are `bool`, `int8` … `int64`, `uint16`, `uint32`, `float64`, `uuid`, `string`, `bytes`,
//! `records`, the name of a struct (its fields stand below its first use) and `[TYPE]`. Versions
//! are `3`, `3-5` or `3+`. Attributes: `null [VERSIONS]`, `default VALUE`, `tag NUMBER`,
//! `ignorable` (dropped where the version lacks it; else that is an error), `key` (elements of an
//! array are told apart by it) and `never flexible`. An `int16` whose name ends in `ErrorCode` is
//! an error code.

mod fields;
mod lines;

use super::model::{Api, Definitions, ErrorLine, Family, Message, Record, Shape, Versions};
use anyhow::{Context, Result, bail, ensure};
use fields::parse_versions;
use lines::Line;
use std::fs;
use std::path::{Path, PathBuf};

/// Reads every definition below `root`.
pub(super) fn read(root: &Path) -> Result<Definitions> {
    let mut definitions = Definitions::default();
    for path in sorted_entries(root)? {
        match file_name(&path).as_str() {
            "errors.txt" => definitions.errors = read_errors(&path)?,
            "records" => definitions.families = read_families(root, &path)?,
            _ => read_file(root, &path, &mut definitions)?,
        }
    }
    definitions.apis.sort_by_key(|api| api.key);
    let keys = definitions
        .apis
        .windows(2)
        .find(|two| two[0].key == two[1].key);
    ensure!(
        keys.is_none(),
        "read definitions: two APIs have the same key"
    );
    Ok(definitions)
}

fn read_file(root: &Path, path: &Path, definitions: &mut Definitions) -> Result<()> {
    let file = File::read(root, path)?;
    for line in &file.lines {
        match line.words[0].as_str() {
            "header" => definitions
                .headers
                .push(file.message(line, 1, line.word(1)?, false)?),
            "api" => definitions.apis.push(file.api(line)?),
            // Those belong to the `api` line before them, which has read them.
            "listeners" | "unstable" | "advertised" | "forwardable" | "request" | "response" => {}
            other => bail!("{}: unknown definition `{other}`", line.place),
        }
    }
    Ok(())
}

fn read_families(root: &Path, records: &Path) -> Result<Vec<Family>> {
    let mut families = Vec::new();
    for folder in sorted_entries(records)? {
        let mut family = Family {
            folder: file_name(&folder),
            records: Vec::new(),
        };
        for path in sorted_entries(&folder)? {
            let file = File::read(root, &path)?;
            family.records.push(file.record()?);
        }
        let with_id = family
            .records
            .iter()
            .filter(|record| record.id.is_some())
            .count();
        let all_or_none = with_id == 0 || with_id == family.records.len();
        ensure!(all_or_none, "{}: some records have no id", folder.display());
        families.push(family);
    }
    Ok(families)
}

fn read_errors(path: &Path) -> Result<Vec<ErrorLine>> {
    let text = fs::read_to_string(path)?;
    let mut errors = Vec::new();
    for line in lines::parse(&text, "errors.txt")? {
        let code: i16 = line.word(0)?.parse().with_context(|| line.place.clone())?;
        // The table is indexed by the code.
        ensure!(
            code == errors.len() as i16 - 1,
            "{}: codes have a gap",
            line.place
        );
        errors.push(ErrorLine {
            code,
            name: line.word(1)?.to_owned(),
            retriable: match line.words.get(2).map(String::as_str) {
                None => false,
                Some("retriable") => true,
                Some(other) => bail!("{}: unknown word `{other}`", line.place),
            },
        });
    }
    Ok(errors)
}

/// One definition file.
struct File {
    /// Its path below the root of the definitions.
    name: String,
    summary: String,
    lines: Vec<Line>,
}

impl File {
    fn read(root: &Path, path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let name = path
            .strip_prefix(root)?
            .to_string_lossy()
            .replace('\\', "/");
        let summary = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let summary = summary.with_context(|| format!("{name}: no comment in the first line"))?;
        Ok(Self {
            summary: summary
                .split_once(": ")
                .map_or(summary, |(_, rest)| rest)
                .to_owned(),
            lines: lines::parse(&text, &name)?,
            name,
        })
    }

    fn find(&self, word: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.words[0] == word)
    }

    fn part(&self, word: &str, name: &str, owned: bool) -> Result<Message> {
        let line = self.find(word);
        let line = line.with_context(|| format!("{}: no `{word}`", self.name))?;
        let mut message = self.message(line, 0, name, owned)?;
        message.summary = format!("{word}: {}", self.summary);
        Ok(message)
    }

    fn api(&self, line: &Line) -> Result<Api> {
        let name = line.word(2)?;
        let unstable = self
            .find("unstable")
            .map(|line| line.word(1)?.parse().context("version"));
        let advertised = self
            .find("advertised")
            .map(|line| parse_versions(line.word(1)?, None));
        let listeners = self
            .find("listeners")
            .map_or(&[][..], |line| &line.words[1..]);
        let api = Api {
            key: line.word(1)?.parse().with_context(|| line.place.clone())?,
            name: name.to_owned(),
            summary: self.summary.clone(),
            broker: listeners.iter().any(|listener| listener == "broker"),
            controller: listeners.iter().any(|listener| listener == "controller"),
            unstable: unstable.transpose()?,
            advertised: advertised.transpose()?,
            forwardable: self.find("forwardable").is_some(),
            request: self.part("request", &format!("{name}Request"), false)?,
            response: self.part("response", &format!("{name}Response"), false)?,
        };
        let same = api.request.versions == api.response.versions
            && api.request.first_flexible == api.response.first_flexible;
        ensure!(
            same,
            "{}: versions of request and response differ",
            line.place
        );
        let newest = api.request.versions.last;
        let unstable_is_newest = api.unstable.is_none_or(|unstable| unstable == newest);
        ensure!(
            unstable_is_newest,
            "{}: only the newest version can be unstable",
            line.place
        );
        Ok(api)
    }

    fn record(&self) -> Result<Record> {
        if let Some(line) = self.find("pair") {
            let name = line.word(2)?;
            let key = self.part("key", &format!("{name}Key"), true)?;
            let only_version_0 = Versions { first: 0, last: 0 };
            ensure!(
                key.versions == only_version_0,
                "{}: a key has no versions",
                line.place
            );
            return Ok(Record {
                id: Some(line.word(1)?.parse()?),
                name: name.to_owned(),
                shape: Shape::Pair {
                    key,
                    value: self.part("value", &format!("{name}Value"), true)?,
                },
            });
        }
        let line = self.find("record");
        let line = line.with_context(|| format!("{}: no `record`", self.name))?;
        let id = line.word(1)?.parse().ok();
        let at = if id.is_some() { 2 } else { 1 };
        let message = self.message(line, at, line.word(at)?, true)?;
        Ok(Record {
            id,
            name: message.name.clone(),
            shape: Shape::Single(message),
        })
    }

    /// The message whose fields stand below `line`, where its versions follow word `at`.
    fn message(&self, line: &Line, at: usize, name: &str, owned: bool) -> Result<Message> {
        let versions = parse_versions(line.word(at + 1)?, None)?;
        let first_flexible = match line.words.get(at + 2).map(String::as_str) {
            None => None,
            Some("flexible") => Some(parse_versions(line.word(at + 3)?, Some(i16::MAX))?.first),
            Some(other) => bail!("{}: unknown word `{other}`", line.place),
        };
        Ok(Message {
            name: name.to_owned(),
            summary: self.summary.clone(),
            file: self.name.clone(),
            versions,
            first_flexible,
            owned,
            structs: fields::structs(line, name, versions, first_flexible)?,
        })
    }
}

fn sorted_entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
