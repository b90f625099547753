//! Devices that hang until they are released.

use std::sync::mpsc;
use std::thread;

use tokio::runtime::{self, Runtime};
use tokio::sync::mpsc as queue;

use super::*;

fn two_workers() -> Runtime {
    runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap()
}

/// An operation that says on which thread it hangs, and hangs until the other end is dropped.
struct Hanging {
    begun: mpsc::Receiver<thread::ThreadId>,
    release: mpsc::Sender<()>,
}

fn hanging() -> (impl FnOnce() + Send + 'static, Hanging) {
    let (begin, begun) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let operation = move || {
        begin.send(thread::current().id()).unwrap();
        // Fails when it is released.
        let _ = released.recv();
    };
    (operation, Hanging { begun, release })
}

/// Returns when an operation that began before is late by the device's own clock.
fn become_late(device: &Device) {
    while !device.pace.is_suspected(device.now()) {
        thread::yield_now();
    }
}

#[test]
fn writes_that_hang_hold_up_no_other_device_and_no_other_task() {
    let runtime = two_workers();
    let devices = Arc::new(Devices::default());
    let slow = devices.with_id(1);
    let mut held = Vec::new();
    // More than there are workers, and than may be off them.
    for number in 0..2 * AWAY_MAX {
        let (operation, hanging) = hanging();
        let device = Arc::clone(&slow);
        let task = runtime.spawn(async move { device.run(operation).await });
        if number < AWAY_MAX {
            hanging.begun.recv().unwrap();
        }
        become_late(&slow);
        held.push((task, hanging));
    }
    let (sender, mut received) = queue::unbounded_channel();
    for number in 0..100 {
        let (device, sender) = (devices.with_id(2), sender.clone());
        runtime.spawn(async move {
            device.run(|| sender.send(number).unwrap()).await;
        });
    }
    drop(sender);
    let mut written = Vec::new();
    runtime.block_on(async {
        while let Some(number) = received.recv().await {
            written.push(number);
        }
    });
    written.sort_unstable();
    assert_eq!(written, Vec::from_iter(0..100));
    for (task, hanging) in held {
        drop(hanging.release);
        runtime.block_on(task).unwrap();
    }
}

#[test]
fn no_more_than_a_few_operations_of_a_device_leave_the_workers() {
    let runtime = two_workers();
    let device = Devices::default().with_id(1);
    let mut held = Vec::new();
    for _ in 0..AWAY_MAX {
        let (operation, hanging) = hanging();
        let device = Arc::clone(&device);
        let task = runtime.spawn(async move { device.leave(Kind::ColdRead, operation).await });
        hanging.begun.recv().unwrap();
        held.push((task, hanging));
    }
    assert_eq!(device.turns(Kind::ColdRead).available_permits(), 0);
    let one_more = Arc::clone(&device);
    let one_more = runtime.spawn(async move { one_more.leave(Kind::ColdRead, || ()).await });
    // Another kind has turns of its own.
    runtime.block_on(device.leave(Kind::Cached, || ()));
    assert!(!one_more.is_finished());
    for (task, hanging) in held {
        drop(hanging.release);
        runtime.block_on(task).unwrap();
    }
    runtime.block_on(one_more).unwrap();
}

#[test]
fn a_quick_device_is_worked_on_inline() {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    let device = Devices::default().with_id(1);
    let here = thread::current().id();
    let run = device.run(|| thread::current().id());
    assert_eq!(runtime.block_on(run), here);
    // Where nobody can take the worker's place, leaving is no more than that.
    let left = device.leave(Kind::Cached, || thread::current().id());
    assert_eq!(runtime.block_on(left), here);
}

#[test]
fn directories_below_one_that_was_met_are_on_its_device() {
    let devices = Devices::default();
    let directory = std::env::temp_dir();
    let met = devices.of(&directory);
    let below = directory.join("none-such").join("nor-this");
    assert!(Arc::ptr_eq(&met, &devices.of(&below)));
    assert!(Arc::ptr_eq(&met, &devices.around(&below)));
    assert_eq!(devices.lock().by_directory.len(), 1);
    assert!(!Arc::ptr_eq(&met, &devices.of(Path::new("/proc"))));
}

#[test]
fn a_directory_that_is_not_there_is_not_remembered() {
    let devices = Devices::default();
    let missing = std::env::temp_dir().join("never-made-by-anybody");
    let above = devices.of(&std::env::temp_dir().join(""));
    devices.lock().by_directory.clear();
    assert!(Arc::ptr_eq(&above, &devices.of(&missing)));
    assert_eq!(devices.lock().by_directory.len(), 0);
}
