//! Reads the text format back, and holds it to what the format asks for.

use std::collections::BTreeMap;

/// Samples by name and labels, the labels as `{a="b",c="d"}` with their values unescaped.
pub(super) struct Metrics {
    pub(super) kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, Vec<(String, String)>), f64>,
}

impl Metrics {
    pub(super) fn parse(text: &str) -> Self {
        assert!(text.is_empty() || text.ends_with('\n'));
        let mut metrics = Self {
            kinds: BTreeMap::new(),
            samples: BTreeMap::new(),
        };
        let mut family = None;
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, _) = help.split_once(' ').unwrap();
                let kind = lines.next().unwrap();
                let kind = kind.strip_prefix(&format!("# TYPE {name} ")).unwrap();
                let before = metrics.kinds.insert(name.to_owned(), kind.to_owned());
                assert_eq!(before, None, "{name} comes twice");
                family = Some((name.to_owned(), kind.to_owned()));
                continue;
            }
            let (family, kind) = family.as_ref().unwrap();
            let (name, labels, value) = parse_sample(line);
            match kind.as_str() {
                "histogram" => {
                    assert!(["_bucket", "_sum", "_count"].contains(&&name[family.len()..]))
                }
                _ => assert_eq!(&name, family),
            }
            let key = (name, labels);
            let is_new = metrics.samples.insert(key.clone(), value).is_none();
            assert!(is_new, "{key:?} comes twice");
        }
        metrics
    }

    pub(super) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }

    /// Of a family's buckets for one label the bounds and the counts.
    pub(super) fn buckets(&self, family: &str, label: (&str, &str)) -> Vec<(f64, f64)> {
        let name = format!("{family}_bucket");
        let label = (label.0.to_owned(), label.1.to_owned());
        let samples = self.samples.iter();
        let mut buckets: Vec<(f64, f64)> = samples
            .filter(|((found, labels), _)| *found == name && labels[0] == label)
            .map(|((_, labels), value)| (labels[1].1.parse().unwrap(), *value))
            .collect();
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        buckets
    }
}

fn parse_sample(line: &str) -> (String, Vec<(String, String)>, f64) {
    let name_size = line.find(['{', ' ']).unwrap();
    let (name, mut rest) = line.split_at(name_size);
    let is_name = |character: char| character.is_ascii_lowercase() || character == '_';
    assert!(name.chars().all(is_name), "{name}");
    let mut labels = Vec::new();
    while let Some(label) = rest.strip_prefix(['{', ',']) {
        let (label_name, behind) = label.split_once("=\"").unwrap();
        let (value, behind) = parse_label_value(behind);
        labels.push((label_name.to_owned(), value));
        rest = behind.strip_prefix('}').unwrap_or(behind);
    }
    let value = rest.strip_prefix(' ').unwrap().parse().unwrap();
    (name.to_owned(), labels, value)
}

/// Up to the quotation mark that is not escaped, and what is behind it.
fn parse_label_value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return (value, &text[position + 1..]),
            '\\' => value.push(match characters.next().unwrap().1 {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                other => panic!("there is no escape {other}"),
            }),
            _ => value.push(character),
        }
    }
    panic!("a label without end: {text}");
}
