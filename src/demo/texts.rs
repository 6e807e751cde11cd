//! What the demo's documents say, in Dutch: one text per document kind, and what every letter of an
//! organisation repeats. All of it is invented.

/// The text of one kind of document.
#[derive(Debug)]
pub(super) struct Text {
    /// The sentence it begins with. `{adres}` and `{dossier}` are filled in.
    pub(super) opening: &'static str,
    /// Headings with their paragraphs.
    pub(super) sections: &'static [(&'static str, &'static [&'static str])],
    /// A table of three columns, its head first; empty when there is none.
    pub(super) table: &'static [[&'static str; 3]],
}

/// The text of a kind; kinds that have none of their own get a plain cover letter.
pub(super) fn of(kind: &str) -> &'static Text {
    TEXTS
        .iter()
        .find(|(name, _)| *name == kind)
        .map_or(&COVER, |(_, text)| text)
}

/// What follows in every document, as far as its size allows.
pub(super) static COMMON: &[(&str, &[&str])] = &[
    (
        "Achtergrond",
        &[
            "Door de gaswinning uit het Groningenveld is de bodem gedaald en hebben zich aardbevingen voorgedaan. Gebouwen kunnen daardoor schade hebben opgelopen, of niet sterk genoeg zijn om veilig te zijn bij een volgende beving. Schade en versterking worden door twee organisaties behandeld, ieder met een eigen taak en een eigen verantwoordelijkheid.",
            "Dit stuk hoort bij het dossier {dossier}. Het beschrijft de toestand op de genoemde datum. Latere waarnemingen, aanvullingen of besluiten staan in een nieuw stuk; dit stuk wordt niet gewijzigd.",
        ],
    ),
    (
        "Werkwijze",
        &[
            "Het onderzoek is uitgevoerd volgens het landelijk geldende protocol. Eerst is het archief geraadpleegd: bouwtekeningen, vergunningen en eerdere rapporten. Daarna is het gebouw bezocht, ruimte voor ruimte, van de kelder tot het dak. Van iedere waarneming zijn de plaats, de afmeting en een foto vastgelegd.",
            "Waar iets niet zichtbaar was, is dat vermeld. Er is niet gesloopt en er zijn geen vloeren of plafonds geopend, tenzij dat hieronder met zoveel woorden staat. Metingen zijn gedaan met geijkte instrumenten; de onzekerheid staat achter de waarde.",
            "Een tweede deskundige heeft het concept gelezen en de berekeningen nagerekend. De eigenaar heeft twee weken de tijd gehad om op het concept te reageren. De reacties zijn verwerkt of, met de reden, niet overgenomen.",
        ],
    ),
    (
        "Uitwisseling van gegevens",
        &[
            "Een ander bestuursorgaan kan dit stuk nodig hebben voor zijn eigen wettelijke taak. Het wordt dan alleen verstrekt als daar een grondslag voor is: een wettelijke plicht, een taak van algemeen belang of de toestemming van de eigenaar. Elke verstrekking wordt vooraf vastgelegd in een logboek dat niet ongemerkt gewijzigd kan worden.",
            "De eigenaar kan vragen wie dit stuk heeft ontvangen, waarvoor en op welke grondslag. Gegeven toestemming kan op elk moment worden ingetrokken; dat geldt vanaf het eerstvolgende verzoek.",
        ],
    ),
    (
        "Vragen",
        &[
            "Heeft u vragen over dit stuk? Noem dan altijd het dossiernummer. Wij zijn op werkdagen bereikbaar van 8.30 tot 17.00 uur. Een vaste contactpersoon belt u binnen twee werkdagen terug.",
        ],
    ),
];

static COVER: Text = Text {
    opening: "Hierbij ontvangt u het gevraagde stuk over {adres} uit het dossier {dossier}.",
    sections: &[(
        "Inhoud",
        &[
            "Het stuk is opgenomen zoals het in het dossier berust. De bijlagen volgen op de volgende bladzijden.",
        ],
    )],
    table: &[],
};

static TEXTS: &[(&str, Text)] = &[
    (
        "schademelding",
        Text {
            opening: "Wij bevestigen de ontvangst van de melding van schade aan {adres}.",
            sections: &[(
                "De melding",
                &[
                    "De melder noemt scheuren boven het keukenraam en bij de aansluiting van de aanbouw. De scheuren zijn voor het eerst gezien na de beving van eind september en sindsdien breder geworden. Een deur in de gang klemt.",
                    "De melder geeft aan dat er geen gevaar voor instorting lijkt te zijn. Er is daarom geen spoedinspectie gepland. Binnen vier weken volgt een afspraak voor een opname.",
                ],
            )],
            table: &[
                ["Plaats", "Waarneming", "Gezien sinds"],
                ["Keuken, achtergevel", "Trapscheur, tot 3 mm", "oktober"],
                ["Aanbouw, aansluiting", "Verticale scheur, 2 mm", "oktober"],
                ["Gang", "Klemmende deur", "november"],
            ],
        },
    ),
    (
        "schaderapport",
        Text {
            opening: "In opdracht van het Instituut Mijnbouwschade Groningen is de schade opgenomen aan {adres}.",
            sections: &[
                (
                    "Bevindingen",
                    &[
                        "Er zijn elf schades vastgesteld. Zeven daarvan zijn trapscheuren in het buitenmetselwerk, twee zijn scheuren in binnenwanden van kalkzandsteen en twee betreffen het stucwerk. De wijdte loopt van 0,3 tot 3,5 mm.",
                        "De richting van de scheuren en hun plaats bij openingen passen bij trillingen en bij ongelijkmatige zetting. Voor geen van de schades is met zekerheid aan te wijzen dat zij uitsluitend door iets anders is ontstaan. Het wettelijk bewijsvermoeden blijft daarom in stand.",
                    ],
                ),
                (
                    "Herstel",
                    &[
                        "Voor de buitengevel wordt geadviseerd de scheuren uit te slijpen, te injecteren en opnieuw te voegen. Boven het raam wordt wapening in de lintvoeg aangebracht. Binnen volstaat herstel van het stucwerk en schilderwerk per wand.",
                    ],
                ),
            ],
            table: &[
                ["Schade", "Herstelwijze", "Bedrag"],
                ["1-7 Buitengevel", "Injecteren en voegen", "€ 6.480"],
                ["8-9 Binnenwand", "Verlijmen, stuken", "€ 2.115"],
                ["10-11 Stucwerk", "Herstel en schilderwerk", "€ 1.390"],
                ["Totaal", "inclusief btw", "€ 9.985"],
            ],
        },
    ),
    (
        "schadebesluit",
        Text {
            opening: "Het Instituut Mijnbouwschade Groningen heeft besloten op de aanvraag om vergoeding van schade aan {adres}.",
            sections: &[
                (
                    "Besluit",
                    &[
                        "Wij kennen een vergoeding toe van € 9.985 voor het herstel van elf schades, en € 350 voor bijkomende kosten. Het bedrag wordt binnen vier weken betaald.",
                        "Het besluit berust op het advies van de onafhankelijk deskundige. Wij hebben getoetst of het advies zorgvuldig tot stand is gekomen en of de conclusies daaruit volgen. Dat is het geval.",
                    ],
                ),
                (
                    "Bezwaar",
                    &[
                        "Bent u het niet eens met dit besluit, dan kunt u binnen zes weken na de verzenddatum bezwaar maken. Vermeld uw naam, de datum, het kenmerk van dit besluit en de redenen.",
                    ],
                ),
            ],
            table: &[
                ["Onderdeel", "Grondslag", "Bedrag"],
                ["Herstelkosten", "artikel 2, derde lid, TwG", "€ 9.985"],
                ["Bijkomende kosten", "artikel 2, derde lid, TwG", "€ 350"],
            ],
        },
    ),
    (
        "aos-inspectierapport",
        Text {
            opening: "Na een melding van een acuut onveilige situatie is binnen 48 uur geïnspecteerd: {adres}.",
            sections: &[
                (
                    "Oordeel",
                    &[
                        "De schoorsteen staat 9 cm uit het lood en is boven het dakvlak rondom gescheurd. Bij wind of een volgende beving kan hij over de stoep vallen. Dit is een acuut onveilige situatie.",
                        "De topgevel is niet verankerd, maar vertoont geen nieuwe scheuren. Hij is opgenomen in de controle van over drie weken.",
                    ],
                ),
                (
                    "Maatregelen",
                    &[
                        "De stoep en de inrit zijn met hekken afgezet. De schoorsteen is dezelfde dag tot het dakvlak gesloopt en het dak is waterdicht gemaakt. De slaapkamer eronder kan weer gebruikt worden. De burgemeester is geïnformeerd.",
                    ],
                ),
            ],
            table: &[
                ["Tijdstip", "Handeling", "Door"],
                ["dag 1, 09.40", "Melding ontvangen", "Meldpunt"],
                ["dag 1, 13.15", "Inspectie ter plaatse", "Inspecteur"],
                ["dag 1, 15.30", "Afzetting geplaatst", "Aannemer"],
                ["dag 1, 18.45", "Schoorsteen verwijderd", "Aannemer"],
            ],
        },
    ),
    (
        "immateriele-schade-besluit",
        Text {
            opening: "Het Instituut Mijnbouwschade Groningen heeft besloten op de aanvraag om vergoeding van immateriële schade van een bewoner van {adres}.",
            sections: &[(
                "Besluit",
                &[
                    "Wij kennen een vergoeding toe van € 3.000. Daarbij is gelet op het aantal zware bevingen op het adres, de duur van de procedures en het feit dat de veiligheid van de woning gedurende lange tijd onzeker was.",
                    "Een nadere toelichting over persoonlijke omstandigheden is niet gevraagd en is voor dit besluit niet nodig geweest.",
                ],
            )],
            table: &[],
        },
    ),
    (
        "inspectierapport",
        Text {
            opening: "Het gebouw is geïnspecteerd omdat er twijfel was of het aan de veiligheidsnorm voldoet: {adres}.",
            sections: &[(
                "Bevindingen",
                &[
                    "De dragende gevel aan de straatzijde is een halve steen dik en staat los van de verdiepingsvloer. De ankers zijn doorgeroest. Daarmee bestaat een gegrond vermoeden dat het gebouw niet aan de veiligheidsnorm voldoet.",
                    "Er is geen acuut gevaar. De bewoners kunnen blijven. Een beoordeling van de constructie is nodig voordat aan de gevel wordt gewerkt.",
                ],
            )],
            table: &[
                ["Onderdeel", "Toestand", "Vervolg"],
                ["Voorgevel", "Niet verankerd", "Beoordelen"],
                ["Kap", "Voldoende", "Geen"],
                ["Schoorsteen", "Vernieuwd in 2018", "Geen"],
            ],
        },
    ),
    (
        "opnamerapport",
        Text {
            opening: "De Nationaal Coördinator Groningen heeft het gebouw opgenomen voor de beoordeling van de veiligheid: {adres}.",
            sections: &[
                (
                    "Het gebouw",
                    &[
                        "Vrijstaande woning van omstreeks 1908, later uitgebreid met een aanbouw. Buitenmuren van metselwerk, deels steens en deels halfsteens met een smalle spouw. Houten vloeren, gordingenkap met pannen.",
                        "De fundering is op staal, op een diepte van ongeveer 70 cm. Onder de aanbouw ligt een betonplaat die niet aan de oudbouw is gekoppeld.",
                    ],
                ),
                (
                    "Waarnemingen",
                    &[
                        "Aan de westgevel zijn trapscheuren aanwezig die met epoxy zijn hersteld en opnieuw zijn geopend. De topgevels zijn niet aan de kap verankerd. In de kelder is vochtdoorslag gezien tot 40 cm boven de vloer.",
                    ],
                ),
            ],
            table: &[
                ["Onderdeel", "Materiaal", "Toestand"],
                ["Buitenmuren", "Metselwerk, steens", "Matig"],
                ["Verdiepingsvloer", "Houten balklaag", "Goed"],
                ["Topgevels", "Halfsteens, los", "Onvoldoende"],
                ["Fundering", "Op staal, 70 cm", "Redelijk"],
            ],
        },
    ),
    (
        "beoordeling",
        Text {
            opening: "De constructie is beoordeeld aan de hand van de NPR 9998: {adres}.",
            sections: &[(
                "Uitkomst",
                &[
                    "Met een niet-lineaire berekening is de sterkte bepaald bij de voorgeschreven grondversnelling. Het gebouw haalt 72 procent van wat nodig is. De zwakste onderdelen zijn de topgevels en de penant naast de voordeur.",
                    "Wanneer de topgevels worden verankerd en de penant wordt versterkt, voldoet het gebouw. De overige onderdelen zijn sterk genoeg.",
                ],
            )],
            table: &[
                ["Onderdeel", "Haalt van de norm", "Voldoet"],
                ["Topgevel noord", "58 %", "nee"],
                ["Penant voordeur", "72 %", "nee"],
                ["Langsgevels", "131 %", "ja"],
                ["Vloeren", "164 %", "ja"],
            ],
        },
    ),
    (
        "normbesluit",
        Text {
            opening: "De Nationaal Coördinator Groningen heeft namens de Minister vastgesteld of het gebouw aan de veiligheidsnorm voldoet: {adres}.",
            sections: &[
                (
                    "Besluit",
                    &[
                        "Het gebouw voldoet niet aan de veiligheidsnorm. Het wordt opgenomen in het programma van aanpak en zal worden versterkt. De volgorde volgt uit het risicoprofiel en uit de wensen van de eigenaar.",
                    ],
                ),
                (
                    "Wat dit betekent",
                    &[
                        "U krijgt een begeleider. Samen met u wordt een versterkingsplan gemaakt. Pas als u met de hoofdlijnen instemt, wordt een aannemer gekozen. Tot die tijd kunt u in de woning blijven.",
                    ],
                ),
            ],
            table: &[],
        },
    ),
    (
        "versterkingsadvies",
        Text {
            opening: "Dit advies beschrijft de maatregelen waarmee het gebouw aan de veiligheidsnorm gaat voldoen: {adres}.",
            sections: &[
                (
                    "Maatregelen",
                    &[
                        "De topgevels worden aan de gordingen verankerd met roestvaste strippen, hart op hart 60 cm. De penant naast de voordeur krijgt aan de binnenzijde een voorzetwand van 100 mm, gekoppeld met ankers.",
                        "De verdiepingsvloer wordt als schijf gekoppeld met een beplating van 18 mm. De aansluiting op de langsgevels krijgt hoekprofielen. De schoorsteen wordt boven het dak vervangen door een lichte uitvoering.",
                    ],
                ),
                (
                    "Verborgen schade",
                    &[
                        "Bij het openen van de vloer kan schade zichtbaar worden die nu niet te zien is. Tot ongeveer € 2.500 wordt die in het werk meegenomen. Daarboven wordt eerst overlegd met het Instituut Mijnbouwschade Groningen.",
                    ],
                ),
            ],
            table: &[
                ["Maatregel", "Omvang", "Raming"],
                ["Verankering topgevels", "2 gevels", "€ 18.400"],
                ["Voorzetwand penant", "6 m²", "€ 4.900"],
                ["Vloerschijf", "54 m²", "€ 21.700"],
                ["Schoorsteen", "1 stuk", "€ 5.250"],
            ],
        },
    ),
    (
        "versterkingsplan",
        Text {
            opening: "Het versterkingsplan is met de eigenaar besproken en beschrijft wat er gebeurt, wanneer en met welke voorzieningen: {adres}.",
            sections: &[(
                "Aanpak",
                &[
                    "Het werk begint op de zolder en gaat van boven naar beneden. De begane grond blijft bewoonbaar, behalve in week 6 tot en met 9. Voor die weken is een tijdelijke woning in het dorp gereserveerd.",
                    "Herstel van schade en versterking van dezelfde wand gebeuren in één keer als de eigenaar dat wil. De eigenaar heeft een aannemer uit de streek gekozen.",
                ],
            )],
            table: &[
                ["Fase", "Weken", "Bewoning"],
                ["Kap en topgevels", "1 - 5", "mogelijk"],
                ["Vloer en penant", "6 - 9", "niet mogelijk"],
                ["Afwerking", "10 - 13", "mogelijk"],
            ],
        },
    ),
    (
        "engineeringrapport",
        Text {
            opening: "Dit rapport bevat de berekeningen en details bij de versterking van {adres}.",
            sections: &[(
                "Uitgangspunten",
                &[
                    "De piekgrondversnelling op het adres is 0,17 g bij een herhalingstijd van 475 jaar. De grond bestaat uit 2 m klei op veen en daaronder zand. De massa van het gebouw is bepaald uit de opname en bedraagt 142 ton.",
                    "De berekening is gemaakt met een eindige-elementenmodel van 18.400 elementen. De eigenfrequenties zijn vergeleken met een meting van omgevingstrillingen; het verschil is minder dan 6 procent.",
                ],
            )],
            table: &[
                ["Toets", "Waarde", "Grens"],
                ["Uitwijking topgevel", "14 mm", "22 mm"],
                ["Schuifspanning penant", "0,21 N/mm²", "0,28 N/mm²"],
                ["Ankerkracht", "3,4 kN", "5,0 kN"],
            ],
        },
    ),
    (
        "funderingsonderzoek",
        Text {
            opening: "Naast de gevel is een inspectieput gegraven om de fundering te onderzoeken: {adres}.",
            sections: &[(
                "Bevindingen",
                &[
                    "De aanleg ligt 74 cm onder het maaiveld, op een laag stevige klei. De muur verbreedt in drie treden tot 52 cm. De stenen zijn gaaf; de voegen zijn tot 2 cm diep uitgespoeld.",
                    "Het grondwater stond op 118 cm. In de veenlaag daaronder is bij wisselende waterstanden zetting te verwachten. Over de lengte van de gevel is een hoogteverschil van 21 mm gemeten.",
                ],
            )],
            table: &[
                ["Diepte", "Laag", "Sondeerweerstand"],
                ["0,0 - 0,4 m", "Teelaarde", "0,4 MPa"],
                ["0,4 - 1,6 m", "Klei, stevig", "1,1 MPa"],
                ["1,6 - 2,9 m", "Veen", "0,3 MPa"],
                ["vanaf 2,9 m", "Zand, vast", "11 MPa"],
            ],
        },
    ),
    (
        "planning",
        Text {
            opening: "Hieronder staat de planning van de werkzaamheden aan {adres}.",
            sections: &[(
                "Afstemming",
                &[
                    "De planning is bedoeld om werkzaamheden van beide organisaties op elkaar af te stemmen, zodat een wand niet twee keer wordt opengemaakt. Data zijn voorlopig tot de eigenaar ze heeft bevestigd.",
                ],
            )],
            table: &[
                ["Werk", "Begin", "Einde"],
                ["Voorbereiding", "week 10", "week 14"],
                ["Uitvoering", "week 18", "week 30"],
                ["Oplevering", "week 31", "week 31"],
            ],
        },
    ),
    (
        "bouwtekening",
        Text {
            opening: "Tekening van de bestaande toestand van {adres}, begane grond, schaal 1 : 50.",
            sections: &[(
                "Toelichting",
                &[
                    "Ingemeten in het werk en vergeleken met de vergunningtekening uit 1936. Maten in millimeters. Gearceerd: de ruimte waar schade is waargenomen. De kelder onder de voorkamer is niet getekend.",
                ],
            )],
            table: &[],
        },
    ),
    (
        "fotorapportage",
        Text {
            opening: "Foto's van de toestand van {adres}, genomen tijdens het bezoek.",
            sections: &[(
                "Toelichting",
                &[
                    "Elke foto toont een meetlat van 25 cm. De nummers verwijzen naar de plattegrond in het dossier. Personen, kentekens en persoonlijke eigendommen zijn niet in beeld gebracht.",
                ],
            )],
            table: &[],
        },
    ),
    (
        "contactgegevens",
        Text {
            opening: "Bereikbaarheid voor het maken van afspraken over {adres}.",
            sections: &[(
                "Afspraken",
                &[
                    "De eigenaar is het best bereikbaar op werkdagen na 16.00 uur en geeft de voorkeur aan een bericht vooraf. De sleutel ligt tijdens de werkzaamheden bij de uitvoerder. In dit voorbeeld zijn naam, telefoonnummer en e-mailadres weggelaten.",
                ],
            )],
            table: &[],
        },
    ),
    (
        "gezondheidsgegevens",
        Text {
            opening: "Dit stuk bevat gegevens over de gezondheid van een bewoner van {adres}. Het mag alleen met uitdrukkelijke instemming worden gedeeld.",
            sections: &[(
                "Wat van belang is",
                &[
                    "Tijdelijk verhuizen is om medische redenen alleen mogelijk naar een gelijkvloerse woning, dicht bij de huidige huisarts. Stof en lawaai moeten zoveel mogelijk worden beperkt. De behandelend arts heeft dit bevestigd; de verklaring zelf berust bij de bewoner.",
                    "De gegevens zijn nodig om een vastgelopen situatie op te lossen en worden vernietigd zodra dat is gelukt.",
                ],
            )],
            table: &[],
        },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_shared_vocabulary_has_a_text_of_its_own() {
        for kind in [
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
            "gezondheidsgegevens",
        ] {
            assert_ne!(of(kind).opening, COVER.opening, "{kind}");
            assert!(of(kind).opening.contains("{adres}"), "{kind}");
        }
        assert_eq!(of("iets-anders").opening, COVER.opening);
    }
}
