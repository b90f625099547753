//! UpdateFeatures: other levels for what the cluster has agreed to use (KIP-584, KIP-778,
//! KIP-1022).
//!
//! Not the job of this module: raising `kraft.version`, which a control record of the quorum holds;
//! the caller does so before the records are appended.
//!
//! Invariant: all updates of a request happen, or none.

use protocol::ErrorCode;
use protocol::generated::metadata::{ConfigRecord, FeatureLevelRecord, MetadataRecord, NoOpRecord};

use super::configs::MIN_INSYNC_REPLICAS;
use super::{ApiError, Controller, Outcome};
use crate::features::{
    ELIGIBLE_LEADER_REPLICAS_VERSION, Feature, KRAFT_VERSION, METADATA_VERSION, MetadataVersion,
    supported_ranges,
};
use crate::image::{ConfigResource, ResourceKind};
use crate::record::VersionedRecord;

/// In which direction a level may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpgradeKind {
    /// Up.
    Upgrade,
    /// Down, if nothing is lost.
    SafeDowngrade,
    /// Down.
    UnsafeDowngrade,
}

/// A feature of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureUpdate {
    /// Its name.
    pub name: String,
    /// The level that is wanted.
    pub level: i16,
    /// In which direction; none for a number that says nothing.
    pub kind: Option<UpgradeKind>,
}

/// What the quorum says of `kraft.version`.
#[derive(Clone, Copy)]
pub struct KraftVersions<'a> {
    /// The level in effect.
    pub level: i16,
    /// Why the quorum cannot go up to a level that this software supports.
    pub check_upgrade: &'a dyn Fn(i16) -> Result<(), String>,
}

/// What a node supports of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct SupportedRange {
    min: i16,
    max: i16,
}

impl UpgradeKind {
    /// The kind that a request numbers so.
    pub fn from_code(code: i8) -> Option<Self> {
        match code {
            1 => Some(Self::Upgrade),
            2 => Some(Self::SafeDowngrade),
            3 => Some(Self::UnsafeDowngrade),
            _ => None,
        }
    }
}

impl Controller<'_> {
    /// Changes levels. The answer is the level to which the quorum is to raise `kraft.version`
    /// first, if that is asked for.
    ///
    /// # Errors
    /// When one of the updates cannot be; nothing is changed then.
    pub fn update_features(
        &self,
        updates: &[FeatureUpdate],
        validate_only: bool,
        kraft: KraftVersions<'_>,
    ) -> Result<Outcome<Option<i16>>, ApiError> {
        let mut outcome = Outcome::none(None);
        for (index, update) in updates.iter().enumerate() {
            // Of two with one name the later one counts.
            if updates[index + 1..].iter().any(|it| it.name == update.name) {
                continue;
            }
            let record = self.update_feature(update, updates, kraft)?;
            outcome.records.extend(record.map(VersionedRecord::first));
            if update.name == KRAFT_VERSION && update.level > kraft.level {
                outcome.response = Some(update.level);
            }
        }
        if validate_only {
            return Ok(Outcome::none(None));
        }
        let turns_elr_on =
            |it: &FeatureUpdate| it.name == ELIGIBLE_LEADER_REPLICAS_VERSION && it.level > 0;
        if updates.iter().any(turns_elr_on) {
            let mut records = self.minimums_for_eligible_leader_replicas();
            records.append(&mut outcome.records);
            outcome.records = records;
        }
        Ok(outcome)
    }

    fn update_feature(
        &self,
        update: &FeatureUpdate,
        updates: &[FeatureUpdate],
        kraft: KraftVersions<'_>,
    ) -> Result<Option<MetadataRecord>, ApiError> {
        let invalid = |reason: &str| Err(refusal(update, reason));
        let Some(kind) = update.kind else {
            return invalid("The controller does not support the given upgrade type.");
        };
        let (name, level) = (&*update.name, update.level);
        let current = match name {
            KRAFT_VERSION => kraft.level,
            _ => self.image().features().level(name),
        };
        if level < 0 {
            return invalid("A feature version cannot be less than 0.");
        }
        if let Some(reason) = self.reason_not_supported(name, level) {
            return invalid(&reason);
        }
        if level < current && kind == UpgradeKind::Upgrade {
            return invalid(
                "Can't downgrade the version of this feature without setting the upgrade type to \
                 either safe or unsafe downgrade.",
            );
        }
        if level > current && kind != UpgradeKind::Upgrade {
            return invalid("Can't downgrade to a newer version.");
        }
        match name {
            METADATA_VERSION => self.check_metadata_version(level, kind)?,
            KRAFT_VERSION if kind == UpgradeKind::Upgrade => {
                (kraft.check_upgrade)(level)
                    .map_err(|reason| ApiError::new(ErrorCode::INVALID_UPDATE_VERSION, reason))?;
                // What follows from the control record, follows from a record behind it.
                return Ok(Some(MetadataRecord::NoOp(NoOpRecord {})));
            }
            KRAFT_VERSION if level == current => return Ok(None),
            KRAFT_VERSION => return invalid("Can't downgrade the version of this feature."),
            _ => {
                let checked = self.check_dependencies(name, level, updates);
                checked.map_err(|reason| refusal(update, &reason))?;
            }
        }
        Ok(Some(MetadataRecord::FeatureLevel(FeatureLevelRecord {
            name: name.to_owned(),
            feature_level: level,
        })))
    }

    /// Whether a node of the cluster cannot run with a level, in Kafka's words.
    fn reason_not_supported(&self, name: &str, level: i16) -> Option<String> {
        let local = supported_ranges()
            .into_iter()
            .find(|(known, _, _)| *known == name);
        let local = SupportedRange::of(local.map(|(_, min, max)| (min, max)));
        let cluster = self.image().cluster();
        let here = self.settings.node_id;
        let brokers = cluster.brokers().map(|broker| {
            let mut features = broker.features.iter();
            let feature = features.find(|feature| feature.name == name);
            let range = feature.map(|it| (it.min_supported_version, it.max_supported_version));
            (format!("Broker {}", broker.id), SupportedRange::of(range))
        });
        let others = cluster
            .controllers()
            .filter(|controller| controller.controller_id != here)
            .filter(|_| self.metadata_version().has_controller_registration());
        let controllers = others.map(|controller| {
            let mut features = controller.features.iter();
            let feature = features.find(|feature| feature.name == name);
            let range = feature.map(|it| (it.min_supported_version, it.max_supported_version));
            let who = format!("Controller {}", controller.controller_id);
            (who, SupportedRange::of(range))
        });
        std::iter::once((format!("Local controller {here}"), local))
            .chain(brokers)
            .chain(controllers)
            .find_map(|(who, range)| range.reason_not_supported(&who, level))
    }

    fn check_metadata_version(&self, level: i16, kind: UpgradeKind) -> Result<(), ApiError> {
        let refused = |message: String| {
            let code = ErrorCode::INVALID_UPDATE_VERSION;
            Err(ApiError::new(code, message))
        };
        let Some(wanted) = MetadataVersion::from_level(level) else {
            let (min, max) = (
                MetadataVersion::MIN.level(),
                MetadataVersion::LATEST.level(),
            );
            return refused(format!(
                "Invalid metadata.version {level}. Valid versions are from {min} to {max}."
            ));
        };
        let current = self.metadata_version();
        if wanted >= current || !current.is_lossy_down_to(wanted) {
            return Ok(());
        }
        let reason = match kind {
            UpgradeKind::UnsafeDowngrade => {
                "Unsafe metadata downgrade is not supported in this version."
            }
            UpgradeKind::Upgrade | UpgradeKind::SafeDowngrade => {
                "Refusing to perform the requested downgrade because it might delete metadata \
                 information."
            }
        };
        refused(format!(
            "Unsupported metadata.version downgrade from {} to {level}. {reason}",
            current.level()
        ))
    }

    /// Whether a level has what it needs when all updates have happened.
    fn check_dependencies(
        &self,
        name: &str,
        level: i16,
        updates: &[FeatureUpdate],
    ) -> Result<(), String> {
        let feature = Feature::named(name).ok_or_else(|| format!("Feature {name} not found."))?;
        let Some(needed) = feature.needed_metadata_version(level) else {
            return Ok(());
        };
        let mut asked = updates.iter().rev();
        let asked = asked.find(|update| update.name == METADATA_VERSION);
        let version = asked.map_or(self.metadata_version().level(), |update| update.level);
        if version >= needed.level() {
            return Ok(());
        }
        Err(format!(
            "{name} could not be set to {level} because it depends on {METADATA_VERSION} level {}",
            needed.level()
        ))
    }

    /// With eligible leader replicas the minimum of in-sync replicas has to be the same for all
    /// brokers, and to stand in the metadata.
    fn minimums_for_eligible_leader_replicas(&self) -> Vec<VersionedRecord> {
        let configs = self.image().configs();
        let all = ConfigResource::all_brokers();
        let mut records = Vec::new();
        let mut record = |resource_name: &str, value: Option<String>| {
            records.push(VersionedRecord::first(MetadataRecord::Config(
                ConfigRecord {
                    resource_type: ResourceKind::BROKER.0,
                    resource_name: resource_name.to_owned(),
                    name: MIN_INSYNC_REPLICAS.to_owned(),
                    value,
                },
            )));
        };
        if configs.value(&all, MIN_INSYNC_REPLICAS).is_none() {
            let value = self
                .rules
                .default_value(ResourceKind::TOPIC, MIN_INSYNC_REPLICAS);
            record("", Some(value.unwrap_or_else(|| "1".to_owned())));
        }
        for (resource, values) in configs.resources() {
            let is_of_one_broker =
                resource.kind == ResourceKind::BROKER && !resource.name.is_empty();
            if is_of_one_broker && values.contains_key(MIN_INSYNC_REPLICAS) {
                record(&resource.name, None);
            }
        }
        records
    }
}

impl SupportedRange {
    /// A feature that a node does not know, it does not support.
    fn of(range: Option<(i16, i16)>) -> Self {
        let (min, max) = range.unwrap_or_default();
        Self { min, max }
    }

    fn reason_not_supported(self, who: &str, level: i16) -> Option<String> {
        let Self { min, max } = self;
        if (min..=max).contains(&level) {
            return None;
        }
        Some(match max {
            0 => format!("{who} does not support this feature."),
            i16::MAX if min < max => format!("{who} only supports versions {min}+"),
            _ if min == max => format!("{who} only supports versions {min}"),
            _ => format!("{who} only supports versions {min}-{max}"),
        })
    }
}

fn refusal(update: &FeatureUpdate, reason: &str) -> ApiError {
    let FeatureUpdate { name, level, .. } = update;
    let message = format!("Invalid update version {level} for feature {name}. {reason}");
    ApiError::new(ErrorCode::INVALID_UPDATE_VERSION, message)
}
