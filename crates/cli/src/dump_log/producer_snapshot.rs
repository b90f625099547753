//! The state of the producers of a partition, as its snapshot has it.

use std::io::Write;

use anyhow::Result;
use protocol::generated::producer_snapshot::ProducerSnapshot;
use protocol::generated::producer_snapshot::producer_snapshot::ProducerEntry;
use protocol::wire::{Message, Reader};

use super::file::DumpedFile;
use super::segment::optional;

/// Version and checksum; the checksum is that of what follows.
const CHECKSUM_END: usize = 6;

/// Prints a snapshot. That it is corrupt is told, and is no failure.
pub(super) fn dump(file: &DumpedFile, out: &mut impl Write) -> Result<()> {
    let bytes = file.open()?.read_all()?;
    match decode(&bytes) {
        Ok(snapshot) => {
            for entry in &snapshot.producer_entries {
                print(entry, out)?;
            }
        }
        Err(fault) => {
            out.flush()?;
            writeln!(std::io::stderr(), "{fault}")?;
        }
    }
    Ok(())
}

fn decode(bytes: &[u8]) -> Result<ProducerSnapshot, String> {
    let reader = &mut Reader::new(bytes);
    let version = reader.i16();
    let snapshot = version.and_then(|version| ProducerSnapshot::decode(reader, version));
    let snapshot =
        snapshot.map_err(|error| format!("Snapshot failed schema validation: {error}"))?;
    let computed = crc_fast::crc32_iscsi(bytes.get(CHECKSUM_END..).unwrap_or_default());
    if snapshot.crc == computed {
        return Ok(snapshot);
    }
    Err(format!(
        "Snapshot is corrupt (CRC is no longer valid). Stored crc: {}. Computed crc: {computed}",
        snapshot.crc
    ))
}

fn print(entry: &ProducerEntry, out: &mut impl Write) -> Result<()> {
    let first_offset = entry.current_txn_first_offset;
    write!(
        out,
        "producerId: {} producerEpoch: {} coordinatorEpoch: {} currentTxnFirstOffset: {} \
         lastTimestamp: {}",
        entry.producer_id,
        entry.epoch,
        entry.coordinator_epoch,
        optional((first_offset >= 0).then_some(first_offset)),
        entry.timestamp,
    )?;
    // There may be no batch of the producer in its epoch.
    if entry.last_offset >= 0 {
        write!(
            out,
            " firstSequence: {} lastSequence: {} lastOffset: {} offsetDelta: {} timestamp: {}",
            first_sequence(entry),
            entry.last_sequence,
            entry.last_offset,
            entry.offset_delta,
            entry.timestamp,
        )?;
    }
    writeln!(out)?;
    Ok(())
}

/// Before 0 comes the largest sequence.
const fn first_sequence(entry: &ProducerEntry) -> i32 {
    let first = entry.last_sequence.wrapping_sub(entry.offset_delta);
    if entry.last_sequence < entry.offset_delta {
        first.wrapping_add(i32::MAX).wrapping_add(1)
    } else {
        first
    }
}
