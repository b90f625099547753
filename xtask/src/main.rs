//! The chores of this workspace, run as `cargo xtask <chore>`.

mod codegen;

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("codegen") => codegen::run(&arguments[1..]),
        Some(unknown) => bail!("unknown chore `{unknown}`"),
        None => bail!("usage: cargo xtask <chore>"),
    }
}
