//! The same on the operating system's files.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::Arc;

use protocol::Uuid;
use storage::disk::{Disk, RealDisk};

use crate::node::{DELETE_DELAY_MS, NOW_MS, Node, append, claim, configured, values};

/// A directory that is removed when the test is over.
struct TestDirectory(PathBuf);

impl TestDirectory {
    /// `name` must be the test's own.
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = folder.join(format!("directories-{}-{name}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for TestDirectory {
    fn drop(&mut self) {
        // What is left behind harms nobody; a panic here would hide the test's own.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn disk() -> Arc<dyn Disk> {
    Arc::new(RealDisk::new(NonZeroUsize::new(8).unwrap()))
}

async fn start(disk: &Arc<dyn Disk>, directory: &TestDirectory) -> Node {
    let configured = ["d1", "d2"].map(|name| configured(&directory.0.join(name)));
    Node::load(claim(disk, &configured).await.unwrap()).await
}

#[test]
fn two_directories_live_through_restarts_and_deletions() {
    let directory = TestDirectory::new("restarts");
    run(async {
        let node = start(&disk(), &directory).await;
        for (name, id) in [("a-0", 1001), ("b-0", 1002), ("c-0", 1003)] {
            let partition = node.create(name, id).await.unwrap();
            for index in 0..10 {
                append(&partition, &format!("{name} {index}")).await;
            }
        }
        node.close().await;
        drop(node);
        for name in ["d1", "d2"] {
            let mark = fs::read_to_string(directory.0.join(name).join(".kafka_cleanshutdown"));
            assert_eq!(mark.unwrap(), "{\"version\":0,\"brokerEpoch\":17}");
        }

        let node = start(&disk(), &directory).await;
        assert!(node.reports.iter().all(|report| report.clean_stop));
        assert_eq!(node.names(), ["a-0", "b-0", "c-0"]);
        let deleted = node.find("c-0").unwrap();
        node.logs
            .delete(&deleted, Uuid::from_u128(9), NOW_MS)
            .await
            .unwrap();
        assert_eq!(values(&deleted).await.len(), 10);
        append(&node.find("a-0").unwrap(), "a-0 10").await;
        // Not closed, as after kill -9.
        drop((deleted, node));

        let node = start(&disk(), &directory).await;
        assert!(!node.reports.iter().any(|report| report.clean_stop));
        assert_eq!(node.names(), ["a-0", "b-0"]);
        let expected: Vec<_> = (0..11).map(|index| format!("a-0 {index}")).collect();
        assert_eq!(values(&node.find("a-0").unwrap()).await, expected);
        let removed = node.logs.remove_due(NOW_MS + DELETE_DELAY_MS).await;
        assert_eq!(removed.directories, 1);
        let names = fs::read_dir(directory.0.join("d1")).unwrap();
        let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        assert!(
            !names
                .iter()
                .any(|name| name.to_string_lossy().ends_with("-delete"))
        );
        node.close().await;
    });
}

#[test]
fn two_nodes_do_not_share_a_directory() {
    let directory = TestDirectory::new("locks");
    run(async {
        let node = start(&disk(), &directory).await;
        let path = directory.0.join("d2");
        let refused = claim(&disk(), &[configured(&path)]).await.unwrap_err();
        let message = format!(
            "claim log directory {}: another process uses it",
            path.display()
        );
        assert_eq!(refused.to_string(), message);
        node.close().await;
        // Closing is enough: whoever still holds the logs cannot write.
        claim(&disk(), &[configured(&path)]).await.unwrap();
    });
}
