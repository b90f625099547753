//! What is particular to the simulated disk: crashes, ordered faults, stalls, counters.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use storage::disk::simulated::{Counters, Fault, Operation, SimulatedDisk};
use storage::disk::{
    Disk, DiskError, DiskErrorKind, DiskFile, DiskFuture, OpenMode, read_whole, replace_whole,
};

use crate::{block_on, read, write};

/// Enough for every outcome to be seen that a test asks for.
const SEEDS: u64 = 200;

const DATA: &str = "/data";

/// A disk with a durable, empty directory.
async fn disk(seed: u64) -> SimulatedDisk {
    let disk = SimulatedDisk::new(seed);
    disk.create_directories(Path::new(DATA)).await.unwrap();
    disk.sync_directory(Path::new("/")).await.unwrap();
    disk
}

/// Writes a file that survives a crash.
async fn write_durably(disk: &SimulatedDisk, path: &Path, bytes: &[u8]) -> Arc<dyn DiskFile> {
    let file = disk.open(path, OpenMode::WriteOrCreate).await.unwrap();
    file.write_at(&[bytes], 0).await.unwrap();
    file.sync().await.unwrap();
    disk.sync_directory(path.parent().unwrap()).await.unwrap();
    file
}

async fn names(disk: &SimulatedDisk, directory: &str) -> Vec<String> {
    let entries = disk.list(Path::new(directory)).await.unwrap();
    entries.into_iter().map(|entry| entry.name).collect()
}

fn kind<T>(outcome: Result<T, DiskError>) -> Option<DiskErrorKind> {
    outcome.err().map(|error| error.kind())
}

fn fault(operation: Operation, path_suffix: &str, successes_before: u64) -> Fault {
    Fault {
        operation,
        path_suffix: path_suffix.to_owned(),
        successes_before,
        kind: DiskErrorKind::Failed,
    }
}

/// What `outcome` gives for every seed, each once.
fn outcomes<T: Ord>(outcome: impl AsyncFn(SimulatedDisk) -> T) -> BTreeSet<T> {
    let seeds = 0..SEEDS;
    seeds
        .map(|seed| block_on(async { outcome(disk(seed).await).await }))
        .collect()
}

#[test]
fn synced_bytes_survive_a_crash_and_of_the_others_an_arbitrary_part() {
    let path = Path::new("/data/a");
    let seen = outcomes(async |disk| {
        let file = write_durably(&disk, path, b"synced").await;
        file.write_at(&[b"12345678"], 6).await.unwrap();
        disk.crash();
        let bytes = read(&disk, path).await;
        assert_eq!(&bytes[..6], b"synced");
        assert!(bytes.len() <= 14);
        for (index, byte) in bytes[6..].iter().enumerate() {
            assert!(*byte == 0 || *byte == b"12345678"[index]);
        }
        bytes[6..].to_vec()
    });
    assert!(seen.contains(&b""[..]), "all lost");
    assert!(seen.contains(&b"12345678"[..]), "all kept");
    assert!(seen.contains(&[0; 8][..]), "the size alone kept");
    assert!(
        seen.iter()
            .any(|bytes| bytes.starts_with(b"1") && bytes.len() < 8)
    );
    assert!(seen.iter().any(|bytes| bytes.ends_with(b"\x008")));
}

#[test]
fn each_write_and_each_change_of_size_has_its_own_fate() {
    let path = Path::new("/data/a");
    let seen = outcomes(async |disk| {
        let file = write_durably(&disk, path, b"....").await;
        file.write_at(&[b"1"], 0).await.unwrap();
        file.set_size(3).await.unwrap();
        file.write_at(&[b"2"], 1).await.unwrap();
        disk.crash();
        read(&disk, path).await
    });
    let expected = ["....", "...", "1...", "1..", ".2..", ".2.", "12..", "12."];
    let expected = expected.map(|bytes| bytes.as_bytes().to_vec());
    assert_eq!(seen, BTreeSet::from(expected));
}

#[test]
fn a_synced_file_may_lose_its_name_until_its_directory_is_synced() {
    let path = Path::new("/data/a");
    let seen = outcomes(async |disk| {
        let file = disk.open(path, OpenMode::CreateNew).await.unwrap();
        file.write_at(&[b"synced"], 0).await.unwrap();
        file.sync().await.unwrap();
        disk.crash();
        read_whole(&disk, path, 100).await.unwrap()
    });
    assert_eq!(seen, BTreeSet::from([None, Some(b"synced".to_vec())]));
}

#[test]
fn a_synced_directory_may_lose_its_name_until_its_parent_is_synced() {
    let seen = outcomes(async |disk| {
        let directory = Path::new("/data/t-0");
        disk.create_directories(directory).await.unwrap();
        write_durably(&disk, &directory.join("0.log"), b"synced").await;
        disk.crash();
        names(&disk, DATA).await
    });
    assert_eq!(seen, BTreeSet::from([vec![], vec!["t-0".to_owned()]]));
    let seen = outcomes(async |disk| {
        let directory = Path::new("/data/t-0");
        disk.create_directories(directory).await.unwrap();
        disk.sync_directory(Path::new(DATA)).await.unwrap();
        write_durably(&disk, &directory.join("0.log"), b"synced").await;
        disk.crash();
        read(&disk, &directory.join("0.log")).await
    });
    assert_eq!(seen, BTreeSet::from([b"synced".to_vec()]));
}

#[test]
fn of_unsynced_changes_of_names_the_oldest_are_kept() {
    let seen = outcomes(async |disk| {
        let (a, b) = (Path::new("/data/a"), Path::new("/data/b"));
        write_durably(&disk, a, b"a").await;
        disk.rename(a, b).await.unwrap();
        write(&disk, Path::new("/data/c"), b"").await;
        disk.remove_file(b).await.unwrap();
        disk.crash();
        names(&disk, DATA).await.concat()
    });
    let expected = ["a", "b", "bc", "c"].map(str::to_owned);
    assert_eq!(seen, BTreeSet::from(expected));
}

#[test]
fn a_removed_directory_may_come_back_in_part() {
    let directory = Path::new("/data/t-0");
    let seen = outcomes(async |disk| {
        disk.create_directories(directory).await.unwrap();
        disk.sync_directory(Path::new(DATA)).await.unwrap();
        write_durably(&disk, &directory.join("0.log"), b"log").await;
        write_durably(&disk, &directory.join("1.log"), b"log").await;
        disk.remove_directory(directory).await.unwrap();
        disk.crash();
        match disk.list(directory).await {
            Ok(entries) => Some(entries.len()),
            Err(error) => {
                assert_eq!(error.kind(), DiskErrorKind::NotFound);
                None
            }
        }
    });
    let expected = [None, Some(0), Some(1), Some(2)];
    assert_eq!(seen, BTreeSet::from(expected));
}

#[test]
fn what_a_synced_directory_shows_is_not_lost_and_not_anywhere_else() {
    let seen = outcomes(async |disk| {
        let (from, to) = (Path::new("/data/from"), Path::new("/data/to"));
        disk.create_directories(from).await.unwrap();
        disk.create_directories(to).await.unwrap();
        disk.sync_directory(Path::new(DATA)).await.unwrap();
        let file = disk.open(&from.join("a"), OpenMode::CreateNew).await;
        file.unwrap().sync().await.unwrap();
        write(&disk, &from.join("b"), b"").await;
        disk.rename(&from.join("a"), &to.join("a")).await.unwrap();
        disk.sync_directory(to).await.unwrap();
        disk.crash();
        assert_eq!(names(&disk, "/data/to").await, ["a"]);
        names(&disk, "/data/from").await.concat()
    });
    assert_eq!(seen, BTreeSet::from(["", "b"].map(str::to_owned)));
}

#[test]
fn a_replaced_file_has_its_old_content_or_its_new_one() {
    let path = Path::new("/data/checkpoint");
    // After each number of operations the power may fail; the fault stands for that moment.
    let cuts = [
        (Operation::Write, ".tmp"),
        (Operation::Sync, ".tmp"),
        (Operation::Rename, ".tmp"),
        (Operation::SyncDirectory, DATA),
    ];
    let mut all_seen = BTreeSet::new();
    for (operation, suffix) in cuts {
        all_seen.extend(outcomes(async |disk| {
            replace_whole(&disk, path, b"old").await.unwrap();
            disk.order_fault(fault(operation, suffix, 0));
            assert!(replace_whole(&disk, path, b"new").await.is_err());
            disk.crash();
            read(&disk, path).await
        }));
    }
    let expected = [&b"old"[..], b"new"].map(<[u8]>::to_vec);
    assert_eq!(all_seen, BTreeSet::from(expected));
    let seen = outcomes(async |disk| {
        replace_whole(&disk, path, b"old").await.unwrap();
        replace_whole(&disk, path, b"new").await.unwrap();
        disk.crash();
        read(&disk, path).await
    });
    assert_eq!(seen, BTreeSet::from([b"new".to_vec()]));
}

#[test]
fn after_a_crash_files_and_locks_from_before_are_dead_and_the_disk_is_as_new() {
    block_on(async {
        let disk = disk(1).await;
        let path = Path::new("/data/a");
        let file = write_durably(&disk, path, b"synced").await;
        let lock_path = Path::new("/data/.lock");
        write_durably(&disk, lock_path, b"").await;
        let lock = disk.lock(lock_path).await.unwrap();
        let listing = disk.list(Path::new(DATA));
        disk.order_fault(fault(Operation::Open, "", 0));
        disk.crash();
        let failed = Some(DiskErrorKind::Failed);
        assert_eq!(kind(listing.await), failed, "begun before the crash");
        assert_eq!(kind(file.size().await), failed);
        assert_eq!(kind(file.write_at(&[b"x"], 0).await), failed);
        assert_eq!(kind(file.sync().await), failed);
        let new_lock = disk.lock(lock_path).await.unwrap();
        drop(lock);
        let locked = Some(DiskErrorKind::Locked);
        assert_eq!(kind(disk.lock(lock_path).await), locked);
        drop(new_lock);
        let file = write_durably(&disk, path, b"SYN").await;
        disk.crash();
        drop(file);
        assert_eq!(read(&disk, path).await, b"SYNced");
    });
}

#[test]
fn an_ordered_fault_strikes_once_where_and_when_it_was_ordered() {
    block_on(async {
        let disk = disk(1).await;
        let (log, index) = (Path::new("/data/0.log"), Path::new("/data/0.index"));
        let log = write_durably(&disk, log, b"").await;
        let index = write_durably(&disk, index, b"").await;
        disk.order_fault(fault(Operation::SetSize, ".log", 1));
        index.set_size(1).await.unwrap();
        index.set_size(2).await.unwrap();
        log.sync().await.unwrap();
        log.set_size(1).await.unwrap();
        assert_eq!(kind(log.set_size(2).await), Some(DiskErrorKind::Failed));
        log.set_size(3).await.unwrap();
        assert_eq!(log.size().await.unwrap(), 3);
        disk.order_fault(Fault {
            kind: DiskErrorKind::PermissionDenied,
            ..fault(Operation::List, "", 0)
        });
        let outcome = disk.list(Path::new(DATA)).await;
        assert_eq!(kind(outcome), Some(DiskErrorKind::PermissionDenied));
    });
}

#[test]
fn a_failed_write_has_written_an_arbitrary_part() {
    let path = Path::new("/data/a");
    let seen = outcomes(async |disk| {
        let file = disk.open(path, OpenMode::CreateNew).await.unwrap();
        disk.order_fault(fault(Operation::Write, "a", 0));
        assert!(file.write_at(&[b"ab", b"cd"], 0).await.is_err());
        read(&disk, path).await
    });
    let expected = [&b""[..], b"a", b"ab", b"abc", b"abcd"].map(<[u8]>::to_vec);
    assert_eq!(seen, BTreeSet::from(expected));
}

#[test]
fn a_failed_sync_is_final_for_all_who_hold_the_file_and_its_bytes_may_be_lost() {
    let path = Path::new("/data/a");
    let seen = outcomes(async |disk| {
        let file = write_durably(&disk, path, b"old").await;
        file.write_at(&[b"new"], 0).await.unwrap();
        disk.order_fault(fault(Operation::Sync, "a", 0));
        let failed = Some(DiskErrorKind::Failed);
        assert_eq!(kind(file.sync().await), failed);
        assert_eq!(kind(file.sync().await), failed);
        let other_holder = disk.open(path, OpenMode::Read).await.unwrap();
        drop(file);
        assert_eq!(kind(other_holder.sync().await), failed);
        drop(other_holder);
        // Whoever opens it anew is deceived: the cache shows the bytes, and has nothing to write.
        assert_eq!(read(&disk, path).await, b"new");
        let reopened = disk.open(path, OpenMode::Write).await.unwrap();
        reopened.sync().await.unwrap();
        disk.crash();
        read(&disk, path).await
    });
    assert!(seen.contains(&b"old"[..]));
    assert!(seen.contains(&b"new"[..]));
}

#[test]
fn a_full_disk_takes_what_there_is_space_for() {
    block_on(async {
        let disk = disk(1).await;
        disk.set_capacity(Some(3 * 4096));
        let (a, b) = (Path::new("/data/a"), Path::new("/data/b"));
        let a_file = write_durably(&disk, a, &[1; 5000]).await;
        let b_file = disk.open(b, OpenMode::CreateNew).await.unwrap();
        let outcome = b_file.write_at(&[&[2; 4000], &[2; 1000]], 0).await;
        assert_eq!(kind(outcome), Some(DiskErrorKind::NoSpace));
        assert_eq!(b_file.size().await.unwrap(), 4096);
        b_file.set_size(1 << 30).await.unwrap();
        a_file.write_at(&[&[3; 3192]], 5000).await.unwrap();
        let outcome = a_file.write_at(&[&[3]], 8192).await;
        assert_eq!(kind(outcome), Some(DiskErrorKind::NoSpace));
        disk.remove_file(b).await.unwrap();
        a_file.write_at(&[&[3]], 8192).await.unwrap();
        assert_eq!(a_file.size().await.unwrap(), 8193);
        disk.set_capacity(None);
        a_file.write_at(&[&[4; 9000]], 8193).await.unwrap();
    });
}

#[test]
fn a_flipped_bit_is_read_and_survives_sync_and_crash() {
    block_on(async {
        let disk = disk(1).await;
        let path = Path::new("/data/a");
        let file = write_durably(&disk, path, b"aaaa").await;
        file.write_at(&[b"b"], 3).await.unwrap();
        disk.flip_bit(path, 0, 1).unwrap();
        disk.flip_bit(path, 3, 0).unwrap();
        assert_eq!(read(&disk, path).await, b"caac");
        file.sync().await.unwrap();
        disk.crash();
        assert_eq!(read(&disk, path).await, b"caac");
        let not_found = Some(DiskErrorKind::NotFound);
        assert_eq!(kind(disk.flip_bit(path, 4, 0)), not_found);
        assert_eq!(kind(disk.flip_bit(Path::new("/b"), 0, 0)), not_found);
    });
}

#[derive(Default)]
struct CountingWaker(AtomicUsize);

impl Wake for CountingWaker {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn on_a_stalled_disk_everything_waits_until_it_goes_on_or_crashes() {
    block_on(async {
        let disk = disk(1).await;
        let path = Path::new("/data/a");
        let file = write_durably(&disk, path, b"a").await;
        let count = Arc::new(CountingWaker::default());
        let waker = Waker::from(Arc::clone(&count));
        let mut context = Context::from_waker(&waker);

        disk.stall();
        let mut writing = pin!(file.write_at(&[b"b"], 0));
        let mut opening: DiskFuture<'_, _> = disk.open(path, OpenMode::Read);
        assert!(writing.as_mut().poll(&mut context).is_pending());
        assert!(writing.as_mut().poll(&mut context).is_pending());
        assert!(opening.as_mut().poll(&mut context).is_pending());
        disk.resume();
        assert_eq!(count.0.load(Ordering::Relaxed), 1, "once a waker");
        assert!(matches!(
            writing.as_mut().poll(&mut context),
            Poll::Ready(Ok(()))
        ));
        assert!(matches!(
            opening.as_mut().poll(&mut context),
            Poll::Ready(Ok(_))
        ));
        assert_eq!(read(&disk, path).await, b"b");

        disk.stall();
        let mut syncing = pin!(file.sync());
        assert!(syncing.as_mut().poll(&mut context).is_pending());
        disk.crash();
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        assert!(matches!(
            syncing.as_mut().poll(&mut context),
            Poll::Ready(Err(_))
        ));
        read(&disk, path).await;
    });
}

#[test]
fn operations_are_counted() {
    block_on(async {
        let disk = disk(1).await;
        let file = write_durably(&disk, Path::new("/data/a"), b"a").await;
        let other = disk.open(Path::new("/data/a"), OpenMode::Read).await;
        file.write_at(&[b"b"], 0).await.unwrap();
        assert_eq!(file.read_at(&mut [0; 2], 0).await.unwrap(), 1);
        let counters = Counters {
            reads: 1,
            writes: 2,
            syncs: 1,
            directory_syncs: 2,
            open_files: 2,
        };
        assert_eq!(disk.counters(), counters);
        drop((file, other));
        assert_eq!(disk.counters().open_files, 0);
    });
}

/// Everything that can be read from a directory, in one number.
async fn hash(disk: &SimulatedDisk, directory: &Path, hasher: &mut DefaultHasher) {
    for entry in disk.list(directory).await.unwrap() {
        let path = directory.join(&entry.name);
        path.hash(hasher);
        if entry.is_directory {
            Box::pin(hash(disk, &path, hasher)).await;
        } else {
            read(disk, &path).await.hash(hasher);
        }
    }
}

async fn run_script(seed: u64) -> u64 {
    let disk = disk(seed).await;
    let mut hasher = DefaultHasher::new();
    for round in 0..4_u8 {
        for partition in ["/data/a-0", "/data/b-0"].map(Path::new) {
            disk.create_directories(partition).await.unwrap();
            for name in ["0.log", "0.index", "leader-epoch-checkpoint"] {
                write(&disk, &partition.join(name), &[round; 300]).await;
            }
            let name = format!("{round}.snapshot");
            write_durably(&disk, &partition.join(name), b"snapshot").await;
        }
        // A name of its own: after a crash a removed directory may be there, and not empty.
        let renamed = format!("/data/a-0.{round}-delete");
        let removed = Path::new(&renamed);
        let outcome = disk.rename(Path::new("/data/a-0"), removed).await;
        outcome.unwrap();
        disk.remove_directory(removed).await.unwrap();
        disk.crash();
        hash(&disk, Path::new("/"), &mut hasher).await;
    }
    hasher.finish()
}

#[test]
fn one_seed_gives_one_disk_and_another_seed_another() {
    let hashes: Vec<u64> = (0..20).map(|seed| block_on(run_script(seed))).collect();
    let twins: Vec<u64> = (0..20).map(|seed| block_on(run_script(seed))).collect();
    assert_eq!(hashes, twins);
    assert_eq!(BTreeSet::from_iter(hashes).len(), 20);
}
