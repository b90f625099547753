//! Floating-point numbers as Java makes texts of them: `2097152.0`, and `1.0E7` from ten
//! millions on.

/// As `Double.toString`.
pub(crate) fn double(number: f64) -> String {
    notation(&format!("{number:e}"))
}

/// As `Float.toString`.
pub(crate) fn float(number: f32) -> String {
    notation(&format!("{number:e}"))
}

/// Java's notation of a number, from the shortest digits that tell it from others, as in `-1.25e3`.
fn notation(shortest: &str) -> String {
    let (sign, shortest) = match shortest.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", shortest),
    };
    let (digits, exponent) = match shortest {
        "NaN" => return shortest.to_owned(),
        "inf" => return format!("{sign}Infinity"),
        number => number.split_once('e').unwrap_or((number, "0")),
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let digits = digits.replace('.', "");
    let text = match exponent {
        -3..=-1 => {
            let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
            format!("0.{zeros}{digits}")
        }
        0..=6 => {
            let point = exponent.unsigned_abs() as usize + 1;
            let padded = format!("{digits:0<point$}");
            let (whole, part) = padded.split_at(point);
            format!("{whole}.{}", if part.is_empty() { "0" } else { part })
        }
        _ => {
            let (whole, part) = digits.split_at(1);
            let part = if part.is_empty() { "0" } else { part };
            format!("{whole}.{part}E{exponent}")
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_javas_notation() {
        let check = |number, expected: &str| assert_eq!(double(number), expected);
        check(0.0, "0.0");
        check(-0.0, "-0.0");
        check(1.0, "1.0");
        check(50.0, "50.0");
        check(0.5, "0.5");
        check(-12.5, "-12.5");
        check(0.001, "0.001");
        check(0.000_25, "2.5E-4");
        check(0.0001, "1.0E-4");
        check(1_234_567.5, "1234567.5");
        check(9_999_999.0, "9999999.0");
        check(1e7, "1.0E7");
        check(20_971_520.0, "2.097152E7");
        check(1.25e300, "1.25E300");
        check(f64::NAN, "NaN");
        check(f64::INFINITY, "Infinity");
        check(f64::NEG_INFINITY, "-Infinity");
        assert_eq!(float(0.1), "0.1");
    }
}
