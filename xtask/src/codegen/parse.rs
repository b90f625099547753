//! Reads the definitions under `crates/protocol/messages` and checks them.
//!
//! Their language is described in `docs/format/message-definitions.md`. What that page does not
//! allow is refused, with file and line.

mod fields;
mod lines;

use super::model::{Api, Definitions, ErrorLine, Family, Message, Record, Shape, Versions};
use anyhow::{Context, Result, bail, ensure};
use fields::parse_versions;
use lines::Line;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Reads every definition below `root`.
pub(super) fn read(root: &Path) -> Result<Definitions> {
    let mut definitions = Definitions::default();
    for path in sorted_entries(root)? {
        match file_name(&path).as_str() {
            "errors.txt" => definitions.errors = read_errors(&path)?,
            "records" => definitions.families = read_families(root, &path)?,
            _ => File::read(root, &path)?.add_to(&mut definitions)?,
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
        let code = line.number(0)?;
        line.end(3)?;
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
        let name = path.strip_prefix(root)?.to_string_lossy();
        Self::parse(&name.replace('\\', "/"), &text)
    }

    fn parse(name: &str, text: &str) -> Result<Self> {
        let summary = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let summary = summary.with_context(|| format!("{name}: no comment in the first line"))?;
        let summary = summary.split_once(": ").map_or(summary, |(_, rest)| rest);
        let lines = lines::parse(text, name)?;
        let mut seen = BTreeSet::new();
        for line in &lines {
            let word = line.word(0)?;
            let is_first = word == "header" || seen.insert(word);
            ensure!(is_first, "{}: a second `{word}`", line.place);
        }
        Ok(Self {
            name: name.to_owned(),
            summary: summary.to_owned(),
            lines,
        })
    }

    /// Adds the API, or the headers, that the file defines.
    fn add_to(&self, definitions: &mut Definitions) -> Result<()> {
        let is_api = self.find("api").is_some();
        for line in &self.lines {
            match line.word(0)? {
                "header" => {
                    let header = self.message(line, 1, line.word(1)?, false)?;
                    definitions.headers.push(header);
                }
                "api" => definitions.apis.push(self.api(line)?),
                // Parts of the API, which it has read.
                "listeners" | "unstable" | "advertised" | "forwardable" | "request"
                | "response"
                    if is_api => {}
                other => bail!("{}: unknown definition `{other}`", line.place),
            }
        }
        Ok(())
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
        line.end(3)?;
        let listeners = self
            .find("listeners")
            .map_or(Ok(Listeners::default()), Listeners::parse)?;
        let unstable = self.find("unstable").map(|line| line.number(1));
        let advertised = self
            .find("advertised")
            .map(|line| parse_versions_at(line, 1, None));
        let api = Api {
            key: line.number(1)?,
            name: name.to_owned(),
            summary: self.summary.clone(),
            broker: listeners.broker,
            controller: listeners.controller,
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
            self.expect_only(&["pair", "key", "value"])?;
            let name = line.word(2)?;
            line.end(3)?;
            let key = self.part("key", &format!("{name}Key"), true)?;
            let only_version_0 = Versions { first: 0, last: 0 };
            ensure!(
                key.versions == only_version_0,
                "{}: a key has no versions",
                line.place
            );
            return Ok(Record {
                id: Some(line.number(1)?),
                name: name.to_owned(),
                shape: Shape::Pair {
                    key,
                    value: self.part("value", &format!("{name}Value"), true)?,
                },
            });
        }
        self.expect_only(&["record"])?;
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

    fn expect_only(&self, words: &[&str]) -> Result<()> {
        for line in &self.lines {
            let word = line.word(0)?;
            let place = &line.place;
            ensure!(
                words.contains(&word),
                "{place}: unknown definition `{word}`"
            );
        }
        Ok(())
    }

    /// The message whose fields stand below `line`, where its versions follow word `at`.
    fn message(&self, line: &Line, at: usize, name: &str, owned: bool) -> Result<Message> {
        let versions = parse_versions_at(line, at + 1, None)?;
        let first_flexible = match line.words.get(at + 2).map(String::as_str) {
            None => None,
            Some("flexible") => Some(parse_versions_at(line, at + 3, Some(i16::MAX))?.first),
            Some(other) => bail!("{}: unknown word `{other}`", line.place),
        };
        line.end(at + 4)?;
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

/// Who serves an API.
#[derive(Default)]
struct Listeners {
    broker: bool,
    controller: bool,
}

impl Listeners {
    fn parse(line: &Line) -> Result<Self> {
        let mut listeners = Self::default();
        for word in &line.words[1..] {
            match word.as_str() {
                "broker" => listeners.broker = true,
                "controller" => listeners.controller = true,
                other => bail!("{}: unknown listener `{other}`", line.place),
            }
        }
        Ok(listeners)
    }
}

/// The versions that word `index` of a line is.
fn parse_versions_at(line: &Line, index: usize, last: Option<i16>) -> Result<Versions> {
    parse_versions(line.word(index)?, last).with_context(|| line.place.clone())
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

#[cfg(test)]
mod tests {
    use super::*;

    const PING: &str = "# Ping: asks for a sign of life.
api 99 Ping
listeners broker
request 0-2 flexible 2+
  Name  string  0+
response 0-2 flexible 2+
  Pong  bool  1+  ignorable
";

    fn refusal(text: &str) -> String {
        let file = File::parse("99_ping.txt", text);
        let read = file.and_then(|file| file.add_to(&mut Definitions::default()));
        format!("{:#}", read.unwrap_err())
    }

    #[test]
    fn a_sound_definition_is_read() {
        let mut definitions = Definitions::default();
        let file = File::parse("99_ping.txt", PING).unwrap();
        file.add_to(&mut definitions).unwrap();
        let api = &definitions.apis[0];
        assert_eq!((api.key, api.broker, api.controller), (99, true, false));
        assert_eq!(api.request.first_flexible, Some(2));
        assert_eq!(api.response.structs[0].fields[0].name, "Pong");
    }

    #[test]
    fn a_slip_is_refused_at_its_line() {
        for (sound, slip, place) in [
            ("99", "ninety", "99_ping.txt:2: `ninety` is not a number"),
            (
                "Ping\n",
                "Ping Pong\n",
                "99_ping.txt:2: unknown word `Pong`",
            ),
            ("broker", "brokr", "99_ping.txt:3: unknown listener `brokr`"),
            (
                "listeners broker",
                "forwardabel",
                "99_ping.txt:3: unknown definition `forwardabel`",
            ),
            (
                "listeners broker",
                "unstable two",
                "99_ping.txt:3: `two` is not a number",
            ),
            ("request 0-2", "request 0-x", "99_ping.txt:4: "),
            (
                "request 0-2",
                "request 2-0",
                "99_ping.txt:4: versions `2-0`",
            ),
            (
                "flexible 2+\n  Name",
                "flexible two\n  Name",
                "99_ping.txt:4: ",
            ),
            (
                "flexible 2+\n  Name",
                "supple 2+\n  Name",
                "99_ping.txt:4: unknown word `supple`",
            ),
            ("  Name", "   Name", "99_ping.txt:5: wrong indentation"),
            ("string", "text", "99_ping.txt:5: unknown type `text`"),
            ("response", "request", "99_ping.txt:6: a second `request`"),
            ("1+", "3+", "99_ping.txt:7: "),
            (
                "ignorable",
                "ignored",
                "99_ping.txt:7: unknown attribute `ignored`",
            ),
        ] {
            assert!(PING.contains(sound), "{sound}");
            let message = refusal(&PING.replacen(sound, slip, 1));
            assert!(message.starts_with(place), "`{slip}`: {message}");
        }
    }

    #[test]
    fn a_record_has_no_lines_of_an_api() {
        let text = "# R: a record.\nrecord 1 RRecord 0\n  Name  string  0+\nforwardable\n";
        let error = File::parse("r.txt", text).unwrap().record().unwrap_err();
        assert_eq!(
            error.to_string(),
            "r.txt:4: unknown definition `forwardable`"
        );
    }
}
