//! Bar charts as small SVG files.

use std::fmt::Write as _;

use super::statistics::Summary;

const WIDTH: f64 = 640.0;
const BAR_LEFT: f64 = 80.0;
const BAR_WIDTH_MAX: f64 = 440.0;
const ROW: f64 = 34.0;
const BAR_HEIGHT: f64 = 20.0;
const TOP: f64 = 40.0;

/// One bar: as long as the median, with a line from the smallest value to the largest.
pub(super) struct Bar {
    pub(super) label: &'static str,
    pub(super) summary: Summary,
}

/// A chart of horizontal bars that start at zero.
pub(super) fn bars(title: &str, decimals: usize, bars: &[Bar]) -> String {
    let largest = bars.iter().map(|bar| bar.summary.max).fold(0.0, f64::max);
    // All zero is a chart too.
    let scale = BAR_WIDTH_MAX / if largest > 0.0 { largest } else { 1.0 };
    let height = TOP + ROW * bars.len() as f64 + 8.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"white\"/>\n\
         <text x=\"12\" y=\"24\" font-size=\"15\">{}</text>\n",
        escaped(title)
    );
    for (index, bar) in bars.iter().enumerate() {
        row(&mut svg, bar, TOP + ROW * index as f64, scale, decimals);
    }
    svg.push_str("</svg>\n");
    svg
}

fn row(svg: &mut String, bar: &Bar, top: f64, scale: f64, decimals: usize) {
    let Summary { median, min, max } = bar.summary;
    let at = |value: f64| BAR_LEFT + value * scale;
    let (middle, text) = (top + BAR_HEIGHT / 2.0, top + 15.0);
    let label = escaped(bar.label);
    let lines = [
        format!("<text x=\"12\" y=\"{text:.1}\">{label}</text>"),
        format!(
            "<rect x=\"{BAR_LEFT}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{BAR_HEIGHT}\" \
             fill=\"{}\"/>",
            median * scale,
            colour(bar.label)
        ),
        format!(
            "<path d=\"M{:.1} {middle:.1}H{:.1}\" stroke=\"black\" stroke-width=\"1.5\"/>",
            at(min),
            at(max)
        ),
        format!(
            "<text x=\"{:.1}\" y=\"{text:.1}\">{median:.decimals$}</text>",
            at(max) + 8.0
        ),
    ];
    for line in lines {
        // Writing to a string does not fail.
        let _ = writeln!(svg, "{line}");
    }
}

/// Ours stands out.
fn colour(label: &str) -> &'static str {
    if label == "klamm" {
        "#e08a2c"
    } else {
        "#9fb3c8"
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &'static str, median: f64, max: f64) -> Bar {
        let min = 0.0;
        Bar {
            label,
            summary: Summary { median, min, max },
        }
    }

    #[test]
    fn bars_are_as_long_as_their_medians_and_fit_with_the_largest_value() {
        let svg = bars(
            "A & B",
            1,
            &[bar("kafka", 2.0, 4.0), bar("klamm", 1.0, 1.0)],
        );
        assert!(svg.contains("A &amp; B"), "{svg}");
        assert!(
            svg.contains("width=\"220.0\"") && svg.contains("width=\"110.0\""),
            "{svg}"
        );
        assert!(
            svg.contains(">2.0</text>") && svg.contains("H520.0"),
            "{svg}"
        );
        assert_eq!(svg.matches("<path").count(), 2);
    }

    #[test]
    fn a_chart_of_zeros_has_no_odd_numbers() {
        let svg = bars("nothing", 0, &[bar("null", 0.0, 0.0)]);
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}
