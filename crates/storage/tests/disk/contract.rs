//! What every disk does. Each function is a test of each disk; it gets an empty directory.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use storage::disk::simulated::SimulatedDisk;
use storage::disk::{
    Disk, DiskError, DiskErrorKind, DiskFile, OpenMode, RealDisk, read_whole, replace_whole,
    with_suffix,
};

use crate::directory::TestDirectory;
use crate::{block_on, read, write};

macro_rules! contract {
    ($($test:ident)*) => {
        mod simulated {
            $(
                #[test]
                fn $test() {
                    let disk = super::SimulatedDisk::new(1);
                    let root = std::path::Path::new("/data");
                    super::block_on(async {
                        super::Disk::create_directories(&disk, root).await.unwrap();
                        super::$test(&disk, root).await;
                    });
                }
            )*
        }

        mod real {
            $(
                #[test]
                fn $test() {
                    // So few that descriptors come and go in every test.
                    let disk = super::RealDisk::new(super::NonZeroUsize::new(2).unwrap());
                    let directory = super::TestDirectory::new(stringify!($test));
                    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                    runtime.block_on(super::$test(&disk, directory.path()));
                }
            )*
        }
    };
}

contract! {
    modes_say_whether_a_file_must_exist
    what_was_opened_for_reading_cannot_be_written
    bytes_are_read_where_they_were_written
    parts_are_written_one_behind_the_other
    a_size_can_be_cut_and_extended
    no_file_reaches_past_the_largest_position
    a_directory_is_listed_in_the_order_of_names
    what_does_not_exist_is_not_found
    a_held_file_follows_when_it_is_renamed
    held_files_follow_when_their_directory_is_renamed
    a_read_only_file_can_be_read_and_renamed
    a_rename_replaces_a_file_and_whoever_held_it_finds_it_removed
    a_rename_does_not_replace_what_cannot_be_replaced
    a_held_file_that_was_removed_is_not_found
    a_directory_is_removed_with_all_that_is_in_it
    a_directory_is_not_opened_as_a_file
    a_lock_keeps_others_out_until_it_is_dropped
    a_whole_file_is_replaced_and_read
    syncs_succeed
}

fn kind<T>(outcome: Result<T, DiskError>) -> Option<DiskErrorKind> {
    outcome.err().map(|error| error.kind())
}

async fn open(disk: &dyn Disk, path: &Path, mode: OpenMode) -> Arc<dyn DiskFile> {
    disk.open(path, mode).await.unwrap()
}

async fn read_held(file: &dyn DiskFile) -> Vec<u8> {
    let mut bytes = vec![0; file.size().await.unwrap() as usize];
    assert_eq!(file.read_at(&mut bytes, 0).await.unwrap(), bytes.len());
    bytes
}

async fn names(disk: &dyn Disk, directory: &Path) -> Vec<String> {
    let entries = disk.list(directory).await.unwrap();
    entries.into_iter().map(|entry| entry.name).collect()
}

async fn modes_say_whether_a_file_must_exist(disk: &dyn Disk, root: &Path) {
    let path = root.join("a");
    for mode in [OpenMode::Read, OpenMode::Write] {
        let outcome = disk.open(&path, mode).await;
        assert_eq!(kind(outcome), Some(DiskErrorKind::NotFound), "{mode:?}");
    }
    open(disk, &path, OpenMode::CreateNew).await;
    let outcome = disk.open(&path, OpenMode::CreateNew).await;
    assert_eq!(kind(outcome), Some(DiskErrorKind::AlreadyExists));
    write(disk, &path, b"kept").await;
    for mode in [OpenMode::Read, OpenMode::Write, OpenMode::WriteOrCreate] {
        let file = open(disk, &path, mode).await;
        assert_eq!(read_held(&*file).await, b"kept", "{mode:?}");
    }
    open(disk, &root.join("b"), OpenMode::WriteOrCreate).await;
    assert_eq!(names(disk, root).await, ["a", "b"]);
}

async fn what_was_opened_for_reading_cannot_be_written(disk: &dyn Disk, root: &Path) {
    let path = root.join("a");
    write(disk, &path, b"kept").await;
    let reader = open(disk, &path, OpenMode::Read).await;
    let writer = open(disk, &path, OpenMode::Write).await;
    let outcome = reader.write_at(&[b"lost"], 0).await;
    assert_eq!(kind(outcome), Some(DiskErrorKind::PermissionDenied));
    let outcome = reader.set_size(0).await;
    assert_eq!(kind(outcome), Some(DiskErrorKind::PermissionDenied));
    assert_eq!(read_held(&*reader).await, b"kept");
    writer.write_at(&[b"b"], 0).await.unwrap();
    assert_eq!(read_held(&*reader).await, b"bept");
}

async fn bytes_are_read_where_they_were_written(disk: &dyn Disk, root: &Path) {
    let file = open(disk, &root.join("a"), OpenMode::CreateNew).await;
    file.write_at(&[b"hello"], 10_000).await.unwrap();
    assert_eq!(file.size().await.unwrap(), 10_005);
    let mut buffer = [0xff; 12];
    assert_eq!(file.read_at(&mut buffer, 9_996).await.unwrap(), 9);
    assert_eq!(&buffer, b"\0\0\0\0hello\xff\xff\xff", "a hole is zeros");
    assert_eq!(file.read_at(&mut buffer, 10_005).await.unwrap(), 0);
    assert_eq!(file.read_at(&mut buffer, u64::MAX).await.unwrap(), 0);
    assert_eq!(file.read_at(&mut [], 0).await.unwrap(), 0);
    file.write_at(&[b"y"], 10_004).await.unwrap();
    assert_eq!(file.read_at(&mut buffer[..5], 10_000).await.unwrap(), 5);
    assert_eq!(&buffer[..5], b"helly");
}

async fn parts_are_written_one_behind_the_other(disk: &dyn Disk, root: &Path) {
    let file = open(disk, &root.join("a"), OpenMode::CreateNew).await;
    file.write_at(&[], 5).await.unwrap();
    file.write_at(&[b"", b""], 5).await.unwrap();
    assert_eq!(file.size().await.unwrap(), 0);
    file.write_at(&[b"", b"ab", b"", b"cde", b""], 1)
        .await
        .unwrap();
    assert_eq!(read_held(&*file).await, b"\0abcde");
    // More parts than a system takes at once.
    let bytes: Vec<u8> = (0..5000_u32).map(|index| (index % 253) as u8).collect();
    let parts: Vec<&[u8]> = bytes.chunks(2).collect();
    file.write_at(&parts, 0).await.unwrap();
    assert_eq!(read_held(&*file).await, bytes);
}

async fn a_size_can_be_cut_and_extended(disk: &dyn Disk, root: &Path) {
    let file = open(disk, &root.join("a"), OpenMode::CreateNew).await;
    file.write_at(&[b"abcdef"], 0).await.unwrap();
    file.set_size(3).await.unwrap();
    assert_eq!(read_held(&*file).await, b"abc");
    file.set_size(5).await.unwrap();
    assert_eq!(read_held(&*file).await, b"abc\0\0");
    file.set_size(10 << 20).await.unwrap();
    assert_eq!(file.size().await.unwrap(), 10 << 20);
}

async fn no_file_reaches_past_the_largest_position(disk: &dyn Disk, root: &Path) {
    let file = open(disk, &root.join("a"), OpenMode::CreateNew).await;
    for position in [i64::MAX as u64, u64::MAX - 1, u64::MAX] {
        let outcome = file.write_at(&[b"abc"], position).await;
        assert_eq!(kind(outcome), Some(DiskErrorKind::TooLarge), "{position}");
    }
    let outcome = file.set_size(1 << 63).await;
    assert_eq!(kind(outcome), Some(DiskErrorKind::TooLarge));
    assert_eq!(file.size().await.unwrap(), 0);
}

async fn a_directory_is_listed_in_the_order_of_names(disk: &dyn Disk, root: &Path) {
    for name in ["b", "a.log", "C", "a"] {
        write(disk, &root.join(name), name.as_bytes()).await;
    }
    disk.create_directories(&root.join("aa/deep"))
        .await
        .unwrap();
    disk.create_directories(&root.join("aa")).await.unwrap();
    let entries = disk.list(root).await.unwrap();
    let entries: Vec<_> = entries
        .iter()
        .map(|entry| (entry.name.as_str(), entry.is_directory, entry.size))
        .collect();
    let expected = [
        ("C", false, 1),
        ("a", false, 1),
        ("a.log", false, 5),
        ("aa", true, 0),
        ("b", false, 1),
    ];
    assert_eq!(entries, expected);
    assert_eq!(names(disk, &root.join("aa")).await, ["deep"]);
}

async fn what_does_not_exist_is_not_found(disk: &dyn Disk, root: &Path) {
    let (missing, below) = (root.join("a"), root.join("a/b"));
    let not_found = Some(DiskErrorKind::NotFound);
    assert_eq!(kind(disk.list(&missing).await), not_found);
    assert_eq!(
        kind(disk.rename(&missing, &root.join("b")).await),
        not_found
    );
    assert_eq!(kind(disk.remove_file(&missing).await), not_found);
    assert_eq!(kind(disk.remove_directory(&missing).await), not_found);
    assert_eq!(kind(disk.sync_directory(&missing).await), not_found);
    assert_eq!(
        kind(disk.open(&below, OpenMode::CreateNew).await),
        not_found
    );
    assert_eq!(kind(disk.lock(&below).await), not_found);
    assert_eq!(read_whole(disk, &missing, 10).await.unwrap(), None);
    write(disk, &root.join("c"), b"c").await;
    assert_eq!(kind(disk.rename(&root.join("c"), &below).await), not_found);
    assert_eq!(names(disk, root).await, ["c"]);
}

async fn a_held_file_follows_when_it_is_renamed(disk: &dyn Disk, root: &Path) {
    let (a, b) = (root.join("a"), root.join("b"));
    let file = open(disk, &a, OpenMode::CreateNew).await;
    file.write_at(&[b"one"], 0).await.unwrap();
    disk.rename(&a, &b).await.unwrap();
    crowd_out(disk, root).await;
    assert_eq!(read_held(&*file).await, b"one");
    // A new file of the old name is another file.
    write(disk, &a, b"two").await;
    file.write_at(&[b"ONE"], 0).await.unwrap();
    assert_eq!(read(disk, &a).await, b"two");
    assert_eq!(read(disk, &b).await, b"ONE");
    disk.rename(&b, &b).await.unwrap();
    file.sync().await.unwrap();
    assert_eq!(read_held(&*file).await, b"ONE");
}

async fn held_files_follow_when_their_directory_is_renamed(disk: &dyn Disk, root: &Path) {
    let (old, new) = (root.join("t-0"), root.join("t-0.1-delete"));
    // Its name begins like the directory's, but it is not in there.
    let beside = root.join("t-01");
    write(disk, &beside, b"beside").await;
    disk.create_directories(&old.join("deep")).await.unwrap();
    let beside = open(disk, &beside, OpenMode::Read).await;
    let log = open(disk, &old.join("0.log"), OpenMode::CreateNew).await;
    let deep = open(disk, &old.join("deep/x"), OpenMode::CreateNew).await;
    disk.rename(&old, &new).await.unwrap();
    crowd_out(disk, root).await;
    log.write_at(&[b"log"], 0).await.unwrap();
    deep.write_at(&[b"deep"], 0).await.unwrap();
    assert_eq!(read_held(&*beside).await, b"beside");
    assert_eq!(read(disk, &new.join("0.log")).await, b"log");
    assert_eq!(read(disk, &new.join("deep/x")).await, b"deep");
    assert_eq!(kind(disk.list(&old).await), Some(DiskErrorKind::NotFound));
    disk.rename(&new.join("deep/x"), &root.join("y"))
        .await
        .unwrap();
    disk.remove_directory(&new).await.unwrap();
    crowd_out(disk, root).await;
    assert_eq!(read_held(&*deep).await, b"deep");
    assert_eq!(kind(log.size().await), Some(DiskErrorKind::NotFound));
}

async fn a_rename_replaces_a_file_and_whoever_held_it_finds_it_removed(
    disk: &dyn Disk,
    root: &Path,
) {
    let (new, path) = (root.join("new"), root.join("path"));
    write(disk, &new, b"new").await;
    write(disk, &path, b"old").await;
    let old_file = open(disk, &path, OpenMode::Write).await;
    let new_file = open(disk, &new, OpenMode::Write).await;
    disk.rename(&new, &path).await.unwrap();
    assert_eq!(names(disk, root).await, ["path"]);
    assert_eq!(read(disk, &path).await, b"new");
    assert_eq!(read_held(&*new_file).await, b"new");
    let outcome = old_file.write_at(&[b"lost"], 0).await;
    assert_eq!(kind(outcome), Some(DiskErrorKind::NotFound));
    assert_eq!(kind(old_file.sync().await), Some(DiskErrorKind::NotFound));
    assert_eq!(read(disk, &path).await, b"new");
}

async fn a_rename_does_not_replace_what_cannot_be_replaced(disk: &dyn Disk, root: &Path) {
    let (file, full, empty) = (root.join("file"), root.join("full"), root.join("empty"));
    write(disk, &file, b"file").await;
    disk.create_directories(&full).await.unwrap();
    disk.create_directories(&empty).await.unwrap();
    write(disk, &full.join("x"), b"x").await;
    let failed = Some(DiskErrorKind::Failed);
    assert_eq!(kind(disk.rename(&file, &empty).await), failed);
    assert_eq!(kind(disk.rename(&full, &file).await), failed);
    assert_eq!(kind(disk.rename(&empty, &full).await), failed);
    assert_eq!(kind(disk.rename(&full, &full.join("in")).await), failed);
    assert_eq!(names(disk, root).await, ["empty", "file", "full"]);
    disk.rename(&full, &empty).await.unwrap();
    assert_eq!(names(disk, root).await, ["empty", "file"]);
    assert_eq!(read(disk, &empty.join("x")).await, b"x");
}

async fn a_held_file_that_was_removed_is_not_found(disk: &dyn Disk, root: &Path) {
    let path = root.join("a");
    write(disk, &path, b"old").await;
    let held = open(disk, &path, OpenMode::Write).await;
    disk.remove_file(&path).await.unwrap();
    let not_found = Some(DiskErrorKind::NotFound);
    assert_eq!(kind(held.size().await), not_found);
    assert_eq!(kind(held.read_at(&mut [0], 0).await), not_found);
    assert_eq!(kind(held.sync().await), not_found);
    write(disk, &path, b"new").await;
    assert_eq!(kind(held.read_at(&mut [0], 0).await), not_found);
    assert_eq!(kind(held.write_at(&[b"x"], 0).await), not_found);
    assert_eq!(kind(held.set_size(0).await), not_found);
    assert_eq!(read(disk, &path).await, b"new");
}

async fn a_directory_is_removed_with_all_that_is_in_it(disk: &dyn Disk, root: &Path) {
    let directory = root.join("d");
    disk.create_directories(&directory.join("e/f"))
        .await
        .unwrap();
    write(disk, &directory.join("a"), b"a").await;
    write(disk, &directory.join("e/b"), b"b").await;
    write(disk, &root.join("d.log"), b"beside").await;
    let held = open(disk, &directory.join("e/b"), OpenMode::Read).await;
    disk.remove_directory(&directory).await.unwrap();
    assert_eq!(names(disk, root).await, ["d.log"]);
    assert_eq!(kind(held.size().await), Some(DiskErrorKind::NotFound));
    disk.create_directories(&directory).await.unwrap();
    assert_eq!(names(disk, &directory).await, [""; 0]);
}

async fn a_directory_is_not_opened_as_a_file(disk: &dyn Disk, root: &Path) {
    let directory = root.join("d");
    disk.create_directories(&directory).await.unwrap();
    write(disk, &root.join("file"), b"").await;
    let failed = Some(DiskErrorKind::Failed);
    assert_eq!(kind(disk.open(&directory, OpenMode::Read).await), failed);
    assert_eq!(kind(disk.open(&directory, OpenMode::Write).await), failed);
    assert_eq!(kind(disk.remove_file(&directory).await), failed);
    assert_eq!(kind(disk.list(&root.join("file")).await), failed);
    assert_eq!(kind(disk.sync_directory(&root.join("file")).await), failed);
    assert_eq!(
        kind(disk.remove_directory(&root.join("file")).await),
        failed
    );
}

async fn a_lock_keeps_others_out_until_it_is_dropped(disk: &dyn Disk, root: &Path) {
    let path = root.join(".lock");
    let other = root.join("other");
    disk.create_directories(&other).await.unwrap();
    let lock = disk.lock(&path).await.unwrap();
    let locked = Some(DiskErrorKind::Locked);
    assert_eq!(kind(disk.lock(&path).await), locked);
    // Opening and closing it would release the lock.
    assert_eq!(kind(disk.open(&path, OpenMode::Read).await), locked);
    let other_lock = disk.lock(&other.join(".lock")).await.unwrap();
    drop(lock);
    let lock = disk.lock(&path).await.unwrap();
    assert_eq!(kind(disk.lock(&other.join(".lock")).await), locked);
    drop((lock, other_lock));
    disk.open(&path, OpenMode::Read).await.unwrap();
}

async fn a_whole_file_is_replaced_and_read(disk: &dyn Disk, root: &Path) {
    let path = root.join("checkpoint");
    // What a crash left behind.
    write(
        disk,
        &with_suffix(&path, ".tmp"),
        b"longer than what follows",
    )
    .await;
    replace_whole(disk, &path, b"0\n1\n").await.unwrap();
    assert_eq!(
        read_whole(disk, &path, 4).await.unwrap().unwrap(),
        b"0\n1\n"
    );
    let outcome = read_whole(disk, &path, 3).await;
    assert_eq!(kind(outcome), Some(DiskErrorKind::TooLarge));
    replace_whole(disk, &path, b"").await.unwrap();
    assert_eq!(read_whole(disk, &path, 3).await.unwrap().unwrap(), b"");
    assert_eq!(names(disk, root).await, ["checkpoint"]);
}

async fn syncs_succeed(disk: &dyn Disk, root: &Path) {
    let path = root.join("a");
    write(disk, &path, b"bytes").await;
    crowd_out(disk, root).await;
    let file = open(disk, &path, OpenMode::Read).await;
    file.sync().await.unwrap();
    file.sync().await.unwrap();
    disk.sync_directory(root).await.unwrap();
}

/// Opens so many files that no descriptor kept before is kept any longer.
async fn crowd_out(disk: &dyn Disk, root: &Path) {
    let crowd = root.join("crowd");
    disk.create_directories(&crowd).await.unwrap();
    for name in ["1", "2", "3", "4", "5"] {
        write(disk, &crowd.join(name), b"").await;
        read(disk, &crowd.join(name)).await;
    }
    disk.remove_directory(&crowd).await.unwrap();
}

async fn a_read_only_file_can_be_read_and_renamed(disk: &dyn Disk, root: &Path) {
    let (path, renamed) = (root.join("a"), root.join("b"));
    let missing = disk.set_read_only(&path).await.unwrap_err();
    assert_eq!(missing.kind(), DiskErrorKind::NotFound);
    write(disk, &path, b"content").await;
    disk.set_read_only(&path).await.unwrap();
    disk.rename(&path, &renamed).await.unwrap();
    let content = read_whole(disk, &renamed, 100).await.unwrap();
    assert_eq!(content.as_deref(), Some(&b"content"[..]));
}
