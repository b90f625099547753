//! The arguments that the commands on running nodes share.
//!
//! Not the job of this module: which nodes are meant by them (`selection`).

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::{OptionSpec, Values, help_of_options, jopt};
use crate::commands::Call;

pub(super) const PROCESS_ROLE: OptionSpec = OptionSpec::optional(
    "process-role",
    "ROLES",
    "Only nodes whose process.roles are just these: broker, controller, or \
     broker,controller.",
);
pub(super) const NODE_ID: OptionSpec =
    OptionSpec::optional("node-id", "ID", "Only the node with this node.id.");
pub(super) const CONFIG: OptionSpec = OptionSpec::optional(
    "config",
    "FILE",
    "Only nodes that were started with this configuration file.",
);
pub(super) const DATA: OptionSpec = OptionSpec::optional(
    "data",
    "DIRECTORY",
    "Only the node that has this log directory.",
);
pub(super) const TIMEOUT_SECONDS: OptionSpec = OptionSpec::optional(
    "timeout-seconds",
    "SECONDS",
    "Wait no longer than this for a stop. Without it, as long as it takes.",
);

/// A command on nodes that run.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) about: &'static str,
    pub(super) options: &'static [OptionSpec],
}

impl Control {
    /// The values of the options, or how the command has ended with showing its help or why the
    /// arguments are refused.
    pub(super) fn read(
        &self,
        call: &Call,
        out: &mut dyn Write,
    ) -> Result<Result<Values, ExitCode>> {
        let usage = format!("usage: {} [OPTION]...", call.program);
        let parsed = jopt::parse(self.options, &call.arguments);
        let message = match parsed {
            Ok(parsed) if parsed.values.has(OptionSpec::HELP.long) => {
                let text = help_of_options(&usage, self.about, self.options);
                write!(out, "{text}")?;
                return Ok(Err(ExitCode::SUCCESS));
            }
            Ok(parsed) if parsed.others.is_empty() => return Ok(Ok(parsed.values)),
            Ok(parsed) => {
                let others = parsed.others.join(",");
                format!("Found non argument parameters: {others}")
            }
            Err(message) => message,
        };
        let program = &call.program;
        writeln!(std::io::stderr(), "{program}: error: {message}\n{usage}")?;
        Ok(Err(ExitCode::FAILURE))
    }
}
