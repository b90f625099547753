//! Rules for Markdown pages.

use super::Finding;
use super::files::TrackedFile;

/// A page opens with its title, and has no second one.
pub(super) fn one_title(file: &TrackedFile) -> Vec<Finding> {
    if !file.path.ends_with(".md") {
        return Vec::new();
    }
    let headings: Vec<(usize, &str)> = headings(file.text()).collect();
    let mut findings = Vec::new();
    if !headings
        .first()
        .is_some_and(|(_, heading)| is_title(heading))
    {
        findings.push(Finding::in_file(
            &file.path,
            "does not open with a `# Title`",
        ));
    }
    let titles = headings.iter().filter(|(_, heading)| is_title(heading));
    findings.extend(
        titles
            .skip(1)
            .map(|(index, _)| Finding::at_line(&file.path, *index, "a second title")),
    );
    findings
}

/// The headings of a page with the indexes of their lines; what is inside a fence is code.
fn headings(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter(move |(_, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence && line.starts_with('#')
    })
}

fn is_title(heading: &str) -> bool {
    heading.starts_with("# ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: [usize; 0] = [];

    fn found(text: &str) -> Vec<usize> {
        let page = TrackedFile::new("docs/a.md", text);
        one_title(&page)
            .iter()
            .map(|finding| finding.line)
            .collect()
    }

    #[test]
    fn a_page_with_one_title_is_fine() {
        assert_eq!(found("# A\n\n## B\n\n```sh\n# a comment\n```\n"), NOTHING);
    }

    #[test]
    fn a_page_that_opens_with_a_lesser_heading_is_found() {
        assert_eq!(found("## B\n\n# A\n"), [0]);
        assert_eq!(found("only text\n"), [0]);
    }

    #[test]
    fn a_second_title_is_found_at_its_line() {
        assert_eq!(found("# A\n\n# B\n"), [3]);
    }
}
