//! Version, help, and what is no command.

use std::process::Command;

use crate::program::{Place, Ran};

#[test]
fn a_link_with_the_name_of_a_tool_that_klamm_has_not_says_so() {
    let place = Place::new("top-level-unknown-tool", "unused");
    let refusal = place.linked("kafka-foo.sh", "--version").failed();
    let expected = "kafka-foo: there is no such tool in Klamm; `klamm help` lists those that \
                    there are\n";
    assert_eq!(refusal, expected);
}

#[test]
fn what_cannot_be_written_is_said_to_be_the_output() {
    let full = std::fs::File::options().write(true).open("/dev/full");
    let mut command = Command::new(env!("CARGO_BIN_EXE_klamm"));
    let command = command.arg("--help").stdout(full.unwrap());
    let ran: Ran = command.output().unwrap().into();
    let complaint = "write output: No space left on device (os error 28)\n";
    assert_eq!(ran.failed(), complaint);
}

#[test]
fn the_version_is_that_of_the_package() {
    let place = Place::new("version", "d");
    let version = format!("klamm {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(place.klamm("--version").succeeded(), version);
}

#[test]
fn help_lists_the_commands_and_explains_each() {
    let place = Place::new("help", "d");
    let help = place.klamm("help").succeeded();
    assert!(help.contains("\n  storage "), "{help}");
    assert_eq!(place.klamm("--help").succeeded(), help);
    let of_storage = place.klamm("help storage").succeeded();
    let usage = "usage: klamm storage [-h]\n";
    assert!(of_storage.starts_with(usage), "{of_storage}");
    assert_eq!(place.klamm("storage --help").succeeded(), of_storage);
}

#[test]
fn what_is_no_command_ends_with_one() {
    let place = Place::new("no-command", "d");
    assert!(
        place
            .klamm("")
            .failed()
            .starts_with("usage: klamm COMMAND ")
    );
    let expected = "klamm: there is no command `brew`; `klamm help` lists them\n";
    assert_eq!(place.klamm("brew").failed(), expected);
}
