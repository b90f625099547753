//! `cargo xtask bench`: Klamm beside Apache Kafka and beside a server that does almost nothing.
//!
//! This file has the order of a run and the table of scenarios. A scenario is in [`traffic`] or
//! [`lifecycle`]; what it needs is in [`servers`] (start and stop), [`process`] (what a server has
//! cost) and [`load`] (the client). [`results`] keeps what was measured, [`page`] shows it.
//!
//! Invariant: nothing is written to `docs` without `--page`, nor from a run that is too small.

mod lifecycle;
mod load;
mod machine;
mod options;
mod page;
mod plot;
mod process;
mod results;
mod servers;
mod slow_disk;
mod statistics;
mod targets;
mod traffic;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use load::Load;
use options::{Chosen, Options, Size};
use results::{Measurement, Results};
use servers::{Program, Running, Server};

const RESULTS: &str = "docs/performance/results.tsv";
const SCRATCH: &str = "target/bench";

/// Measures what `arguments` ask for, or only writes the page from the results of earlier runs.
///
/// # Errors
/// When the arguments are not understood, something does not build, or a server or the client
/// fails.
pub(crate) fn run(root: &Path, arguments: &[String]) -> Result<()> {
    let options = Options::read(arguments)?;
    let stored = Results::read(&root.join(RESULTS))?;
    let results = match options.chosen {
        Chosen::Nothing => stored,
        chosen => {
            let measured = measure(root, chosen, &options)?;
            if options.writes_page {
                stored.replaced_by(measured)
            } else {
                measured
            }
        }
    };
    if options.writes_page {
        results.write(&root.join(RESULTS))?;
        return page::write(&results, &root.join("docs"));
    }
    println!("\n{}", page::text(&results)?);
    if options.size != options::FULL {
        println!("These figures are of --quick: fewer records and less time than the page says.");
    }
    page::write(&results, &root.join(SCRATCH).join("page"))
}

/// One kind of measurement that shares the start of a server with others of its kind.
struct Scenario {
    name: &'static str,
    servers: &'static [Server],
    work: fn(&Visit) -> Result<Vec<Figure>>,
}

/// What is measured at each visit of a server, in this order: the later ones use the topic that the
/// first has filled.
const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "produce",
        servers: &Server::ALL,
        work: traffic::produce,
    },
    Scenario {
        name: "consume",
        servers: &Server::ALL,
        work: traffic::consume,
    },
    Scenario {
        name: "latency",
        servers: &Server::REAL,
        work: traffic::latency,
    },
    Scenario {
        name: "cold",
        servers: &Server::REAL,
        work: traffic::cold,
    },
];

/// A name such as `mb_per_s` and its value.
type Figure = (&'static str, f64);

/// A server that runs and has warmed up.
struct Visit<'a> {
    server: &'a Running,
    load: Load<'a>,
    size: Size,
}

/// The programs, built once, and the folder in which each server gets a fresh one.
struct Bench<'a> {
    root: &'a Path,
    programs: Vec<Program>,
    scratch: PathBuf,
    size: Size,
}

fn measure(root: &Path, chosen: Chosen, options: &Options) -> Result<Results> {
    let scratch = root.join(SCRATCH);
    fs::create_dir_all(&scratch).context("create target/bench")?;
    let mut results = Results::new(machine::facts(root)?);
    let date = machine::date()?;
    let mut keep = |scenario: &str, server: &str, round: u32, figures: Vec<Figure>| {
        for (measure, value) in figures {
            println!("  {scenario:<9} {server:<6} {measure:<16} {value:>12.3}");
            results.add(Measurement {
                scenario: scenario.to_owned(),
                date: date.clone(),
                server: server.to_owned(),
                round,
                measure: measure.to_owned(),
                value,
            });
        }
    };
    if chosen == Chosen::Build {
        keep("build", "klamm", 1, lifecycle::build(root, &scratch)?);
        return Ok(results);
    }
    let bench = Bench {
        root,
        programs: servers::programs(root)?,
        scratch,
        size: options.size,
    };
    if chosen == Chosen::Recovery {
        for server in Server::REAL {
            let figures = lifecycle::recovery(&bench, server)?;
            keep("recovery", server.name(), 1, figures);
        }
        return Ok(results);
    }
    if chosen == Chosen::SlowDisk {
        if !slow_disk::is_possible() {
            println!("There is no FUSE here, and without it no slow disk: nothing is measured.");
            return Ok(results);
        }
        for round in 1..=options.rounds {
            for server in Server::REAL {
                let figures = slow_disk::measure(&bench, server)?;
                keep("slow-disk", server.name(), round, figures);
            }
        }
        return Ok(results);
    }
    for round in 1..=options.rounds {
        for server in order_of(round) {
            println!("round {round}, {}", server.name());
            bench.visit(server, |scenario, figures| {
                keep(scenario, server.name(), round, figures);
            })?;
        }
    }
    Ok(results)
}

/// Each server is the first in one of three rounds, so that none always follows the same other.
fn order_of(round: u32) -> [Server; 3] {
    let mut order = Server::ALL;
    let turns = (round as usize - 1) % order.len();
    order.rotate_left(turns);
    order
}

impl Bench<'_> {
    fn visit(&self, server: Server, mut keep: impl FnMut(&str, Vec<Figure>)) -> Result<()> {
        let folder = self.fresh_folder()?;
        let running = Running::format_and_start(self.program(server), &folder)?;
        if Server::REAL.contains(&server) {
            keep("ready", vec![("ready_ms", running.ready_ms())]);
        }
        let visit = Visit {
            load: Load::new(self.root, running.address()),
            server: &running,
            size: self.size,
        };
        visit.load.create("warm-up", traffic::PARTITIONS)?;
        let records = self.size.warm_up_records;
        visit.load.produce("warm-up", records, "1")?;
        visit.load.consume("warm-up", records)?;
        for scenario in SCENARIOS {
            if scenario.servers.contains(&server) {
                let figures = (scenario.work)(&visit)
                    .with_context(|| format!("measure {} of {}", scenario.name, server.name()))?;
                keep(scenario.name, figures);
            }
        }
        running.stop()?;
        fs::remove_dir_all(folder).context("remove the server's folder")
    }

    fn fresh_folder(&self) -> Result<PathBuf> {
        let folder = self.scratch.join("server");
        if folder.exists() {
            fs::remove_dir_all(&folder).context("remove the folder of the last server")?;
        }
        fs::create_dir_all(&folder).context("create a folder for the server")?;
        Ok(folder)
    }

    fn program(&self, server: Server) -> &Program {
        let position = Server::ALL.iter().position(|each| *each == server);
        &self.programs[position.unwrap_or_default()]
    }
}

/// The end of a message about a program: what it wrote last.
fn last_lines(file: &Path) -> String {
    const LINES_MAX: usize = 20;
    let text = fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_MAX)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_is_first_in_one_of_three_rounds() {
        let first: Vec<Server> = (1..=4).map(|round| order_of(round)[0]).collect();
        let [kafka, klamm, null] = Server::ALL;
        assert_eq!(first, [kafka, klamm, null, kafka]);
    }
}
