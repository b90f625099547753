//! Named pieces of work, run in order until one fails, with a table of what took how long.
//!
//! What a stage does is not known here. Its output goes straight to the terminal.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// One piece of work on the tree at the given folder.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) work: fn(&Path) -> Result<()>,
}

/// Runs `stages` in order and prints the table at the end, also after a failure.
///
/// # Errors
/// That of the first stage that fails; the later ones are not run.
pub(crate) fn run(root: &Path, stages: &[Stage]) -> Result<()> {
    let mut times = Vec::new();
    let result = run_each(root, stages, &mut times);
    println!("\n{}", table(&times));
    result
}

struct StageTime {
    name: &'static str,
    took: Duration,
    passed: bool,
}

fn run_each(root: &Path, stages: &[Stage], times: &mut Vec<StageTime>) -> Result<()> {
    for stage in stages {
        println!("=== {}", stage.name);
        let start = Instant::now();
        let result = (stage.work)(root);
        times.push(StageTime {
            name: stage.name,
            took: start.elapsed(),
            passed: result.is_ok(),
        });
        result.with_context(|| format!("stage `{}` failed", stage.name))?;
    }
    Ok(())
}

fn table(times: &[StageTime]) -> String {
    let rows = times.iter().map(|time| {
        let verdict = if time.passed { "ok" } else { "FAILED" };
        format!(
            "{:<24} {:>8.1} s  {verdict}\n",
            time.name,
            time.took.as_secs_f64()
        )
    });
    let total: Duration = times.iter().map(|time| time.took).sum();
    let sum = format!("{:<24} {:>8.1} s\n", "total", total.as_secs_f64());
    rows.chain([sum]).collect()
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn the_first_failure_ends_the_run_and_is_in_the_table() {
        let stages = [
            Stage {
                name: "first",
                work: |_| Ok(()),
            },
            Stage {
                name: "second",
                work: |_| bail!("broken"),
            },
            Stage {
                name: "third",
                work: |_| Ok(()),
            },
        ];
        let mut times = Vec::new();
        let error = run_each(Path::new("."), &stages, &mut times).unwrap_err();
        assert_eq!(format!("{error:#}"), "stage `second` failed: broken");
        let names: Vec<_> = times.iter().map(|time| (time.name, time.passed)).collect();
        assert_eq!(names, [("first", true), ("second", false)]);
    }

    #[test]
    fn the_table_has_a_row_for_each_stage_and_a_sum() {
        let times = [
            StageTime {
                name: "first",
                took: Duration::from_millis(1500),
                passed: true,
            },
            StageTime {
                name: "second",
                took: Duration::from_millis(500),
                passed: false,
            },
        ];
        let expected = "first                         1.5 s  ok\n\
                        second                        0.5 s  FAILED\n\
                        total                         2.0 s\n";
        assert_eq!(table(&times), expected);
    }
}
