//! A release and its judgements in words, for the pages that show them.

use std::collections::BTreeMap;

use crate::clock::Moment;
use crate::desk::reviews::judgement_kind;
use crate::desk::visit::Visit;
use crate::desk::words::{self, Wording};
use crate::exchange::officer::{AosDates, UnderReview};
use crate::language::Language;
use crate::oversight::Judged;

/// A moment in words, with what a program reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::desk) struct Told {
    pub(in crate::desk) iso: String,
    pub(in crate::desk) at: String,
}

impl Told {
    pub(in crate::desk) fn moment(at: Moment, l: Language) -> Self {
        Self {
            iso: at.to_string(),
            at: words::moment(at, l),
        }
    }
}

/// A rule that allowed a release, in words.
pub(in crate::desk) struct RuleLine {
    pub(in crate::desk) sentence: String,
    pub(in crate::desk) article: String,
    pub(in crate::desk) id: String,
}

/// A judgement, in words.
pub(in crate::desk) struct JudgedLine {
    pub(in crate::desk) at: Told,
    pub(in crate::desk) who: String,
    pub(in crate::desk) text: &'static str,
    pub(in crate::desk) kind: &'static str,
    pub(in crate::desk) remark: RemarkLine,
}

/// What was written beside a judgement or a step.
pub(in crate::desk) enum RemarkLine {
    /// Nothing, or nothing of this organisation's.
    None,
    /// Something, that was not opened.
    Sealed,
    /// What it says.
    Open(String),
    /// It was erased.
    Erased,
}

/// The rules that allowed a release, and the title of their bundle.
pub(in crate::desk) fn rules(visit: &Visit, under: &UnderReview) -> (Vec<RuleLine>, String) {
    let entry = &under.decision.entry;
    let policies = visit.desk.officers.policies();
    let Some(bundle) = entry.bundel.and_then(|hash| policies.find(hash)) else {
        return (Vec::new(), String::new());
    };
    let rules = entry.regels.iter().filter_map(|id| bundle.find_rule(id));
    let rules = rules.map(|rule| RuleLine {
        sentence: rule.sentence.told(visit.l).to_owned(),
        article: rule.article.unwrap_or_default().to_owned(),
        id: rule.id.to_owned(),
    });
    (rules.collect(), bundle.title_in(visit.l).to_owned())
}

/// The dates of the report a release rested on.
pub(in crate::desk) fn aos_dates(aos: &AosDates, l: Language) -> Vec<(&'static str, Told)> {
    let dates = [
        (l.pick("Gemeld", "Reported"), Some(aos.told)),
        (l.pick("Geldt vanaf", "Holds from"), aos.from),
        (l.pick("Uiterlijk tot", "Until at most"), aos.until),
        (l.pick("Gesloten", "Closed"), aos.closed),
    ];
    let dates = dates.into_iter();
    dates
        .filter_map(|(name, at)| Some((name, Told::moment(at?, l))))
        .collect()
}

/// How the transfer ended, in a few words.
pub(in crate::desk) fn end(under: &UnderReview, l: Language) -> String {
    let Some(ended) = &under.end else {
        return l.pick("nog bezig", "still going on").to_owned();
    };
    let how = ended.end.map_or("", |end| words::end(end, l));
    match ended.bytes {
        Some(bytes) if bytes > 0 => format!("{how}, {}", l.size(bytes)),
        _ => how.to_owned(),
    }
}

/// A judgement in words, with its remark as far as it is open.
pub(in crate::desk) fn judged_line(
    given: &Judged,
    visit: &Visit,
    wording: &Wording,
    remark: RemarkLine,
) -> JudgedLine {
    let l = wording.l;
    let own = Some(visit.officer().organisation.oin);
    let who = match (given.is_own, given.by) {
        (true, _) => l
            .pick("U, privacy officer", "You, privacy officer")
            .to_owned(),
        (false, by) if by == own => l
            .pick(
                "Een collega, privacy officer",
                "A colleague, privacy officer",
            )
            .to_owned(),
        (false, by) => {
            let name = by.map_or_else(String::new, |oin| wording.organisation(oin));
            match l {
                Language::Dutch => format!("Een privacy officer van {name}"),
                Language::English => format!("A privacy officer of {name}"),
            }
        }
    };
    JudgedLine {
        at: Told::moment(given.at, l),
        who,
        text: words::judgement(given.judgement, l),
        kind: judgement_kind(given.judgement),
        remark,
    }
}

/// The remark beside an entry.
pub(in crate::desk) fn remark_line(
    index: u64,
    under: &UnderReview,
    opened: &BTreeMap<u64, String>,
    is_open: bool,
) -> RemarkLine {
    if !under.remarks.contains(&index) {
        return RemarkLine::None;
    }
    match opened.get(&index) {
        Some(text) => RemarkLine::Open(text.clone()),
        None if is_open => RemarkLine::Erased,
        None => RemarkLine::Sealed,
    }
}
