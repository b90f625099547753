//! The levels of features that a cluster is formatted with.
//!
//! Messages that Kafka's tool prints as such have its words; where it shows the trace of an
//! exception, they are ours.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, bail, ensure};
use metadata::features::{
    FEATURES, Feature, KRAFT_VERSION, METADATA_VERSION, MetadataVersion, chosen_levels,
    default_levels,
};

/// What a cluster begins with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InitialLevels {
    pub(crate) metadata_version: MetadataVersion,
    /// As records of the metadata log; `kraft.version` is not among them.
    pub(crate) of_records: Vec<(&'static str, i16)>,
}

/// The release of this name: `4.3-IV0`, `4.3`, or a patch of it such as `4.3.1`.
pub(crate) fn release(name: &str) -> Result<MetadataVersion> {
    let second = name.match_indices('.').nth(1);
    let two_numbers = second.map_or(name, |(index, _)| &name[..index]);
    MetadataVersion::from_name(two_numbers).ok_or_else(|| {
        let levels = MetadataVersion::MIN.level()..=MetadataVersion::LATEST.level();
        let names = levels.filter_map(MetadataVersion::from_level);
        let names: Vec<_> = names.map(MetadataVersion::name).collect();
        let names = names.join(", ");
        anyhow!("Unknown metadata.version '{name}'. Supported metadata.version are: {names}")
    })
}

impl InitialLevels {
    /// Those of the latest release.
    pub(crate) fn latest() -> Self {
        Self {
            metadata_version: MetadataVersion::LATEST,
            of_records: default_levels(MetadataVersion::LATEST),
        }
    }

    /// Those of `release`, or of the latest one, with what `--feature` says otherwise.
    /// `is_dynamic` says whether the quorum keeps its voters in its log.
    pub(super) fn choose<'a>(
        release: Option<MetadataVersion>,
        given: impl Iterator<Item = &'a str>,
        is_dynamic: bool,
    ) -> Result<Self> {
        let mut overrides = given
            .map(parse_level)
            .collect::<Result<BTreeMap<&str, i16>>>()?;
        let metadata_version = match (release, overrides.remove(METADATA_VERSION)) {
            (Some(_), Some(_)) => bail!(
                "Use --release-version instead of --feature {METADATA_VERSION}=X to avoid \
                 ambiguity."
            ),
            (None, Some(level)) => MetadataVersion::from_level(level)
                .with_context(|| format!("choose {METADATA_VERSION}: there is no level {level}"))?,
            (release, None) => release.unwrap_or(MetadataVersion::LATEST),
        };
        if let Some(unknown) = overrides.keys().find(|name| Feature::named(name).is_none()) {
            let names: Vec<_> = FEATURES.iter().map(|feature| feature.name).collect();
            let names = names.join(", ");
            bail!("Unsupported feature: {unknown}. Supported features are: {names}");
        }
        check_kraft_version(overrides.remove(KRAFT_VERSION), is_dynamic)?;
        let overrides: Vec<_> = overrides.into_iter().collect();
        Ok(Self {
            metadata_version,
            of_records: chosen_levels(metadata_version, &overrides)?,
        })
    }
}

fn parse_level(given: &str) -> Result<(&str, i16)> {
    let parts = given.split_once('=');
    let (name, level) =
        parts.with_context(|| format!("parse feature `{given}`: there is no equals sign"))?;
    let (name, level) = (name.trim(), level.trim());
    let parsed = level.parse();
    let parsed = parsed.with_context(|| format!("parse level `{level}` of feature {name}"))?;
    Ok((name, parsed))
}

/// The level follows from how the voters are given; naming it can only contradict that.
fn check_kraft_version(given: Option<i16>, is_dynamic: bool) -> Result<()> {
    let Some(level) = given else {
        return Ok(());
    };
    if level == 0 && is_dynamic {
        bail!(
            "Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the \
             flags --standalone, --initial-controllers, or --no-initial-controllers is used. For \
             dynamic controllers support, try removing the --feature flag for kraft.version."
        );
    }
    if level != 0 && !is_dynamic {
        bail!(
            "Cannot set kraft.version to {level} unless controller.quorum.voters is empty and one \
             of the flags --standalone, --initial-controllers, or --no-initial-controllers is \
             used. For dynamic controllers support, try using one of --standalone, \
             --initial-controllers, or --no-initial-controllers and removing \
             controller.quorum.voters."
        );
    }
    ensure!(
        (0..=1).contains(&level),
        "choose feature level: {KRAFT_VERSION} has no level {level}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_may_be_named_down_to_its_patch() {
        for name in ["4.0", "4.0.2", "4.0-IV3"] {
            assert_eq!(release(name).unwrap().name(), "4.0-IV3");
        }
        for name in ["", "4", "9.9", "4.0-IV", "4.0-IV9"] {
            let message = release(name).unwrap_err().to_string();
            assert!(message.starts_with(&format!("Unknown metadata.version '{name}'. ")));
            assert!(message.ends_with(" 4.2-IV1, 4.3-IV0"), "{message}");
        }
    }

    fn choose(release_name: Option<&str>, given: &str, is_dynamic: bool) -> Result<InitialLevels> {
        let release = release_name.map(|name| release(name).unwrap());
        InitialLevels::choose(release, given.split_whitespace(), is_dynamic)
    }

    #[test]
    fn without_options_a_cluster_begins_as_the_latest_release_does() {
        assert_eq!(choose(None, "", true).unwrap(), InitialLevels::latest());
        assert_eq!(
            choose(Some("4.3"), "", false).unwrap(),
            InitialLevels::latest()
        );
    }

    #[test]
    fn the_metadata_version_is_given_as_release_or_as_feature() {
        let old = choose(Some("3.9"), "kraft.version=1", true).unwrap();
        assert_eq!(old.of_records, [(METADATA_VERSION, 21)]);
        let levels = choose(None, "metadata.version=21", true).unwrap();
        assert_eq!(levels, old);
    }

    #[test]
    fn the_last_level_given_for_a_feature_counts_and_zero_is_not_written() {
        let given = ["share.version=1", "share.version = 0"].into_iter();
        let levels = InitialLevels::choose(None, given, true).unwrap();
        let mut expected = InitialLevels::latest().of_records;
        expected.retain(|(name, _)| *name != "share.version");
        assert_eq!(levels.of_records, expected);
    }

    #[test]
    fn levels_that_contradict_each_other_are_refused() {
        let check = |release_name, given, is_dynamic, message: &str| {
            let error = choose(release_name, given, is_dynamic).unwrap_err();
            let error = format!("{error:#}");
            assert!(error.starts_with(message), "{error}");
        };
        let both = "Use --release-version instead of --feature metadata.version=X";
        check(Some("4.0"), "metadata.version=20", true, both);
        check(
            None,
            "metadata.version=6",
            true,
            "choose metadata.version: there is no level 6",
        );
        check(
            None,
            "x=1",
            true,
            "Unsupported feature: x. Supported features are: eligible.",
        );
        check(
            None,
            "x",
            true,
            "parse feature `x`: there is no equals sign",
        );
        check(
            None,
            "group.version=x",
            true,
            "parse level `x` of feature group.version: invalid",
        );
        check(
            None,
            "kraft.version=0",
            true,
            "Cannot set kraft.version to 0 if controller.",
        );
        check(
            None,
            "kraft.version=1",
            false,
            "Cannot set kraft.version to 1 unless controller.",
        );
        check(
            None,
            "kraft.version=2",
            true,
            "choose feature level: kraft.version has no level 2",
        );
        check(
            None,
            "group.version=2",
            true,
            "choose feature level: group.version has no level 2",
        );
        check(
            Some("3.9"),
            "eligible.leader.replicas.version=1",
            true,
            "choose feature level:",
        );
    }
}
