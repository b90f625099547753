//! Runs a fuzz target for a while, from seeds made of the golden files: without them it would take
//! days to find its first valid message.
//!
//! Needs a nightly compiler and cargo-fuzz, so it is no part of the gate.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::codegen;
use crate::codegen::model::Api;
use crate::workspace;

const GOLDEN_MESSAGES: &str = "crates/protocol/tests/golden";
const GOLDEN_BATCHES: &str = "crates/protocol/tests/golden_batches";
const CORPUS: &str = "fuzz/corpus";
/// Longer samples would slow every run down and show nothing more.
const SEED_BYTES_MAX: usize = 4096;

/// Writes the seeds of `target` and runs it for so many seconds.
pub(crate) fn run(root: &Path, target: &str, seconds: &str) -> Result<()> {
    let seconds: u32 = seconds
        .parse()
        .with_context(|| format!("read seconds `{seconds}`"))?;
    let seeds = seeds(root, target)?;
    let folder = root.join(CORPUS).join(target);
    fs::create_dir_all(&folder).with_context(|| format!("create {CORPUS}/{target}"))?;
    for (index, seed) in seeds.iter().enumerate() {
        let path = folder.join(format!("seed-{index}"));
        fs::write(path, seed).with_context(|| format!("write seed {index}"))?;
    }
    println!("{} seeds in {CORPUS}/{target}", seeds.len());
    fuzz(root, target, seconds)
}

fn fuzz(root: &Path, target: &str, seconds: u32) -> Result<()> {
    let mut command = Command::new("rustup");
    command.args(["run", "nightly", "cargo", "fuzz", "run", target, "--"]);
    command.arg(format!("-max_total_time={seconds}"));
    command.arg("-max_len=65536");
    // Ours name the stable toolchain and the target folder of the workspace.
    for variable in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "CARGO_TARGET_DIR"] {
        command.env_remove(variable);
    }
    workspace::run(command.current_dir(root)).context("needs cargo-fuzz and a nightly compiler")
}

fn seeds(root: &Path, target: &str) -> Result<Vec<Vec<u8>>> {
    let mut seeds = match target {
        "request" => message_seeds(root, request_seed)?,
        "response" => message_seeds(root, response_seed)?,
        "record_batches" => batch_seeds(root)?,
        _ => Vec::new(),
    };
    seeds.retain(|seed| seed.len() <= SEED_BYTES_MAX);
    ensure!(
        !seeds.is_empty(),
        "find seeds: `{target}` is not a target that has any"
    );
    Ok(seeds)
}

fn message_seeds(
    root: &Path,
    seed: impl Fn(&Api, i16, &[u8]) -> (String, Vec<u8>),
) -> Result<Vec<Vec<u8>>> {
    let definitions = codegen::definitions(root)?;
    let mut seeds = Vec::new();
    for api in &definitions.apis {
        let (name, _) = seed(api, 0, &[]);
        let text = read(root, &format!("{GOLDEN_MESSAGES}/{name}.txt"))?;
        for (version, body) in samples(&text)? {
            seeds.push(seed(api, version, &body).1);
        }
    }
    Ok(seeds)
}

/// The frame of a request: its header without client id, and its body.
fn request_seed(api: &Api, version: i16, body: &[u8]) -> (String, Vec<u8>) {
    let mut frame = key_and_version(api, version);
    frame.extend([0, 0, 0, 1, 0xff, 0xff]);
    if is_flexible(api, version) {
        frame.push(0);
    }
    frame.extend(body);
    (api.request.name.clone(), frame)
}

/// What the target reads: API key and version, then the frame of a response.
fn response_seed(api: &Api, version: i16, body: &[u8]) -> (String, Vec<u8>) {
    let mut input = key_and_version(api, version);
    input.extend([0, 0, 0, 1]);
    if is_flexible(api, version) && api.name != "ApiVersions" {
        input.push(0);
    }
    input.extend(body);
    (api.response.name.clone(), input)
}

fn key_and_version(api: &Api, version: i16) -> Vec<u8> {
    [api.key.to_be_bytes(), version.to_be_bytes()].concat()
}

fn is_flexible(api: &Api, version: i16) -> bool {
    api.request
        .first_flexible
        .is_some_and(|first| version >= first)
}

fn batch_seeds(root: &Path) -> Result<Vec<Vec<u8>>> {
    let folder = root.join(GOLDEN_BATCHES);
    let mut seeds = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("list {GOLDEN_BATCHES}"))? {
        let name = entry
            .with_context(|| format!("list {GOLDEN_BATCHES}"))?
            .file_name();
        let text = read(
            root,
            &format!("{GOLDEN_BATCHES}/{}", name.to_string_lossy()),
        )?;
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let bytes = line
                .split([' ', '\t'])
                .nth(1)
                .context("a batch has no bytes")?;
            seeds.push(from_hex(bytes)?);
        }
    }
    Ok(seeds)
}

/// The lines of a golden file: version, name of the case, body in hex.
fn samples(text: &str) -> Result<Vec<(i16, Vec<u8>)>> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let mut words = line.split(' ');
            let version = words.next().context("a sample has no version")?.parse()?;
            let body = words.nth(1).unwrap_or_default();
            Ok((version, from_hex(body)?))
        })
        .collect()
}

fn from_hex(text: &str) -> Result<Vec<u8>> {
    ensure!(
        text.is_ascii() && text.len().is_multiple_of(2),
        "read hex: `{text}`"
    );
    let pairs = (0..text.len()).step_by(2).map(|at| &text[at..at + 2]);
    pairs
        .map(|pair| Ok(u8::from_str_radix(pair, 16)?))
        .collect()
}

fn read(root: &Path, path: &str) -> Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("read {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_seed_for_each_golden_sample_that_is_not_long() {
        let root = workspace::root().unwrap();
        for target in ["request", "response", "record_batches"] {
            assert!(
                root.join(format!("fuzz/fuzz_targets/{target}.rs"))
                    .is_file()
            );
            assert!(seeds(&root, target).unwrap().len() > 50, "{target}");
        }
    }

    #[test]
    fn a_golden_line_is_version_case_and_bytes() {
        let text = "# Heartbeat\n0 absent 00ff\n4 empty \n";
        assert_eq!(
            samples(text).unwrap(),
            [(0, vec![0x00, 0xff]), (4, Vec::new())]
        );
        assert!(samples("0 absent 0g").is_err());
    }
}
