//! The table as files: its text, and a plot for each line that compares.

use std::fmt::Write as _;
use std::path::Path;

use crate::failure::{Context as _, Outcome};
use crate::table::{Line, Report, figure};

const WIDTH: f64 = 720.0;
const BAR: f64 = 26.0;
const GAP: f64 = 10.0;
const LABELS: f64 = 130.0;
const FIGURES: f64 = 150.0;
const TOP: f64 = 56.0;

/// Writes `table.txt` and a plot for each line with peers into a folder, which is made.
pub(crate) fn write(folder: &Path, report: &Report) -> Outcome<()> {
    std::fs::create_dir_all(folder).or_fail(format!("make {}", folder.display()))?;
    let put = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).or_fail(format!("write {}", file.display()))
    };
    put("table.txt", &report.to_string())?;
    for section in &report.sections {
        for line in section.lines.iter().filter(|line| !line.peers.is_empty()) {
            let name = format!("{} {}", section.title, line.label);
            put(
                &format!("{}.svg", file_name(&name)),
                &plot(&section.title, line),
            )?;
        }
    }
    Ok(())
}

/// Letters and digits, the rest as single dashes.
fn file_name(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let words: String = text.chars().map(plain).collect();
    let words: Vec<&str> = words.split('-').filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// A bar for each side, the gateway's on top.
fn plot(title: &str, line: &Line) -> String {
    let ours = std::iter::once(("gateway", line.ours));
    let peers = line
        .peers
        .iter()
        .map(|(peer, figure)| (peer.name(), *figure));
    let bars: Vec<(&str, f64)> = ours.chain(peers).collect();
    let most = bars.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    let height = bars.iter().fold(TOP, |height, _| height + BAR + GAP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"14\">\n\
         <title>{title}: {label}</title>\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"{GAP}\" y=\"20\" font-weight=\"bold\">{label}</text>\n\
         <text x=\"{GAP}\" y=\"40\" fill=\"#555\">{title}</text>\n",
        label = line.label,
    );
    let mut y = TOP;
    for (name, value) in bars {
        let long = if most > 0.0 {
            value / most * (WIDTH - LABELS - FIGURES)
        } else {
            0.0
        };
        let colour = if name == "gateway" {
            "#154273"
        } else {
            "#8fa8c4"
        };
        let (text, end) = (y + 18.0, LABELS + long + 8.0);
        let against = if line.ours > 0.0 && name != "gateway" && value > 0.0 {
            format!(" ({:.2} ×)", line.ours / value)
        } else {
            String::new()
        };
        // A `String` takes whatever is written to it.
        let _ = writeln!(
            svg,
            "<text x=\"{GAP}\" y=\"{text}\">{name}</text>\
             <rect x=\"{LABELS}\" y=\"{y}\" width=\"{long:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\
             <text x=\"{end:.1}\" y=\"{text}\">{}{against}</text>",
            figure(value),
        );
        y += BAR + GAP;
    }
    svg.push_str("</svg>\n");
    svg
}
