//! The aborted transactions of a segment.
//!
//! An entry is a version i16, then as i64 the producer id, the first offset, the last offset and
//! the last stable offset at the end of the transaction.

use std::io::{ErrorKind, Write};

use anyhow::{Result, ensure};
use protocol::wire::Reader;

use super::file::DumpedFile;
use super::slots::Slots;

const ENTRY_SIZE: usize = 34;

/// Prints a transaction index. A missing one is empty, as it is when nothing was aborted.
pub(super) fn dump(file: &DumpedFile, out: &mut impl Write) -> Result<()> {
    file.base_offset()?;
    let slots: Slots<ENTRY_SIZE> = match file.open() {
        Ok(open) => Slots::new(open),
        Err(error) if is_missing(&error) => return Ok(()),
        Err(error) => return Err(error),
    };
    // As in Kafka nothing is printed unless all of it can be.
    let mut text = String::new();
    for slot in 0..slots.count() {
        let entry = slots.read(slot)?;
        let mut reader = Reader::new(&entry);
        // Kafka takes the first byte of the two for the version.
        let version = reader.i8()?;
        reader.i8()?;
        ensure!(
            version <= 0,
            "read {file}: entry {slot} has the unknown version {version}"
        );
        text.push_str(&format!(
            "version: {version} producerId: {} firstOffset: {} lastOffset: {} lastStableOffset: \
             {}\n",
            reader.i64()?,
            reader.i64()?,
            reader.i64()?,
            reader.i64()?,
        ));
    }
    write!(out, "{text}")?;
    Ok(())
}

fn is_missing(error: &anyhow::Error) -> bool {
    let cause = error.downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == ErrorKind::NotFound)
}
