//! What is to be changed: values to set, and names that are to have none.

use std::collections::BTreeMap;

use anyhow::Result;
use client::exception::Exception;

use crate::arguments::jopt::Parsed;
use crate::cluster;

/// What is to be changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) set: BTreeMap<String, String>,
    pub(super) delete: Vec<String>,
}

impl Changes {
    /// Reads them from the arguments, and from the file that they name.
    ///
    /// # Errors
    /// When the file cannot be read, or they are no pairs of names and values.
    pub(super) fn of(parsed: &Parsed) -> Result<Self> {
        let mut set = match parsed.single("add-config-file")? {
            Some(file) => cluster::file(file)?,
            None => BTreeMap::new(),
        };
        if let Some(text) = parsed.single("add-config")? {
            set.extend(pairs(text)?);
        }
        if let Some(name) = set.keys().find(|name| !is_name(name)) {
            let message = format!("Invalid character found for config key: {name}");
            return Err(Exception::illegal_argument(message).into());
        }
        let deleted = parsed.values.all("delete-config");
        let deleted = deleted.flat_map(|names| names.split(','));
        Ok(Self {
            set,
            delete: deleted.map(|name| name.trim().to_owned()).collect(),
        })
    }

    /// All names in it, those to be set first.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let set = self.set.keys();
        set.chain(&self.delete).map(String::as_str)
    }
}

/// `a=1,b=[2,3]`; brackets group values with commas, or with signs of equality, in them.
fn pairs(text: &str) -> Result<BTreeMap<String, String>, Exception> {
    let mut pieces = split(text, ',');
    // As Java's split leaves empty pieces at the end away, but not the only one.
    while pieces.len() > 1 && pieces.last().is_some_and(|piece| piece.is_empty()) {
        pieces.pop();
    }
    let mut pairs = BTreeMap::new();
    for piece in pieces {
        let [name, value] = split(piece, '=')[..] else {
            return Err(Exception::illegal_argument(
                "requirement failed: Invalid entity config: all configs to be added must be in \
                 the format \"key=val\" or  \"key=[val1,val2]\" to group values which contain \
                 commas.",
            ));
        };
        let value = value.replace(['[', ']'], "");
        pairs.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    Ok(pairs)
}

/// Splits where no bracket is open: what is behind has no closing one, or an opening one before.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    for (position, _) in text.match_indices(separator) {
        let behind = position + separator.len_utf8();
        let is_open = text[behind..]
            .split_once(']')
            .is_some_and(|(inside, _)| !inside.contains('['));
        if !is_open {
            pieces.push(&text[begin..position]);
            begin = behind;
        }
    }
    pieces.push(&text[begin..]);
    pieces
}

fn is_name(name: &str) -> bool {
    let allowed = |each: char| each.is_ascii_alphanumeric() || "$._-".contains(each);
    name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|(a, b)| (a.to_string(), b.to_string()));
        assert_eq!(pairs(text), Ok(expected.collect()), "{text}");
    }

    #[test]
    fn pairs_stand_between_commas_and_brackets_hold_values_together() {
        check("a=1", &[("a", "1")]);
        check(" a = 1 , b=2,", &[("a", "1"), ("b", "2")]);
        check("a=", &[("a", "")]);
        check("a=[1,2],b=3", &[("a", "1,2"), ("b", "3")]);
        check("a=1,b=[2,3],c=[4]", &[("a", "1"), ("b", "2,3"), ("c", "4")]);
        check(
            "SCRAM-SHA-256=[iterations=8192,password=x=y]",
            &[("SCRAM-SHA-256", "iterations=8192,password=x=y")],
        );
        check("a=1,a=2", &[("a", "2")]);
    }

    #[test]
    fn what_is_no_pair_is_refused() {
        for text in ["", "a", "a=1=2", "a=1,,b=2", ","] {
            assert!(pairs(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_of_letters_digits_and_a_few_signs() {
        assert!(is_name("org.apache.Some$Inner_1-x"));
        assert!(!is_name("a:b") && !is_name("a b") && !is_name("ä"));
    }
}
