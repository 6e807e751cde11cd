//! How signals are computed, and their numbers: nothing of it is a secret.

use crate::desk::words::Wording;
use crate::language::Language;
use crate::oversight::{
    ADDRESSES_OF_ONE_CASE, ADDRESSES_WITHOUT_DOSSIER, EMPLOYEE_FLOOR, FEWEST_WEEKS,
    FOLLOWS_WITHIN_DAYS, HISTORY_WEEKS, OFFICE_HOURS, OUTSIDE_HOURS, READINGS, REFUSALS_IN_A_ROW,
    SPREADS, SYSTEM_FLOOR, Signal, SignalKind, Story, TIMES_THE_SECOND, Usual,
};

/// How a kind of signal is computed.
pub(super) fn how(kind: SignalKind, own: &str, l: Language) -> String {
    let (opens, closes) = OFFICE_HOURS;
    match (kind, l) {
        (SignalKind::NothingFollowed, Language::Dutch) => format!(
            "Een zaak gaat over één huis, of over een blok huizen. Wie daarover stukken nodig heeft, \
             heeft er een dossier van of opent het binnenkort. Daarom telt het programma per zaak van \
             {own} bij hoeveel adressen stukken zijn gegeven, en bij hoeveel daarvan {own} geen \
             dossier had en er ook binnen {FOLLOWS_WITHIN_DAYS} dagen geen kreeg (van de laatste \
             {FOLLOWS_WITHIN_DAYS} dagen: nog niet). Een signaal komt er vanaf \
             {ADDRESSES_WITHOUT_DOSSIER} adressen zonder dossier, of vanaf {ADDRESSES_OF_ONE_CASE} \
             adressen in één zaak. Onveilige situaties (AOS) tellen niet mee: die worden elk apart \
             beoordeeld."
        ),
        (SignalKind::NothingFollowed, Language::English) => format!(
            "A case is about one house, or about a block of houses. Whoever needs documents about it \
             has a file of it, or opens one soon. So for each case of {own} the program counts at how \
             many addresses documents were released, and at how many of those {own} had no file and \
             got none within {FOLLOWS_WITHIN_DAYS} days either (of the last {FOLLOWS_WITHIN_DAYS} \
             days: not yet). There is a signal from {ADDRESSES_WITHOUT_DOSSIER} addresses without a \
             file, or from {ADDRESSES_OF_ONE_CASE} addresses in one case. Unsafe situations (AOS) \
             do not count: each of those is reviewed by itself."
        ),
        (SignalKind::EmployeeVolume, _) => how_volume(EMPLOYEE_FLOOR, l),
        (SignalKind::SystemVolume, _) => how_volume(SYSTEM_FLOOR, l),
        (SignalKind::OutsideHours, Language::Dutch) => format!(
            "Kantooruren zijn van maandag tot en met vrijdag, van {opens}.00 tot {closes}.00 uur; ook \
             op feestdagen. Geteld wordt per medewerker en per week wat daarbuiten is gegeven, behalve \
             bij onveilige situaties (AOS), waar dag en nacht aan wordt gewerkt. Een signaal komt er \
             vanaf {OUTSIDE_HOURS}."
        ),
        (SignalKind::OutsideHours, Language::English) => format!(
            "Office hours are Monday to Friday, {opens}:00 to {closes}:00; on holidays too. Counted \
             is, for each employee and week, what was released outside them, but for unsafe situations \
             (AOS), on which people work day and night. There is a signal from {OUTSIDE_HOURS}."
        ),
        (SignalKind::Refusals, Language::Dutch) => format!(
            "Het programma telt weigeringen van één medewerker waar geen verstrekking tussen zit. Na \
             dertig dagen zonder verzoek begint de telling opnieuw. Een signaal komt er vanaf \
             {REFUSALS_IN_A_ROW}."
        ),
        (SignalKind::Refusals, Language::English) => format!(
            "The program counts refusals of one employee without a release between them. After thirty \
             days without a request it begins anew. There is a signal from {REFUSALS_IN_A_ROW}."
        ),
        (SignalKind::LogReadings, Language::Dutch) => format!(
            "Geteld wordt per persoon en per week hoe vaak iemand aan de balie iets persoonlijks \
             bekeek. Een signaal komt er vanaf {READINGS}, als dat ten minste {TIMES_THE_SECOND} keer \
             zoveel is als van wie daarna het meest keek, en meer dan voor deze persoon gewoon is. \
             Over zichzelf handelt niemand een signaal af."
        ),
        (SignalKind::LogReadings, Language::English) => format!(
            "Counted is, for each person and week, how often somebody at the desk looked at something \
             personal. There is a signal from {READINGS}, if that is at least {TIMES_THE_SECOND} times \
             as much as whoever looked most after that, and more than is usual for this person. Nobody \
             deals with a signal about themselves."
        ),
    }
}

fn how_volume(floor: u64, l: Language) -> String {
    match l {
        Language::Dutch => format!(
            "De week wordt vergeleken met de {HISTORY_WEEKS} weken ervoor, ten minste \
             {FEWEST_WEEKS}. Gewoon is de middelste van die weken (de mediaan). De spreiding is hoe ver \
             weken daar doorgaans vanaf liggen. De grens is het gewone plus {SPREADS} keer de \
             spreiding, ten minste anderhalf keer het gewone, en nooit minder dan {floor}. Verzoeken \
             en weigeringen tellen allebei."
        ),
        Language::English => format!(
            "The week is compared with the {HISTORY_WEEKS} weeks before it, at least {FEWEST_WEEKS}. \
             Usual is the middle one of those weeks (the median). The spread is how far weeks ordinarily \
             are from it. The limit is the usual plus {SPREADS} times the spread, at least half as much \
             again as the usual, and never less than {floor}. Releases and refusals both count."
        ),
    }
}

pub(super) fn facts(signal: &Signal, wording: &Wording) -> Vec<(&'static str, String)> {
    let l = wording.l;
    let number = |number: u64| l.number(number);
    let threshold = (
        l.pick("Grens", "Limit"),
        match l {
            Language::Dutch => format!("vanaf {}", number(signal.threshold)),
            Language::English => format!("from {}", number(signal.threshold)),
        },
    );
    let this_week = (
        l.pick("In deze week", "In this week"),
        number(signal.observed),
    );
    let of_usual = |usual: &Usual| {
        [
            (
                l.pick("Gewoon", "Usual"),
                match l {
                    Language::Dutch => {
                        format!(
                            "{} in een week (over {} weken)",
                            number(usual.median),
                            usual.weeks
                        )
                    }
                    Language::English => {
                        format!(
                            "{} in a week (of {} weeks)",
                            number(usual.median),
                            usual.weeks
                        )
                    }
                },
            ),
            (l.pick("Spreiding", "Spread"), number(usual.spread)),
            (
                l.pick("Drukste week ervoor", "Busiest week before"),
                number(usual.highest),
            ),
        ]
    };
    let mut all = Vec::new();
    match &signal.story {
        Story::NothingFollowed {
            releases,
            addresses,
            without,
            people,
            outside,
            ..
        } => {
            all.push((l.pick("Stukken", "Documents"), number(*releases)));
            all.push((l.pick("Adressen", "Addresses"), number(*addresses)));
            let of = format!(
                "{} {} {}",
                number(*without),
                l.pick("van", "of"),
                number(*addresses)
            );
            all.push((l.pick("Zonder dossier", "Without a file"), of));
            all.push((l.pick("Medewerkers", "Employees"), number(*people)));
            let of = format!(
                "{} {} {}",
                number(*outside),
                l.pick("van", "of"),
                number(*releases)
            );
            all.push((l.pick("Buiten kantooruren", "Outside office hours"), of));
        }
        Story::EmployeeVolume { usual, .. } | Story::SystemVolume { usual, .. } => {
            all.push(this_week);
            all.extend(of_usual(usual));
        }
        Story::OutsideHours { days, .. } => {
            all.push(this_week);
            all.push((l.pick("Op zoveel dagen", "On so many days"), number(*days)));
        }
        Story::Refusals { reasons } => {
            all.push((l.pick("Achter elkaar", "In a row"), number(signal.observed)));
            let told = reasons.iter().take(3);
            let told =
                told.map(|(code, count)| format!("{} ({})", wording.reason(code), number(*count)));
            all.push((
                l.pick("Redenen", "Reasons"),
                told.collect::<Vec<_>>().join("; "),
            ));
        }
        Story::LogReadings { second, usual, .. } => {
            all.push(this_week);
            let name = l.pick(
                "Wie daarna het meest keek",
                "Whoever looked most after that",
            );
            all.push((name, number(*second)));
            all.extend(usual.iter().flat_map(of_usual));
        }
    }
    all.push(threshold);
    all
}
