//! The transcript: commands with what was answered, as `tests/compat/tools/README.md` describes.
//!
//! Reading and writing only; nothing is run here.

use std::collections::BTreeSet;

use anyhow::Result;

/// What becomes of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It runs to its end.
    Run,
    /// It runs beside the following ones.
    Beside,
    /// The one beside is ended.
    EndBeside,
}

/// A command and what is said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) kind: Kind,
    /// Its standard input.
    pub(super) input: String,
    /// The line of the command and those of its settings.
    heading: Vec<String>,
    words: Vec<String>,
    awaited: Option<String>,
    is_unordered: bool,
    answer: Vec<String>,
}

impl Step {
    fn new(line: &str) -> Option<Self> {
        let (kind, command) = line.split_at_checked(2)?;
        let kind = match kind {
            "> " => Kind::Run,
            "& " => Kind::Beside,
            "! " => Kind::EndBeside,
            _ => return None,
        };
        Some(Self {
            kind,
            input: String::new(),
            heading: vec![line.to_owned()],
            words: words(command),
            awaited: None,
            is_unordered: false,
            answer: Vec::new(),
        })
    }

    /// Whether the line is one of this step.
    fn takes(&mut self, line: &str) -> bool {
        let text = line.get(2..).unwrap_or_default();
        match line.chars().next() {
            Some('<') => {
                self.input.push_str(&text.replace("\\t", "\t"));
                self.input.push('\n');
            }
            Some('?') => self.awaited = Some(text.to_owned()),
            Some('~') => self.is_unordered = true,
            Some(' ') => {
                self.answer.push(line.to_owned());
                return true;
            }
            _ => return false,
        }
        self.heading.push(line.to_owned());
        true
    }

    pub(super) fn tool(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str)
    }

    pub(super) fn is_awaited_in(&self, answer: &[String]) -> bool {
        let awaited = self.awaited.as_deref().unwrap_or_default();
        awaited.is_empty() || answer.iter().any(|line| line.contains(awaited))
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        let mut answer = self.answer.clone();
        if self.is_unordered {
            answer.sort_unstable();
        }
        self.heading.iter().cloned().chain(answer)
    }
}

/// Commands in the order in which they run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transcript(Vec<Step>);

impl Transcript {
    /// Comments and empty lines are left out.
    pub(super) fn parse(text: &str) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        for line in text.lines() {
            let is_of_last = steps.last_mut().is_some_and(|step| step.takes(line));
            if !is_of_last {
                steps.extend(Step::new(line));
            }
        }
        Self(steps)
    }

    pub(super) fn retain(&mut self, is_kept: impl Fn(&Step) -> bool) {
        self.0.retain(is_kept);
    }

    /// The same commands with other answers.
    ///
    /// # Errors
    /// When a command could not be run.
    pub(super) fn answered_by(
        &self,
        mut answer: impl FnMut(&Step) -> Result<Vec<String>>,
    ) -> Result<Self> {
        let answered = self.0.iter().map(|step| {
            let answer = answer(step)?;
            Ok(Step {
                answer,
                ..step.clone()
            })
        });
        Ok(Self(answered.collect::<Result<_>>()?))
    }

    /// The names of the tools, each once.
    pub(super) fn tools(&self) -> BTreeSet<&str> {
        self.0.iter().map(Step::tool).collect()
    }

    /// As it was read, but for what has no order: that is sorted.
    pub(super) fn text(&self) -> String {
        self.0
            .iter()
            .flat_map(Step::lines)
            .map(|line| line + "\n")
            .collect()
    }
}

/// Words are separated by blanks; one in `'…'` may contain some.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = command.trim_start();
    while !rest.is_empty() {
        let quoted = rest
            .strip_prefix('\'')
            .and_then(|text| text.split_once('\''));
        let (word, behind) = quoted.unwrap_or_else(|| rest.split_once(' ').unwrap_or((rest, "")));
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# tools\n> list --topic 'a b' c\n< x\\ty\n<\n? two\n~\n  two\n  one\n\n\
                        & wait\n! wait\n  2| end\n  exit 3\n";

    #[test]
    fn a_transcript_is_its_commands_with_their_settings_and_answers() {
        let Transcript(steps) = Transcript::parse(TEXT);
        let kinds: Vec<_> = steps.iter().map(|step| step.kind).collect();
        assert_eq!(kinds, [Kind::Run, Kind::Beside, Kind::EndBeside]);
        let arguments: Vec<_> = steps[0].arguments().collect();
        assert_eq!(arguments, ["--topic", "a b", "c"]);
        assert_eq!(steps[0].input, "x\ty\n\n");
        assert!(steps[0].is_awaited_in(&["  twofold".to_owned()]));
        assert!(!steps[0].is_awaited_in(&["  one".to_owned()]));
        assert_eq!(steps[2].answer, ["  2| end", "  exit 3"]);
    }

    #[test]
    fn answers_without_an_order_are_sorted_in_the_text() {
        let expected = "> list --topic 'a b' c\n< x\\ty\n<\n? two\n~\n  one\n  two\n\
                        & wait\n! wait\n  2| end\n  exit 3\n";
        assert_eq!(Transcript::parse(TEXT).text(), expected);
    }

    #[test]
    fn another_answer_leaves_the_commands_as_they_are() {
        let answered = Transcript::parse(TEXT).answered_by(|_| Ok(vec!["  none".to_owned()]));
        let expected = "> list --topic 'a b' c\n< x\\ty\n<\n? two\n~\n  none\n\
                        & wait\n  none\n! wait\n  none\n";
        assert_eq!(answered.unwrap().text(), expected);
    }
}
