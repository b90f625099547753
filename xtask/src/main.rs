//! The chores of this workspace, run as `cargo xtask <chore>`.

use anyhow::{Result, bail};

fn main() -> Result<()> {
    let chore = std::env::args().nth(1);
    match chore.as_deref() {
        Some(unknown) => bail!("unknown chore `{unknown}`"),
        None => bail!("usage: cargo xtask <chore>"),
    }
}
