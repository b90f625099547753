//! The arguments of `klamm dump-log`, which are those of Kafka's `kafka-dump-log`.

use crate::arguments::{OptionSpec, UsageError, help_of_options, jopt};

use super::decoder::{Class, Decoder};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::optional(
        "files",
        "FILE,...",
        "The files to print: logs, their indexes, snapshots. Has to be given.",
    ),
    OptionSpec::flag(
        "print-data-log",
        "Print the records of logs, too. Any decoder implies it.",
    ),
    OptionSpec::flag(
        "deep-iteration",
        "Print of records what goes with them, without key and value. Deprecated: implied by \
         --print-data-log.",
    ),
    OptionSpec::flag(
        "skip-record-metadata",
        "Print of records key and value only; of control records nothing.",
    ),
    OptionSpec::optional(
        "max-bytes",
        "SIZE",
        "So many bytes of each log are read at most. Default 2147483647.",
    ),
    OptionSpec::optional(
        "max-message-size",
        "SIZE",
        "The batch that an index entry points to is no larger, in bytes. Default 5242880.",
    ),
    OptionSpec::flag(
        "verify-index-only",
        "Compare indexes with their log without printing them.",
    ),
    OptionSpec::flag(
        "index-sanity-check",
        "Check of indexes only what a node checks when it starts.",
    ),
    OptionSpec::flag(
        "offsets-decoder",
        "Records are those of __consumer_offsets.",
    ),
    OptionSpec::flag(
        "transaction-log-decoder",
        "Records are those of __transaction_state.",
    ),
    OptionSpec::flag(
        "share-group-state-decoder",
        "Records are those of __share_group_state.",
    ),
    OptionSpec::flag(
        "cluster-metadata-decoder",
        "Records are those of __cluster_metadata, or of its snapshots.",
    ),
    OptionSpec::flag(
        "remote-log-metadata-decoder",
        "Records are those of __remote_log_metadata.",
    ),
    OptionSpec::optional(
        KEY_DECODER,
        "[CLASS]",
        "How keys are printed: org.apache.kafka.tools.api.StringDecoder, which is the default, \
         or IntegerDecoder, LongDecoder or DefaultDecoder beside it. Other classes cannot be \
         loaded here.",
    ),
    OptionSpec::optional(VALUE_DECODER, "[CLASS]", "The same for values."),
    OptionSpec::VERSION,
    OptionSpec::HELP,
];

const KEY_DECODER: &str = "key-decoder-class";
const VALUE_DECODER: &str = "value-decoder-class";
const ABOUT: &str = "Prints what the files of a partition hold. Files of a running node may be \
                     read, too: they are neither changed nor locked.";
const MAX_MESSAGE_BYTES_DEFAULT: i32 = 5 << 20;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    Dump(DumpArguments),
    Version,
    Help(String),
}

/// What to print of which files.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DumpArguments {
    pub(super) files: Vec<String>,
    /// What of records is printed; none if they are not looked at.
    pub(super) records: Option<ShownRecords>,
    /// So many bytes of each log are read at most; none if all.
    pub(super) log_bytes_max: Option<u64>,
    /// The largest batch that an index entry may point to, in bytes.
    pub(super) message_bytes_max: u64,
    pub(super) indexes: IndexWork,
}

/// What of records is printed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ShownRecords {
    /// Offset, timestamp and so on; control records are part of it.
    pub(super) has_metadata: bool,
    /// How keys and values are printed; none if they are not.
    pub(super) decoder: Option<Decoder>,
}

/// What is done with indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IndexWork {
    Print,
    Verify,
    CheckSanity,
}

/// Reads the arguments behind `program`.
///
/// # Errors
/// When they are not arguments of this tool.
pub(super) fn parse(program: &str, arguments: &[String]) -> Result<Parsed, UsageError> {
    let usage = || format!("usage: {program} --files FILE,... [OPTION]...");
    let error = |message: String| UsageError {
        usage: usage(),
        message: format!("{program}: error: {message}"),
    };
    let parsed = jopt::parse(OPTIONS, arguments).map_err(error)?;
    let values = &parsed.values;
    let help = || help_of_options(&usage(), ABOUT, OPTIONS);
    if arguments.is_empty() || values.has("help") {
        return Ok(Parsed::Help(help()));
    }
    if values.has("version") {
        return Ok(Parsed::Version);
    }
    if !values.has("files") {
        let message = "Missing required argument \"[files]\"";
        return Ok(Parsed::Help(format!("{message}\n{}", help())));
    }
    dump_arguments(&parsed).map(Parsed::Dump).map_err(error)
}

fn dump_arguments(parsed: &jopt::Parsed) -> Result<DumpArguments, String> {
    let values = &parsed.values;
    let decoder = decoder(parsed)?;
    let is_deep = decoder.is_some() || values.has("deep-iteration");
    let log_bytes_max = size(parsed, "max-bytes", i32::MAX)?;
    let indexes = if values.has("index-sanity-check") {
        IndexWork::CheckSanity
    } else if values.has("verify-index-only") {
        IndexWork::Verify
    } else {
        IndexWork::Print
    };
    let mut files: Vec<String> = single(parsed, "files")?
        .unwrap_or_default()
        .split(',')
        .map(str::to_owned)
        .collect();
    // Commas at the end separate nothing.
    while files.len() > 1 && files.last().is_some_and(String::is_empty) {
        files.pop();
    }
    Ok(DumpArguments {
        files,
        records: is_deep.then(|| ShownRecords {
            has_metadata: !values.has("skip-record-metadata"),
            decoder,
        }),
        log_bytes_max: (log_bytes_max != i32::MAX as u64).then_some(log_bytes_max),
        message_bytes_max: size(parsed, "max-message-size", MAX_MESSAGE_BYTES_DEFAULT)?,
        indexes,
    })
}

/// The first decoder in this order counts; a class counts if there is none of ours.
fn decoder(parsed: &jopt::Parsed) -> Result<Option<Decoder>, String> {
    let values = &parsed.values;
    for (option, decoder) in [
        ("offsets-decoder", Decoder::Offsets),
        ("transaction-log-decoder", Decoder::TransactionLog),
        ("cluster-metadata-decoder", Decoder::ClusterMetadata),
        ("remote-log-metadata-decoder", Decoder::RemoteLogMetadata),
        ("share-group-state-decoder", Decoder::ShareGroupState),
    ] {
        if values.has(option) {
            return Ok(Some(decoder));
        }
    }
    let key = class(parsed, KEY_DECODER)?;
    let value = class(parsed, VALUE_DECODER)?;
    let is_shown = values.has("print-data-log") || key.is_some() || value.is_some();
    Ok(is_shown.then(|| Decoder::Classes {
        key: key.unwrap_or(Class::String),
        value: value.unwrap_or(Class::String),
    }))
}

/// The class that is named; the default one, if the option came without a name.
fn class(parsed: &jopt::Parsed, option: &str) -> Result<Option<Class>, String> {
    let name = match single(parsed, option)? {
        None => return Ok(None),
        Some("") => return Ok(Some(Class::String)),
        Some(name) => name,
    };
    Class::of_name(name).map(Some).ok_or_else(|| {
        format!(
            "the class {name} of --{option} cannot be loaded: only StringDecoder, \
             IntegerDecoder, LongDecoder and DefaultDecoder of org.apache.kafka.tools.api are \
             built in"
        )
    })
}

fn size(parsed: &jopt::Parsed, option: &str, default: i32) -> Result<u64, String> {
    let number = parsed.integer(option).map_err(|error| error.message)?;
    let number = number.unwrap_or(default);
    u64::try_from(number).map_err(|_| format!("the size {number} of option {option} is negative"))
}

fn single<'a>(parsed: &'a jopt::Parsed, option: &str) -> Result<Option<&'a str>, String> {
    parsed.single(option).map_err(|error| error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Parsed, UsageError> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse("tool", &arguments)
    }

    fn dump(line: &str) -> DumpArguments {
        match parse_line(line) {
            Ok(Parsed::Dump(arguments)) => arguments,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn records_are_shown_when_something_asks_for_them() {
        let check = |line: &str, records| assert_eq!(dump(line).records, records, "{line}");
        let classes = |key, value| Some(Decoder::Classes { key, value });
        let shown = |has_metadata, decoder| {
            Some(ShownRecords {
                has_metadata,
                decoder,
            })
        };
        let text = classes(Class::String, Class::String);
        check("--files a", None);
        check("--files a --skip-record-metadata", None);
        check("--files a --deep-iteration", shown(true, None));
        check("--files a --print-data-log", shown(true, text));
        check(
            "--files a --value-decoder-class org.apache.kafka.tools.api.LongDecoder",
            shown(true, classes(Class::String, Class::Long)),
        );
        check(
            "--key-decoder-class --files a --skip-record-metadata",
            shown(false, classes(Class::String, Class::String)),
        );
        check(
            "--files a --share-group-state-decoder --offsets-decoder --print-data-log",
            shown(true, Some(Decoder::Offsets)),
        );
    }

    #[test]
    fn files_are_separated_by_commas() {
        assert_eq!(dump("--files a,b,,c,,").files, ["a", "b", "", "c"]);
        assert_eq!(dump("--files=a").files, ["a"]);
    }

    #[test]
    fn sizes_are_numbers() {
        assert_eq!(dump("--files a").log_bytes_max, None);
        assert_eq!(dump("--files a --max-bytes 7").log_bytes_max, Some(7));
        assert_eq!(dump("--files a --max-message-size 7").message_bytes_max, 7);
        let check = |line: &str, end: &str| {
            let message = parse_line(line).unwrap_err().message;
            assert!(message.ends_with(end), "{message}");
        };
        check(
            "--files a --max-bytes x",
            "Cannot parse argument 'x' of option max-bytes",
        );
        check("--files a --max-bytes -1", "option max-bytes is negative");
    }

    #[test]
    fn a_class_that_is_not_built_in_is_refused() {
        let error = parse_line("--files a --value-decoder-class com.example.Own").unwrap_err();
        let start = "tool: error: the class com.example.Own of --value-decoder-class cannot";
        assert!(error.message.starts_with(start), "{error}");
    }

    #[test]
    fn without_files_there_is_help() {
        let help = |line: &str| match parse_line(line) {
            Ok(Parsed::Help(text)) => text,
            other => panic!("{line}: {other:?}"),
        };
        assert!(help("").starts_with("usage: tool --files"));
        assert!(help("--help --files a").starts_with("usage: tool --files"));
        assert!(help("--print-data-log").starts_with("Missing required argument \"[files]\"\n"));
        assert_eq!(parse_line("--version"), Ok(Parsed::Version));
    }
}
