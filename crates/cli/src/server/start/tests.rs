//! What a node is prepared from, on a disk in memory.

use std::path::PathBuf;

use broker::loggers::NoLoggers;
use quorum::read_bootstrap;
use storage::checkpoint::{self, MetaProperties};
use storage::disk::simulated::SimulatedDisk;

use super::*;
use crate::storage_tool::InitialLevels;

/// An invocation without a file, with these overrides.
async fn prepare_with(disk: &Arc<dyn Disk>, overrides: &[&str]) -> Result<Prepared> {
    let arguments = StartArguments {
        file: None,
        overrides: overrides.iter().map(|text| (*text).to_owned()).collect(),
    };
    let invocation = Invocation {
        arguments: &arguments,
        variables: &[("KAFKA_NUM_PARTITIONS".to_owned(), "7".to_owned())],
        data_directory: Path::new("/data"),
    };
    prepare(
        &invocation,
        Arc::clone(disk),
        Handle::current(),
        Arc::new(NoLoggers),
    )
    .await
}

fn empty_disk() -> Arc<dyn Disk> {
    Arc::new(SimulatedDisk::new(1))
}

async fn meta(disk: &Arc<dyn Disk>, directory: &str) -> Option<MetaProperties> {
    let path = Path::new(directory).join(MetaProperties::FILE_NAME);
    checkpoint::load(disk.as_ref(), &path).await.unwrap()
}

async fn error_with(disk: &Arc<dyn Disk>, overrides: &[&str]) -> String {
    format!("{:#}", prepare_with(disk, overrides).await.unwrap_err())
}

#[tokio::test]
async fn without_a_file_an_empty_directory_becomes_that_of_a_new_cluster() {
    let disk = empty_disk();
    let prepared = prepare_with(&disk, &["num.network.threads=2"])
        .await
        .unwrap();
    assert_eq!(prepared.config.node.log_dirs, [PathBuf::from("/data")]);
    assert_eq!(prepared.config.topics.partition_count, 7);
    let meta = meta(&disk, "/data").await.unwrap();
    assert_eq!(meta.node_id, Some(1));
    assert_eq!(
        meta.cluster_id.as_deref(),
        Some(prepared.directories.cluster_id())
    );
    assert!(meta.directory_id.is_some());
    let bootstrap = read_bootstrap(disk.as_ref(), Path::new("/data"))
        .await
        .unwrap();
    let levels = InitialLevels::latest().of_records;
    assert_eq!(bootstrap.unwrap().len(), levels.len());
    let log = disk.list(Path::new("/data/__cluster_metadata-0")).await;
    let names: Vec<_> = log.unwrap().into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, ["00000000000000000000-0000000000.checkpoint"]);
}

#[tokio::test]
async fn the_next_start_finds_the_same_cluster() {
    let disk = empty_disk();
    let first = prepare_with(&disk, &[]).await.unwrap();
    let cluster_id = first.directories.cluster_id().to_owned();
    drop(first);
    let second = prepare_with(&disk, &[]).await.unwrap();
    assert_eq!(second.directories.cluster_id(), cluster_id);
}

#[tokio::test]
async fn a_directory_that_is_added_later_is_taken_in() {
    let disk = empty_disk();
    drop(prepare_with(&disk, &[]).await.unwrap());
    let more = prepare_with(&disk, &["log.dirs=/data,/more"])
        .await
        .unwrap();
    let added = meta(&disk, "/more").await.unwrap();
    assert_eq!(
        added.cluster_id.as_deref(),
        Some(more.directories.cluster_id())
    );
    assert_eq!(more.directories.data.directories().len(), 2);
}

#[tokio::test]
async fn a_directory_in_use_or_of_another_node_is_refused() {
    let disk = empty_disk();
    let held = prepare_with(&disk, &[]).await.unwrap();
    let error = error_with(&disk, &[]).await;
    assert!(
        error.starts_with("format log directory /data: another process uses it"),
        "{error}"
    );
    drop(held);
    let error = error_with(&disk, &["node.id=2"]).await;
    let expected = "prepare log directories: claim log directory /data: it belongs to node 1";
    assert!(error.starts_with(expected), "{error}");
}

#[tokio::test]
async fn a_node_that_is_no_controller_does_not_begin_a_cluster() {
    let overrides = [
        "process.roles=broker",
        "listeners=PLAINTEXT://127.0.0.1:9092",
    ];
    let disk = empty_disk();
    let error = error_with(&disk, &overrides).await;
    assert!(
        error.starts_with("format log directory /data: a node that is no controller"),
        "{error}"
    );
    assert_eq!(meta(&disk, "/data").await, None);
}

#[tokio::test]
async fn with_a_file_the_directories_must_be_formatted() {
    let folder = std::env::temp_dir().join(format!("klamm-start-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("server.properties");
    let content = "process.roles=broker,controller\nnode.id=1\nlog.dirs=/data\n\
                   listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n\
                   controller.listener.names=CONTROLLER\n\
                   controller.quorum.bootstrap.servers=127.0.0.1:9093\n";
    std::fs::write(&file, content).unwrap();
    let arguments = StartArguments {
        file: Some(file),
        overrides: Vec::new(),
    };
    let invocation = Invocation {
        arguments: &arguments,
        variables: &[],
        data_directory: Path::new("/unused"),
    };
    let disk = empty_disk();
    let prepared = prepare(
        &invocation,
        Arc::clone(&disk),
        Handle::current(),
        Arc::new(NoLoggers),
    )
    .await;
    std::fs::remove_dir_all(&folder).unwrap();
    let error = format!("{:#}", prepared.unwrap_err());
    let expected = "prepare log directories: claim log directory /data: it is not formatted";
    assert_eq!(error, expected);
    assert_eq!(meta(&disk, "/data").await, None);
}

#[tokio::test]
async fn a_configuration_that_is_refused_names_its_source() {
    let disk = empty_disk();
    let error = error_with(&disk, &["num.partitions=x"]).await;
    let expected = "read configuration: Invalid value x for configuration num.partitions: ";
    assert!(error.starts_with(expected), "{error}");
    let arguments = StartArguments {
        file: Some(PathBuf::from("/nowhere/server.properties")),
        overrides: Vec::new(),
    };
    let invocation = Invocation {
        arguments: &arguments,
        variables: &[],
        data_directory: Path::new("/unused"),
    };
    let prepared = prepare(&invocation, disk, Handle::current(), Arc::new(NoLoggers)).await;
    let error = format!("{:#}", prepared.unwrap_err());
    assert!(
        error.starts_with("read configuration /nowhere/server.properties: No such"),
        "{error}"
    );
}
