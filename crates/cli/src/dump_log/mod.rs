//! `klamm dump-log`, which is Kafka's `kafka-dump-log`: prints what the files of a partition hold,
//! and where an index disagrees with its log.
//!
//! Not the job of this module: repairing anything. What a node believes of these files is the
//! business of the crate `storage`; here they are shown as they are.
//!
//! Invariants:
//! - Files are opened for reading only, and never locked: a node may hold them.
//! - No more of a log is in memory than a batch and what it inflates to.
//! - A file counts as far as it went when it was opened.
//!
//! Departures from Kafka: a missing index is an error instead of being created, and what makes
//! Kafka end with a stack trace ends with a message here, with the same exit code.

mod arguments;
mod control;
mod coordinator;
mod decoder;
mod file;
mod findings;
mod legacy;
mod offset_index;
mod producer_snapshot;
mod records;
mod remote_log;
mod segment;
mod slots;
mod text;
mod time_index;
mod transaction_index;

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::arguments::KAFKA_VERSION;
use crate::commands::Call;
use arguments::{DumpArguments, Parsed};
use file::DumpedFile;
use findings::Findings;

/// Runs the tool.
///
/// # Errors
/// When the arguments are wrong, or a file cannot be read or is not what its name says.
pub(crate) fn run(call: &Call, out: &mut dyn Write) -> Result<ExitCode> {
    let arguments = match arguments::parse(&call.program, &call.arguments)? {
        Parsed::Dump(arguments) => arguments,
        Parsed::Version => {
            writeln!(out, "{KAFKA_VERSION}")?;
            return Ok(ExitCode::SUCCESS);
        }
        // As in Kafka, help goes to standard error and is no success.
        Parsed::Help(text) => bail!("{}", text.trim_end()),
    };
    let mut out = BufWriter::new(out);
    let dumped = dump(&arguments, &mut out);
    out.flush()?;
    let findings = dumped?;
    findings.print(&mut std::io::stderr().lock())?;
    Ok(ExitCode::SUCCESS)
}

fn dump(arguments: &DumpArguments, out: &mut impl Write) -> Result<Findings> {
    let mut findings = Findings::default();
    for path in &arguments.files {
        let file = DumpedFile::new(path);
        writeln!(out, "Dumping {file}")?;
        match file.suffix() {
            Some(".log" | ".checkpoint") => segment::dump(&file, arguments, &mut findings, out)?,
            Some(".index") => offset_index::dump(&file, arguments, &mut findings, out)?,
            Some(".timeindex") => time_index::dump(&file, arguments, &mut findings, out)?,
            Some(".snapshot") => producer_snapshot::dump(&file, out)?,
            Some(".txnindex") => transaction_index::dump(&file, out)?,
            _ => {
                out.flush()?;
                writeln!(std::io::stderr(), "Ignoring unknown file {file}")?;
            }
        }
    }
    Ok(findings)
}
