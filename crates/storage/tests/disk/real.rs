//! What is particular to the operating system's disk: descriptors, locks, other processes.

use std::env;
use std::error::Error;
use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{Advice, FlockOperation};
use rustix::io::Errno;
use storage::disk::{Disk, DiskError, DiskErrorKind, DiskFile, OpenMode, RealDisk};

use crate::directory::TestDirectory;
use crate::{read, write};

fn disk(descriptors_max: usize) -> RealDisk {
    RealDisk::new(NonZeroUsize::new(descriptors_max).unwrap())
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

/// How many descriptors this process has of files in a directory.
fn open_descriptors(directory: &Path) -> usize {
    let descriptors = fs::read_dir("/proc/self/fd").unwrap();
    descriptors
        .filter_map(|entry| fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| target.starts_with(directory))
        .count()
}

async fn open_many(disk: &RealDisk, directory: &Path, count: usize) -> Vec<Arc<dyn DiskFile>> {
    let mut files = Vec::new();
    for index in 0..count {
        let path = directory.join(index.to_string());
        files.push(disk.open(&path, OpenMode::CreateNew).await.unwrap());
    }
    files
}

#[test]
fn many_files_need_few_descriptors() {
    let directory = TestDirectory::new("many_files_need_few_descriptors");
    let disk = disk(4);
    run(async {
        let files = open_many(&disk, directory.path(), 64).await;
        for round in 0..4_u64 {
            for (index, file) in files.iter().enumerate() {
                let byte = [index as u8, round as u8];
                file.write_at(&[&byte], 2 * round).await.unwrap();
                assert!(open_descriptors(directory.path()) <= 4);
                let other = &files[(index * 7) % 64];
                let size = other.size().await.unwrap();
                assert!(size == 2 * round || size == 2 * (round + 1));
            }
        }
        for (index, file) in files.iter().enumerate() {
            file.sync().await.unwrap();
            let mut bytes = [0; 9];
            assert_eq!(file.read_at(&mut bytes, 0).await.unwrap(), 8);
            let index = index as u8;
            assert_eq!(bytes, [index, 0, index, 1, index, 2, index, 3, 0]);
        }
        assert_eq!(open_descriptors(directory.path()), 4);
        drop(files);
        assert_eq!(open_descriptors(directory.path()), 0);
    });
}

#[test]
fn bytes_that_are_not_in_the_page_cache_are_read_as_others_are() {
    const PAGE_BYTES: usize = 4096;
    let directory = TestDirectory::new("bytes_that_are_not_in_the_page_cache");
    let disk = disk(4);
    let path = directory.path().join("segment.log");
    let content: Vec<u8> = (0..300 * PAGE_BYTES + 17)
        .map(|index| (index / 7) as u8)
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(async {
        write(&disk, &path, &content).await;
        let file = disk.open(&path, OpenMode::Read).await.unwrap();
        file.sync().await.unwrap();
        let system_file = file.system_file().await.unwrap().expect("a system file");
        // Pages in the midst stay away, so that a read finds its first part only.
        let from = 100 * PAGE_BYTES as u64;
        rustix::fs::fadvise(&system_file, from, None, Advice::DontNeed).unwrap();
        let mut bytes = vec![0; content.len() + PAGE_BYTES];
        let count = file.read_at(&mut bytes, 5).await.unwrap();
        assert_eq!(bytes[..count], content[5..]);
    });
}

#[test]
fn a_descriptor_in_use_outlives_eviction_and_removal() {
    let directory = TestDirectory::new("a_descriptor_in_use_outlives_eviction_and_removal");
    let disk = disk(1);
    run(async {
        let path = directory.path().join("segment.log");
        write(&disk, &path, b"records").await;
        let file = disk.open(&path, OpenMode::Read).await.unwrap();
        let system_file = file.system_file().await.unwrap().expect("a system file");
        let others = open_many(&disk, directory.path(), 3).await;
        let deleted = directory.path().join("segment.log.deleted");
        disk.rename(&path, &deleted).await.unwrap();
        disk.remove_file(&deleted).await.unwrap();
        let mut bytes = [0; 7];
        system_file.read_exact_at(&mut bytes, 0).unwrap();
        assert_eq!(&bytes, b"records");
        let error = file.system_file().await.unwrap_err();
        assert_eq!(error.kind(), DiskErrorKind::NotFound);
        assert_eq!(error.path(), deleted);
        drop((system_file, others));
        assert_eq!(open_descriptors(directory.path()), 0);
    });
}

#[test]
fn files_are_used_while_their_directory_is_renamed() {
    let directory = TestDirectory::new("files_are_used_while_their_directory_is_renamed");
    let disk = disk(2);
    let (one, other) = (directory.path().join("one"), directory.path().join("other"));
    let (renames, threads) = (200, 2);
    run(disk.create_directories(&one)).unwrap();
    let files = run(open_many(&disk, &one, 2 * threads));
    let is_over = &AtomicBool::new(false);
    thread::scope(|scope| {
        for own in files.chunks(2) {
            scope.spawn(move || {
                run(async {
                    let mut round = 0_u64;
                    while round < 10 || !is_over.load(Ordering::Relaxed) {
                        for file in own {
                            let written = round.to_be_bytes();
                            file.write_at(&[&written], 0).await.unwrap();
                            let mut bytes = [0; 8];
                            assert_eq!(file.read_at(&mut bytes, 0).await.unwrap(), 8);
                            assert_eq!(bytes, written);
                        }
                        round += 1;
                    }
                });
            });
        }
        let outcome = run(async {
            for _ in 0..renames {
                disk.rename(&one, &other).await?;
                disk.rename(&other, &one).await?;
            }
            Ok::<(), DiskError>(())
        });
        is_over.store(true, Ordering::Relaxed);
        outcome.unwrap();
    });
}

#[test]
fn a_file_put_in_place_by_others_is_not_taken_for_the_held_one() {
    let directory = TestDirectory::new("a_file_put_in_place_by_others");
    let disk = disk(1);
    run(async {
        let path = directory.path().join("a");
        write(&disk, &path, b"ours").await;
        let held = disk.open(&path, OpenMode::Write).await.unwrap();
        // Kept beside, so that the new file cannot get the old one's inode.
        fs::rename(&path, directory.path().join("ours")).unwrap();
        fs::write(&path, b"theirs").unwrap();
        open_many(&disk, directory.path(), 2).await;
        let error = held.read_at(&mut [0], 0).await.unwrap_err();
        assert_eq!(error.kind(), DiskErrorKind::Failed);
        assert_eq!(read(&disk, &path).await, b"theirs");
        let error = held.read_at(&mut [0], 0).await.unwrap_err();
        assert_eq!(error.kind(), DiskErrorKind::NotFound);
    });
}

#[test]
fn the_first_failed_sync_is_the_answer_to_all_later_ones() {
    // The system refuses to sync a device that is not a disk.
    let (disk, path) = (disk(4), Path::new("/dev/null"));
    run(async {
        let file = disk.open(path, OpenMode::Write).await.unwrap();
        let first = file.sync().await.unwrap_err();
        assert_eq!(first.kind(), DiskErrorKind::Failed);
        let cause = |error: &dyn Error| std::ptr::from_ref(error.source().unwrap()).addr();
        let second = file.sync().await.unwrap_err();
        assert_eq!(cause(&second), cause(&first), "the same, not a new one");
        let other_holder = disk.open(path, OpenMode::Read).await.unwrap();
        let third = other_holder.sync().await.unwrap_err();
        assert_eq!(cause(&third), cause(&first));
        drop((file, other_holder));
        let file = disk.open(path, OpenMode::Write).await.unwrap();
        assert_ne!(cause(&file.sync().await.unwrap_err()), cause(&first));
    });
}

#[test]
fn a_full_disk_is_told_from_a_broken_one() {
    let disk = disk(4);
    run(async {
        let file = disk.open(Path::new("/dev/full"), OpenMode::Write).await;
        let error = file.unwrap().write_at(&[b"a"], 0).await.unwrap_err();
        assert_eq!(error.kind(), DiskErrorKind::NoSpace);
    });
}

/// Runs one test of this binary in a process of its own, where it finds `role` in [`ROLE`].
fn run_in_child(test: &str, role: &str, limit: &str) {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit} exec \"$0\" \"$@\"")]);
    command.arg(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    let output = command.env(ROLE, role).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let complaints = String::from_utf8_lossy(&output.stderr);
    let has_passed = output.status.success() && printed.contains("1 passed");
    assert!(has_passed, "{role}: {printed}{complaints}");
}

const ROLE: &str = "KLAMM_DISK_TEST_ROLE";

#[test]
fn both_kinds_of_lock_are_seen_by_another_process() {
    let test = "real::both_kinds_of_lock_are_seen_by_another_process";
    if let Ok(role) = env::var(ROLE) {
        let (expected, path) = role.split_once(' ').unwrap();
        return assert_lock_from_outside(Path::new(path), expected == "held");
    }
    let directory = TestDirectory::new("both_kinds_of_lock_are_seen_by_another_process");
    let path = directory.path().join(".lock");
    let disk = disk(1);
    let lock = run(disk.lock(&path)).unwrap();
    run_in_child(test, &format!("held {}", path.display()), "");
    // Attempts that could open and close the file, and so release the lock.
    run(async {
        assert!(disk.lock(&path).await.is_err());
        for mode in [OpenMode::Read, OpenMode::WriteOrCreate] {
            assert!(disk.open(&path, mode).await.is_err());
        }
        disk.list(directory.path()).await.unwrap();
        disk.sync_directory(directory.path()).await.unwrap();
        assert!(disk.sync_directory(&path).await.is_err());
    });
    run_in_child(test, &format!("held {}", path.display()), "");
    drop(lock);
    run_in_child(test, &format!("free {}", path.display()), "");
}

fn assert_lock_from_outside(path: &Path, is_held: bool) {
    let outcome = run(disk(1).lock(path));
    let kind = outcome.as_ref().err().map(|error| error.kind());
    assert_eq!(kind, is_held.then_some(DiskErrorKind::Locked));
    drop(outcome);
    let file = fs::OpenOptions::new().read(true).write(true).open(path);
    let file = file.unwrap();
    let expected = if is_held { Err(Errno::AGAIN) } else { Ok(()) };
    let operation = FlockOperation::NonBlockingLockExclusive;
    assert_eq!(rustix::fs::fcntl_lock(&file, operation), expected);
    assert_eq!(rustix::fs::flock(&file, operation), expected);
}

#[test]
fn kept_descriptors_are_given_up_when_the_process_has_none_left() {
    let test = "real::kept_descriptors_are_given_up_when_the_process_has_none_left";
    if env::var(ROLE).is_err() {
        return run_in_child(test, "child", "ulimit -n 40;");
    }
    let directory = TestDirectory::new("kept_descriptors_are_given_up");
    let disk = disk(1000);
    run(async {
        let files = open_many(&disk, directory.path(), 100).await;
        for file in &files {
            file.write_at(&[b"a"], 0).await.unwrap();
        }
        disk.sync_directory(directory.path()).await.unwrap();
        let kept = open_descriptors(directory.path());
        assert!((1..40).contains(&kept), "{kept}");
    });
}
