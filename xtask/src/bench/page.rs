//! The page on performance, written from the results, with its plots.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::plot::{self, Bar};
use super::results::Results;
use super::servers::Server;
use super::statistics::Summary;
use super::targets::TARGETS;

const PAGE: &str = "performance.md";
const PLOTS: &str = "performance";

const INTRODUCTION: &str = "# Performance

Written by `cargo xtask bench --page`; do not edit. The values of every round are in
[results.tsv](performance/results.tsv), from which `cargo xtask bench --again --page` makes this
page anew.

Three servers are measured in one run on one machine, by the same client, which none of them has a
part in, [franz-go](https://github.com/twmb/franz-go):

- `kafka`: Apache Kafka 4.3.1 with the heap (1 GiB) and the collector of its own start script.
- `klamm`: the release build of this tree.
- `null`: a server that receives, checks the checksum, writes to the page cache, and sends files,
  and does nothing else: what any server has to spend here.

Kafka and Klamm have the same configuration: Kafka's defaults, but for the replication factors of a
single node. In each round each server is started on an empty directory, in turn, each round with
another one first, and warmed up with 100,000 records that are written and read before anything is
counted. Before processor time is counted, a quarter of the free memory is touched and given back:
the first touch of a page that the hypervisor has taken away counts as system time of the server
that the page is for, and made two rounds of one server differ by a factor of three. Values are
medians of the rounds, with the smallest and the largest behind them. The client runs on the same
machine and takes its share of the cores. A GB is 10^9 bytes of record values, an MB 10^6; a MiB is
2^20 bytes.
";

const COMMANDS: &str = "
## How to repeat it

```sh
cargo xtask bench --page             # all rounds
cargo xtask bench --slow-disk --page # beside a slow disk
cargo xtask bench --recovery --page  # the start after a kill
cargo xtask bench --build --page     # the clean build
```

It needs Linux, Java 17, Maven and Go, some 10 GB of disk, and nothing else to do on the machine;
the slow disk needs FUSE and the right to mount.
Without `--page` the page goes to the terminal; `--quick` shows that everything works.
";

/// A scenario's part of the page.
struct Section {
    scenario: &'static str,
    title: &'static str,
    counted: &'static str,
    measures: &'static [Measure],
}

/// A row of a table.
struct Measure {
    name: &'static str,
    title: &'static str,
    decimals: usize,
    is_plotted: bool,
}

const fn row(name: &'static str, title: &'static str, decimals: usize) -> Measure {
    Measure {
        name,
        title,
        decimals,
        is_plotted: false,
    }
}

const fn plotted(name: &'static str, title: &'static str, decimals: usize) -> Measure {
    Measure {
        name,
        title,
        decimals,
        is_plotted: true,
    }
}

const TRANSFER: &[Measure] = &[
    plotted("cpu_s_per_gb", "server CPU, s per GB", 2),
    plotted("mb_per_s", "throughput, MB/s", 0),
    plotted("anonymous_mib", "anonymous memory, MiB", 1),
    row("file_mib", "mapped files, MiB", 1),
    row("resident_mib", "resident since the start, MiB", 1),
];

const LATENCY: &[Measure] = &[
    row("p50_ms", "end to end, p50, ms", 2),
    plotted("p99_ms", "end to end, p99, ms", 2),
    row("p999_ms", "end to end, p99.9, ms", 2),
    row("max_ms", "end to end, largest, ms", 2),
    row("ack_p99_ms", "acknowledgement, p99, ms", 2),
    row("ack_max_ms", "acknowledgement, largest, ms", 2),
    row("anonymous_mib", "anonymous memory, MiB", 1),
];

const COLD: &[Measure] = &[
    row("p50_ms", "end to end, p50, ms", 2),
    plotted("p99_ms", "end to end, p99, ms", 2),
    row("p999_ms", "end to end, p99.9, ms", 2),
    row("ack_p99_ms", "acknowledgement, p99, ms", 2),
    row("ack_max_ms", "acknowledgement, largest, ms", 2),
    row("anonymous_mib", "anonymous memory, MiB", 1),
    row(
        "disk_read_mb",
        "fetched from the disk for the server, MB",
        0,
    ),
];

const SLOW_DISK: &[Measure] = &[
    row("p50_ms", "end to end, p50, ms", 2),
    row("p99_ms", "end to end, p99, ms", 2),
    plotted("ack_p99_ms", "acknowledgement, p99, ms", 2),
    row("ack_max_ms", "acknowledgement, largest, ms", 2),
    row("anonymous_mib", "anonymous memory, MiB", 1),
];

const SECTIONS: &[Section] = &[
    Section {
        scenario: "produce",
        title: "Produce",
        counted: "1,000,000 records of 1 KiB into a topic of 6 partitions, acks=1, as fast as they \
            go.\nCPU is user and system time of all the server's threads, as the kernel accounts \
            for it, divided\nby the bytes of the values. Memory is the largest of samples taken \
            every 20 ms: anonymous is what\nno file is behind; the page cache is not in it.",
        measures: TRANSFER,
    },
    Section {
        scenario: "consume",
        title: "Consume",
        counted: "The same records by one consumer without a group, from the beginning of all \
            partitions, out of\nthe page cache. Counted as above.",
        measures: TRANSFER,
    },
    Section {
        scenario: "latency",
        title: "Latency",
        counted: "2,000 records of 1 KiB per second, acks=all, 6 partitions, 15 s after 3 s of \
            warm-up. A record's\ntime runs from the moment it was due, not from the moment it was \
            sent, until the consumer in the\nsame process has it, or the producer its \
            acknowledgement. What was produced before is written to\nthe disk first.",
        measures: LATENCY,
    },
    Section {
        scenario: "cold",
        title: "Beside a consumer of cold data",
        counted: "The same for 8 s on another topic, while a consumer reads the 1,000,000 records \
            of the first one\nover and over; before each pass their pages are dropped from the \
            page cache. To be compared with\nthe section before.",
        measures: COLD,
    },
    Section {
        scenario: "slow-disk",
        title: "Beside a slow disk",
        counted: "Two log directories, one of them on a file system on which each write and each \
            sync takes 200 ms\nlonger (`benches/slow-disk`). Four producers fill partitions there \
            without a pause; the steady rate of\nthe section on latency goes to the partitions of \
            the other directory.",
        measures: SLOW_DISK,
    },
    Section {
        scenario: "ready",
        title: "Start",
        counted: "From the start of the process on an empty, formatted directory to its first \
            answer, which is to\nApiVersions; tried every millisecond.",
        measures: &[plotted("ready_ms", "ready after, ms", 0)],
    },
    Section {
        scenario: "recovery",
        title: "Start after a kill",
        counted: "The same after 2,000,000 records of 1 KiB into 1,000 partitions and kill -9. All \
            of them are read\nafterwards. Once for each server.",
        measures: &[plotted("ready_ms", "ready after, ms", 0)],
    },
    Section {
        scenario: "build",
        title: "Build",
        counted: "`cargo build --release --package klamm` in an empty target folder, with the \
            sources of the\ndependencies at hand; wall time.",
        measures: &[row("seconds", "build, s", 0)],
    },
];

/// Writes the page and its plots into `folder`.
pub(super) fn write(results: &Results, folder: &Path) -> Result<()> {
    let plots = folder.join(PLOTS);
    fs::create_dir_all(&plots).context("create the folder of the plots")?;
    for section in measured(results) {
        for measure in section.measures.iter().filter(|each| each.is_plotted) {
            let svg = plot_of(results, section, measure);
            let file = plots.join(plot_name(section, measure));
            fs::write(file, svg).context("write a plot")?;
        }
    }
    fs::write(folder.join(PAGE), text(results)?).with_context(|| format!("write {PAGE}"))
}

/// The page.
pub(super) fn text(results: &Results) -> Result<String> {
    let mut page = String::from(INTRODUCTION);
    writeln!(page, "\n## Machine\n\n| | |\n|---|---|")?;
    for (name, value) in results.facts() {
        writeln!(page, "| {name} | {value} |")?;
    }
    write!(
        page,
        "\n## Targets\n\n| aim | measured | |\n|---|---|---|\n"
    )?;
    for target in TARGETS {
        let (measured, verdict) = match (target.outcome)(results) {
            Some(outcome) if outcome.is_met => (outcome.measured, "met"),
            Some(outcome) => (outcome.measured, "missed"),
            None => ("not measured".to_owned(), "open"),
        };
        writeln!(page, "| {} | {measured} | {verdict} |", target.aim)?;
    }
    for section in measured(results) {
        page.push_str(&section_text(results, section)?);
    }
    page.push_str(COMMANDS);
    Ok(page)
}

fn measured(results: &Results) -> impl Iterator<Item = &'static Section> {
    let is_there = |section: &&Section| results.date(section.scenario).is_some();
    SECTIONS.iter().filter(is_there)
}

fn section_text(results: &Results, section: &Section) -> Result<String> {
    let mut text = format!("\n## {}\n\n{}\n", section.title, section.counted);
    let date = results.date(section.scenario).unwrap_or_default();
    let rounds = section.measures.iter().map(|measure| {
        let of = |server: Server| results.values(section.scenario, server.name(), measure.name);
        of(Server::Klamm).len()
    });
    let rounds = rounds.max().unwrap_or_default();
    writeln!(text, "Measured on {date}; rounds: {rounds}.\n")?;
    text.push_str(&table(results, section)?);
    if matches!(section.scenario, "latency" | "cold" | "slow-disk") {
        text.push_str(&each_round(results, section.scenario)?);
    }
    for measure in section.measures.iter().filter(|each| each.is_plotted) {
        let name = plot_name(section, measure);
        let title = format!("{}: {}", section.title, measure.title);
        writeln!(text, "\n![{title}]({PLOTS}/{name})")?;
    }
    Ok(text)
}

fn table(results: &Results, section: &Section) -> Result<String> {
    let mut table = String::from(
        "| | kafka | klamm | null | klamm to kafka | klamm to null |\n|---|---|---|---|---|---|\n",
    );
    for measure in section.measures {
        let of = |server: Server| results.summary(section.scenario, server.name(), measure.name);
        let [kafka, klamm, null] = Server::ALL.map(of);
        let cell = |summary| cell(summary, measure.decimals);
        writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} |",
            measure.title,
            cell(kafka),
            cell(klamm),
            cell(null),
            ratio(klamm, kafka),
            ratio(klamm, null),
        )?;
    }
    Ok(table)
}

/// One value for each round, of what the aim is about.
fn each_round(results: &Results, scenario: &str) -> Result<String> {
    let mut text = String::from("\nIn each round, ms:\n\n| p99 of | rounds |\n|---|---|\n");
    for (measure, title) in [("p99_ms", "end to end"), ("ack_p99_ms", "acknowledgement")] {
        for server in Server::REAL {
            let values = results.values(scenario, server.name(), measure);
            let values: Vec<String> = values.iter().map(|value| format!("{value:.2}")).collect();
            writeln!(
                text,
                "| {title}, {} | {} |",
                server.name(),
                values.join(", ")
            )?;
        }
    }
    Ok(text)
}

fn cell(summary: Option<Summary>, decimals: usize) -> String {
    let Some(Summary { median, min, max }) = summary else {
        return "-".to_owned();
    };
    format!("{median:.decimals$} ({min:.decimals$} to {max:.decimals$})")
}

fn ratio(ours: Option<Summary>, other: Option<Summary>) -> String {
    match (ours, other) {
        (Some(ours), Some(other)) if other.median > 0.0 => {
            format!("{:.2}", ours.median / other.median)
        }
        _ => "-".to_owned(),
    }
}

fn plot_of(results: &Results, section: &Section, measure: &Measure) -> String {
    let bar = |server: Server| {
        let summary = results.summary(section.scenario, server.name(), measure.name)?;
        let label = server.name();
        Some(Bar { label, summary })
    };
    let bars: Vec<Bar> = Server::ALL.into_iter().filter_map(bar).collect();
    let title = format!("{}: {}", section.title, measure.title);
    plot::bars(&title, measure.decimals, &bars)
}

fn plot_name(section: &Section, measure: &Measure) -> String {
    format!(
        "{}-{}.svg",
        section.scenario,
        measure.name.replace('_', "-")
    )
}

#[cfg(test)]
mod tests;
