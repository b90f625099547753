//! The blocks of the README that show terminals, as steps one after the other.
//!
//! A block that begins with "```console NAME" shows the terminal of this name. In it, `$ …` is a
//! command (a line that ends with `\` goes on in the next), `>…` is typed into the program that
//! runs there, `>^D` ends what is typed, and `^C` interrupts the program. Every other line is what
//! the line above it makes the terminal print; at the beginning of a block, what is printed there
//! because of what happened in another terminal.

/// Something that is done in a terminal, and what is printed then.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// Of the README, counted from 1.
    pub(super) line: usize,
    pub(super) terminal: String,
    pub(super) action: Action,
    pub(super) printed: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A command is started.
    Command(Vec<String>),
    /// A line is typed.
    Type(String),
    /// `^D`: nothing more is typed.
    EndInput,
    /// `^C`: the program is asked to stop.
    Interrupt,
    /// Nothing is done here.
    Look,
}

/// The steps of this text, in its order.
pub(super) fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut terminal = None;
    let mut is_first_of_block = false;
    let mut lines = text.lines().zip(1..);
    while let Some((text, line)) = lines.next() {
        let Some(name) = terminal else {
            terminal = text.strip_prefix("```console").map(str::trim);
            assert_ne!(terminal, Some(""), "README.md:{line}: name the terminal");
            is_first_of_block = true;
            continue;
        };
        if text == "```" {
            terminal = None;
            continue;
        }
        let mut command = text.to_owned();
        while let Some(begun) = command.strip_suffix('\\') {
            let (rest, _) = lines.next().unwrap_or_default();
            command = format!("{begun}{rest}");
        }
        match (action(&command), steps.last_mut()) {
            (None, Some(step)) if !is_first_of_block => step.printed.push(command),
            (action, _) => {
                let (action, printed) = action.unwrap_or((Action::Look, &command));
                steps.push(Step {
                    line,
                    terminal: name.to_owned(),
                    action,
                    printed: lines_of(printed),
                });
            }
        }
        is_first_of_block = false;
    }
    assert_eq!(terminal, None, "README.md: a block has no end");
    steps
}

/// What this line does, unless it is printed, and what is printed right behind it.
fn action(line: &str) -> Option<(Action, &str)> {
    if let Some(command) = line.strip_prefix("$ ") {
        let words = command.split_whitespace().map(str::to_owned);
        return Some((Action::Command(words.collect()), ""));
    }
    if line == ">^D" {
        return Some((Action::EndInput, ""));
    }
    if let Some(typed) = line.strip_prefix('>') {
        return Some((Action::Type(typed.to_owned()), ""));
    }
    let printed = line.strip_prefix("^C")?;
    Some((Action::Interrupt, printed))
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[test]
fn blocks_of_terminals_become_steps_and_others_do_not() {
    let text = "words\n```sh\n$ no\n```\n```console one\n$ a \\\n    b\nx\n\ny\n>in\n>^D\n```\n\
                ```console two\nz\n^Cend\n```\n";
    let step = |line, terminal: &str, action, printed: &[&str]| Step {
        line,
        terminal: terminal.to_owned(),
        action,
        printed: printed.iter().map(|&text| text.to_owned()).collect(),
    };
    let command = vec!["a".to_owned(), "b".to_owned()];
    let expected = [
        step(6, "one", Action::Command(command), &["x", "", "y"]),
        step(11, "one", Action::Type("in".to_owned()), &[]),
        step(12, "one", Action::EndInput, &[]),
        step(15, "two", Action::Look, &["z"]),
        step(16, "two", Action::Interrupt, &["end"]),
    ];
    assert_eq!(steps(text), expected);
}
