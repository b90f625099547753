//! Names that say nothing about what is inside.

use super::Finding;
use super::files::TrackedFile;

const BANNED: &[&str] = &["common", "helper", "helpers", "misc", "util", "utils"];

/// A file or folder whose name would hold anything soon holds everything.
pub(super) fn banned_name(file: &TrackedFile) -> Vec<Finding> {
    let stems = file
        .path
        .split('/')
        .map(|part| part.split('.').next().unwrap_or(part));
    stems
        .filter(|stem| BANNED.contains(&stem.to_lowercase().as_str()))
        .map(|stem| {
            Finding::in_file(
                &file.path,
                format!("`{stem}` names nothing; name it by its noun"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> usize {
        banned_name(&TrackedFile::new(path, "")).len()
    }

    #[test]
    fn a_drawer_for_everything_is_found_as_file_and_as_folder() {
        assert_eq!(found("crates/a/src/utils.rs"), 1);
        assert_eq!(found("crates/a/src/helpers/mod.rs"), 1);
        assert_eq!(found("tests/compat/java/src/Common.java"), 1);
    }

    #[test]
    fn a_name_that_only_contains_such_a_word_is_fine() {
        assert_eq!(found("crates/a/src/common_prefix.rs"), 0);
    }
}
