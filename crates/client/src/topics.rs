//! The topics that a connection knows of since it was made, without another request.
//!
//! Not the job of this module: keeping up with changes; who waits for a change asks the admin
//! client. krafka leaves 100 ms between two requests for metadata, which a command that has just
//! connected need not wait for.

use krafka::consumer::FetchMetadataResult;
use krafka::{Kafka, KrafkaError, TopicInfo};

/// The topics as they were when `kafka` last asked, at the latest when it connected; by name.
///
/// # Errors
/// When krafka cannot make the consumer that is asked for them.
pub async fn known(kafka: &Kafka) -> Result<Vec<TopicInfo>, KrafkaError> {
    let mut topics = known_metadata(kafka).await?.topics;
    topics.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    Ok(topics)
}

/// All that the connection knows of the cluster. Of krafka's clients only a consumer tells it.
pub(crate) async fn known_metadata(kafka: &Kafka) -> Result<FetchMetadataResult, KrafkaError> {
    let looking = kafka.consumer_without_group().metrics_push(false);
    looking.build().await?.fetch_metadata(None).await
}
