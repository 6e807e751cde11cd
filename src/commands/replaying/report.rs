//! What came out, as a jurist reads it and as a program does.

use std::fmt::{self, Display, Write as _};
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};
use sluis::clock::Moment;
use sluis::policy::Bundle;
use sluis::replay::{Changes, Compared, Difference, Direction, Ground, Tally, Told};

/// What is told of one comparison.
pub(super) struct Report<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) from: Option<Moment>,
    pub(super) until: Option<Moment>,
    pub(super) compared: &'a Compared,
    /// The first differences.
    pub(super) shown: &'a [Difference],
    /// Where all of them are.
    pub(super) list: Option<&'a Path>,
}

impl Report<'_> {
    /// Differences that are not shown.
    fn more(&self) -> u64 {
        let shown = u64::try_from(self.shown.len()).unwrap_or(u64::MAX);
        self.compared.tally.all.differ().saturating_sub(shown)
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // A String takes everything.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        let (bundle, tally) = (self.bundle, &self.compared.tally);
        let hash: String = bundle.hash().to_string().chars().take(16).collect();
        writeln!(
            out,
            "Van wat besloten is naar {} ({hash}), over een logboek van {} regels dat klopt.",
            bundle.id(),
            self.compared.summary.size
        )?;
        match (self.from, self.until) {
            (None, None) => {}
            (Some(from), None) => writeln!(out, "Besluiten vanaf {from}.")?,
            (None, Some(until)) => writeln!(out, "Besluiten tot {until}.")?,
            (Some(from), Some(until)) => writeln!(out, "Besluiten van {from} tot {until}.")?,
        }
        writeln!(out)?;
        write_counts(tally, out)?;
        if tally.all.differ() == 0 {
            return writeln!(out, "\nGeen enkel besluit zou anders zijn uitgevallen.");
        }
        writeln!(out, "\nPer grondslag:")?;
        for ((was, follows), count) in &tally.grounds {
            if was != follows {
                writeln!(
                    out,
                    "{count:>9}  {} -> {}",
                    ground(was.as_ref()),
                    ground(follows.as_ref())
                )?;
            }
        }
        table(out, "soort", &tally.kinds)?;
        table(out, "doel", &tally.purposes)?;
        let directions = tally.directions.iter();
        table(
            out,
            "richting",
            directions.map(|(one, changes)| (direction(one), changes)),
        )?;
        table(out, "week", &tally.weeks)?;
        writeln!(out, "\nDe verschillen:")?;
        self.shown.iter().try_for_each(|one| write_one(one, out))?;
        match (self.more(), self.list) {
            (0, None) => Ok(()),
            (more, None) => writeln!(out, "en {more} meer: --list BESTAND schrijft ze alle op"),
            (0, Some(path)) => writeln!(out, "Ze staan in {}.", path.display()),
            (more, Some(path)) => {
                writeln!(out, "en {more} meer; alle staan in {}", path.display())
            }
        }
    }

    pub(super) fn json(&self) -> Value {
        let (bundle, compared) = (self.bundle, self.compared);
        let tally = &compared.tally;
        let unasked = tally.unasked.iter().map(|(why, (count, first))| {
            json!({"waarom": why.reason(), "aantal": count, "vanaf": first})
        });
        let grounds = tally.grounds.iter().map(
            |((was, follows), count)| json!({"eerst": was, "straks": follows, "aantal": count}),
        );
        let weeks = (tally.weeks.iter()).map(|(week, changes)| (week.to_string(), changes));
        json!({
            "bundel": {"bundel": bundle.id(), "titel": bundle.title(), "hash": bundle.hash()},
            "van": self.from,
            "tot": self.until,
            "regelsInLogboek": compared.summary.size,
            "besluiten": tally.all,
            "gelijkOmEenAndereReden": tally.other_reason,
            "gelijkMetAndereVerplichtingen": tally.other_duties,
            "geweigerdVoorBeleid": tally.before_policy,
            "zoekopdrachten": tally.searches,
            "nietTeVragen": unasked.collect::<Value>(),
            "perGrondslag": grounds.collect::<Value>(),
            "perSoort": rows("soort", &tally.kinds),
            "perDoel": rows("doel", &tally.purposes),
            "perRichting": rows("richting", &tally.directions),
            "perWeek": rows("week", weeks),
            "verschillen": self.shown,
            "meer": self.more(),
        })
    }
}

fn write_counts(tally: &Tally, out: &mut String) -> fmt::Result {
    let all = &tally.all;
    writeln!(out, "{:>9}  besluiten opnieuw gevraagd", all.asked)?;
    writeln!(out, "{:>9}  vallen hetzelfde uit", all.same)?;
    for (count, told) in [
        (tally.other_reason, "om een andere reden geweigerd"),
        (tally.other_duties, "met andere verplichtingen"),
    ] {
        if count > 0 {
            writeln!(out, "           waarvan {count} {told}")?;
        }
    }
    for (count, told) in [
        (all.permitted, "eerst geweigerd, straks toegestaan"),
        (all.refused, "eerst toegestaan, straks geweigerd"),
        (all.ground, "toegestaan, straks op een andere grondslag"),
    ] {
        writeln!(out, "{count:>9}  {told}")?;
    }
    for (why, (count, first)) in &tally.unasked {
        let why = why.reason();
        writeln!(
            out,
            "{count:>9}  niet te vragen, vanaf regel {first}: {why}"
        )?;
    }
    for (count, told) in [
        (
            tally.before_policy,
            "geweigerd voordat het beleid werd gevraagd; niet meegeteld",
        ),
        (
            tally.searches,
            "zoekopdrachten; niet meegeteld, want welke documenten er waren staat niet in het logboek",
        ),
    ] {
        if count > 0 {
            writeln!(out, "{count:>9}  {told}")?;
        }
    }
    Ok(())
}

/// The rows in which anything differs.
fn table<'a, K: Display>(
    out: &mut String,
    what: &str,
    counts: impl IntoIterator<Item = (K, &'a Changes)>,
) -> fmt::Result {
    writeln!(
        out,
        "\nPer {what:<28}{:>9}{:>9}{:>11}{:>11}{:>10}",
        "gevraagd", "gelijk", "toegestaan", "geweigerd", "grondslag"
    )?;
    for (key, changes) in counts {
        if changes.differ() > 0 {
            writeln!(
                out,
                "  {:<30}{:>9}{:>9}{:>11}{:>11}{:>10}",
                key.to_string(),
                changes.asked,
                changes.same,
                changes.permitted,
                changes.refused,
                changes.ground
            )?;
        }
    }
    Ok(())
}

fn write_one(one: &Difference, out: &mut String) -> fmt::Result {
    let health = if one.health {
        ", gemerkt als gezondheidsgegevens"
    } else {
        ""
    };
    let test = if one.was.test { ", als toets" } else { "" };
    writeln!(
        out,
        "- {}  {}  (regel {})",
        one.at, one.transaction, one.index
    )?;
    writeln!(
        out,
        "  {}: {}, {}{health}{test}",
        one.purpose,
        one.kind,
        direction(&one.direction)
    )?;
    writeln!(
        out,
        "  eerst {}, straks {}: {}",
        decided(&one.was),
        decided(&one.follows),
        one.sentences.join(" ")
    )
}

fn direction(one: &Direction) -> String {
    format!("van {} naar {}", one.from, one.to)
}

fn ground(ground: Option<&Ground>) -> String {
    match ground {
        None => "geweigerd".to_owned(),
        Some(ground) => format!("{} ({})", ground.article, ground.iri),
    }
}

fn decided(told: &Told) -> String {
    match (&told.reason, &told.article) {
        (Some(reason), _) => format!("geweigerd ({reason})"),
        (None, Some(article)) => format!("toegestaan op {article}"),
        (None, None) => "toegestaan".to_owned(),
    }
}

/// Each key with its counts.
fn rows<'a, K: Serialize>(name: &str, counts: impl IntoIterator<Item = (K, &'a Changes)>) -> Value {
    let row = |(key, changes): (K, &Changes)| json!({(name): key, "besluiten": changes});
    counts.into_iter().map(row).collect()
}
