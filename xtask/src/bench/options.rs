//! What the command line asks for.

use anyhow::{Context, Result, bail, ensure};

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Chosen {
    /// The scenarios of every visit, in rounds.
    Rounds,
    /// Start after a kill, once for each server.
    Recovery,
    /// Acknowledgements beside a slow disk, in rounds.
    SlowDisk,
    /// A clean release build.
    Build,
    /// The page is written from the results that are there.
    Nothing,
}

/// How much is produced, and for how long latency is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size {
    pub(super) warm_up_records: u64,
    pub(super) records: u64,
    pub(super) latency_seconds: u64,
    pub(super) cold_seconds: u64,
    pub(super) slow_disk_seconds: u64,
    pub(super) recovery_records: u64,
    pub(super) recovery_partitions: u32,
}

/// What the figures on the page come from.
pub(super) const FULL: Size = Size {
    warm_up_records: 100_000,
    records: 1_000_000,
    latency_seconds: 15,
    cold_seconds: 8,
    slow_disk_seconds: 15,
    recovery_records: 2_000_000,
    recovery_partitions: 1000,
};

/// Shows that everything works, and nothing else.
const QUICK: Size = Size {
    warm_up_records: 10_000,
    records: 100_000,
    latency_seconds: 3,
    cold_seconds: 3,
    slow_disk_seconds: 5,
    recovery_records: 100_000,
    recovery_partitions: 100,
};

/// The arguments of one run.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Options {
    pub(super) chosen: Chosen,
    pub(super) rounds: u32,
    pub(super) size: Size,
    pub(super) writes_page: bool,
}

impl Options {
    /// # Errors
    /// When an argument is unknown, or the page would show a run that is too small.
    pub(super) fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            chosen: Chosen::Rounds,
            rounds: 5,
            size: FULL,
            writes_page: false,
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.as_str() {
                "--rounds" => {
                    let number = rest.next().context("read --rounds: no number")?;
                    options.rounds = number.parse().context("read --rounds: not a number")?;
                }
                "--quick" => options.size = QUICK,
                "--page" => options.writes_page = true,
                "--recovery" => options.choose(Chosen::Recovery)?,
                "--slow-disk" => options.choose(Chosen::SlowDisk)?,
                "--build" => options.choose(Chosen::Build)?,
                "--again" => options.choose(Chosen::Nothing)?,
                other => bail!("read arguments: `{other}` is unknown"),
            }
        }
        ensure!(options.rounds > 0, "read --rounds: at least one is needed");
        let is_small = options.writes_page && options.size == QUICK;
        ensure!(
            !is_small,
            "write page: figures of --quick do not belong there"
        );
        Ok(options)
    }

    fn choose(&mut self, chosen: Chosen) -> Result<()> {
        let is_first = self.chosen == Chosen::Rounds;
        ensure!(
            is_first,
            "read arguments: one of --recovery, --slow-disk, --build, --again"
        );
        self.chosen = chosen;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::read(&arguments)
    }

    #[test]
    fn five_full_rounds_are_the_default() {
        let options = read("").unwrap();
        assert_eq!(options.chosen, Chosen::Rounds);
        assert_eq!((options.rounds, options.size), (5, FULL));
        assert!(!options.writes_page);
    }

    #[test]
    fn a_quick_run_never_gets_onto_the_page() {
        assert_eq!(read("--quick --rounds 1").unwrap().size, QUICK);
        assert!(read("--quick --page").is_err());
    }

    #[test]
    fn two_choices_no_round_and_unknown_words_are_refused() {
        for line in ["--build --recovery", "--rounds 0", "--rounds", "fast"] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
