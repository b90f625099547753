//! `klamm storage`: what it prints, where, and how it ends.

use std::fs;

use crate::program::{CONFIG, Place};

const STANDALONE: &str =
    "storage format -t iykqZaBdSNekMPfftoQUpg -c server.properties --standalone";
const INFO: &str = "storage info -c server.properties";

/// What formatting prints first, for the latest release.
const BOOTSTRAP: &str = "Bootstrap metadata: BootstrapMetadata(records=[\
    ApiMessageAndVersion(FeatureLevelRecord(name='metadata.version', featureLevel=30) \
    at version 0), \
    ApiMessageAndVersion(FeatureLevelRecord(name='eligible.leader.replicas.version', \
    featureLevel=1) at version 0), \
    ApiMessageAndVersion(FeatureLevelRecord(name='group.version', featureLevel=1) at version 0), \
    ApiMessageAndVersion(FeatureLevelRecord(name='share.version', featureLevel=1) at version 0), \
    ApiMessageAndVersion(FeatureLevelRecord(name='streams.version', featureLevel=1) at version 0), \
    ApiMessageAndVersion(FeatureLevelRecord(name='transaction.version', featureLevel=2) \
    at version 0)], metadataVersionLevel=30, source=format command)\n";

const CHECKPOINT: &str = "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint";

#[test]
fn formatting_prints_what_the_cluster_begins_with_and_each_directory() {
    let place = Place::new("format", "d2,d1");
    let expected = format!(
        "{BOOTSTRAP}Formatting data directory d1 with metadata.version 4.3-IV0.\n\
         Formatting dynamic metadata voter directory d2 with metadata.version 4.3-IV0.\n"
    );
    assert_eq!(place.klamm(STANDALONE).succeeded(), expected);
    assert!(place.path("d1/bootstrap.checkpoint").exists());
    assert!(!place.path("d1/__cluster_metadata-0").exists());
    assert!(place.path("d2").join(CHECKPOINT).exists());
}

#[test]
fn info_shows_whose_the_directories_are() {
    let place = Place::new("info", "d1,d2");
    place.klamm(STANDALONE).succeeded();
    let meta = place.read("d1/meta.properties");
    let id = meta
        .lines()
        .find_map(|line| line.strip_prefix("directory.id="));
    let expected = format!(
        "Found log directories:\n  d1\n  d2\n\n\
         Found metadata: {{cluster.id=iykqZaBdSNekMPfftoQUpg, directory.id={}, node.id=1, \
         version=1}}\n\n",
        id.unwrap()
    );
    assert_eq!(place.klamm(INFO).succeeded(), expected);
}

#[test]
fn info_ends_with_one_when_anything_is_wrong() {
    let place = Place::new("problems", "d1,d2,d3");
    let problems = |expected: &str| {
        let ran = place.klamm(INFO);
        assert_eq!(
            (ran.code, ran.out.as_str(), ran.errors.as_str()),
            (Some(1), expected, "")
        );
    };
    fs::create_dir(place.path("d1")).unwrap();
    place.write("d2", "no directory");
    problems(
        "Found log directory:\n  d1\n\nFound problems:\n  d1 is not formatted.\n  \
         d2 is not a directory\n  d3 does not exist\n\n",
    );
    place.write("server.properties", &format!("{CONFIG}log.dirs=d1,d3\n"));
    place.klamm(STANDALONE).succeeded();
    let other = place
        .read("d3/meta.properties")
        .replace("node.id=1", "node.id=2");
    place.write("d3/meta.properties", &other);
    let ran = place.klamm(INFO);
    let problem = "Found problem:\n  Mismatched node IDs between storage directories.\n\n";
    assert!(ran.out.ends_with(problem), "{ran:?}");
    place.write(
        "d3/meta.properties",
        &other.replace("cluster.id=", "cluster.id=x"),
    );
    let ran = place.klamm(INFO);
    let problem = "Found problem:\n  Mismatched cluster IDs between storage directories.\n\n";
    assert!(ran.out.ends_with(problem), "{ran:?}");
}

#[test]
fn what_is_formatted_is_refused_or_left_alone() {
    let place = Place::new("twice", "d1");
    place.klamm(STANDALONE).succeeded();
    let meta = place.read("d1/meta.properties");
    let expected = "Log directory d1 is already formatted. Use --ignore-formatted to ignore this \
                    directory and format the others.\n";
    assert_eq!(place.klamm(STANDALONE).failed(), expected);
    let again = format!("{STANDALONE} --ignore-formatted");
    let expected = "All of the log directories are already formatted.\n";
    assert_eq!(place.klamm(&again).succeeded(), expected);
    place.write("server.properties", &format!("{CONFIG}log.dirs=d1,d2\n"));
    let expected =
        format!("{BOOTSTRAP}Formatting data directory d2 with metadata.version 4.3-IV0.\n");
    assert_eq!(place.klamm(&again).succeeded(), expected);
    assert_eq!(place.read("d1/meta.properties"), meta);
    let other = again.replace("iykqZaBdSNekMPfftoQUpg", "other");
    let expected = "format log directory d1: it belongs to cluster iykqZaBdSNekMPfftoQUpg, not \
                    other\n";
    assert_eq!(place.klamm(&other).failed(), expected);
}

#[test]
fn the_first_voters_are_given_in_one_way() {
    let place = Place::new("voters", "d1");
    let format = |options: &str| {
        let arguments = format!("storage format -t x -c server.properties {options}");
        place.klamm(&arguments)
    };
    let missing = "Because controller.quorum.voters is not set on this controller, you must \
                   specify one of the following: --standalone, --initial-controllers, or \
                   --no-initial-controllers.\n";
    assert_eq!(format("").failed(), missing);
    let both = format("-s -N").failed();
    assert!(
        both.ends_with("--no-initial-controllers/-N: not allowed with argument --standalone/-s\n")
    );
    assert!(!place.path("d1").exists());
    let listed = "-I 1@localhost:19093:JEXY6aqzQY-32P5TStzaFg";
    let printed = format(listed).succeeded();
    assert!(
        printed.contains("Formatting dynamic metadata voter directory d1 "),
        "{printed}"
    );
    assert!(
        place
            .read("d1/meta.properties")
            .contains("directory.id=JEXY6aqzQY-32P5TStzaFg\n")
    );
    fs::remove_dir_all(place.path("d1")).unwrap();
    let printed = format(&listed.replace("1@", "2@")).succeeded();
    assert!(
        printed.contains("Formatting dynamic metadata directory d1 "),
        "{printed}"
    );
    assert!(place.path("d1").join(CHECKPOINT).exists());
    fs::remove_dir_all(place.path("d1")).unwrap();
    let printed = format("-N").succeeded();
    assert!(
        printed.contains("Formatting metadata directory d1 "),
        "{printed}"
    );
    assert!(!place.path("d1/__cluster_metadata-0").exists());
}

#[test]
fn configured_voters_exclude_those_of_the_command() {
    let place = Place::new("static", "d1");
    let config = format!("{CONFIG}log.dirs=d1\ncontroller.quorum.voters=1@127.0.0.1:19093\n");
    place.write("server.properties", &config);
    let error = place.klamm(STANDALONE).failed();
    assert!(
        error.starts_with("You cannot specify controller.quorum.voters and format"),
        "{error}"
    );
    let printed = place
        .klamm("storage format -t x -c server.properties")
        .succeeded();
    assert!(
        printed.contains("Formatting metadata directory d1 "),
        "{printed}"
    );
}

#[test]
fn a_release_and_features_change_what_the_cluster_begins_with() {
    let place = Place::new("levels", "d1");
    let old = format!("{STANDALONE} -r 3.9.1");
    let expected = "Bootstrap metadata: BootstrapMetadata(records=[\
        ApiMessageAndVersion(FeatureLevelRecord(name='metadata.version', featureLevel=21) at \
        version 0)], metadataVersionLevel=21, source=format command)\n\
        Formatting dynamic metadata voter directory d1 with metadata.version 3.9-IV0.\n";
    assert_eq!(place.klamm(&old).succeeded(), expected);
    fs::remove_dir_all(place.path("d1")).unwrap();
    let error = place.klamm(&format!("{STANDALONE} -f x=1")).failed();
    assert!(
        error.starts_with("Unsupported feature: x. Supported features are: "),
        "{error}"
    );
    let error = place
        .klamm(&format!(
            "{STANDALONE} -S SCRAM-SHA-256=[name=a,password=b]"
        ))
        .failed();
    assert_eq!(error, "add SCRAM credential: not implemented yet\n");
    assert!(!place.path("d1").exists());
}

#[test]
fn mistakes_in_arguments_show_the_usage() {
    let place = Place::new("mistakes", "d1");
    let check = |arguments: &str, message: &str| {
        let error = place.klamm(arguments).failed();
        assert!(error.starts_with("usage: klamm storage "), "{error}");
        let last = error.lines().last();
        assert_eq!(last, Some(&*format!("klamm storage: error: {message}")));
    };
    check("storage", "too few arguments");
    check("storage info", "argument --config/-c is required");
    check(
        "storage info -c x --bogus",
        "unrecognized arguments: '--bogus'",
    );
    check("storage random-uuid more", "unrecognized arguments: 'more'");
    let error = place.klamm("storage info -c nope.properties").failed();
    let expected = "read configuration nope.properties: No such file or directory (os error 2)\n";
    assert_eq!(error, expected);
    place.write("server.properties", "node.id=1\n");
    let error = place.klamm(INFO).failed();
    assert!(
        error.contains("Missing required configuration \"process.roles\""),
        "{error}"
    );
}

#[test]
fn each_random_uuid_is_another() {
    let place = Place::new("uuid", "d1");
    let draw = || place.klamm("storage random-uuid").succeeded();
    let (one, other) = (draw(), draw());
    assert_eq!(one.trim_end().len(), 22, "{one}");
    assert_ne!(one, other);
}

#[test]
fn feature_tables_are_printed() {
    let place = Place::new("features", "d1");
    let mapping = place.klamm("storage version-mapping").succeeded();
    assert!(
        mapping.starts_with("metadata.version=30 (4.3-IV0)\nkraft.version=1\n"),
        "{mapping}"
    );
    let needs = place
        .klamm("storage feature-dependencies -f group.version=1")
        .succeeded();
    assert_eq!(needs, "group.version=1 has no dependencies.\n");
    let error = place
        .klamm("storage feature-dependencies -f group.version=9")
        .failed();
    assert_eq!(
        error,
        "Feature level 9 is not supported for feature group.version\n"
    );
}

#[test]
fn a_link_with_the_name_of_kafkas_tool_is_that_tool() {
    let place = Place::new("link", "d1");
    let direct = place.klamm("storage version-mapping").succeeded();
    for name in ["kafka-storage", "kafka-storage.sh"] {
        assert_eq!(place.linked(name, "version-mapping").succeeded(), direct);
    }
    let error = place.linked("kafka-storage", "info").failed();
    let expected = "usage: kafka-storage info [-h] --config CONFIG\n\
                    kafka-storage: error: argument --config/-c is required\n";
    assert_eq!(error, expected);
}
