//! What a tool prints, without what differs from run to run: ids, times, ports and what was
//! measured get names. It has to agree with how the transcript was recorded, in
//! `tests/compat/java/tools`.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use regex::Regex;

const EMPTY: &str = r"^\s*$";
/// Not of the tool but its log, which goes on with an exception.
const LOGGED: &str = r"^(ERROR|WARN) .*$";
const EXCEPTION: &str = r"^(org|java)(\.[A-Za-z]+)+(: .*)?$";
/// From here on it is help, in words of our own.
const HELP: &str = r"^(Option +Description *|usage: .*)$";
const MEASURED: &str = r"(^|[^a-z])[0-9][-0-9:., ]*";

/// The rules, for a node with these addresses.
pub(super) struct Normal {
    empty: Regex,
    logged: Regex,
    exception: Regex,
    help: Regex,
    measured: Regex,
    replacements: Vec<(Regex, &'static str)>,
    broker: String,
    controller: String,
}

impl Normal {
    /// # Errors
    /// Never, unless a rule is no regular expression.
    pub(super) fn new(broker: SocketAddr, controller: SocketAddr) -> Result<Self> {
        let rules = [
            (
                r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
                "<uuid>",
            ),
            (r"TopicId: \S{22}", "TopicId: <id>"),
            (r"console-consumer-[0-9]+", "console-consumer-<n>"),
            (r"127\.0\.0\.1( +)[0-9]+", "127.0.0.1$1<port>"),
            (r"\b1[78][0-9]{11}\b", "<now>"),
            (r"\b[0-9]+ ms ago\b", "<n> ms ago"),
            (r"Cluster(Id: +| ID: )\S{22}", "Cluster$1<id>"),
            (r#""directoryId": "\S{22}""#, "\"directoryId\": \"<id>\""),
            (r"(HighWatermark: +|Epoch: )[0-9]+", "$1<n>"),
            (r"^([0-9]+ +\t)\S{22}\t[0-9]+ *\t", "$1<id>\t<n>\t"),
            (r#""logDir":"[^"]*""#, r#""logDir":"<path>""#),
            (r"\(id=1, directoryId=\S{22}\)", "(id=1, directoryId=<id>)"),
        ];
        let replacements = rules.map(|(rule, name)| Ok((regex(rule)?, name)));
        Ok(Self {
            empty: regex(EMPTY)?,
            logged: regex(LOGGED)?,
            exception: regex(EXCEPTION)?,
            help: regex(HELP)?,
            measured: regex(MEASURED)?,
            replacements: replacements.into_iter().collect::<Result<_>>()?,
            broker: broker.to_string(),
            controller: controller.to_string(),
        })
    }

    /// The lines of an output, each behind `mark`.
    pub(super) fn lines(&self, mark: &str, output: &[u8], is_measured: bool) -> Vec<String> {
        let text = String::from_utf8_lossy(output);
        let mut is_in_log = false;
        text.lines()
            .take_while(|line| !self.help.is_match(line))
            .filter(|line| {
                let is_logged = self.logged.is_match(line);
                let goes_on = is_in_log && self.exception.is_match(line);
                is_in_log = is_logged;
                !is_logged && !goes_on && !self.empty.is_match(line)
            })
            .map(|line| format!("{mark}{}", self.line(line, is_measured)))
            .collect()
    }

    fn line(&self, line: &str, is_measured: bool) -> String {
        let mut line = line.trim_end().to_owned();
        line = line.replace(&self.broker, "SERVER");
        line = line.replace(&self.controller, "CONTROLLER");
        for (rule, name) in &self.replacements {
            line = rule.replace_all(&line, *name).into_owned();
        }
        if is_measured {
            line = self
                .measured
                .replace_all(&line, "${1}N ")
                .trim_end()
                .to_owned();
        }
        line
    }
}

fn regex(rule: &str) -> Result<Regex> {
    Regex::new(rule).with_context(|| format!("read the rule `{rule}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(output: &str, is_measured: bool) -> Vec<String> {
        let broker = "127.0.0.1:40000".parse().unwrap();
        let controller = "127.0.0.1:40001".parse().unwrap();
        let normal = Normal::new(broker, controller).unwrap();
        normal.lines("  ", output.as_bytes(), is_measured)
    }

    #[test]
    fn ids_times_and_addresses_get_names() {
        let output = "x 127.0.0.1:40000 y 127.0.0.1:40001\n\
                      TopicId: AAAAAAAAAAAAAAAAAAAAAQ\tx\n\
                      member-01234567-89ab-cdef-0123-456789abcdef console-consumer-77\n\
                      127.0.0.1  40001  1763686800000\n";
        let expected = [
            "  x SERVER y CONTROLLER",
            "  TopicId: <id>\tx",
            "  member-<uuid> console-consumer-<n>",
            "  127.0.0.1  <port>  <now>",
        ];
        assert_eq!(lines(output, false), expected);
    }

    #[test]
    fn figures_that_are_measured_get_a_name() {
        let output = "2000 records sent, 12.5 records/sec (1.19 MB/sec), 3 ms 99th.\n";
        let expected = ["  N records sent, N records/sec (N MB/sec), N ms N th."];
        assert_eq!(lines(output, true), expected);
        assert_eq!(lines("7, 8.5, -1\n", true), ["  N"]);
    }

    #[test]
    fn the_log_empty_lines_and_the_help_are_left_out() {
        let output = "WARN: said\n\nERROR failed\norg.apache.Gone: why\njava.lang.Kept: why\n\
                      usage: klamm\n  --help\n";
        assert_eq!(
            lines(output, false),
            ["  WARN: said", "  java.lang.Kept: why"]
        );
    }
}
