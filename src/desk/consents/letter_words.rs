//! What the letters say, for each of the four choices: in Dutch at level B1, and in English.

use super::super::qr::Code;
use super::super::words::{self, Wording};
use super::papers::{self, WINDOW};
use super::wording::validity;
use crate::clock::Moment;
use crate::domain::{Choice, ChoiceKind, Organisation};
use crate::language::Language;
use crate::paper::{Block, Report};

/// The version of these texts, to be recorded with the answer. It changes when a text does.
pub(super) const VERSION: &str = "balie-2026-3";

/// The organisations in a letter, by their whole names.
pub(super) struct Names<'o> {
    pub(super) own: &'o Organisation,
    pub(super) receivers: String,
    pub(super) coordinator: Option<String>,
}

/// What differs from choice to choice.
struct Texts {
    title: &'static str,
    why: &'static str,
    /// What it means to say no, or nothing.
    no: &'static str,
    later: &'static str,
    yes_box: &'static str,
    no_box: &'static str,
}

const fn texts(kind: ChoiceKind, l: Language) -> Texts {
    match kind {
        ChoiceKind::Consent => consent(l),
        ChoiceKind::ExplicitAgreement => explicit_agreement(l),
        ChoiceKind::Objection => objection(l),
        ChoiceKind::JointRequest => joint_request(l),
    }
}

const fn consent(l: Language) -> Texts {
    Texts {
            title: l.pick("Mogen wij documenten over uw huis delen?", "May we share documents about your house?"),
            why: l.pick(
                "Het gaat om documenten over uw huis. Wij mogen die alleen delen als u dat goed vindt. Daarom vragen wij uw toestemming. Met deze documenten hoeft niet twee keer hetzelfde te worden onderzocht.",
                "This is about documents on your house. We may share them only if you agree. That is why we ask for your consent. With these documents the same thing need not be examined twice.",
            ),
            no: l.pick(
                "Dan delen wij deze documenten niet. Wij behandelen uw zaak gewoon verder. Het kan wel zijn dat er nog eens iemand bij u langs moet komen. Antwoordt u niet? Dan delen wij ook niets.",
                "Then we do not share these documents. We go on with your case as usual. It may be that somebody has to come to your house again. Do you not answer? Then we share nothing either.",
            ),
            later: l.pick(
                "Ja. U kunt uw toestemming altijd intrekken. U hoeft niet te zeggen waarom. Schrijf ons, en noem het kenmerk van deze brief. Vanaf het moment dat wij het vastleggen, delen wij niets meer. Wat daarvoor al is gedeeld, blijft rechtmatig gedeeld.",
                "Yes. You can withdraw your consent at any time. You need not say why. Write to us, and name the reference of this letter. From the moment we record it, we share nothing more. What was shared before that was shared lawfully.",
            ),
            yes_box: l.pick("Ja, u mag deze documenten delen.", "Yes, you may share these documents."),
            no_box: l.pick("Nee, u mag deze documenten niet delen.", "No, you may not share these documents."),
    }
}

const fn explicit_agreement(l: Language) -> Texts {
    Texts {
            title: l.pick("Mogen wij gegevens over uw gezondheid delen?", "May we share data about your health?"),
            why: l.pick(
                "Het gaat om gegevens over uw gezondheid, of die van iemand in uw huis. Zulke gegevens zijn extra beschermd. De wet staat delen alleen toe om een vastgelopen zaak op te lossen, en alleen als u daar duidelijk mee instemt.",
                "This is about data on your health, or that of somebody in your house. Such data have extra protection. The law allows sharing only to solve a case that is stuck, and only if you clearly agree.",
            ),
            no: l.pick(
                "Dan delen wij niets over uw gezondheid. Wij zoeken verder met wat wij wel weten. Antwoordt u niet? Dan delen wij ook niets.",
                "Then we share nothing about your health. We go on with what we do know. Do you not answer? Then we share nothing either.",
            ),
            later: l.pick(
                "Ja. U kunt uw instemming altijd intrekken. U hoeft niet te zeggen waarom. Schrijf ons, en noem het kenmerk van deze brief. Vanaf het moment dat wij het vastleggen, delen wij niets meer. Wat daarvoor al is gedeeld, blijft rechtmatig gedeeld.",
                "Yes. You can withdraw your agreement at any time. You need not say why. Write to us, and name the reference of this letter. From the moment we record it, we share nothing more. What was shared before that was shared lawfully.",
            ),
            yes_box: l.pick(
                "Ja, ik stem ermee in dat u deze gegevens over mijn gezondheid deelt.",
                "Yes, I agree that you share these data about my health.",
            ),
            no_box: l.pick(
                "Nee, u mag niets over mijn gezondheid delen.",
                "No, you may share nothing about my health.",
            ),
    }
}

const fn objection(l: Language) -> Texts {
    Texts {
            title: l.pick(
                "Wij stemmen schade en versterking op elkaar af. Vindt u dat goed?",
                "We align damage and strengthening. Is that all right?",
            ),
            why: l.pick(
                "Uw huis kan schade hebben en ook versterkt worden. Daar gaan twee organisaties over. De wet zegt dat zij hun werk op elkaar afstemmen, bijvoorbeeld wanneer er iemand langskomt. Wilt u dat niet? Dan kunt u bezwaar maken.",
                "Your house may have damage and may be strengthened too. Two organisations deal with that. The law says they align their work, such as when somebody comes to visit. Do you not want that? Then you can object.",
            ),
            no: l.pick(
                "Maakt u bezwaar? Dan stemmen wij niet meer op elkaar af. Het kan zijn dat er dan vaker iemand langskomt. Wat wij volgens de wet toch moeten delen, delen wij wel. Antwoordt u niet? Dan stemmen wij wel af.",
                "Do you object? Then we no longer align our work. It may be that somebody comes to visit more often. What the law says we must share, we still share. Do you not answer? Then we do align.",
            ),
            later: l.pick(
                "Ja. U kunt altijd alsnog bezwaar maken, en een bezwaar altijd weer intrekken. Schrijf ons, en noem het kenmerk van deze brief.",
                "Yes. You can still object at any time, and withdraw an objection at any time. Write to us, and name the reference of this letter.",
            ),
            yes_box: l.pick(
                "Ik maak bezwaar. Stem mijn schade en versterking niet op elkaar af.",
                "I object. Do not align my damage and strengthening.",
            ),
            no_box: l.pick(
                "Ik maak geen bezwaar.",
                "I do not object.",
            ),
    }
}

const fn joint_request(l: Language) -> Texts {
    Texts {
            title: l.pick(
                "Wilt u dat wij schade en versterking samen behandelen?",
                "Do you want us to handle damage and strengthening together?",
            ),
            why: l.pick(
                "Uw huis heeft schade en wordt ook versterkt. Wij kunnen dat samen behandelen. Dan hebt u één aanspreekpunt. Daarvoor zien de organisaties elkaars documenten over uw huis, behalve gegevens over uw gezondheid. Dat doen wij alleen als u erom vraagt.",
                "Your house has damage and is being strengthened too. We can handle that together. Then you have one point of contact. For that the organisations see each other's documents about your house, except data about your health. We do so only if you ask for it.",
            ),
            no: l.pick(
                "Dan behandelen wij schade en versterking apart, zoals nu. Antwoordt u niet? Dan gebeurt dat ook.",
                "Then we handle damage and strengthening separately, as now. Do you not answer? Then that happens too.",
            ),
            later: l.pick(
                "Ja. U kunt uw verzoek altijd intrekken. Schrijf ons, en noem het kenmerk van deze brief. Vanaf het moment dat wij het vastleggen, behandelen wij de twee weer apart.",
                "Yes. You can withdraw your request at any time. Write to us, and name the reference of this letter. From the moment we record it, we handle the two separately again.",
            ),
            yes_box: l.pick(
                "Ja, ik wil dat u schade en versterking samen behandelt.",
                "Yes, I want you to handle damage and strengthening together.",
            ),
            no_box: l.pick("Nee, behandel ze apart.", "No, handle them separately."),
    }
}

/// The letter to the owner of whom this was asked.
pub(super) fn letter(
    choice: &Choice,
    at: Moment,
    names: &Names<'_>,
    code: Option<&Code>,
    wording: &Wording,
) -> Report {
    let l = wording.l;
    let texts = texts(choice.kind, l);
    let text = |dutch: &str, english: &str| Block::Paragraph(l.pick(dutch, english).to_owned());
    let said = |text: &str| Block::Paragraph(text.to_owned());
    let heading = |dutch, english| Block::Heading(1, l.pick(dutch, english).to_owned());
    let reference = choice.evidence.reference.as_str();
    let mut blocks = vec![
        Block::Qr {
            matrix: code.map(|code| code.matrix().to_vec()).unwrap_or_default(),
            caption: format!(
                "{}: {reference}",
                l.pick("Kenmerk van deze brief", "Reference of this letter")
            ),
        },
        text("Geachte eigenaar,", "Dear owner,"),
        said(texts.why),
        heading("Waar gaat het om?", "What is it about?"),
        Block::Facts(about(choice, at, names, wording)),
        heading(
            "Wat gebeurt er als u nee zegt?",
            "What happens if you say no?",
        ),
        said(texts.no),
        heading(
            "Kunt u zich later bedenken?",
            "Can you change your mind later?",
        ),
        said(texts.later),
        heading("Hoe geeft u antwoord?", "How do you answer?"),
        Block::Paragraph(how_to_answer(names.own, l)),
    ];
    blocks.extend(papers::contact(names.own));
    blocks.push(heading("Uw antwoord", "Your answer"));
    blocks.extend(answer(&texts, names, l));
    Report {
        title: texts.title.to_owned(),
        language: l,
        head: papers::head(names.own),
        to: WINDOW.to_owned(),
        date: words::day(at.local().day(), l),
        blocks,
    }
}

/// How to answer, and where to send it: to the address in the letter, where one was configured.
fn how_to_answer(own: &Organisation, l: Language) -> String {
    let name = &own.name;
    match (own.contact.is_empty(), l) {
        (false, Language::Dutch) => "Zet hieronder een kruis bij wat u wilt. Schrijf uw naam en de datum op, en zet uw handtekening. Stuur de hele brief terug naar het adres dat onder ‘Contact’ staat. Zijn er meer eigenaren? Dan krijgt ieder een eigen brief.".to_owned(),
        (true, Language::Dutch) => format!("Zet hieronder een kruis bij wat u wilt. Schrijf uw naam en de datum op, en zet uw handtekening. Stuur de hele brief terug aan {name}. Zijn er meer eigenaren? Dan krijgt ieder een eigen brief."),
        (false, Language::English) => "Put a cross below at what you want. Write your name and the date, and sign. Send the whole letter back to the address under ‘Contact’. Are there more owners? Then each gets a letter.".to_owned(),
        (true, Language::English) => format!("Put a cross below at what you want. Write your name and the date, and sign. Send the whole letter back to {name}. Are there more owners? Then each gets a letter."),
    }
}

/// The boxes to cross, and the lines to sign on.
fn answer(texts: &Texts, names: &Names<'_>, l: Language) -> [Block; 3] {
    let yes = match &names.coordinator {
        Some(name) => format!(
            "{} {name} {}.",
            texts.yes_box,
            l.pick("coördineert", "coordinates")
        ),
        None => texts.yes_box.to_owned(),
    };
    let lines = match l {
        Language::Dutch => ["Naam", "Datum", "Handtekening"],
        Language::English => ["Name", "Date", "Signature"],
    };
    [
        Block::Boxes(vec![yes, texts.no_box.to_owned()]),
        Block::Signature(lines.map(str::to_owned).to_vec()),
        Block::Paragraph(format!(
            "{} {VERSION}. {}",
            l.pick(
                "Taal van deze tekst: Nederlands, versie",
                "Language of this text: English, version"
            ),
            l.pick(
                "De vierkante code bovenaan is het kenmerk van deze brief; er staat niets anders in.",
                "The square code at the top is the reference of this letter; nothing else is in it."
            )
        )),
    ]
}

/// How long it will hold: never from before the letter, which asks for it.
fn how_long(choice: &Choice, at: Moment, l: Language) -> String {
    if choice.valid_from > at {
        return validity(choice.valid_from, choice.valid_until, l);
    }
    let from = l.pick("vanaf de dag dat u tekent", "from the day you sign");
    match choice.valid_until {
        Some(until) => format!(
            "{from} {} {}",
            l.pick("tot", "until"),
            words::day(until.local().day(), l)
        ),
        None => from.to_owned(),
    }
}

/// What is shared, with whom and why.
fn about(
    choice: &Choice,
    at: Moment,
    names: &Names<'_>,
    wording: &Wording,
) -> Vec<(String, String)> {
    let l = wording.l;
    let scope = wording.scope(choice);
    let fact = |dutch, english, value: String| (l.pick(dutch, english).to_owned(), value);
    let objects = choice.kind == ChoiceKind::Objection;
    let whom = if objects {
        fact("Wie stemmen af", "Who align", names.receivers.clone())
    } else {
        fact("Wie krijgt het", "Who receives it", names.receivers.clone())
    };
    let mut facts = vec![
        fact(
            "Uw huis (BAG-nummer)",
            "Your house (BAG number)",
            choice.address.to_string(),
        ),
        fact("Wat wij delen", "What we share", scope.kinds),
        whom,
        fact("Waarvoor", "What for", scope.purposes),
    ];
    if let Some(coordinator) = &names.coordinator {
        facts.push(fact(
            "Wie coördineert",
            "Who coordinates",
            coordinator.clone(),
        ));
    }
    facts.push(fact("Hoe lang", "How long", how_long(choice, at, l)));
    facts
}
