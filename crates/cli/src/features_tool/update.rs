//! A change of the levels of features: read from the arguments, sent, and told how it went.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Result, anyhow, bail};
use client::Properties;
use client::exception::Exception;
use client::krafka::admin::{FeatureUpdateKey, UpdateFeaturesOptions};
use metadata::features::{FEATURES, METADATA_VERSION};
use protocol::generated::UpdateFeaturesRequest;
use protocol::generated::update_features_request;

use crate::arguments::Values;
use crate::cluster::direct::{Bootstrap, DirectNode, check};
use crate::cluster::{self, FirstCall};
use crate::storage_tool::release;

/// Which way levels may go, as in UpdateFeatures (KIP-584).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum UpgradeType {
    Upgrade = 1,
    SafeDowngrade = 2,
    UnsafeDowngrade = 3,
}

/// What is to be done: new levels of features.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Update {
    /// The subcommand, for messages.
    verb: String,
    upgrade_type: UpgradeType,
    levels: BTreeMap<String, i16>,
    is_dry_run: bool,
}

/// How it went with each feature.
pub(super) type Outcomes = BTreeMap<String, Result<(), String>>;

impl Update {
    /// Reads the arguments of `upgrade`, `downgrade` or `disable`; a deprecated one is told.
    ///
    /// # Errors
    /// When they contradict each other or name no feature.
    pub(super) fn parse(verb: &str, values: &Values, out: &mut dyn Write) -> Result<Self> {
        let upgrade_type = match (verb, values.has("unsafe")) {
            ("upgrade", _) => UpgradeType::Upgrade,
            (_, false) => UpgradeType::SafeDowngrade,
            (_, true) => UpgradeType::UnsafeDowngrade,
        };
        let mut update = Self {
            verb: verb.to_owned(),
            upgrade_type,
            levels: BTreeMap::new(),
            is_dry_run: values.has("dry-run"),
        };
        let metadata = values.last("metadata");
        let has_features = metadata.is_some() || values.has("feature");
        if let Some(name) = values.last("release-version") {
            if has_features {
                bail!("Can not specify `release-version` with other feature flags.");
            }
            update.set_release(name)?;
        }
        if let Some(name) = metadata {
            let flag = " `metadata` flag is deprecated and may be removed in a future release.";
            writeln!(out, "{flag}")?;
            update.set(METADATA_VERSION, release(name)?.level())?;
        }
        for given in values.all("feature") {
            let (name, level) = match update.is_disabling() {
                true => (given, 0),
                false => name_and_level(given)?,
            };
            update.set(name, level)?;
        }
        if update.levels.is_empty() {
            bail!("You must specify at least one feature to {verb}");
        }
        Ok(update)
    }

    fn set_release(&mut self, name: &str) -> Result<()> {
        let version = release(name)?;
        self.set(METADATA_VERSION, version.level())?;
        for feature in FEATURES {
            let level = feature.default_level(version);
            // Level 0 is nothing that could be raised.
            if level > 0 || self.upgrade_type != UpgradeType::Upgrade {
                self.set(feature.name, level)?;
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, level: i16) -> Result<()> {
        match self.levels.insert(name.to_owned(), level) {
            None => Ok(()),
            Some(_) => bail!("Feature {name} was specified more than once."),
        }
    }

    /// Sends it to the active controller, or to a broker that does.
    ///
    /// # Errors
    /// When nobody can be asked; what the controller refuses is an outcome.
    pub(super) async fn perform(
        &self,
        bootstrap: Bootstrap<'_>,
        properties: &Properties,
    ) -> Result<Outcomes> {
        let first = FirstCall::named("updateFeatures");
        let sent = match bootstrap {
            Bootstrap::Brokers(servers) => self.send_to_brokers(servers, properties, first).await,
            Bootstrap::Controllers(_) => {
                let node = DirectNode::connect(bootstrap, properties, first).await?;
                self.send_to(&node.controller(None).await?).await
            }
        };
        match sent {
            Ok(outcomes) => Ok(outcomes),
            Err(error) => match cluster::known(&error) {
                // For all of them.
                Some(exception) => {
                    let names = self.levels.keys().cloned();
                    let refused = |name| (name, Err(exception.message.clone()));
                    Ok(names.map(refused).collect())
                }
                None => Err(error),
            },
        }
    }

    async fn send_to_brokers(
        &self,
        servers: &str,
        properties: &Properties,
        first: FirstCall,
    ) -> Result<Outcomes> {
        let (_kafka, admin) = cluster::admin(servers, properties, first).await?;
        let updates = self
            .levels
            .iter()
            .map(|(name, level)| match self.upgrade_type {
                UpgradeType::Upgrade => FeatureUpdateKey::upgrade(name, *level),
                UpgradeType::SafeDowngrade => FeatureUpdateKey::safe_downgrade(name, *level),
                UpgradeType::UnsafeDowngrade => FeatureUpdateKey::unsafe_downgrade(name, *level),
            });
        let options = UpdateFeaturesOptions::default().validate_only(self.is_dry_run);
        let outcomes = admin.update_features(updates.collect(), options).await?;
        let outcomes = outcomes.into_iter().map(|(name, outcome)| {
            let outcome = outcome.map_err(|error| Exception::of(&error).message);
            (name, outcome)
        });
        Ok(outcomes.collect())
    }

    async fn send_to(&self, node: &DirectNode<'_>) -> Result<Outcomes> {
        let levels = self.levels.iter();
        let updates = levels.map(|(name, level)| update_features_request::FeatureUpdateKey {
            feature: name.into(),
            max_version_level: *level,
            upgrade_type: self.upgrade_type as i8,
            ..update_features_request::FeatureUpdateKey::default()
        });
        let request = UpdateFeaturesRequest {
            feature_updates: updates.collect(),
            validate_only: self.is_dry_run,
            ..UpdateFeaturesRequest::default()
        };
        let answer = node.ask(&request).await?;
        let answer = answer.decode()?;
        check(answer.error_code, answer.error_message.as_deref())?;
        let names = self.levels.keys();
        let mut outcomes: Outcomes = names.map(|name| (name.clone(), Ok(()))).collect();
        for result in &answer.results {
            let checked = check(result.error_code, result.error_message.as_deref());
            let outcome = checked.map_err(|exception| exception.message);
            outcomes.insert(result.feature.clone().into_owned(), outcome);
        }
        Ok(outcomes)
    }

    fn is_disabling(&self) -> bool {
        self.verb == "disable"
    }

    /// A line for each feature, and how many of them tell of a failure.
    pub(super) fn report(&self, outcomes: &Outcomes) -> (String, usize) {
        let verb = &self.verb;
        let mut text = String::new();
        for (name, outcome) in outcomes {
            let level = self.levels.get(name).copied().unwrap_or(0);
            let line = match (outcome, self.is_disabling()) {
                (Ok(()), true) => format!("{name} {} disabled.", self.done()),
                (Ok(()), false) => format!("{name} {} {verb}d to {level}.", self.done()),
                (Err(why), true) => format!("{} {verb} {name}. {why}", self.not_done()),
                (Err(why), false) => {
                    format!("{} {verb} {name} to {level}. {why}", self.not_done())
                }
            };
            text.push_str(&line);
            text.push('\n');
        }
        let failures = outcomes.values().filter(|outcome| outcome.is_err());
        (text, failures.count())
    }

    fn done(&self) -> &'static str {
        if self.is_dry_run { "can be" } else { "was" }
    }

    fn not_done(&self) -> &'static str {
        if self.is_dry_run {
            "Can not"
        } else {
            "Could not"
        }
    }
}

/// Reads `feature=level`.
///
/// # Errors
/// When it is not like this.
pub(super) fn name_and_level(given: &str) -> Result<(&str, i16)> {
    let Some((name, level)) = given.split_once('=') else {
        bail!("Can't parse feature=level string {given}: equals sign not found.");
    };
    let (name, level) = (name.trim(), level.trim());
    let number = level.parse().map_err(|_| {
        anyhow!("Can't parse feature=level string {given}: unable to parse {level} as a short.")
    })?;
    Ok((name, number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::argparse::Parsed;
    use crate::features_tool::options::TOOL;

    fn parse(line: &str) -> Result<Update, String> {
        let arguments: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        let Ok(Parsed::Run { subcommand, values }) = TOOL.parse("tool", &arguments) else {
            panic!("{line}");
        };
        let update = Update::parse(subcommand, &values, &mut Vec::new());
        update.map_err(|error| error.to_string())
    }

    #[test]
    fn levels_come_from_features_from_a_release_or_from_a_metadata_version() {
        let levels =
            |line| -> Vec<(String, i16)> { parse(line).unwrap().levels.into_iter().collect() };
        let level = |name: &str, level| (name.to_owned(), level);
        let two = [level("a", 1), level("b", 2)];
        assert_eq!(levels("upgrade --feature b=2 --feature a=1"), two);
        assert_eq!(levels("disable --feature a"), [level("a", 0)]);
        let metadata = [level(METADATA_VERSION, 22)];
        assert_eq!(levels("downgrade --metadata 4.0-IV0"), metadata);
        let of_release = [level("kraft.version", 1), level(METADATA_VERSION, 21)];
        assert_eq!(levels("upgrade --release-version 3.9-IV0"), of_release);
        assert_eq!(levels("downgrade --release-version 3.9-IV0").len(), 7);
        let upgrade_type = |line| parse(line).unwrap().upgrade_type;
        let downgrade = upgrade_type("downgrade --feature a=1");
        assert_eq!(downgrade, UpgradeType::SafeDowngrade);
        let disable = upgrade_type("disable --feature a --unsafe");
        assert_eq!(disable, UpgradeType::UnsafeDowngrade);
    }

    #[test]
    fn arguments_that_make_no_update_are_refused() {
        let check = |line, expected: &str| assert_eq!(parse(line).unwrap_err(), expected);
        check(
            "upgrade",
            "You must specify at least one feature to upgrade",
        );
        check(
            "disable",
            "You must specify at least one feature to disable",
        );
        check(
            "upgrade --feature x=1 --feature x=2",
            "Feature x was specified more than once.",
        );
        check(
            "upgrade --feature x=y",
            "Can't parse feature=level string x=y: unable to parse y as a short.",
        );
        check(
            "downgrade --release-version 4.3 --feature x=1",
            "Can not specify `release-version` with other feature flags.",
        );
        let refusal = parse("upgrade --metadata 9.9").unwrap_err();
        assert!(
            refusal.starts_with("Unknown metadata.version '9.9'. "),
            "{refusal}"
        );
    }

    #[test]
    fn it_is_told_of_each_feature_how_it_went() {
        let outcomes = Outcomes::from([
            ("a".to_owned(), Ok(())),
            ("b".to_owned(), Err("No.".to_owned())),
        ]);
        let report = |line| parse(line).unwrap().report(&outcomes);
        let (text, failure_count) = report("upgrade --feature a=1 --feature b=2");
        assert_eq!(
            text,
            "a was upgraded to 1.\nCould not upgrade b to 2. No.\n"
        );
        assert_eq!(failure_count, 1);
        let (text, _) = report("downgrade --feature a=1 --feature b=2 --dry-run");
        assert_eq!(
            text,
            "a can be downgraded to 1.\nCan not downgrade b to 2. No.\n"
        );
        let (text, _) = report("disable --feature a --feature b");
        assert_eq!(text, "a was disabled.\nCould not disable b. No.\n");
    }
}
