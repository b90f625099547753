//! Rules for source files: size, header, and what must not be left behind.

use super::Finding;
use super::files::TrackedFile;

const FILE_LINES_MAX: usize = 900;
const LINE_COLUMNS_MAX: usize = 100;

/// Files that may be longer. Shrinks only.
const LONG_FILES: &[&str] = &[];

/// A file nobody can keep in mind is split by noun.
pub(super) fn long_file(file: &TrackedFile) -> Vec<Finding> {
    let is_exempt =
        file.is_generated() || file.is_test() || LONG_FILES.contains(&file.path.as_str());
    let lines = file.text().lines().count();
    if !file.is_rust() || is_exempt || lines <= FILE_LINES_MAX {
        return Vec::new();
    }
    let message = format!("has {lines} lines, more than {FILE_LINES_MAX}; split it by noun");
    vec![Finding::in_file(&file.path, message)]
}

/// rustfmt leaves comments and strings alone.
pub(super) fn long_line(file: &TrackedFile) -> Vec<Finding> {
    if !file.is_rust() || file.is_generated() {
        return Vec::new();
    }
    let lines = file.text().lines().enumerate();
    lines
        .filter(|(_, line)| line.chars().count() > LINE_COLUMNS_MAX)
        .map(|(index, _)| {
            let message = format!("is wider than {LINE_COLUMNS_MAX} columns");
            Finding::at_line(&file.path, index, message)
        })
        .collect()
}

/// Each file says first what it is, whose job it is not, and what always holds.
pub(super) fn missing_header(file: &TrackedFile) -> Vec<Finding> {
    let needs_header = file.is_rust() && !file.is_generated();
    if !needs_header || file.text().starts_with("//!") {
        return Vec::new();
    }
    vec![Finding::in_file(
        &file.path,
        "does not open with a `//!` header",
    )]
}

/// What is not done belongs into an issue.
pub(super) fn unfinished_work(file: &TrackedFile) -> Vec<Finding> {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!"),
    ];
    lines_with(file, &marks, 0, "leaves work behind")
}

/// A test that does not run proves nothing.
pub(super) fn ignored_test(file: &TrackedFile) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    lines_with(
        file,
        &[concat!("#[", "ignore")],
        0,
        "is a test that does not run",
    )
}

/// A test that sleeps is slow, and fails on the day the machine is slower.
pub(super) fn sleeping_test(file: &TrackedFile) -> Vec<Finding> {
    if !file.is_rust() {
        return Vec::new();
    }
    let Some(first) = first_test_line(file) else {
        return Vec::new();
    };
    // Without a parenthesis, so that an import is found as well.
    let sleeps = [
        concat!("thread::", "sleep"),
        concat!("time::", "sleep"),
        concat!("time::", "sleep_until"),
    ];
    lines_with(
        file,
        &sleeps,
        first,
        "is a test that sleeps; wait for the event itself",
    )
}

/// The index of the line from which on a file holds tests.
fn first_test_line(file: &TrackedFile) -> Option<usize> {
    if file.is_test() {
        return Some(0);
    }
    // Tests are the last item of a file; what stands between the attribute and `mod` may vary.
    let lines: Vec<&str> = file.text().lines().collect();
    lines.iter().rposition(|line| *line == "#[cfg(test)]")
}

fn lines_with(file: &TrackedFile, marks: &[&str], first: usize, verdict: &str) -> Vec<Finding> {
    let lines = file.text().lines().enumerate().skip(first);
    lines
        .filter_map(|(index, line)| {
            let mark = marks.iter().find(|mark| contains_word(line, mark))?;
            Some(Finding::at_line(
                &file.path,
                index,
                format!("`{mark}` {verdict}"),
            ))
        })
        .collect()
}

/// Whether `mark` is in `line` and no letter stands before or after it.
fn contains_word(line: &str, mark: &str) -> bool {
    line.match_indices(mark).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + mark.len()..].chars().next();
        let goes_on = mark.ends_with(char::is_alphanumeric)
            && after.is_some_and(|after| after.is_alphanumeric() || after == '_');
        !goes_on && !before.is_some_and(|before| before.is_alphanumeric() || before == '_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [usize; 0] = [];

    fn lines(rule: fn(&TrackedFile) -> Vec<Finding>, path: &str, text: &str) -> Vec<usize> {
        rule(&TrackedFile::new(path, text))
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_file_over_the_limit_is_found_unless_it_is_generated_or_a_test() {
        let long = "x\n".repeat(FILE_LINES_MAX + 1);
        assert_eq!(lines(long_file, "crates/a/src/b.rs", &long), [0]);
        assert_eq!(lines(long_file, "crates/a/src/b.rs", &long[2..]), NOTHING);
        let generated = format!("// @generated\n{long}");
        assert_eq!(lines(long_file, "crates/a/src/b.rs", &generated), NOTHING);
        assert_eq!(lines(long_file, "crates/a/src/b/tests.rs", &long), NOTHING);
    }

    #[test]
    fn a_wide_line_is_found_by_characters_not_bytes() {
        let text = format!("{}\n{}\n", "ä".repeat(LINE_COLUMNS_MAX), "x".repeat(101));
        assert_eq!(lines(long_line, "crates/a/src/b.rs", &text), [2]);
    }

    #[test]
    fn a_source_file_without_header_is_found() {
        for path in ["crates/a/src/b.rs", "crates/a/tests/b.rs"] {
            assert_eq!(lines(missing_header, path, "use x;\n"), [0]);
        }
        assert_eq!(
            lines(missing_header, "crates/a/src/b.rs", "//! B.\n"),
            NOTHING
        );
        let generated = "// @generated\n\n//! B.\n";
        assert_eq!(
            lines(missing_header, "crates/a/src/b.rs", generated),
            NOTHING
        );
    }

    #[test]
    fn a_mark_of_unfinished_work_is_found_in_any_text() {
        let text = format!("fine\n// {}: later\n", concat!("TO", "DO"));
        assert_eq!(lines(unfinished_work, "docs/a.md", &text), [2]);
        let call = format!("    {}()\n", concat!("to", "do!"));
        assert_eq!(lines(unfinished_work, "crates/a/src/b.rs", &call), [1]);
        assert_eq!(
            lines(unfinished_work, "docs/a.md", "METHODOLOGY, MASTODON\n"),
            NOTHING
        );
    }

    #[test]
    fn an_ignored_test_is_found_with_and_without_reason() {
        let text = format!("{0}]\n{0} = \"slow\"]\n", concat!("#[", "ignore"));
        assert_eq!(lines(ignored_test, "crates/a/src/b.rs", &text), [1, 2]);
    }

    #[test]
    fn a_sleep_is_found_in_tests_only() {
        let sleep = concat!("std::thread::", "sleep(x);");
        let inline = format!("{sleep}\n#[cfg(test)]\nmod tests {{\n{sleep}\n}}\n");
        assert_eq!(lines(sleeping_test, "crates/a/src/b.rs", &inline), [4]);
        let import = concat!("use tokio::time::", "sleep;");
        let expected = "#[expect(\n    unused,\n    reason = \"\"\n)]";
        let inline = format!("#[cfg(test)]\n{expected}\npub(crate) mod tests {{\n{import}\n}}\n");
        assert_eq!(lines(sleeping_test, "crates/a/src/b.rs", &inline), [7]);
        assert_eq!(lines(sleeping_test, "crates/a/tests/b.rs", sleep), [1]);
        assert_eq!(lines(sleeping_test, "crates/a/src/b.rs", sleep), NOTHING);
    }
}
