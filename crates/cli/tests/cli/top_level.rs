//! Version, help, and what is no command.

use crate::program::Place;

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
