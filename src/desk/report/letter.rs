//! The report in words: one text, of which the page and the PDF are two forms. Plain Dutch (B1), no
//! employees, no case numbers.

use std::collections::BTreeSet;

use super::Asked;
use super::article::in_words;
use super::tables;
use crate::desk::words::{self, Wording};
use crate::domain::{Oin, Organisation};
use crate::exchange::officer::{Choices, Officers, Shared, SharedLine, Subject};
use crate::language::Language;
use crate::ledger::entry::{Act, Outcome};
use crate::oversight::What;

/// A report to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) l: Language,
    pub(super) title: &'static str,
    /// Whose report it is, in full.
    pub(super) organisation: String,
    /// Whose part it was to make it.
    pub(super) office: &'static str,
    pub(super) day: String,
    pub(super) iso: String,
    /// The number of the report: the transaction under which its making is recorded.
    pub(super) number: String,
    pub(super) intro: Vec<String>,
    pub(super) summary: Vec<(String, String)>,
    pub(super) sections: Vec<Section>,
}

/// A part of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Section {
    pub(super) heading: String,
    pub(super) text: Vec<String>,
    pub(super) points: Vec<String>,
    pub(super) table: Option<Table>,
}

/// A table; the first column names the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A cell: words, or a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    /// The day, as a program reads it; empty where it is none.
    pub(super) iso: String,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self {
            text,
            iso: String::new(),
        }
    }
}

/// A column, with its width in proportion to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) head: &'static str,
    pub(super) width: u16,
}

/// Under what a line of the book is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Shared,
    LookedUp,
    Refused,
    Read,
}

fn group(line: &SharedLine) -> Group {
    match line.what {
        What::Reading => Group::Read,
        What::Search => Group::LookedUp,
        What::Decision => match (line.outcome, line.act) {
            (Some(Outcome::Permitted), Some(Act::Download)) => Group::Shared,
            (Some(Outcome::Permitted | Outcome::Test), _) => Group::LookedUp,
            (Some(Outcome::Refused) | None, _) => Group::Refused,
        },
    }
}

/// The grounds as residents know them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ground {
    Aos,
    Duty,
    PublicTask,
    Consent,
    Explicit,
}

impl Ground {
    /// The grounds of a line: an unsafe building is told beside the duty it rests on.
    pub(super) fn of(line: &SharedLine) -> Vec<Self> {
        let iri = line.ground.as_deref().unwrap_or_default();
        let by_iri = [
            ("#A6-1-c", Self::Duty),
            ("#A6-1-e", Self::PublicTask),
            ("#A6-1-a", Self::Consent),
            ("#A9-2-a", Self::Explicit),
        ];
        let mut all = Vec::new();
        all.extend((line.purpose == "aos").then_some(Self::Aos));
        let found = by_iri.into_iter().find(|(end, _)| iri.ends_with(end));
        all.extend(found.map(|(_, ground)| ground));
        all
    }

    /// In a few words.
    pub(super) const fn name(self, l: Language) -> &'static str {
        match self {
            Self::Aos => l.pick("acuut onveilig gebouw", "acutely unsafe building"),
            Self::Duty => l.pick("wettelijke plicht", "statutory duty"),
            Self::PublicTask => {
                l.pick("taak in het algemeen belang", "task in the public interest")
            }
            Self::Consent => l.pick("toestemming", "consent"),
            Self::Explicit => l.pick("uitdrukkelijke instemming", "explicit agreement"),
        }
    }

    /// In a sentence or two, with the article.
    const fn explained(self, l: Language) -> &'static str {
        match self {
            Self::Aos => l.pick(
                "Acuut onveilig gebouw: uw gebouw was gemeld als acuut onveilig. Dan moeten de organisaties snel handelen. Zij mogen dan niet wachten op toestemming (Tijdelijke wet Groningen, artikel 2 lid 7 en artikel 3). Een privacy officer kijkt achteraf of het terecht was.",
                "Acutely unsafe building: your building was reported as acutely unsafe. Then the organisations must act fast. They may not wait for consent then (Temporary Groningen Act, article 2 paragraph 7 and article 3). A privacy officer looks afterwards whether it was right.",
            ),
            Self::Duty => l.pick(
                "Wettelijke plicht: de wet schrijft voor dat de organisaties dit met elkaar delen. Uw toestemming is daarvoor niet nodig (AVG, artikel 6 lid 1 onder c).",
                "Statutory duty: the law says that the organisations share this with each other. Your consent is not needed for it (GDPR, article 6 paragraph 1 under c).",
            ),
            Self::PublicTask => l.pick(
                "Taak in het algemeen belang: delen was nodig voor het werk dat de organisaties voor iedereen doen. U kunt hiertegen bezwaar maken (AVG, artikel 6 lid 1 onder e, en artikel 21).",
                "Task in the public interest: sharing was needed for the work that the organisations do for everybody. You can object to it (GDPR, article 6 paragraph 1 under e, and article 21).",
            ),
            Self::Consent => l.pick(
                "Toestemming: de eigenaar vond het goed. Die kan de toestemming altijd weer intrekken (AVG, artikel 6 lid 1 onder a, en artikel 7).",
                "Consent: the owner agreed to it. The owner can always take the consent back (GDPR, article 6 paragraph 1 under a, and article 7).",
            ),
            Self::Explicit => l.pick(
                "Uitdrukkelijke instemming: het ging om gezondheid, en de eigenaar stemde daar uitdrukkelijk mee in (AVG, artikel 9 lid 2 onder a, en Tijdelijke wet Groningen, artikel 3 lid 9).",
                "Explicit agreement: it was about health, and the owner explicitly agreed to it (GDPR, article 9 paragraph 2 under a, and Temporary Groningen Act, article 3 paragraph 9).",
            ),
        }
    }
}

impl Letter {
    /// The report of this organisation.
    pub(super) fn new(
        organisation: &Organisation,
        officers: &Officers,
        asked: &Asked,
        shared: &Shared,
    ) -> Self {
        let wording = Wording::new(officers, asked.language);
        Self::worded(organisation, &wording, asked, shared)
    }

    /// The same, with these names.
    pub(super) fn worded(
        organisation: &Organisation,
        wording: &Wording,
        asked: &Asked,
        shared: &Shared,
    ) -> Self {
        let l = asked.language;
        let day = shared.receipt.time.local().day();
        let mut letter = Self {
            l,
            title: match asked.subject {
                Subject::Address(_) => l.pick(
                    "Wat wij over uw adres hebben gedeeld",
                    "What we shared about your address",
                ),
                Subject::Owner(_) => l.pick(
                    "Wat wij over u als eigenaar hebben gedeeld",
                    "What we shared about you as an owner",
                ),
            },
            organisation: organisation.name.clone(),
            office: l.pick(
                "Functionaris gegevensbescherming",
                "Data protection officer",
            ),
            day: words::day(day, l),
            iso: day.to_string(),
            number: shared.receipt.transaction.to_string(),
            intro: Vec::new(),
            summary: Vec::new(),
            sections: Vec::new(),
        };
        let short = words::short_name(organisation);
        letter.intro = intro(asked, shared, &short, &letter.day);
        letter.tell(organisation.oin, &short, wording, shared, asked);
        letter
    }

    fn tell(&mut self, own: Oin, short: &str, wording: &Wording, shared: &Shared, asked: &Asked) {
        let l = self.l;
        let of = |wanted| -> Vec<&SharedLine> {
            let lines = shared.lines.iter();
            lines.filter(|line| group(line) == wanted).collect()
        };
        let (given, sought) = (of(Group::Shared), of(Group::LookedUp));
        let (refused, read) = (of(Group::Refused), of(Group::Read));
        let chosen = match &shared.choices {
            Choices::Of(list) => list.as_slice(),
            Choices::OfSeveral(_) | Choices::NotHere => &[],
        };
        let is_empty = given.is_empty()
            && sought.is_empty()
            && refused.is_empty()
            && chosen.is_empty()
            && !matches!(shared.choices, Choices::OfSeveral(_));
        if is_empty {
            self.intro.push(nothing(asked, short));
        } else {
            self.summary = summary(&given, &sought, &refused, &read, own, l);
        }
        let mut rows = tables::Rows::new(wording, shared.addresses.len() > 1);
        self.sections.extend(rows.shared(&given));
        self.sections.extend(rows.looked_up(&sought));
        self.sections.extend(rows.refused(&refused));
        self.sections.extend(tables::read(&read, short, l));
        self.sections.extend(rows.choices(chosen));
        let numbers = rows.numbers();
        self.sections.extend(grounds(&given, l));
        let parties = given.iter().chain(&sought).chain(&refused);
        let parties = parties.flat_map(|line| [line.requester, line.provider]);
        let others: BTreeSet<Oin> = parties.flatten().filter(|oin| *oin != own).collect();
        let others = others.into_iter().map(|oin| wording.organisation(oin));
        self.sections
            .push(responsible(short, &others.collect::<Vec<_>>(), l));
        self.sections.push(rights(short, l));
        self.sections.extend(numbers);
    }
}

fn intro(asked: &Asked, shared: &Shared, short: &str, today: &str) -> Vec<String> {
    let l = asked.language;
    let addresses: Vec<String> = shared.addresses.iter().map(ToString::to_string).collect();
    let addresses = addresses.join(", ");
    let about = match (&asked.subject, l) {
        (Subject::Address(address), Language::Dutch) => {
            format!("U vroeg welke gegevens zijn gedeeld over het adres met BAG-nummer {address}.")
        }
        (Subject::Address(address), Language::English) => {
            format!("You asked which data was shared about the address with BAG number {address}.")
        }
        (Subject::Owner(owner), Language::Dutch) => {
            let at = if addresses.is_empty() {
                String::new()
            } else {
                format!(" Het gaat om wat u bezit of bezat, met BAG-nummer: {addresses}.")
            };
            format!(
                "U vroeg welke gegevens zijn gedeeld over u als eigenaar. In het logboek staat niet uw naam, maar een schuilnaam: {owner}.{at}"
            )
        }
        (Subject::Owner(owner), Language::English) => {
            let at = if addresses.is_empty() {
                String::new()
            } else {
                format!(" It is about what you own or owned, with BAG number: {addresses}.")
            };
            format!(
                "You asked which data was shared about you as an owner. The log does not hold your name but a pseudonym: {owner}.{at}"
            )
        }
    };
    let told = |day: crate::clock::Day| words::day(day, l);
    let period = match (asked.from.map(told), asked.to.map(told), l) {
        (Some(from), Some(to), Language::Dutch) => format!("van {from} tot en met {to}"),
        (Some(from), Some(to), Language::English) => {
            format!("from {from} up to and including {to}")
        }
        (Some(from), None, Language::Dutch) => format!("van {from} tot en met vandaag, {today}"),
        (Some(from), None, Language::English) => {
            format!("from {from} up to and including today, {today}")
        }
        (None, Some(to), Language::Dutch) => format!("tot en met {to}"),
        (None, Some(to), Language::English) => format!("up to and including {to}"),
        (None, None, Language::Dutch) => format!("tot en met vandaag, {today}"),
        (None, None, Language::English) => format!("up to and including today, {today}"),
    };
    let what = match l {
        Language::Dutch => format!(
            "Hieronder leest u wat {short} deelde, kreeg en opzocht, {period}. De namen van medewerkers en hun zaaknummers staan er niet in."
        ),
        Language::English => format!(
            "Below you read what {short} shared, received and looked up, {period}. The names of employees and their case numbers are not in it."
        ),
    };
    vec![about, what]
}

/// What is told when nothing is known: the same whether or not another organisation knows something.
fn nothing(asked: &Asked, short: &str) -> String {
    let l = asked.language;
    let in_period = if asked.from.is_some() || asked.to.is_some() {
        l.pick(" in deze periode", " in this period")
    } else {
        ""
    };
    match (&asked.subject, l) {
        (Subject::Address(_), Language::Dutch) => {
            format!("Voor dit adres staat{in_period} niets in het logboek van {short}.")
        }
        (Subject::Address(_), Language::English) => {
            format!("For this address there is nothing{in_period} in the log of {short}.")
        }
        (Subject::Owner(_), Language::Dutch) => {
            format!("Voor deze eigenaar staat{in_period} niets in het logboek van {short}.")
        }
        (Subject::Owner(_), Language::English) => {
            format!("For this owner there is nothing{in_period} in the log of {short}.")
        }
    }
}

fn summary(
    given: &[&SharedLine],
    sought: &[&SharedLine],
    refused: &[&SharedLine],
    read: &[&SharedLine],
    own: Oin,
    l: Language,
) -> Vec<(String, String)> {
    let times = |count: usize| match (count, l) {
        (count, Language::Dutch) => format!("{} keer", l.number(count as u64)),
        (1, Language::English) => "once".to_owned(),
        (count, Language::English) => format!("{} times", l.number(count as u64)),
    };
    let parties = given
        .iter()
        .flat_map(|line| [line.requester, line.provider]);
    let others: BTreeSet<Oin> = parties.flatten().filter(|oin| *oin != own).collect();
    let documents = match (given.len(), l) {
        (1, Language::Dutch) => "1 document".to_owned(),
        (1, Language::English) => "1 document".to_owned(),
        (count, Language::Dutch) => format!("{} documenten", l.number(count as u64)),
        (count, Language::English) => format!("{} documents", l.number(count as u64)),
    };
    let with = match (others.len(), l) {
        (0, _) => String::new(),
        (1, Language::Dutch) => ", met 1 andere organisatie".to_owned(),
        (1, Language::English) => ", with 1 other organisation".to_owned(),
        (count, Language::Dutch) => format!(", met {count} andere organisaties"),
        (count, Language::English) => format!(", with {count} other organisations"),
    };
    let none = l.pick("Toen is niets gedeeld.", "Nothing was shared then.");
    let refused = match refused.len() {
        0 => times(0),
        count => format!("{}. {none}", times(count)),
    };
    [
        (l.pick("Gedeeld", "Shared"), format!("{documents}{with}")),
        (l.pick("Opgezocht", "Looked up"), times(sought.len())),
        (
            l.pick("Gevraagd en geweigerd", "Asked and refused"),
            refused,
        ),
        (
            l.pick("Bekeken door toezicht", "Seen by supervision"),
            times(read.len()),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn grounds(given: &[&SharedLine], l: Language) -> Option<Section> {
    let used: BTreeSet<Ground> = given.iter().flat_map(|line| Ground::of(line)).collect();
    (!used.is_empty()).then(|| Section {
        heading: l.pick("Waarom delen mocht", "Why sharing was allowed").to_owned(),
        text: vec![
            l.pick(
                "Elke keer dat iets is gedeeld, was daar een reden voor in de wet. Dit betekenen de woorden in de tabel:",
                "Each time something was shared, there was a reason for it in the law. This is what the words in the table mean:",
            )
            .to_owned(),
        ],
        points: used
            .into_iter()
            .map(|ground| ground.explained(l).to_owned())
            .collect(),
        table: None,
    })
}

fn responsible(short: &str, others: &[String], l: Language) -> Section {
    let article = in_words("TwG 3(1) en 3(2)", l);
    let others = match (others, l) {
        ([], Language::Dutch) => "een andere organisatie".to_owned(),
        ([], Language::English) => "another organisation".to_owned(),
        (names, Language::Dutch) => names.join(" of "),
        (names, Language::English) => names.join(" or "),
    };
    let text = match l {
        Language::Dutch => vec![
            format!(
                "Elke organisatie is zelf verantwoordelijk voor wat zij met uw gegevens doet. Voor het Instituut Mijnbouwschade Groningen (IMG) en voor de minister, voor wie de Nationaal Coördinator Groningen (NCG) werkt, staat dat in de wet ({article})."
            ),
            format!(
                "Dit overzicht is van {short}. Wat {short} niet gaf, niet kreeg en niet opzocht, staat er niet in. Wilt u weten wat {others} met uw gegevens doet? Vraag het dan daar."
            ),
        ],
        Language::English => vec![
            format!(
                "Each organisation is itself responsible for what it does with your data. For the Institute for Mining Damage Groningen (IMG) and for the minister, for whom the National Coordinator Groningen (NCG) works, the law says so ({article})."
            ),
            format!(
                "This overview is by {short}. What {short} did not give, receive or look up is not in it. Do you want to know what {others} does with your data? Then ask there."
            ),
        ],
    };
    Section {
        heading: l
            .pick(
                "Wie waarvoor verantwoordelijk is",
                "Who is responsible for what",
            )
            .to_owned(),
        text,
        ..Section::default()
    }
}

fn rights(short: &str, l: Language) -> Section {
    let points = match l {
        Language::Dutch => vec![
            format!(
                "Klopt er iets niet? Vraag {short} om het te verbeteren of aan te vullen (AVG, artikel 16). U kunt ook vragen om gegevens te wissen of minder te gebruiken (artikel 17 en 18)."
            ),
            "Bent u het er niet mee eens dat uw gegevens zijn gedeeld? Dan kunt u bezwaar maken (AVG, artikel 21). Wilt u niet dat schade en versterking op elkaar worden afgestemd? Laat ons dat weten (Tijdelijke wet Groningen, artikel 2a lid 3).".to_owned(),
            "Gaf u toestemming? Die kunt u altijd intrekken. Vanaf dat moment wordt daarop niets meer gedeeld (AVG, artikel 7).".to_owned(),
            "Komt u er met ons niet uit? Dan kunt u een klacht indienen bij de Autoriteit Persoonsgegevens: autoriteitpersoonsgegevens.nl, of Postbus 93374, 2509 AJ Den Haag (AVG, artikel 77).".to_owned(),
        ],
        Language::English => vec![
            format!(
                "Is something wrong? Ask {short} to correct it or to add to it (GDPR, article 16). You can also ask to erase data or to use it less (articles 17 and 18)."
            ),
            "Do you disagree that your data was shared? Then you can object (GDPR, article 21). Do you not want damage and strengthening to be aligned? Let us know (Temporary Groningen Act, article 2a paragraph 3).".to_owned(),
            "Did you consent? You can always take that back. From then on nothing is shared on it any more (GDPR, article 7).".to_owned(),
            "Can we not solve it together? Then you can complain to the Dutch data protection authority: autoriteitpersoonsgegevens.nl, or Postbus 93374, 2509 AJ Den Haag (GDPR, article 77).".to_owned(),
        ],
    };
    Section {
        heading: l.pick("Uw rechten", "Your rights").to_owned(),
        points,
        ..Section::default()
    }
}
