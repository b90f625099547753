//! Patterns of dates and times as Java's `SimpleDateFormat` reads them; names are English.
//!
//! Left out: weeks, weeks' days as numbers and eras.

use crate::calendar::{MS_PER_DAY, date_of_day};

/// How a moment is written.
#[derive(Debug)]
pub(super) struct DatePattern {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    /// A letter, and how many of it there are.
    Field(char, usize),
}

const FIELDS: &str = "yMdHhKkmsSaEDzZX";

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// From 1 January 1970 on.
const WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

impl DatePattern {
    /// Reads a pattern: letters are fields, text stands in single quotes, two of which are one.
    ///
    /// # Errors
    /// When a letter is no field, or a quote does not end.
    pub(super) fn parse(pattern: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut characters = pattern.chars().peekable();
        while let Some(character) = characters.next() {
            if character == '\'' {
                parts.push(Part::Text(quoted(&mut characters)?));
            } else if FIELDS.contains(character) {
                let mut count = 1;
                while characters.next_if_eq(&character).is_some() {
                    count += 1;
                }
                parts.push(Part::Field(character, count));
            } else if character.is_ascii_alphabetic() {
                return Err(format!("Illegal pattern character '{character}'"));
            } else {
                parts.push(Part::Text(character.to_string()));
            }
        }
        Ok(Self { parts })
    }

    /// The moment, in milliseconds since 1970, as UTC.
    pub(super) fn format(&self, at_ms: i64) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Field(field, count) => field_text(*field, *count, at_ms),
        });
        parts.collect()
    }
}

/// The text up to the next quote that is not doubled.
fn quoted(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<String, String> {
    if characters.next_if_eq(&'\'').is_some() {
        return Ok("'".to_owned());
    }
    let mut text = String::new();
    while let Some(character) = characters.next() {
        if character != '\'' {
            text.push(character);
        } else if characters.next_if_eq(&'\'').is_some() {
            text.push('\'');
        } else {
            return Ok(text);
        }
    }
    Err("Unterminated quote".to_owned())
}

fn field_text(field: char, count: usize, at_ms: i64) -> String {
    let day = at_ms.div_euclid(MS_PER_DAY);
    let ms = at_ms.rem_euclid(MS_PER_DAY);
    let (year, month, day_of_month) = date_of_day(day);
    let hour = ms / 3_600_000;
    let number = match field {
        'y' if count == 2 => year % 100,
        'y' => year,
        'M' if count < 3 => month,
        'd' => day_of_month,
        'D' => day_of_year(day, year),
        'H' => hour,
        'k' => (hour + 23) % 24 + 1,
        'K' => hour % 12,
        'h' => (hour + 11) % 12 + 1,
        'm' => ms / 60_000 % 60,
        's' => ms / 1000 % 60,
        'S' => ms % 1000,
        'M' => return name(MONTHS[(month - 1) as usize], count),
        'E' => return name(WEEKDAYS[day.rem_euclid(7) as usize], count),
        'a' => return if hour < 12 { "AM" } else { "PM" }.to_owned(),
        'Z' => return "+0000".to_owned(),
        'X' => return "Z".to_owned(),
        _ => return "UTC".to_owned(),
    };
    format!("{number:0count$}")
}

fn day_of_year(day: i64, year: i64) -> i64 {
    let before = (1..=366).take_while(|back| date_of_day(day - back).0 == year);
    before.count() as i64 + 1
}

/// All of a name, or its first three letters.
fn name(name: &str, letter_count: usize) -> String {
    if letter_count > 3 { name } else { &name[..3] }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_pattern_says() {
        // 2026-11-20 16:16:19.615 UTC.
        let check = |pattern, expected: &str| {
            let text = DatePattern::parse(pattern)
                .unwrap()
                .format(1_795_191_379_615);
            assert_eq!(text, expected, "{pattern}");
        };
        check("yyyy-MM-dd HH:mm:ss:SSS", "2026-11-20 16:16:19:615");
        check("d/M/yy h:mm a", "20/11/26 4:16 PM");
        check(
            "EEE, MMMM D 'o''clock' ''z",
            "Fri, November 324 o'clock 'UTC",
        );
        check("EEEE MMM k K XZ", "Friday Nov 16 4 Z+0000");
    }

    #[test]
    fn patterns_that_are_none_are_refused() {
        let refusal = |pattern| DatePattern::parse(pattern).unwrap_err();
        assert_eq!(refusal("yyyy b"), "Illegal pattern character 'b'");
        assert_eq!(refusal("'open"), "Unterminated quote");
    }
}
