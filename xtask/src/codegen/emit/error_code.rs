//! The constants and the table behind `ErrorCode`.

use super::super::model::ErrorLine;
use super::header;
use std::fmt::Write as _;

/// The file of the error codes.
pub(super) fn file(errors: &[ErrorLine]) -> String {
    let origin = "crates/protocol/messages/errors.txt";
    let mut text = header("All error codes.", origin);
    text.push_str("use crate::error_code::{ErrorCode, Facts};\n\nimpl ErrorCode {\n");
    for error in errors {
        let again = if error.retriable {
            "; asking again may help"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "/// Code {}{again}.\npub const {name}: Self = Self({});",
            error.code,
            error.code,
            name = error.name
        );
    }
    let _ = writeln!(
        text,
        "\n/// What is known of each code, from -1 upwards without a gap.
        pub(crate) const FACTS: [Facts; {}] = [",
        errors.len()
    );
    for ErrorLine {
        name, retriable, ..
    } in errors
    {
        let _ = writeln!(
            text,
            "Facts {{ name: \"{name}\", retriable: {retriable} }},"
        );
    }
    text.push_str("];\n}\n");
    text
}
