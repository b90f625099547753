//! A panic anywhere ends the process: the runtime would catch it, and the node would go on without
//! the part that found itself broken.

use std::panic;
use std::process;

/// From now on a panic of any thread is printed and aborts the process.
pub(crate) fn abort_at_panics() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |information| {
        print(information);
        process::abort();
    }));
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    /// Set in the process that is to panic.
    const VARIABLE: &str = "KLAMM_TEST_PANICS";

    #[test]
    fn a_panic_of_a_task_aborts_the_process_with_its_message() {
        if std::env::var_os(VARIABLE).is_some() {
            super::abort_at_panics();
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            let task = runtime.spawn(async { panic!("this part is broken") });
            // Only reached, and then succeeding, where the panic was caught.
            let _ = runtime.block_on(task);
            return;
        }
        let mut command = Command::new(std::env::current_exe().unwrap());
        let name = "a_panic_of_a_task_aborts_the_process_with_its_message";
        let output = command
            .arg(name)
            .arg("--nocapture")
            .env(VARIABLE, "1")
            .output()
            .unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("this part is broken"), "{errors}");
        assert_eq!(output.status.signal(), Some(6), "{errors}");
    }
}
