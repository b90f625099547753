//! The fences around each crate: lints taken from the workspace, unsafe code forbidden, and for a
//! pure crate a `clippy.toml` that bans the outside.

use super::Finding;
use super::crates::Crate;
use super::files::TrackedFile;
use super::layers::{self, Kind, UnsafeCode};

/// What the `clippy.toml` of a pure crate has to ban at least.
const BANS: &[&str] = &[
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "std::thread::spawn",
    "std::thread::sleep",
    "std::env::var",
    "std::fs::File",
    "std::fs::read",
    "std::fs::write",
    "std::net::TcpListener",
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::collections::HashMap",
    "std::collections::HashSet",
];

/// The fences that `each` lacks.
pub(super) fn missing(each: &Crate, files: &[TrackedFile]) -> Vec<Finding> {
    let Some(layer) = layers::of(&each.name) else {
        return Vec::new();
    };
    let mut findings = lints_of_workspace(each, files);
    if layer.kind == Kind::Pure {
        findings.extend(fence_of_pure_crate(each, files));
    }
    match layer.unsafe_code {
        UnsafeCode::Forbidden => findings.extend(unsafe_forbidden(each, files)),
        UnsafeCode::OneModule => findings.extend(unsafe_in_one_module(each, files)),
    }
    findings
}

fn lints_of_workspace(each: &Crate, files: &[TrackedFile]) -> Vec<Finding> {
    // The fuzz workspace is its own; it has no table of lints to take.
    let path = format!("{}/Cargo.toml", each.folder);
    let takes_lints = text(files, &path).contains("[lints]\nworkspace = true");
    if takes_lints || each.folder == "fuzz" {
        return Vec::new();
    }
    vec![Finding::in_file(
        &path,
        "does not take the lints of the workspace",
    )]
}

/// A `clippy.toml` replaces the one above it, so it has to repeat the settings too.
fn fence_of_pure_crate(each: &Crate, files: &[TrackedFile]) -> Vec<Finding> {
    let path = format!("{}/clippy.toml", each.folder);
    let fence = text(files, &path);
    let settings = text(files, "clippy.toml")
        .lines()
        .filter(|line| line.contains(" = "));
    let lost = settings.filter(|setting| !fence.lines().any(|line| line == *setting));
    let lost = lost.map(|setting| format!("does not repeat `{setting}` of the root"));
    let open = BANS
        .iter()
        .filter(|ban| !fence.contains(&format!("\"{ban}\"")));
    let open = open.map(|ban| format!("does not ban `{ban}`"));
    lost.chain(open)
        .map(|message| Finding::in_file(&path, message))
        .collect()
}

fn unsafe_forbidden(each: &Crate, files: &[TrackedFile]) -> Vec<Finding> {
    roots(each, files)
        .filter(|root| !root.text().contains("#![forbid(unsafe_code)]"))
        .map(|root| Finding::in_file(&root.path, "does not say `#![forbid(unsafe_code)]`"))
        .collect()
}

fn unsafe_in_one_module(each: &Crate, files: &[TrackedFile]) -> Vec<Finding> {
    let open = roots(each, files).filter(|root| {
        let levels = ["#![deny(unsafe_code)]", "#![forbid(unsafe_code)]"];
        !levels.iter().any(|level| root.text().contains(level))
    });
    let open =
        open.map(|root| Finding::in_file(&root.path, "does not say `#![deny(unsafe_code)]`"));
    let inside = files
        .iter()
        .filter(|file| is_inside(each, file) && file.is_rust());
    let modules = inside.filter(|file| {
        file.text().contains("allow(unsafe_code") || file.text().contains("expect(unsafe_code")
    });
    let further = modules.skip(1);
    let further =
        further.map(|file| Finding::in_file(&file.path, "is a second module with unsafe code"));
    open.chain(further).collect()
}

fn roots<'a>(each: &'a Crate, files: &'a [TrackedFile]) -> impl Iterator<Item = &'a TrackedFile> {
    let src = format!("{}/src/", each.folder);
    let targets = format!("{}/fuzz_targets/", each.folder);
    files.iter().filter(move |file| {
        let in_src = file.path.strip_prefix(&src);
        let is_root = in_src
            .is_some_and(|name| matches!(name, "lib.rs" | "main.rs") || name.starts_with("bin/"));
        is_root || file.path.starts_with(&targets)
    })
}

fn is_inside(each: &Crate, file: &TrackedFile) -> bool {
    file.path
        .strip_prefix(&each.folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn text<'a>(files: &'a [TrackedFile], path: &str) -> &'a str {
    files
        .iter()
        .find(|file| file.path == path)
        .map_or("", TrackedFile::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINTS: &str = "[lints]\nworkspace = true\n";

    fn named(name: &str) -> Crate {
        Crate {
            name: name.to_owned(),
            folder: format!("crates/{name}"),
            dependencies: Vec::new(),
        }
    }

    fn found(name: &str, files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<_> = files
            .iter()
            .map(|(path, text)| TrackedFile::new(path, *text))
            .collect();
        missing(&named(name), &files)
            .into_iter()
            .map(|finding| finding.to_string())
            .collect()
    }

    #[test]
    fn a_crate_without_the_lints_of_the_workspace_is_found() {
        let findings = found("klamm", &[("crates/klamm/Cargo.toml", "[package]\n")]);
        assert_eq!(findings.len(), 1);
        assert_eq!(
            found("klamm", &[("crates/klamm/Cargo.toml", LINTS)]).len(),
            0
        );
    }

    #[test]
    fn a_pure_crate_without_fence_is_found_ban_by_ban() {
        let manifest = ("crates/raft/Cargo.toml", LINTS);
        assert_eq!(found("raft", &[manifest]).len(), BANS.len());
        let bans: String = BANS.iter().map(|ban| format!("\"{ban}\"\n")).collect();
        assert_eq!(
            found("raft", &[manifest, ("crates/raft/clippy.toml", &bans)]).len(),
            0
        );
    }

    #[test]
    fn a_fence_that_forgets_a_setting_of_the_root_is_found() {
        let bans: String = BANS.iter().map(|ban| format!("\"{ban}\"\n")).collect();
        let files = [
            ("clippy.toml", "# why\nlimit = 7\n"),
            ("crates/raft/Cargo.toml", LINTS),
            ("crates/raft/clippy.toml", &bans),
        ];
        let expected = "crates/raft/clippy.toml: does not repeat `limit = 7` of the root";
        assert_eq!(found("raft", &files), [expected]);
    }

    #[test]
    fn a_crate_that_does_not_forbid_unsafe_code_is_found() {
        let manifest = ("crates/klamm/Cargo.toml", LINTS);
        assert_eq!(
            found("klamm", &[manifest, ("crates/klamm/src/main.rs", "")]).len(),
            1
        );
    }

    #[test]
    fn a_second_module_with_unsafe_code_is_found() {
        let files = [
            ("crates/net/Cargo.toml", LINTS),
            ("crates/net/src/lib.rs", "#![deny(unsafe_code)]"),
            ("crates/net/src/one.rs", "#![allow(unsafe_code)]"),
            (
                "crates/net/src/two.rs",
                "#[expect(unsafe_code, reason = \"\")]",
            ),
        ];
        assert_eq!(found("net", &files[..3]).len(), 0);
        let expected = "crates/net/src/two.rs: is a second module with unsafe code";
        assert_eq!(found("net", &files), [expected]);
    }
}
