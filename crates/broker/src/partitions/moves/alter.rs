//! A replica is to be in a certain log directory from now on.
//!
//! Not the job of this module: who may say so, and doing it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use metadata::image::PartitionRegistration;
use protocol::ErrorCode;
use protocol::topic::TopicPartition;
use storage::directories::{LogDirectory, TopicIdPartition};

use super::plan::Phase;
use crate::partitions::{Hosted, LocalPartition, Partitions};

/// What the name of a copy's directory has besides that of the partition: `.{32 hex}-future`.
const COPY_NAME_SIZE: usize = 40;
/// How long the name of a directory can be.
const NAME_SIZE_MAX: usize = 255;

impl Partitions {
    /// Has a replica move into the log directory of this path; what it was about to move into
    /// before is given up. A partition that is not here yet will be created there.
    ///
    /// # Errors
    /// When there is no such directory or it does not work, or when the replica is not here; then
    /// REPLICA_NOT_AVAILABLE says that it was noted.
    pub async fn alter_log_directory(
        &self,
        partition: &TopicPartition,
        path: &str,
    ) -> Result<(), ErrorCode> {
        let moves = &self.surroundings.moves;
        let _altering = moves.altering.lock().await;
        if partition.to_string().len() + COPY_NAME_SIZE > NAME_SIZE_MAX {
            return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
        }
        let destination = self.directory_at(path)?;
        let Some(local) = self.find_named(partition)? else {
            let path = PathBuf::from(path);
            moves.preferred().insert(partition.clone(), path);
            let published = self.surroundings.parts.metadata.current();
            let topic = published.image.topics().by_name(partition.topic.as_str());
            let is_known = topic.is_some_and(|topic| {
                let index = partition.partition;
                topic.partitions.contains_key(&index)
            });
            return Err(match is_known {
                true => ErrorCode::REPLICA_NOT_AVAILABLE,
                false => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            });
        };
        self.give_up_other(&local, &destination).await?;
        let logs = self.logs();
        let log = &local.partition_log;
        let is_there = Arc::ptr_eq(&log.directory(), &destination);
        if is_there || logs.copy_of(local.id()).is_some() {
            return Ok(());
        }
        // A copy may lie in the one that does not work.
        if logs.directories().iter().any(|each| !each.is_online()) {
            return Err(ErrorCode::KAFKA_STORAGE_ERROR);
        }
        let unique = self.surroundings.parts.environment.chance.uuid();
        let begun = logs.begin_move(log, &destination, unique, self.surroundings.wall_ms());
        begun.await.map_err(|error| error.error_code())?;
        // That an earlier move has ended may not be noted yet.
        moves.plan().cancel(local.id());
        moves.begin(local.id());
        Ok(())
    }

    /// Goes on with the moves that the start has found, of partitions that are here by now; and
    /// with those that are under way, which changes nothing.
    pub(in crate::partitions) fn resume_moves(&self) {
        for copy in self.logs().copies() {
            let id = copy.topic_id_partition();
            if let Some(local) = id.and_then(|id| self.online(id)) {
                self.surroundings.moves.begin(local.id());
            }
        }
    }

    /// Tells the controller in which directory a replica lies, unless it knows. One that it knows
    /// to be on its way lies where it will be.
    pub(in crate::partitions) fn tell_directory(
        &self,
        local: &LocalPartition,
        registration: &PartitionRegistration,
    ) {
        let id = local.id();
        let broker_id = self.surroundings.parts.settings.local.0;
        let told = registration.directory(broker_id);
        let copy = self.logs().copy_of(id);
        let places = [
            Some(local.partition_log.directory()),
            copy.map(|copy| copy.directory()),
        ];
        let mut places = places
            .into_iter()
            .flatten()
            .filter_map(|it| it.id())
            .peekable();
        let here = places.peek().copied();
        let is_known = places.any(|place| Some(place) == told);
        if let Some(here) = here.filter(|_| !is_known) {
            self.surroundings.moves.assignments.tell(id, here);
        }
    }

    /// Where a partition is to be created: as was asked for, or as the metadata have it.
    pub(in crate::partitions) fn wanted_directory(
        &self,
        partition: &TopicPartition,
        registration: &PartitionRegistration,
    ) -> Option<Arc<LogDirectory>> {
        let preferred = self.surroundings.moves.take_preferred(partition);
        let preferred = preferred.and_then(|path| self.directory_at(path.to_str()?).ok());
        let broker_id = self.surroundings.parts.settings.local.0;
        let assigned = registration.directory(broker_id);
        let mut directories = self.logs().directories().iter();
        let assigned = directories.find(|each| each.is_online() && each.id() == assigned);
        preferred.or_else(|| assigned.filter(|each| each.id().is_some()).cloned())
    }

    fn directory_at(&self, path: &str) -> Result<Arc<LogDirectory>, ErrorCode> {
        let mut directories = self.logs().directories().iter();
        let found = directories.find(|directory| directory.path() == Path::new(path));
        let found = found.ok_or(ErrorCode::LOG_DIR_NOT_FOUND)?;
        match found.is_online() {
            true => Ok(Arc::clone(found)),
            false => Err(ErrorCode::KAFKA_STORAGE_ERROR),
        }
    }

    /// The replica of this name, if it is here.
    fn find_named(
        &self,
        partition: &TopicPartition,
    ) -> Result<Option<Arc<LocalPartition>>, ErrorCode> {
        let published = self.surroundings.parts.metadata.current();
        let topic = published.image.topics().by_name(partition.topic.as_str());
        let Some(topic) = topic else {
            return Ok(None);
        };
        let id = TopicIdPartition {
            topic_id: topic.id,
            partition: partition.partition,
        };
        match self.table().get(&id) {
            Some(Hosted::Online(local)) if local.is_directory_offline() => {
                Err(ErrorCode::KAFKA_STORAGE_ERROR)
            }
            Some(Hosted::Online(local)) => Ok(Some(Arc::clone(local))),
            Some(Hosted::Failed(failure)) => Err(failure.error),
            None => Ok(None),
        }
    }

    async fn give_up_other(
        &self,
        local: &LocalPartition,
        destination: &Arc<LogDirectory>,
    ) -> Result<(), ErrorCode> {
        let (moves, id) = (&self.surroundings.moves, local.id());
        let copy = self.logs().copy_of(id);
        let other = copy.filter(|copy| !Arc::ptr_eq(&copy.directory(), destination));
        let Some(copy) = other else {
            return Ok(());
        };
        let phase = moves.plan().cancel(id);
        let now_ms = self.surroundings.wall_ms();
        if let Err(error) = self.logs().abandon_move(&copy, now_ms).await
            && self.logs().copy_of(id).is_some()
        {
            return Err(error.error_code());
        }
        self.surroundings.removal_wanted.notify_one();
        if phase.is_some_and(|phase| phase != Phase::Copying)
            && let Some(here) = local.partition_log.directory().id()
        {
            moves.assignments.tell(id, here);
        }
        Ok(())
    }
}
