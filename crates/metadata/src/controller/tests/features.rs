//! Levels of features that go up and down, and those that do not.

use super::*;
use crate::features::{
    ELIGIBLE_LEADER_REPLICAS_VERSION, GROUP_VERSION, KRAFT_VERSION, SHARE_VERSION, chosen_levels,
};
use UpgradeKind::{SafeDowngrade, UnsafeDowngrade, Upgrade};

const KRAFT: KraftVersions<'_> = KraftVersions {
    level: 0,
    check_upgrade: &|_| Ok(()),
};

fn to(name: &str, level: i16, kind: UpgradeKind) -> FeatureUpdate {
    FeatureUpdate {
        name: name.to_owned(),
        level,
        kind: Some(kind),
    }
}

impl Node {
    /// A controller whose cluster begins at a metadata version with its default levels.
    fn at(level: i16) -> Self {
        let mut node = Self::empty();
        let version = MetadataVersion::from_level(level).unwrap();
        let bootstrap = bootstrap_records(&chosen_levels(version, &[]).unwrap());
        let activation = node.controller().activate(&bootstrap).unwrap();
        node.append(&activation.records);
        node
    }

    fn update_features(&mut self, updates: &[FeatureUpdate]) -> Result<Option<i16>, ApiError> {
        let outcome = self.controller().update_features(updates, false, KRAFT)?;
        self.append(&outcome.records);
        Ok(outcome.response)
    }

    fn refusal(&self, update: FeatureUpdate) -> String {
        let refused = self.controller().update_features(&[update], false, KRAFT);
        let error = refused.unwrap_err();
        assert_eq!(error.code, ErrorCode::INVALID_UPDATE_VERSION);
        error.message.unwrap()
    }

    fn level(&self, name: &str) -> i16 {
        self.image().features().level(name)
    }
}

#[test]
fn a_feature_goes_down_when_that_is_said_and_up_again() {
    let mut node = Node::with_brokers(1);
    let refused = node.refusal(to(SHARE_VERSION, 0, Upgrade));
    assert_eq!(
        refused,
        "Invalid update version 0 for feature share.version. Can't downgrade the version of this \
         feature without setting the upgrade type to either safe or unsafe downgrade."
    );
    for kind in [SafeDowngrade, UnsafeDowngrade] {
        node.update_features(&[to(SHARE_VERSION, 0, kind)]).unwrap();
        assert_eq!(node.level(SHARE_VERSION), 0);
        let refused = node.refusal(to(SHARE_VERSION, 1, kind));
        assert!(refused.ends_with("Can't downgrade to a newer version."));
        node.update_features(&[to(SHARE_VERSION, 1, Upgrade)])
            .unwrap();
        assert_eq!(node.level(SHARE_VERSION), 1);
    }
}

#[test]
fn what_no_node_knows_is_refused_and_nothing_else_happens_then() {
    let mut node = Node::with_brokers(1);
    let check = |update, reason: &str| {
        let refused = node.refusal(update);
        assert!(refused.ends_with(reason), "{refused}");
    };
    check(
        to("x", 1, Upgrade),
        "Local controller 1 does not support this feature.",
    );
    check(to("x", 0, Upgrade), "Feature x not found.");
    check(
        to(GROUP_VERSION, 2, Upgrade),
        "Local controller 1 only supports versions 0-1",
    );
    check(
        to(METADATA_VERSION, 6, SafeDowngrade),
        "only supports versions 7-30",
    );
    check(
        to(GROUP_VERSION, -1, SafeDowngrade),
        "A feature version cannot be less than 0.",
    );
    let unknown = FeatureUpdate {
        kind: None,
        ..to(GROUP_VERSION, 1, Upgrade)
    };
    check(
        unknown,
        "The controller does not support the given upgrade type.",
    );
    let mixed = [to(SHARE_VERSION, 0, SafeDowngrade), to("x", 1, Upgrade)];
    node.update_features(&mixed).unwrap_err();
    assert_eq!(node.level(SHARE_VERSION), 1);
}

#[test]
fn a_level_that_a_broker_does_not_support_is_refused() {
    let mut node = Node::at(30);
    node.register_with(5, |features| features.retain(|it| it.name != SHARE_VERSION))
        .unwrap_err();
    node.update_features(&[to(SHARE_VERSION, 0, SafeDowngrade)])
        .unwrap();
    node.register_with(5, |features| features.retain(|it| it.name != SHARE_VERSION))
        .unwrap();
    let refused = node.refusal(to(SHARE_VERSION, 1, Upgrade));
    assert!(refused.ends_with("Broker 5 does not support this feature."));
}

#[test]
fn a_metadata_version_goes_down_only_where_nothing_is_lost() {
    let mut node = Node::at(24);
    node.update_features(&[to(METADATA_VERSION, 29, Upgrade)])
        .unwrap();
    node.update_features(&[to(METADATA_VERSION, 23, SafeDowngrade)])
        .unwrap();
    assert_eq!(node.level(METADATA_VERSION), 23);
    assert_eq!(
        node.refusal(to(METADATA_VERSION, 22, SafeDowngrade)),
        "Unsupported metadata.version downgrade from 23 to 22. Refusing to perform the requested \
         downgrade because it might delete metadata information."
    );
    assert_eq!(
        node.refusal(to(METADATA_VERSION, 22, UnsafeDowngrade)),
        "Unsupported metadata.version downgrade from 23 to 22. Unsafe metadata downgrade is not \
         supported in this version."
    );
}

#[test]
fn records_grow_with_the_metadata_version() {
    let mut node = Node::at(16);
    let version_of_partitions = |node: &mut Node| {
        let request = CreateTopicsRequest {
            topics: vec![topic("t", 1, 1)],
            validate_only: false,
            timeout_ms: 0,
        };
        let controller = Controller::new(&node.state, &node.settings, &Rules);
        let outcome = controller.create_topics(&request, &mut node.chance);
        outcome.unwrap().records.last().unwrap().version
    };
    node.register(1, 1).unwrap();
    node.heartbeat(1, |_| ()).unwrap();
    assert!(
        node.image()
            .cluster()
            .broker(1)
            .unwrap()
            .directories
            .is_empty()
    );
    assert_eq!(version_of_partitions(&mut node), 0);
    node.update_features(&[to(METADATA_VERSION, 30, Upgrade)])
        .unwrap();
    assert_eq!(version_of_partitions(&mut node), 2);
    // The same incarnation says again what the version before could not hold.
    node.register(1, 1).unwrap();
    let broker = node.image().cluster().broker(1).unwrap();
    assert_eq!((broker.directories.len(), broker.fenced), (1, false));
}

#[test]
fn a_level_has_what_it_needs_when_all_updates_have_happened() {
    let mut node = Node::at(22);
    let elr = to(ELIGIBLE_LEADER_REPLICAS_VERSION, 1, Upgrade);
    assert_eq!(
        node.refusal(elr.clone()),
        "Invalid update version 1 for feature eligible.leader.replicas.version. \
         eligible.leader.replicas.version could not be set to 1 because it depends on \
         metadata.version level 23"
    );
    node.update_features(&[elr, to(METADATA_VERSION, 23, Upgrade)])
        .unwrap();
    assert_eq!(node.level(ELIGIBLE_LEADER_REPLICAS_VERSION), 1);
}

#[test]
fn with_eligible_leader_replicas_the_minimum_is_that_of_the_cluster() {
    let mut node = Node::at(25);
    node.register(1, 1).unwrap();
    let set = update(MIN_INSYNC_REPLICAS, ConfigOperation::Set, Some("2"));
    node.alter(ConfigResource::broker(1), set).unwrap();
    let elr = to(ELIGIBLE_LEADER_REPLICAS_VERSION, 1, Upgrade);
    let controller = node.controller();
    let dry = controller.update_features(std::slice::from_ref(&elr), true, KRAFT);
    assert_eq!(dry, Ok(Outcome::none(None)));
    node.update_features(&[elr]).unwrap();
    let configs = node.image().configs();
    let value = |resource| configs.value(&resource, MIN_INSYNC_REPLICAS);
    assert_eq!(value(ConfigResource::all_brokers()), Some("1"));
    assert_eq!(value(ConfigResource::broker(1)), None);
}

#[test]
fn the_version_of_the_quorum_is_raised_by_the_quorum() {
    let mut node = Node::with_brokers(1);
    let raised = node.update_features(&[to(KRAFT_VERSION, 1, Upgrade)]);
    assert_eq!(raised, Ok(Some(1)));
    assert_eq!(node.level(KRAFT_VERSION), 0, "it is in no metadata record");
    let same = node.update_features(&[to(KRAFT_VERSION, 0, SafeDowngrade)]);
    assert_eq!(same, Ok(None));
    let at_one = KraftVersions { level: 1, ..KRAFT };
    let down = [to(KRAFT_VERSION, 0, UnsafeDowngrade)];
    let refused = node.controller().update_features(&down, false, at_one);
    let message = refused.unwrap_err().message.unwrap();
    assert!(message.ends_with("Can't downgrade the version of this feature."));
    let record = MetadataRecord::FeatureLevel(FeatureLevelRecord {
        name: KRAFT_VERSION.to_owned(),
        feature_level: 1,
    });
    node.append(&[VersionedRecord::first(record)]);
    assert_eq!(
        node.level(KRAFT_VERSION),
        0,
        "Kafka 3.9 wrote such by mistake"
    );
}
