//! Values read, checked and written again.

use proptest::prelude::*;

use crate::config::key::{ConfigKey, DefaultValue, Importance, Kind, Standing, UpdateMode, Valid};
use crate::config::{Password, Value, broker_keys, group_keys, topic_keys};

fn key(kind: Kind, valid: Valid) -> ConfigKey {
    ConfigKey {
        name: "x",
        kind,
        default: DefaultValue::Null,
        valid,
        importance: Importance::Low,
        update: UpdateMode::ReadOnly,
        standing: Standing::Used,
        is_internal: false,
        doc: "",
    }
}

fn check(kind: Kind, valid: Valid, text: &str, expected: &str) {
    let value = Value::parse(&key(kind, valid), text);
    let shown = value.map_or_else(|error| error.to_string(), |value| value.to_string());
    assert_eq!(shown, expected, "{text:?}");
}

#[test]
fn values_are_read_as_kafka_reads_them() {
    check(Kind::Boolean, Valid::Any, " TRUE ", "true");
    check(Kind::Int, Valid::Any, " +7 ", "7");
    check(
        Kind::Long,
        Valid::Any,
        "-9223372036854775808",
        "-9223372036854775808",
    );
    check(Kind::Double, Valid::Any, "12345678", "1.2345678E7");
    check(Kind::Double, Valid::Any, "0.5", "0.5");
    check(Kind::Double, Valid::Any, "3", "3.0");
    check(Kind::Double, Valid::Any, "1e8", "1.0E8");
    check(Kind::Double, Valid::Any, "0.00025", "2.5E-4");
    check(Kind::Double, Valid::Any, "0", "0.0");
    check(Kind::List, Valid::Any, " a , b,a ", "a,b");
    check(Kind::List, Valid::Any, " ", "");
    check(Kind::Text, Valid::Any, " a b ", "a b");
}

#[test]
fn what_is_not_of_the_type_is_refused_in_kafkas_words() {
    let boolean =
        "Invalid value yes for configuration x: Expected value to be either true or false";
    check(Kind::Boolean, Valid::Any, "yes", boolean);
    for (kind, text, name) in [
        (Kind::Int, "2147483648", "INT"),
        (Kind::Short, "32768", "SHORT"),
        (Kind::Long, "9223372036854775808", "LONG"),
        (Kind::Long, "", "LONG"),
        (Kind::Double, "a", "DOUBLE"),
        (Kind::Double, "NaN", "DOUBLE"),
    ] {
        let expected =
            format!("Invalid value {text} for configuration x: Not a number of type {name}");
        check(kind, Valid::Any, text, &expected);
    }
}

#[test]
fn what_the_key_does_not_take_is_refused_in_kafkas_words() {
    for (kind, valid, text, reason) in [
        (
            Kind::Int,
            Valid::AtLeast(1),
            "0",
            "Value must be at least 1",
        ),
        (
            Kind::Int,
            Valid::Between(1, 17),
            "18",
            "Value must be no more than 17",
        ),
        (
            Kind::Double,
            Valid::UpTo(0.5),
            "0.6",
            "Value must be no more than 0.5",
        ),
        (
            Kind::Double,
            Valid::UpTo(0.5),
            "-1.0",
            "Value must be at least 0",
        ),
        (
            Kind::Int,
            Valid::GzipLevel,
            "0",
            "Value must be between 1 and 9 or equal to -1",
        ),
        (
            Kind::Text,
            Valid::OneOf(&["a", "b"]),
            "A",
            "String must be one of: a, b",
        ),
        (Kind::Text, Valid::NotEmpty, "", "String must be non-empty"),
        (
            Kind::Text,
            Valid::Endpoint,
            "9100",
            "String must be of the form host:port",
        ),
    ] {
        let expected = format!("Invalid value {text} for configuration x: {reason}");
        check(kind, valid, text, &expected);
    }
}

#[test]
fn lists_that_the_key_does_not_take_are_refused_in_kafkas_words() {
    let lists = [
        (
            Valid::ListNotEmpty,
            "",
            "must not be empty. Valid values include: any non-empty value",
        ),
        (
            Valid::SomeOf(&["a"]),
            "",
            "must not be empty. Valid values include: [a]",
        ),
        (Valid::PartsNotEmpty, "a,,b", "values must not be empty."),
    ];
    for (valid, text, reason) in lists {
        check(
            Kind::List,
            valid,
            text,
            &format!("Configuration 'x' {reason}"),
        );
    }
    let part = "Invalid value c for configuration x: String must be one of: a, b";
    check(Kind::List, Valid::ListOf(&["a", "b"]), "a,c", part);
}

#[test]
fn values_at_the_bounds_are_taken() {
    check(Kind::Int, Valid::Between(1, 17), "17", "17");
    check(Kind::Int, Valid::Between(1, 17), "1", "1");
    check(Kind::Int, Valid::GzipLevel, "-1", "-1");
    check(Kind::Double, Valid::UpTo(0.5), "0.5", "0.5");
    check(
        Kind::Text,
        Valid::OneOfIgnoringCase(&["UPGRADE"]),
        "Upgrade",
        "Upgrade",
    );
    check(Kind::List, Valid::ThrottledReplicas, "0:1,2:3", "0:1,2:3");
    check(Kind::List, Valid::ThrottledReplicas, "*", "*");
    check(Kind::List, Valid::ThrottledReplicas, "", "");
}

#[test]
fn durations_are_those_of_iso_8601() {
    let is_taken = |text: &str| Value::parse(&key(Kind::Text, Valid::OffsetReset), text).is_ok();
    for text in [
        "earliest",
        "latest",
        "by_duration:P1D",
        "by_duration:PT1H30M",
        "by_duration:P2DT3H4M5.5S",
        "by_duration:pt5s",
    ] {
        assert!(is_taken(text), "{text}");
    }
    for text in [
        "none",
        "by_duration",
        "by_duration:",
        "by_duration:P",
        "by_duration:PT",
        "by_duration:1D",
        "by_duration:-PT1H",
        "by_duration:PT1M1H",
        "by_duration:P1H",
        "by_duration:PTH",
        "by_duration:PT1.5H",
    ] {
        assert!(!is_taken(text), "{text}");
    }
}

#[test]
fn a_password_is_never_shown() {
    let value = Value::parse(&key(Kind::Password, Valid::Any), "hunter2").unwrap();
    assert_eq!(value.to_string(), Password::HIDDEN);
    assert_eq!(format!("{value:?}"), "Password([hidden])");
    let Value::Password(password) = value else {
        panic!("a key of type password has another value");
    };
    assert_eq!(password.reveal(), "hunter2");
}

proptest! {
    #[test]
    fn no_text_makes_a_value_panic(text in ".{0,40}") {
        let keys = broker_keys().chain(topic_keys()).chain(group_keys());
        for key in keys {
            if let Ok(value) = Value::parse(key, &text)
                && key.kind != Kind::Password
            {
                // What is shown reads as what shows the same again; a list of one empty part, which
                // `,` is, shows as an empty list does.
                let shown = value.to_string();
                let again = Value::parse(key, &shown).map(|again| again.to_string());
                prop_assert_eq!(again, Ok(shown));
            }
        }
    }

    #[test]
    fn doubles_read_again_as_they_were_shown(number in any::<f64>()) {
        prop_assume!(number.is_finite());
        let shown = Value::Double(number).to_string();
        prop_assert_eq!(shown.parse::<f64>(), Ok(number));
    }
}
