//! `klamm storage version-mapping` and `feature-dependencies`: the table of features, printed.
//!
//! Apache Kafka also lists 4.4-IV0 here, which it calls unstable; the table of `metadata` has only
//! what is stable.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use metadata::features::{
    ELIGIBLE_LEADER_REPLICAS_VERSION, Feature, GROUP_VERSION, KRAFT_VERSION, METADATA_VERSION,
    MetadataVersion, SHARE_VERSION, STREAMS_VERSION, TRANSACTION_VERSION,
};

use super::levels;

/// The features in the order in which Kafka's tool prints them.
const IN_ORDER: &[&str] = &[
    KRAFT_VERSION,
    TRANSACTION_VERSION,
    GROUP_VERSION,
    ELIGIBLE_LEADER_REPLICAS_VERSION,
    SHARE_VERSION,
    STREAMS_VERSION,
];

/// Prints what a release begins with.
pub(crate) fn print_defaults(release: Option<&str>, out: &mut dyn Write) -> Result<ExitCode> {
    let release = release.unwrap_or(MetadataVersion::LATEST.name());
    let version = levels::release(release)?;
    let level = version.level();
    writeln!(out, "{METADATA_VERSION}={level} ({release})")?;
    for feature in IN_ORDER.iter().filter_map(|name| Feature::named(name)) {
        let level = feature.default_level(version);
        writeln!(out, "{}={level}", feature.name)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what each of these levels needs, given as `feature=level`.
pub(super) fn print_dependencies<'a>(
    given: impl Iterator<Item = &'a str>,
    out: &mut dyn Write,
) -> Result<ExitCode> {
    for given in given {
        let Some((name, level)) = given.split_once('=') else {
            bail!(
                "Invalid feature format: {given}. Expected format: 'feature=version' \
                 (e.g. 'group.version=1')"
            );
        };
        let (name, level) = (name.trim(), level.trim());
        let Ok(level) = level.parse::<i16>() else {
            bail!("Invalid version format: {level} for feature {name}");
        };
        let text = dependencies(name, level).map_err(|unknown| match unknown {
            Unknown::MetadataVersion => anyhow!("Unknown metadata.version {level}"),
            Unknown::Feature => anyhow!("Unknown feature: {name}"),
            Unknown::Level => {
                anyhow!("Feature level {level} is not supported for feature {name}")
            }
        })?;
        out.write_all(text.as_bytes())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Why there is nothing to tell of a level of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    MetadataVersion,
    Feature,
    Level,
}

/// What the level of a feature needs, as it is printed.
pub(crate) fn dependencies(name: &str, level: i16) -> Result<String, Unknown> {
    if name == METADATA_VERSION {
        let version = MetadataVersion::from_level(level).ok_or(Unknown::MetadataVersion)?;
        return Ok(format!("{name}={level} ({version}) has no dependencies.\n"));
    }
    let feature = Feature::named(name).ok_or(Unknown::Feature)?;
    if !(0..=feature.level_max()).contains(&level) {
        return Err(Unknown::Level);
    }
    Ok(match feature.needed_metadata_version(level) {
        None => format!("{name}={level} has no dependencies.\n"),
        Some(needed) => {
            let needed_level = needed.level();
            format!("{name}={level} requires:\n    {METADATA_VERSION}={needed_level} ({needed})\n")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(print: impl FnOnce(&mut dyn Write) -> Result<ExitCode>) -> String {
        let mut out = Vec::new();
        match print(&mut out) {
            Ok(_) => String::from_utf8(out).unwrap(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_release_is_printed_as_it_was_given_with_all_features() {
        let expected = "metadata.version=21 (3.9)\nkraft.version=1\ntransaction.version=0\n\
                        group.version=0\neligible.leader.replicas.version=0\nshare.version=0\n\
                        streams.version=0\n";
        assert_eq!(printed(|out| print_defaults(Some("3.9"), out)), expected);
        let latest = printed(|out| print_defaults(None, out));
        assert!(latest.starts_with("metadata.version=30 (4.3-IV0)\n"));
        assert_eq!(
            latest.lines().count(),
            1 + metadata::features::FEATURES.len()
        );
    }

    #[test]
    fn a_level_needs_a_metadata_version_or_nothing() {
        let check = |given: &str, expected: &str| {
            let given = given.split(',');
            assert_eq!(printed(|out| print_dependencies(given, out)), expected);
        };
        check(
            "eligible.leader.replicas.version=1,kraft.version= 1,metadata.version=30",
            "eligible.leader.replicas.version=1 requires:\n    metadata.version=23 (4.0-IV1)\n\
             kraft.version=1 has no dependencies.\n\
             metadata.version=30 (4.3-IV0) has no dependencies.\n",
        );
        check("metadata.version=99", "Unknown metadata.version 99");
        check("x=1", "Unknown feature: x");
        check(
            "group.version=x",
            "Invalid version format: x for feature group.version",
        );
        check(
            "group.version=7",
            "Feature level 7 is not supported for feature group.version",
        );
        check(
            "x",
            "Invalid feature format: x. Expected format: 'feature=version' (e.g. \
             'group.version=1')",
        );
    }
}
