//! Operations that overlap, and operations that are given up half-way, on a disk that takes its
//! time.

use std::fs;

use super::*;
use crate::disk::{
    DirectoryEntry, DiskError, DiskFile, DiskFuture, DiskLock, DiskSpace, OpenMode, with_suffix,
};
use protocol::records::BatchHeader;

/// A disk that waits once before everything it does.
#[derive(Debug)]
struct SlowDisk(Arc<SimulatedDisk>);

#[derive(Debug)]
struct SlowFile(Arc<dyn DiskFile>);

/// Waits once.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut paused, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

fn slow<'a, T: 'a>(operation: DiskFuture<'a, T>) -> DiskFuture<'a, T> {
    Box::pin(async {
        pause().await;
        operation.await
    })
}

impl Disk for SlowDisk {
    fn open<'a>(&'a self, path: &'a Path, mode: OpenMode) -> DiskFuture<'a, Arc<dyn DiskFile>> {
        Box::pin(async move {
            pause().await;
            let file: Arc<dyn DiskFile> = Arc::new(SlowFile(self.0.open(path, mode).await?));
            Ok::<_, DiskError>(file)
        })
    }

    fn list<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, Vec<DirectoryEntry>> {
        slow(self.0.list(directory))
    }

    fn create_directories<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        slow(self.0.create_directories(directory))
    }

    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> DiskFuture<'a, ()> {
        slow(self.0.rename(from, to))
    }

    fn set_read_only<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()> {
        slow(self.0.set_read_only(path))
    }

    fn remove_file<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, ()> {
        slow(self.0.remove_file(path))
    }

    fn remove_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        slow(self.0.remove_directory(directory))
    }

    fn sync_directory<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, ()> {
        slow(self.0.sync_directory(directory))
    }

    fn space<'a>(&'a self, directory: &'a Path) -> DiskFuture<'a, DiskSpace> {
        slow(self.0.space(directory))
    }

    fn lock<'a>(&'a self, path: &'a Path) -> DiskFuture<'a, Box<dyn DiskLock>> {
        slow(self.0.lock(path))
    }
}

impl DiskFile for SlowFile {
    fn size(&self) -> DiskFuture<'_, u64> {
        slow(self.0.size())
    }

    fn read_at<'a>(&'a self, buffer: &'a mut [u8], position: u64) -> DiskFuture<'a, usize> {
        slow(self.0.read_at(buffer, position))
    }

    fn write_at<'a>(&'a self, parts: &'a [&'a [u8]], position: u64) -> DiskFuture<'a, ()> {
        slow(self.0.write_at(parts, position))
    }

    fn sync(&self) -> DiskFuture<'_, ()> {
        slow(self.0.sync())
    }

    fn set_size(&self, size: u64) -> DiskFuture<'_, ()> {
        slow(self.0.set_size(size))
    }

    fn system_file(&self) -> DiskFuture<'_, Option<Arc<fs::File>>> {
        slow(self.0.system_file())
    }
}

/// A log on a slow disk with some batches, the first of them flushed.
fn filled(seed: u64) -> Fixture {
    let mut fixture = Fixture::with_seed(small(), seed);
    for _ in 0..20 {
        fixture.append(Records::plain(&[NOW_MS]).build()).unwrap();
    }
    fixture.restart();
    let disk: Arc<dyn Disk> = Arc::new(SlowDisk(fixture.disk.clone()));
    let options = OpenOptions {
        recovery_point: Offset(20),
        ..options(&fixture.config, true)
    };
    run(fixture.log.close(NOW_MS)).unwrap();
    fixture.log = finish(Log::open(disk, fixture.health.clone(), options)).unwrap();
    fixture
}

/// Polls a future until it is done.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
}

/// Polls a future so many times, then gives it up; returns its outcome if it was done before.
fn give_up<T>(future: impl Future<Output = T>, polls: usize) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    })
}

const APPEND: LeaderAppend = LeaderAppend {
    leader_epoch: LeaderEpoch(1),
    origin: AppendOrigin::Client,
    produce_version: 9,
    now_ms: NOW_MS,
};

/// A batch with values of this size, by which it is known again.
fn batch(value_bytes: usize) -> Vec<u8> {
    let records = Records {
        value_bytes,
        ..Records::plain(&[NOW_MS])
    };
    records.build()
}

/// The sizes of the batches from an offset on.
fn sizes(log: &Log, from: i64) -> Vec<usize> {
    let (mut offset, upper_bound) = (Offset(from), log.log_end_offset());
    let mut sizes = Vec::new();
    loop {
        let request = ReadRequest {
            fetch_offset: offset,
            size_max: 1,
            upper_bound,
            at_least_one_batch: true,
        };
        match finish(log.read(&request)).unwrap() {
            ReadOutcome::Slice(slice) => sizes.push(slice.size),
            ReadOutcome::AtEnd => return sizes,
            ReadOutcome::OutOfRange { .. } => panic!("{offset} is out of range"),
        }
        offset = offset.next();
    }
}

#[test]
fn an_append_that_is_given_up_is_in_the_log_as_a_whole_or_not_at_all() {
    // The larger one does not fit into the last segment.
    for value_bytes in [400, 1300] {
        let polls = (0..)
            .take_while(|polls| !check_given_up(value_bytes, *polls))
            .count();
        assert!(polls > 1, "{polls}");
    }
}

/// Gives an append up; returns whether it was done before.
fn check_given_up(value_bytes: usize, polls: usize) -> bool {
    let (first, second) = (batch(value_bytes), batch(30));
    let mut fixture = filled(polls as u64);
    let mut codecs = Codecs::default();
    let mut bytes = first.clone();
    let append = fixture
        .log
        .append_as_leader(&mut bytes, &APPEND, &mut codecs);
    let done = give_up(append, polls).is_some();
    let kept = fixture.log.log_end_offset() == Offset(21);
    assert!(kept || !done);
    let mut bytes = second.clone();
    finish(
        fixture
            .log
            .append_as_leader(&mut bytes, &APPEND, &mut codecs),
    )
    .unwrap();
    let mut expected = if kept { vec![first.len()] } else { Vec::new() };
    expected.push(second.len());
    assert_eq!(sizes(&fixture.log, 20), expected);
    fixture.crash();
    let survived = sizes(&fixture.log, 20);
    assert!(
        expected.starts_with(&survived),
        "{survived:?} of {expected:?}"
    );
    done
}

#[test]
fn appends_go_on_while_a_flush_syncs() {
    let mut overlapped = 0;
    for polls in 0..40 {
        let mut fixture = filled(polls);
        let mut codecs = Codecs::default();
        finish(
            fixture
                .log
                .append_as_leader(&mut batch(10), &APPEND, &mut codecs),
        )
        .unwrap();
        {
            let mut flush = pin!(fixture.log.flush(Offset(i64::MAX), NOW_MS));
            let mut context = Context::from_waker(Waker::noop());
            let mut done = false;
            for _ in 0..polls {
                done = done || flush.as_mut().poll(&mut context).is_ready();
            }
            let mut bytes = batch(20);
            let append = fixture
                .log
                .append_as_leader(&mut bytes, &APPEND, &mut codecs);
            let appended = give_up(append, 50).is_some();
            overlapped += u32::from(appended && !done && polls > 0);
            if !done {
                finish(flush).unwrap();
            }
        }
        assert!(fixture.log.recovery_point() >= Offset(21));
        fixture.crash();
        assert!(fixture.log.log_end_offset() >= Offset(21));
    }
    assert!(overlapped > 2, "{overlapped}");
}

#[test]
fn a_read_that_a_truncation_overtakes_answers_with_what_is_left() {
    for polls in 0..30 {
        let fixture = filled(polls);
        let request = ReadRequest {
            fetch_offset: Offset(12),
            size_max: 1 << 20,
            upper_bound: Offset(20),
            at_least_one_batch: true,
        };
        let mut read = pin!(fixture.log.read(&request));
        let mut context = Context::from_waker(Waker::noop());
        let mut done = None;
        for _ in 0..polls {
            if done.is_none()
                && let Poll::Ready(outcome) = read.as_mut().poll(&mut context)
            {
                done = Some(outcome);
            }
        }
        finish(fixture.log.truncate_to(Offset(5), NOW_MS)).unwrap();
        let outcome = match done {
            Some(outcome) => outcome,
            None => finish(read),
        };
        outcome.unwrap();
        assert_eq!(fixture.log.log_end_offset(), Offset(5));
    }
}

/// Polls the first future so many times, then both in turns until they are done.
fn overlap<T, U>(
    first: impl Future<Output = T>,
    polls: usize,
    second: impl Future<Output = U>,
) -> (T, U) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    let mut context = Context::from_waker(Waker::noop());
    let (mut of_first, mut of_second) = (None, None);
    for round in 0.. {
        if of_first.is_none()
            && let Poll::Ready(done) = first.as_mut().poll(&mut context)
        {
            of_first = Some(done);
        }
        if round >= polls
            && of_second.is_none()
            && let Poll::Ready(done) = second.as_mut().poll(&mut context)
        {
            of_second = Some(done);
        }
        if of_first.is_some() && of_second.is_some() {
            break;
        }
    }
    (of_first.unwrap(), of_second.unwrap())
}

#[test]
fn retention_beside_a_flush_does_not_write_the_same_snapshot() {
    for polls in 0..60 {
        let fixture = filled(1);
        finish(
            fixture
                .log
                .append_as_leader(&mut batch(20), &APPEND, &mut Codecs::default()),
        )
        .unwrap();
        finish(fixture.log.roll(NOW_MS)).unwrap();
        finish(fixture.log.advance_log_start(Offset(21))).unwrap();
        let flush = fixture.log.flush(Offset(21), NOW_MS);
        let retention = fixture.log.apply_retention(Offset(21), NOW_MS);
        let (flushed, removed) = overlap(flush, polls, retention);
        flushed.unwrap();
        assert!(removed.unwrap() > 0);
        assert!(fixture.health.failure().is_none());
        let snapshot = "00000000000000000021.snapshot".to_owned();
        assert!(fixture.names().contains(&snapshot), "{polls}");
    }
}

#[test]
fn a_read_beside_a_truncation_behind_it_misses_nothing() {
    for polls in 0..8 {
        for polls_of_truncation in 0..60 {
            let fixture = filled(1);
            let request = ReadRequest {
                fetch_offset: Offset(8),
                size_max: 1,
                upper_bound: Offset(20),
                at_least_one_batch: true,
            };
            let mut context = Context::from_waker(Waker::noop());
            let mut read = pin!(fixture.log.read(&request));
            let mut outcome = None;
            for _ in 0..polls {
                if outcome.is_none()
                    && let Poll::Ready(done) = read.as_mut().poll(&mut context)
                {
                    outcome = Some(done);
                }
            }
            give_up(
                fixture.log.truncate_to(Offset(10), NOW_MS),
                polls_of_truncation,
            );
            let outcome = outcome.unwrap_or_else(|| finish(read)).unwrap();
            let ReadOutcome::Slice(slice) = outcome else {
                panic!("{polls}, {polls_of_truncation}: nothing was read");
            };
            let mut header = [0; BatchHeader::SIZE];
            finish(slice.file.read_at(&mut header, slice.position)).unwrap();
            let header = BatchHeader::decode(&header).unwrap();
            assert_eq!(header.base_offset, 8, "{polls}, {polls_of_truncation}");
        }
    }
}

#[test]
fn a_log_whose_files_were_left_half_way_is_not_changed_any_more() {
    let mut refused = 0;
    for polls in 0..60 {
        let mut fixture = filled(polls as u64);
        let given_up = give_up(fixture.log.truncate_to(Offset(5), NOW_MS), polls);
        let mut codecs = Codecs::default();
        let mut bytes = batch(10);
        let appended = finish(
            fixture
                .log
                .append_as_leader(&mut bytes, &APPEND, &mut codecs),
        );
        if given_up.is_some() {
            assert_eq!(appended.unwrap().first_offset, Offset(5));
        } else if let Err(error) = appended {
            assert!(
                matches!(error, AppendError::Log(LogError::Closed)),
                "{error}"
            );
            refused += 1;
        }
        let recovery_point = fixture.log.recovery_point();
        fixture.disk.crash();
        fixture.reopen(false, recovery_point).unwrap();
        assert!(fixture.log.log_end_offset() >= Offset(5));
        fixture.append(batch(10)).unwrap();
    }
    assert!(refused > 5, "{refused}");
}

#[test]
fn a_temporary_name_is_no_name_of_a_log() {
    let fixture = filled(1);
    let path = with_suffix(
        &Path::new(DIRECTORY).join("00000000000000000020.snapshot"),
        ".tmp",
    );
    run(fixture.disk.open(&path, OpenMode::CreateNew)).unwrap();
    let mut fixture = fixture;
    fixture.reopen(false, Offset(20)).unwrap();
    assert_eq!(fixture.log.log_end_offset(), Offset(20));
}
