//! Indented lines as a tree.

use anyhow::{Context, Result, bail, ensure};

/// A line and the lines indented below it.
#[derive(Debug)]
pub(super) struct Line {
    /// File and line number, for errors.
    pub(super) place: String,
    pub(super) words: Vec<String>,
    pub(super) children: Vec<Self>,
}

impl Line {
    pub(super) fn word(&self, index: usize) -> Result<&str> {
        let word = self.words.get(index).map(String::as_str);
        word.with_context(|| format!("{}: word {} is missing", self.place, index + 1))
    }

    /// Word `index` as a number.
    pub(super) fn number(&self, index: usize) -> Result<i16> {
        let word = self.word(index)?;
        let number = word.parse();
        number.with_context(|| format!("{}: `{word}` is not a number", self.place))
    }

    /// Makes sure that there are no more than `count` words.
    pub(super) fn end(&self, count: usize) -> Result<()> {
        match self.words.get(count) {
            None => Ok(()),
            Some(word) => bail!("{}: unknown word `{word}`", self.place),
        }
    }
}

/// The lines of `text` that are not indented, each with what is below it.
pub(super) fn parse(text: &str, file: &str) -> Result<Vec<Line>> {
    let mut open: Vec<Line> = Vec::new();
    let mut top = Vec::new();
    for (index, raw) in text.lines().enumerate() {
        let content = raw.trim_start_matches(' ');
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        let place = format!("{file}:{}", index + 1);
        let indent = raw.len() - content.len();
        let level = if file == "errors.txt" { 0 } else { indent / 2 };
        let well_indented = indent % 2 == 0 && level <= open.len();
        ensure!(well_indented || level == 0, "{place}: wrong indentation");
        close(&mut open, &mut top, level);
        open.push(Line {
            place,
            words: content.split_whitespace().map(str::to_owned).collect(),
            children: Vec::new(),
        });
    }
    close(&mut open, &mut top, 0);
    Ok(top)
}

/// Hands the lines that are open at `level` or deeper to those they belong to.
fn close(open: &mut Vec<Line>, top: &mut Vec<Line>, level: usize) {
    while open.len() > level {
        let Some(line) = open.pop() else { return };
        let parent = open
            .last_mut()
            .map_or(&mut *top, |parent| &mut parent.children);
        parent.push(line);
    }
}
