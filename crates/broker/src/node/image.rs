//! The metadata as they are committed when the node starts: logs are loaded by the configuration of
//! their topics, before anything follows the metadata.

use crate::metadata_records::{self, MetadataLogError};
use metadata::image::{MetadataImage, MetadataReader};
use protocol::ids::Offset;
use quorum::{Committed, Quorum};
use std::sync::Arc;

/// Reads everything that is committed now.
pub(super) async fn committed(quorum: &Arc<Quorum>) -> Result<MetadataImage, MetadataLogError> {
    let mut listener = quorum.listen(Offset::ZERO);
    let mut reader = MetadataReader::default();
    let target = quorum.high_watermark();
    while Some(listener.position()) < target {
        match listener.next().await? {
            Committed::Snapshot(snapshot) => {
                reader = metadata_records::read_snapshot(&snapshot)?;
            }
            Committed::Batches(batches) => {
                for batch in &batches {
                    let replay = |record: &_, provenance| reader.replay(record, provenance);
                    metadata_records::replay_batch(batch, replay)?;
                }
            }
        }
    }
    Ok(reader.image().clone())
}
