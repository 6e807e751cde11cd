//! What a report says beside its tables.

use super::Asked;
use super::letter::Section;
use crate::desk::{law, words};
use crate::domain::Organisation;
use crate::exchange::officer::{Shared, Subject};
use crate::language::Language;

pub(super) fn intro(asked: &Asked, shared: &Shared, short: &str, today: &str) -> Vec<String> {
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
pub(super) fn nothing(asked: &Asked, short: &str) -> String {
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

pub(super) fn responsible(short: &str, others: &[String], l: Language) -> Section {
    let article = law::article_in_words("TwG 3(1) en 3(2)", l).unwrap_or_default();
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
            "Een computer vergelijkt elke vraag om een document met vaste regels, en geeft het of weigert het. Over uw aanvraag beslist deze computer niet (AVG, artikel 15 lid 1 onder h).".to_owned(),
            format!(
                "Dit overzicht is van {short}. Wat {short} niet gaf, niet kreeg en niet opzocht, staat er niet in. Wilt u weten wat {others} met uw gegevens doet? Vraag het dan daar."
            ),
        ],
        Language::English => vec![
            format!(
                "Each organisation is itself responsible for what it does with your data. For the Institute for Mining Damage Groningen (IMG) and for the minister, for whom the National Coordinator Groningen (NCG) works, the law says so ({article})."
            ),
            "A computer compares each request for a document with fixed rules, and gives it or refuses it. This computer does not decide about your application (GDPR, article 15 paragraph 1 under h).".to_owned(),
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

/// How long the data is kept, or whom to ask (AVG 15(1)(d)).
pub(super) fn kept(short: &str, term: Option<&str>, l: Language) -> Section {
    let term = term.map_or_else(
        || match l {
            Language::Dutch => format!(
                "Over de termijn is niets vastgelegd. Wilt u weten hoe lang {short} deze gegevens bewaart? Vraag het aan de functionaris gegevensbescherming van {short}."
            ),
            Language::English => format!(
                "Nothing is laid down about the period. Do you want to know how long {short} keeps this data? Ask the data protection officer of {short}."
            ),
        },
        str::to_owned,
    );
    let documents = l.pick(
        "Dit gaat over de gegevens in dit overzicht. De documenten zelf staan niet in het logboek: hoe lang een organisatie die bewaart, kunt u daar vragen.",
        "This is about the data in this overview. The documents themselves are not in the log: how long an organisation keeps those, you can ask there.",
    );
    Section {
        heading: l
            .pick(
                "Hoe lang de gegevens worden bewaard",
                "How long the data is kept",
            )
            .to_owned(),
        text: vec![term, documents.to_owned()],
        ..Section::default()
    }
}

/// Where to ask, if that was configured.
pub(super) fn contact(organisation: &Organisation, l: Language) -> Option<Section> {
    (!organisation.contact.is_empty()).then(|| Section {
        heading: l.pick("Waar u ons bereikt", "Where to reach us").to_owned(),
        text: organisation.contact.lines().map(str::to_owned).collect(),
        ..Section::default()
    })
}

pub(super) fn rights(short: &str, l: Language) -> Section {
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
