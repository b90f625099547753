//! What a tool says about how it is used, from its table of options.

use super::OptionSpec;
use super::argparse::{Subcommand, Tool};

const WIDTH: usize = 80;
/// Where explanations begin.
const INDENT: usize = 24;

/// One line, or a few if there are many subcommands.
pub(super) fn of_tool(program: &str, tool: &Tool) -> String {
    let names: Vec<_> = tool.subcommands.iter().map(|each| each.name).collect();
    let choice = format!("{{{}}}", names.join(","));
    let mut words = words_of(&tool.before);
    words.extend([choice, "...".to_owned()]);
    fill(INDENT - 1, &format!("usage: {program}"), &words)
}

pub(super) fn of_subcommand(program: &str, subcommand: &Subcommand) -> String {
    let words = words_of(subcommand);
    let beginning = format!("usage: {program} {}", subcommand.name);
    fill(INDENT - 1, beginning.trim_end(), &words)
}

/// What stands for the options.
fn words_of(subcommand: &Subcommand) -> Vec<String> {
    let is_exclusive = |option: &&OptionSpec| subcommand.exclusive.contains(&option.long);
    let alone = subcommand
        .options
        .iter()
        .filter(|option| !is_exclusive(option));
    let mut words = vec!["[-h]".to_owned()];
    for option in alone {
        let word = word_of(option);
        words.push(if option.is_required {
            word
        } else {
            format!("[{word}]")
        });
    }
    let exclusive = subcommand.options.iter().filter(is_exclusive).map(word_of);
    let exclusive = exclusive.collect::<Vec<_>>().join(" | ");
    if !exclusive.is_empty() {
        let mut options = subcommand.options.iter().filter(is_exclusive);
        let exclusive = match options.any(|option| option.is_required) {
            true => format!("({exclusive})"),
            false => format!("[{exclusive}]"),
        };
        words.extend(
            exclusive
                .split_inclusive(" | ")
                .map(|word| word.trim_end().to_owned()),
        );
    }
    words
}

pub(super) fn help_of_tool(program: &str, tool: &Tool) -> String {
    let mut text = format!(
        "{}\n\n{}\n\ncommands:\n",
        of_tool(program, tool),
        tool.about
    );
    for subcommand in tool.subcommands {
        explain(&mut text, subcommand.name, subcommand.about);
    }
    text.push_str("\noptions:\n");
    explain(&mut text, "-h, --help", HELP);
    explain_options(&mut text, tool.before.options);
    text
}

pub(super) fn help_of_subcommand(program: &str, subcommand: &Subcommand) -> String {
    let usage = of_subcommand(program, subcommand);
    let mut text = format!("{usage}\n\n{}\n\noptions:\n", subcommand.about);
    explain(&mut text, "-h, --help", HELP);
    explain_options(&mut text, subcommand.options);
    text
}

/// What a tool without subcommands says that is used like this.
pub(crate) fn help_of_options(usage: &str, about: &str, options: &[OptionSpec]) -> String {
    let words: Vec<_> = about.split(' ').map(str::to_owned).collect();
    let about = fill(0, "", &words);
    let mut text = format!("{usage}\n\n{}\n\noptions:\n", about.trim_start());
    explain_options(&mut text, options);
    text
}

const HELP: &str = "Show this text.";

fn explain_options(text: &mut String, options: &[OptionSpec]) {
    for option in options {
        let value = option
            .value
            .map(|value| format!(" {value}"))
            .unwrap_or_default();
        let mut names = format!("--{}{value}", option.long);
        if let Some(short) = option.short {
            names.push_str(&format!(", -{short}{value}"));
        }
        explain(text, &names, option.help);
    }
}

fn word_of(option: &OptionSpec) -> String {
    match option.value {
        Some(value) => format!("--{} {value}", option.long),
        None => format!("--{}", option.long),
    }
}

/// A name and, in the column beside it or below, what it is.
fn explain(text: &mut String, name: &str, explanation: &str) {
    let words: Vec<_> = explanation.split(' ').map(str::to_owned).collect();
    let gap = " ".repeat(INDENT);
    let filled = fill(INDENT - 1, &gap[1..], &words);
    let beside = format!("  {name}  ");
    if beside.len() <= INDENT {
        text.push_str(&format!("{beside:INDENT$}{}\n", filled.trim_start()));
    } else {
        text.push_str(&format!("  {name}\n{filled}\n"));
    }
}

/// Words behind a beginning, in as many lines as they need, which begin in column `indent + 1`.
fn fill(indent: usize, beginning: &str, words: &[String]) -> String {
    let mut text = beginning.to_owned();
    let mut column = beginning.len();
    for word in words {
        if column + 1 + word.len() > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + word.len();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBCOMMAND: Subcommand = Subcommand {
        name: "format",
        about: "Formats.",
        options: &[
            OptionSpec {
                long: "cluster-id",
                short: Some('t'),
                value: Some("CLUSTER_ID"),
                is_required: true,
                help: "The cluster, whose name is long enough to need a second line of its \
                       own here.",
            },
            OptionSpec {
                long: "quiet",
                short: None,
                value: None,
                is_required: false,
                help: "Say nothing.",
            },
            OptionSpec {
                long: "standalone",
                short: Some('s'),
                value: None,
                is_required: false,
                help: "Alone.",
            },
            OptionSpec {
                long: "voters",
                short: None,
                value: Some("VOTERS"),
                is_required: false,
                help: "Not alone.",
            },
        ],
        exclusive: &["standalone", "voters"],
    };

    #[test]
    fn usage_brackets_what_may_be_left_out_and_bars_what_excludes_each_other() {
        let expected = "usage: tool format [-h] --cluster-id CLUSTER_ID [--quiet] [--standalone |\n\
                        \x20                       --voters VOTERS]";
        assert_eq!(of_subcommand("tool", &SUBCOMMAND), expected);
    }

    #[test]
    fn help_explains_each_option_in_a_column() {
        let expected = "
Formats.

options:
  -h, --help            Show this text.
  --cluster-id CLUSTER_ID, -t CLUSTER_ID
                        The cluster, whose name is long enough to need a second
                        line of its own here.
  --quiet               Say nothing.
  --standalone, -s      Alone.
  --voters VOTERS       Not alone.
";
        let help = help_of_subcommand("tool", &SUBCOMMAND);
        assert!(help.ends_with(expected), "{help}");
    }

    #[test]
    fn usage_of_a_tool_names_its_commands() {
        let tool = Tool {
            about: "Does things.",
            before: Subcommand::NONE,
            subcommands: &[SUBCOMMAND],
        };
        assert_eq!(of_tool("tool", &tool), "usage: tool [-h] {format} ...");
        assert!(help_of_tool("tool", &tool).contains("\n  format                Formats.\n"));
    }
}
