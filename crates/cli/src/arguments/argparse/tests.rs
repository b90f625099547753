//! What arguments mean in this dialect, and which are refused.

use super::*;

const TOOL: Tool = Tool {
    about: "Does things.",
    before: Subcommand::NONE,
    subcommands: &[
        Subcommand {
            name: "format",
            about: "Formats.",
            options: &[
                option("config", Some('c'), Some("CONFIG"), true),
                option("ignore-formatted", Some('g'), None, false),
                option("standalone", Some('s'), None, false),
                option("initial-controllers", Some('I'), Some("VOTERS"), false),
                option("feature", Some('f'), Some("FEATURE"), false),
            ],
            exclusive: &["standalone", "initial-controllers"],
        },
        Subcommand {
            name: "forget",
            about: "Forgets.",
            options: &[],
            exclusive: &[],
        },
    ],
};

const fn option(
    long: &'static str,
    short: Option<char>,
    value: Option<&'static str>,
    is_required: bool,
) -> OptionSpec {
    OptionSpec {
        long,
        short,
        value,
        is_required,
        help: "Some option.",
    }
}

fn parse(line: &str) -> Result<Parsed, UsageError> {
    static HELD: Tool = TOOL;
    let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    HELD.parse("tool", &arguments)
}

fn check(line: &str, expected: &[(&str, &str)]) {
    let Ok(Parsed::Run { subcommand, values }) = parse(line) else {
        panic!("{line}: {:?}", parse(line));
    };
    assert_eq!(subcommand, "format", "{line}");
    let given = values.given.iter();
    let given: Vec<_> = given.map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(given, expected, "{line}");
}

fn check_error(line: &str, expected: &str) {
    let error = parse(line).unwrap_err();
    assert_eq!(error.message, format!("tool: error: {expected}"), "{line}");
    assert!(error.usage.starts_with("usage: tool"), "{}", error.usage);
}

#[test]
fn a_value_stands_behind_its_option_in_any_way() {
    for line in [
        "format --config x",
        "format --config=x",
        "format --conf x",
        "format --c=x",
        "format -c x",
        "format -cx",
        "format -c=x",
        "form -c x",
    ] {
        check(line, &[("config", "x")]);
    }
    check("format -c -1", &[("config", "-1")]);
    check("format -c -", &[("config", "-")]);
    check("format --config=", &[("config", "")]);
}

#[test]
fn flags_may_be_joined_and_end_with_an_option_that_has_a_value() {
    let flags = [
        ("standalone", ""),
        ("ignore-formatted", ""),
        ("config", "x"),
    ];
    check("format -sgcx", &flags);
    check("format -sg -c x", &flags);
}

#[test]
fn an_option_given_twice_keeps_both_values_and_the_last_one_counts() {
    check(
        "format -c x -f a=1 -f b=2 -c y",
        &[
            ("config", "x"),
            ("feature", "a=1"),
            ("feature", "b=2"),
            ("config", "y"),
        ],
    );
    let values = Values {
        given: vec![("config", "x".to_owned()), ("config", "y".to_owned())],
    };
    assert_eq!(values.last("config"), Some("y"));
}

#[test]
fn what_the_tool_does_not_know_is_refused() {
    check_error("", "too few arguments");
    check_error("--version", "unrecognized arguments: '--version'");
    check_error(
        "erase",
        "invalid choice: 'erase' (choose from 'format', 'forget')",
    );
    check_error("for", "ambiguous command: for could match format, forget");
    check_error("format -c x y", "unrecognized arguments: 'y'");
    check_error("format --bogus=1", "unrecognized arguments: '--bogus=1'");
    check_error("format -gx", "unrecognized arguments: '-gx'");
    check_error("format --", "unrecognized arguments: '--'");
    check_error(
        "format --i",
        "ambiguous option: --i could match --ignore-formatted, --initial-controllers",
    );
}

#[test]
fn values_that_miss_or_are_too_many_are_refused() {
    check_error("format", "argument --config/-c is required");
    check_error("format -c", "argument --config/-c: expected one argument");
    check_error(
        "format -c -g",
        "argument --config/-c: expected one argument",
    );
    let message = "argument --ignore-formatted/-g: ignore implicit argument '1'";
    check_error("format -g=1", message);
    check_error("format --ignore-formatted=1", message);
    check_error(
        "format --help=1",
        "argument -h/--help: ignore implicit argument '1'",
    );
}

#[test]
fn a_tool_without_subcommands_has_options_alone_and_some_with_several_values() {
    static FLAT: Subcommand = Subcommand {
        name: "",
        about: "Does one thing.",
        options: &[
            OptionSpec::optional("property", "NAME=VALUE...", "Some properties."),
            OptionSpec::optional("speed", "NUMBER", "How fast."),
        ],
        exclusive: &[],
    };
    let parse = |line: &str| {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        FLAT.parse("tool", &arguments)
    };
    let Ok(Parsed::Run { values, .. }) = parse("--property a=1 b=2 --speed -1") else {
        panic!("{:?}", parse("--property a=1 b=2 --speed -1"));
    };
    assert!(values.all("property").eq(["a=1", "b=2"]));
    assert_eq!(values.last("speed"), Some("-1"));
    let error = parse("--property --speed 1").unwrap_err();
    let expected = "tool: error: argument --property: expected 1 argument(s)";
    assert_eq!(error.message, expected);
    assert!(
        error.usage.starts_with("usage: tool [-h] [--property"),
        "{}",
        error.usage
    );
}

#[test]
fn options_that_exclude_each_other_are_refused_together() {
    check_error(
        "format -c x -s -I 1",
        "argument --initial-controllers/-I: not allowed with argument --standalone/-s",
    );
    check(
        "format -c x -s -s",
        &[("config", "x"), ("standalone", ""), ("standalone", "")],
    );
}

#[test]
fn help_is_given_before_anything_that_misses_is_complained_about() {
    for line in [
        "-h",
        "--help",
        "--he",
        "format -h",
        "format --he",
        "format -sh",
    ] {
        assert!(matches!(parse(line), Ok(Parsed::Help(_))), "{line}");
    }
}

#[test]
fn options_may_stand_before_the_subcommand_and_one_of_several_may_be_required() {
    const CONNECTED: Tool = Tool {
        before: Subcommand {
            options: &[
                option("server", None, Some("SERVER"), true),
                option("controller", Some('C'), Some("CONTROLLER"), true),
            ],
            exclusive: &["server", "controller"],
            ..Subcommand::NONE
        },
        ..TOOL
    };
    static HELD: Tool = CONNECTED;
    let parse = |line: &str| {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        HELD.parse("tool", &arguments)
    };
    let Ok(Parsed::Run { subcommand, values }) = parse("--server a:1 format -c x") else {
        panic!("{:?}", parse("--server a:1 format -c x"));
    };
    assert_eq!(subcommand, "format");
    let given: Vec<_> = values.in_order().collect();
    assert_eq!(given, [("server", "a:1"), ("config", "x")]);
    let check = |line: &str, expected: &str| {
        let refusal = parse(line).unwrap_err();
        assert_eq!(
            refusal.message,
            format!("tool: error: {expected}"),
            "{line}"
        );
        assert!(
            refusal.usage.starts_with("usage: tool "),
            "{}",
            refusal.usage
        );
    };
    let one = "one of the arguments --server --controller/-C is required";
    check("format -c x", one);
    check("format", "argument --config/-c is required");
    check("--server a:1", "too few arguments");
    check("forget --server a:1", "unrecognized arguments: '--server'");
    let both = "argument --controller/-C: not allowed with argument --server";
    check("--server a:1 -C b:1 forget", both);
    let usage = parse("forget").unwrap_err().usage;
    let expected = "usage: tool [-h] (--server SERVER | --controller CONTROLLER) {format,forget} \
                    ...";
    assert_eq!(
        usage.split_whitespace().collect::<Vec<_>>().join(" "),
        expected
    );
}
