//! Days and dates of the Gregorian calendar, and the moments that tools are told. All of it is in
//! UTC.
//!
//! Not the job of this module: clocks.

pub(crate) const MS_PER_DAY: i64 = 86_400_000;

/// Year, month and day of the month of a day since 1970-01-01.
///
/// Years begin in March here, so that the day that is not in every year is their last.
pub(crate) fn date_of_day(day: i64) -> (i64, i64, i64) {
    let since_march_of_year_0 = day + DAYS_TO_1970;
    let era = since_march_of_year_0.div_euclid(DAYS_OF_400_YEARS);
    let day_of_era = since_march_of_year_0.rem_euclid(DAYS_OF_400_YEARS);
    let leap_days = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = 400 * era + year_of_era + i64::from(month <= 2);
    (year, month, day_of_month)
}

/// The day since 1970-01-01 of a date; none if there is no such date.
pub(crate) fn day_of_date(year: i64, month: i64, day_of_month: i64) -> Option<i64> {
    if !(0..=9999).contains(&year) || !(1..=12).contains(&month) || day_of_month < 1 {
        return None;
    }
    let year_from_march = if month <= 2 { year - 1 } else { year };
    let era = year_from_march.div_euclid(400);
    let year_of_era = year_from_march.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day_of_month - 1;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let day = era * DAYS_OF_400_YEARS + day_of_era - DAYS_TO_1970;
    // The 31st of February is a day of March.
    (date_of_day(day) == (year, month, day_of_month)).then_some(day)
}

/// Milliseconds since 1970 of `YYYY-MM-DDThh:mm:ss.sss`, with an offset from UTC such as `+02:00`,
/// `+02` or `Z` behind it, or none; none if the text is no such moment.
pub(crate) fn moment_ms(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let [year, month, day_of_month] = numbers(date, '-')?;
    let (time, offset_minutes) = match time.find(['+', '-', 'Z']) {
        None => (time, 0),
        Some(end) => (&time[..end], offset_minutes(&time[end..])?),
    };
    let (time, ms) = time.split_once('.')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let [ms] = numbers(ms, '.')?;
    if hour > 23 || minute > 59 || second > 59 || ms > 999 {
        return None;
    }
    let day = day_of_date(year, month, day_of_month)?;
    let seconds = (hour * 60 + minute - offset_minutes) * 60 + second;
    Some(day * MS_PER_DAY + seconds * 1000 + ms)
}

const DAYS_OF_400_YEARS: i64 = 146_097;

/// From 1 March of the year 0.
const DAYS_TO_1970: i64 = 719_468;

fn offset_minutes(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text[1..].split_once(':').unwrap_or((&text[1..], "00"));
    let [hours, minutes] = numbers(&format!("{hours}:{minutes}"), ':')?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
}

/// That many numbers of up to four digits.
fn numbers<const COUNT: usize>(text: &str, separator: char) -> Option<[i64; COUNT]> {
    let mut numbers = [0; COUNT];
    let mut parts = text.split(separator);
    for number in &mut numbers {
        let part = parts.next()?;
        let is_number = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        *number = part.parse().ok().filter(|_| is_number)?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_belong_together() {
        for day in (-800_000..3_000_000).step_by(97) {
            let (year, month, day_of_month) = date_of_day(day);
            if (0..=9999).contains(&year) {
                assert_eq!(day_of_date(year, month, day_of_month), Some(day));
            }
        }
        assert_eq!(day_of_date(2000, 2, 29), Some(11_016));
        assert_eq!(day_of_date(2100, 2, 29), None);
        assert_eq!(day_of_date(2026, 13, 1), None);
    }

    #[test]
    fn moments_are_read_with_and_without_an_offset() {
        let check = |text, ms| assert_eq!(moment_ms(text), ms, "{text}");
        check("1970-01-01T00:00:00.000", Some(0));
        check("2020-01-01T00:00:00.000", Some(1_577_836_800_000));
        check("2020-01-01T02:30:00.001+02:30", Some(1_577_836_800_001));
        check("2019-12-31T22:00:00.000-02", Some(1_577_836_800_000));
        check("2020-01-01T00:00:00.000Z", Some(1_577_836_800_000));
        check("2020-01-01", None);
        check("2020-01-01T00:00:00", None);
        check("2020-01-32T00:00:00.000", None);
        check("2020-01-01T24:00:00.000", None);
        check("2020-01-01T00:00:00.000+é", None);
    }
}
