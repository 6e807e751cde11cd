//! The demo's dataset as tables. Villages and their first digits are real, so that maps and
//! municipalities look right; the streets are not, and nobody described here exists.

use super::dataset::Party::{self, Img, Municipality, Ncg};
use crate::domain::ChoiceKind::{self, Consent, ExplicitAgreement, JointRequest, Objection};
use crate::domain::ChoiceState::{self, Given, Renewed, Requested, Withdrawn};

/// An address: key, BAG number, how people write it, the IMG and the NCG dossier (empty: none),
/// whether each is active, the NCG dossier's mark (empty: none).
pub(super) struct Place {
    pub(super) key: &'static str,
    pub(super) address: &'static str,
    pub(super) written: &'static str,
    pub(super) dossiers: [(&'static str, bool); 2],
    pub(super) mark: &'static str,
}

const fn place(
    key: &'static str,
    address: &'static str,
    written: &'static str,
    dossiers: [(&'static str, bool); 2],
    mark: &'static str,
) -> Place {
    Place {
        key,
        address,
        written,
        dossiers,
        mark,
    }
}

#[rustfmt::skip]
pub(super) static PLACES: &[Place] = &[
    place("wirdum", "0024200000017301", "Borgstraat 12, 9917 PA Wirdum", [("IMG-2024-048211", true), ("NCG-V-2024-00117", true)], ""),
    place("loppersum", "0024200000023418", "Wierdepad 5, 9919 BD Loppersum", [("IMG-2024-051790", true), ("NCG-V-2023-00942", true)], ""),
    place("uithuizen", "1651200000004480", "Maarlaantje 8, 9981 EK Uithuizen", [("IMG-2025-002306", true), ("NCG-V-2024-00388", true)], ""),
    place("appingedam", "0003200000131207", "Solwerderpad 31, 9901 CV Appingedam", [("IMG-2023-090154", false), ("NCG-V-2022-01501", true)], ""),
    place("slochteren", "0040200000008125", "Slotlaantje 3, 9621 AH Slochteren", [("", false), ("NCG-V-2023-00675", true)], ""),
    place("midwolda", "1895200000031760", "Klinkerpad 44, 9681 DK Midwolda", [("IMG-2024-033387", true), ("", false)], ""),
    place("ten-boer", "0009200000002914", "Wigboldlaantje 17, 9791 BG Ten Boer", [("IMG-2025-010044", true), ("NCG-V-2024-00803", true)], "urgentie"),
    place("warffum", "1651200000009032", "Oosterpad 21, 9989 CC Warffum", [("IMG-2022-077120", true), ("NCG-V-2021-00256", true)], "knelpunt"),
    place("siddeburen", "0040200000012077", "Akkerpad 2, 9628 TB Siddeburen", [("IMG-2024-061975", true), ("NCG-V-2025-00021", false)], ""),
    place("garrelsweer", "0024200000030519", "Stadsdiepje 9, 9918 PM Garrelsweer", [("IMG-2023-015508", true), ("", false)], ""),
];

/// Who owns an address, from when.
pub(super) static OWNERS: &[(&str, &str, &[&str])] = &[
    ("wirdum", "2019-05-01", &["eig-4c1f70ab", "eig-9be2d613"]),
    ("loppersum", "2019-05-01", &["eig-27d05ef8"]),
    ("uithuizen", "2020-11-16", &["eig-b80c94d1"]),
    (
        "appingedam",
        "2019-05-01",
        &["eig-0f6e3a57", "eig-c2915b88"],
    ),
    ("slochteren", "2021-02-01", &["eig-61ad07fe"]),
    ("midwolda", "2019-05-01", &["eig-d57b2e40"]),
    ("ten-boer", "2019-05-01", &["eig-38f1c6a9", "eig-a40d7e25"]),
    ("warffum", "2019-05-01", &["eig-f09c5d72"]),
    ("siddeburen", "2022-08-29", &["eig-7e82b4c3"]),
    // Sold: what the former owner chose has ended.
    ("garrelsweer", "2019-05-01", &["eig-15c9a06d"]),
    ("garrelsweer", "2025-03-03", &["eig-e6407bf2"]),
];

/// A document: where, whose, kind, title, size, date, whether it holds health data.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) place: &'static str,
    pub(super) holder: Party,
    pub(super) kind: &'static str,
    pub(super) title: &'static str,
    pub(super) bytes: u32,
    pub(super) date: &'static str,
    pub(super) health: bool,
}

const fn row(
    place: &'static str,
    holder: Party,
    kind: &'static str,
    title: &'static str,
    bytes: u32,
    date: &'static str,
) -> Row {
    Row {
        place,
        holder,
        kind,
        title,
        bytes,
        date,
        health: false,
    }
}

const fn health(row: Row) -> Row {
    Row {
        health: true,
        ..row
    }
}

#[rustfmt::skip]
pub(super) static DOCUMENTS: &[Row] = &[
    row("wirdum", Img, "schademelding", "Melding van schade, keuken en aanbouw", 15_872, "2024-10-07"),
    row("wirdum", Img, "schaderapport", "Deskundigenadvies, elf schades", 1_887_436, "2024-12-19"),
    row("wirdum", Img, "schadebesluit", "Besluit op de aanvraag van 7 oktober", 24_576, "2025-02-04"),
    row("wirdum", Img, "immateriele-schade-besluit", "Besluit vergoeding immateriële schade", 9_216, "2025-04-22"),
    row("wirdum", Img, "fotorapportage", "Foto's bij het deskundigenadvies", 6_291_456, "2024-12-19"),
    row("wirdum", Img, "contactgegevens", "Bereikbaarheid en voorkeuren", 4_096, "2024-10-09"),
    row("wirdum", Ncg, "opnamerapport", "Opname van het gebouw, 1908 met aanbouw", 634_880, "2024-03-12"),
    row("wirdum", Ncg, "beoordeling", "Beoordeling volgens NPR 9998", 88_064, "2024-06-03"),
    row("wirdum", Ncg, "normbesluit", "Besluit: het gebouw voldoet niet aan de norm", 12_288, "2024-06-24"),
    row("wirdum", Ncg, "versterkingsadvies", "Advies: topgevels, penant, vloerschijf", 1_468_006, "2024-09-30"),
    row("wirdum", Ncg, "versterkingsplan", "Versterkingsplan met bewoning per fase", 2_306_867, "2025-01-20"),
    row("wirdum", Ncg, "engineeringrapport", "Berekeningen en details van de versterking", 10_485_760, "2025-02-17"),
    row("wirdum", Ncg, "funderingsonderzoek", "Inspectieput westgevel", 3_250_586, "2024-04-15"),
    row("wirdum", Ncg, "planning", "Planning van de uitvoering", 4_608, "2025-03-10"),
    row("wirdum", Ncg, "bouwtekening", "Bestaande toestand, begane grond", 4_823_449, "2024-03-12"),
    row("wirdum", Ncg, "contactgegevens", "Bereikbaarheid van de begeleider en de eigenaren", 4_096, "2024-03-14"),
    row("loppersum", Img, "schaderapport", "Deskundigenadvies, vier schades", 921_600, "2024-11-25"),
    row("loppersum", Img, "contactgegevens", "Bereikbaarheid en voorkeuren", 4_096, "2024-11-01"),
    row("loppersum", Ncg, "opnamerapport", "Opname van het gebouw, 1932", 419_840, "2023-10-16"),
    row("loppersum", Ncg, "beoordeling", "Beoordeling volgens NPR 9998", 61_440, "2024-01-29"),
    row("loppersum", Ncg, "planning", "Planning van de uitvoering", 4_096, "2025-05-12"),
    row("uithuizen", Img, "schademelding", "Melding van schade, zijgevel", 14_336, "2025-01-13"),
    row("uithuizen", Img, "fotorapportage", "Foto's bij de opname van de schade", 2_621_440, "2025-03-03"),
    row("uithuizen", Ncg, "versterkingsplan", "Versterkingsplan, eerste versie", 1_153_434, "2025-02-10"),
    row("uithuizen", Ncg, "bouwtekening", "Bestaande toestand, begane grond", 786_432, "2024-05-27"),
    row("appingedam", Ncg, "bouwtekening", "Bestaande toestand na verbouwing", 655_360, "2022-09-19"),
    row("appingedam", Ncg, "opnamerapport", "Opname van het gebouw, 1974", 307_200, "2022-09-19"),
    row("slochteren", Ncg, "bouwtekening", "Bestaande toestand, begane grond", 524_288, "2023-08-07"),
    row("slochteren", Ncg, "versterkingsadvies", "Advies: verankering topgevel", 245_760, "2024-02-05"),
    row("midwolda", Img, "schademelding", "Melding van schade, voorgevel", 13_312, "2024-07-15"),
    row("ten-boer", Img, "aos-inspectierapport", "Spoedinspectie schoorsteen", 389_120, "2025-06-02"),
    row("ten-boer", Img, "inspectierapport", "Controle topgevel na de spoedinspectie", 143_360, "2025-06-23"),
    row("ten-boer", Img, "fotorapportage", "Foto's van de afzetting en de schoorsteen", 2_411_724, "2025-06-02"),
    health(row("ten-boer", Img, "bouwtekening", "Aanpassingen van de woning op medische grond", 163_840, "2025-06-16")),
    row("ten-boer", Ncg, "opnamerapport", "Opname van het gebouw, 1899", 512_000, "2024-10-21"),
    row("ten-boer", Ncg, "bouwtekening", "Kap en schoorstenen", 901_120, "2024-10-21"),
    health(row("warffum", Img, "gezondheidsgegevens", "Verklaring over tijdelijk verhuizen", 8_192, "2025-01-27")),
    health(row("warffum", Ncg, "gezondheidsgegevens", "Eisen aan de tijdelijke woning", 6_144, "2025-02-03")),
    row("siddeburen", Img, "schademelding", "Melding van schade, garage", 12_288, "2024-12-02"),
    row("siddeburen", Img, "inspectierapport", "Inspectie van de voorgevel, vermoeden onvoldoende sterkte", 204_800, "2025-01-06"),
    health(row("siddeburen", Img, "gezondheidsgegevens", "Verklaring over stof en lawaai", 7_168, "2025-01-20")),
    row("garrelsweer", Img, "aos-inspectierapport", "Spoedinspectie losse dakkapel", 266_240, "2023-11-20"),
    row("garrelsweer", Img, "fotorapportage", "Foto's bij de spoedinspectie", 1_048_576, "2023-11-20"),
];

/// Every kind but health data: what a request for joint handling covers.
pub(super) static DOSSIER_KINDS: &[&str] = &[
    "schademelding",
    "schaderapport",
    "schadebesluit",
    "aos-inspectierapport",
    "immateriele-schade-besluit",
    "inspectierapport",
    "opnamerapport",
    "beoordeling",
    "normbesluit",
    "versterkingsadvies",
    "versterkingsplan",
    "engineeringrapport",
    "funderingsonderzoek",
    "planning",
    "bouwtekening",
    "fotorapportage",
    "contactgegevens",
];

/// A choice: key, place, owner, kind, what state it is recorded in and (for one that is taken back)
/// ends in, who records it, who may receive, purposes, document kinds, from, until.
pub(super) struct ChoiceRow {
    pub(super) key: &'static str,
    pub(super) place: &'static str,
    pub(super) owner: &'static str,
    pub(super) kind: ChoiceKind,
    pub(super) state: ChoiceState,
    pub(super) ends_as: Option<ChoiceState>,
    pub(super) recorded_by: Party,
    pub(super) receivers: &'static [Party],
    pub(super) purposes: &'static [&'static str],
    pub(super) kinds: &'static [&'static str],
    pub(super) from: &'static str,
    pub(super) until: &'static str,
}

const fn consent(
    key: &'static str,
    place: &'static str,
    owner: &'static str,
    receiver: &'static [Party],
    kinds: &'static [&'static str],
    from: &'static str,
) -> ChoiceRow {
    ChoiceRow {
        key,
        place,
        owner,
        kind: Consent,
        state: Given,
        ends_as: None,
        recorded_by: Img,
        receivers: receiver,
        purposes: &["overig"],
        kinds,
        from,
        until: "",
    }
}

const BOTH: &[Party] = &[Img, Ncg];

const fn about_handling(
    key: &'static str,
    place: &'static str,
    owner: &'static str,
    kind: ChoiceKind,
    from: &'static str,
) -> ChoiceRow {
    let purposes: &[&str] = match kind {
        Objection => &["afstemming", "combinatie-behandeling"],
        Consent | ExplicitAgreement | JointRequest => &["combinatie-behandeling"],
    };
    ChoiceRow {
        kind,
        recorded_by: Ncg,
        purposes,
        ..consent(key, place, owner, BOTH, DOSSIER_KINDS, from)
    }
}

/// The consent that the tour takes back before the eyes of the reader; no case depends on it.
pub(super) const TOUR_CONSENT: &str = "toestemming-siddeburen";

#[rustfmt::skip]
pub(super) static CHOICES: &[ChoiceRow] = &[
    about_handling("verzoek-wirdum-1", "wirdum", "eig-4c1f70ab", JointRequest, "2024-10-14"),
    about_handling("verzoek-wirdum-2", "wirdum", "eig-9be2d613", JointRequest, "2024-10-14"),
    about_handling("bezwaar-loppersum", "loppersum", "eig-27d05ef8", Objection, "2024-11-04"),
    consent("toestemming-uithuizen-ncg", "uithuizen", "eig-b80c94d1", &[Ncg], &["fotorapportage", "schademelding"], "2025-03-10"),
    ChoiceRow { state: Renewed, recorded_by: Ncg, ..consent("toestemming-uithuizen-img", "uithuizen", "eig-b80c94d1", &[Img], &["bouwtekening"], "2024-06-10") },
    ChoiceRow { recorded_by: Ncg, ..consent("toestemming-appingedam-1", "appingedam", "eig-0f6e3a57", &[Img], &["bouwtekening"], "2023-09-25") },
    ChoiceRow { recorded_by: Ncg, state: Requested, ..consent("toestemming-appingedam-2", "appingedam", "eig-c2915b88", &[Img], &["bouwtekening"], "2023-09-25") },
    ChoiceRow { recorded_by: Ncg, ends_as: Some(Withdrawn), ..consent("toestemming-slochteren", "slochteren", "eig-61ad07fe", &[Img], &["bouwtekening"], "2023-10-02") },
    about_handling("verzoek-slochteren", "slochteren", "eig-61ad07fe", JointRequest, "2024-02-12"),
    ChoiceRow { until: "2025-06-30", ..consent("toestemming-midwolda", "midwolda", "eig-d57b2e40", &[Ncg], &["schademelding"], "2024-07-22") },
    about_handling("bezwaar-ten-boer", "ten-boer", "eig-38f1c6a9", Objection, "2025-01-13"),
    ChoiceRow { state: ChoiceState::Refused, ..consent("toestemming-ten-boer", "ten-boer", "eig-a40d7e25", &[Ncg], &["aos-inspectierapport", "fotorapportage"], "2025-01-13") },
    ChoiceRow { kind: ExplicitAgreement, receivers: BOTH, purposes: &["knelpunt-gezondheid"], ..consent("instemming-warffum", "warffum", "eig-f09c5d72", BOTH, &["gezondheidsgegevens"], "2025-01-27") },
    consent(TOUR_CONSENT, "siddeburen", "eig-7e82b4c3", &[Ncg], &["schademelding"], "2025-01-06"),
    consent("toestemming-garrelsweer", "garrelsweer", "eig-15c9a06d", &[Ncg], &["fotorapportage"], "2024-02-05"),
];

/// A case: what it shows, who asks, why, from which team (empty: none), where, whose document, its
/// kind, and what must come of it.
pub(super) struct CaseRow {
    pub(super) name: &'static str,
    pub(super) asks: Party,
    pub(super) purpose: &'static str,
    pub(super) team: &'static str,
    pub(super) place: &'static str,
    pub(super) holder: Party,
    pub(super) kind: &'static str,
    pub(super) expect: Outcome,
}

/// What must come of a case.
#[derive(Clone, Copy)]
pub(super) enum Outcome {
    /// Granted: the ground (the end of its DPV IRI) and the article.
    Granted(&'static str, &'static str),
    /// Refused, for this reason.
    Refused(&'static str),
}
use Outcome::{Granted, Refused};

#[expect(
    clippy::too_many_arguments,
    reason = "one row of a table, its columns in order"
)]
const fn case(
    name: &'static str,
    asks: Party,
    purpose: &'static str,
    team: &'static str,
    place: &'static str,
    holder: Party,
    kind: &'static str,
    expect: Outcome,
) -> CaseRow {
    CaseRow {
        name,
        asks,
        purpose,
        team,
        place,
        holder,
        kind,
        expect,
    }
}

#[rustfmt::skip]
pub(super) static CASES: &[CaseRow] = &[
    case("wettelijke plicht: NCG geeft IMG wat nodig is voor de schade", Img, "schade-afhandeling", "", "wirdum", Ncg, "opnamerapport", Granted("A6-1-c", "TwG 3(4)")),
    case("wettelijke plicht: een bezwaar tegen afstemming houdt die niet tegen", Img, "schade-afhandeling", "", "loppersum", Ncg, "opnamerapport", Granted("A6-1-c", "TwG 3(4)")),
    case("wettelijke plicht: IMG geeft NCG wat nodig is voor de versterking", Ncg, "versterking-uitvoering", "", "wirdum", Img, "schaderapport", Granted("A6-1-c", "TwG 3(5)")),
    case("wettelijke plicht: NCG hoort van een vermoeden van onvoldoende veiligheid", Ncg, "veiligheidsnorm-melding", "", "siddeburen", Img, "inspectierapport", Granted("A6-1-c", "TwG 3(7)")),
    case("wettelijke plicht: de gemeente hoort dat ook", Municipality, "veiligheidsnorm-melding", "", "siddeburen", Img, "inspectierapport", Granted("A6-1-c", "TwG 3(7)")),
    case("wettelijke plicht: NCG geeft IMG wat nodig is voor immateriële schade", Img, "immateriele-schade", "", "wirdum", Ncg, "planning", Granted("A6-1-c", "TwG 3(4)")),
    case("acuut onveilig: IMG aan NCG, terwijl de eigenaren niet willen delen", Ncg, "aos", "aos", "ten-boer", Img, "aos-inspectierapport", Granted("A6-1-c", "TwG 3(4) jo. 2(7)")),
    case("acuut onveilig: NCG aan IMG", Img, "aos", "aos", "ten-boer", Ncg, "opnamerapport", Granted("A6-1-c", "TwG 3(8) jo. 3(4)")),
    case("acuut onveilig: IMG aan de burgemeester", Municipality, "aos", "aos", "ten-boer", Img, "aos-inspectierapport", Granted("A6-1-c", "TwG 2(7)")),
    case("taak van algemeen belang: afstemming, niemand heeft bezwaar", Img, "afstemming", "", "wirdum", Ncg, "planning", Granted("A6-1-e", "TwG 2a(3) jo. 3(5)")),
    case("taak van algemeen belang: afstemming, de andere kant op", Ncg, "afstemming", "", "wirdum", Img, "contactgegevens", Granted("A6-1-e", "TwG 2a(3) jo. 3(5)")),
    case("taak van algemeen belang: gezamenlijk behandeld op verzoek van beide eigenaren", Img, "combinatie-behandeling", "combinatieteam", "wirdum", Ncg, "engineeringrapport", Granted("A6-1-e", "TwG 2a(4) jo. 3(4) en 3(5)")),
    case("taak van algemeen belang: gezamenlijk behandeld, de andere kant op", Ncg, "combinatie-behandeling", "combinatieteam", "wirdum", Img, "schademelding", Granted("A6-1-e", "TwG 2a(4) jo. 3(4) en 3(5)")),
    case("gezondheid: een knelpunt, met uitdrukkelijke instemming", Ncg, "knelpunt-gezondheid", "interventieteam", "warffum", Img, "gezondheidsgegevens", Granted("A6-1-e", "TwG 2(11) jo. 3(9)")),
    case("toestemming: gegeven voor precies deze soort en ontvanger", Ncg, "overig", "", "uithuizen", Img, "fotorapportage", Granted("A6-1-a", "AVG 6(1)(a)")),
    case("toestemming: vernieuwd", Img, "overig", "", "uithuizen", Ncg, "bouwtekening", Granted("A6-1-a", "AVG 6(1)(a)")),
    case("geen toestemming: het huis is verkocht, de nieuwe eigenaar heeft niets gekozen", Ncg, "overig", "", "garrelsweer", Img, "fotorapportage", Refused("TOESTEMMING_ONTBREEKT")),
    case("toestemming ingetrokken", Img, "overig", "", "slochteren", Ncg, "bouwtekening", Refused("TOESTEMMING_INGETROKKEN")),
    case("toestemming verlopen", Ncg, "overig", "", "midwolda", Img, "schademelding", Refused("TOESTEMMING_VERLOPEN")),
    case("toestemming van een van de twee eigenaren", Img, "overig", "", "appingedam", Ncg, "bouwtekening", Refused("TOESTEMMING_ONVOLLEDIG")),
    case("bezwaar tegen afstemming", Img, "afstemming", "", "loppersum", Ncg, "planning", Refused("BEZWAAR_AFSTEMMING")),
    case("gezamenlijk behandelen zonder dat de eigenaar daarom vroeg", Img, "combinatie-behandeling", "combinatieteam", "uithuizen", Ncg, "versterkingsplan", Refused("GEEN_VERZOEK_GEZAMENLIJK")),
    case("gezondheid: een knelpunt, zonder instemming", Ncg, "knelpunt-gezondheid", "interventieteam", "siddeburen", Img, "gezondheidsgegevens", Refused("GEZONDHEIDSGEGEVENS")),
    case("gezondheid: ook acute onveiligheid gaat daar niet boven", Ncg, "aos", "aos", "ten-boer", Img, "bouwtekening", Refused("GEZONDHEIDSGEGEVENS")),
    case("geen grondslag: de gemeente handelt geen schade af", Municipality, "schade-afhandeling", "", "wirdum", Ncg, "opnamerapport", Refused("GEEN_GRONDSLAG")),
    case("geen grondslag: bij IMG loopt hier geen dossier", Img, "combinatie-behandeling", "combinatieteam", "slochteren", Ncg, "bouwtekening", Refused("GEEN_GRONDSLAG")),
    case("geen grondslag: acuut onveilig, maar niet gevraagd door het AOS-team", Ncg, "aos", "combinatieteam", "ten-boer", Img, "aos-inspectierapport", Refused("GEEN_GRONDSLAG")),
    case("de acuut onveilige situatie is voorbij", Ncg, "aos", "aos", "garrelsweer", Img, "aos-inspectierapport", Refused("AOS_NIET_ACTIEF")),
    case("deze soort hoort niet bij dit doel", Img, "schade-afhandeling", "", "uithuizen", Ncg, "bouwtekening", Refused("SOORT_NIET_BIJ_DOEL")),
    case("beleid onbruikbaar: een team dat de overeenkomst niet kent", Img, "aos", "crisisteam", "ten-boer", Ncg, "opnamerapport", Refused("BELEID_ONBRUIKBAAR")),
];
