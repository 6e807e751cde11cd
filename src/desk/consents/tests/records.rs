use super::super::export;
use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "the whole record is to be read")]
fn the_record_is_in_the_form_of_iso_27560() {
    let mut kept = registered(&[(SINCE_2020, &["eigenaar-17"])]);
    told(&mut kept, 1, ChoiceKind::Consent, ChoiceState::Given, 1);
    told(&mut kept, 1, ChoiceKind::Consent, ChoiceState::Withdrawn, 9);
    let bundle = bundle();
    let written = export::records(&kept, &organisations(), Some(&bundle));
    let text = serde_json::to_string_pretty(&written["@graph"]).unwrap();
    assert!(!text.contains("beheer-img-1"), "an employee is named");
    insta::assert_snapshot!(text, @r#"
    [
      {
        "@id": "urn:uuid:01010101-0101-0101-0101-010101010101",
        "@type": "dpv:ConsentRecord",
        "header": {
          "dct:conformsTo": "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr",
          "dct:identifier": "01010101-0101-0101-0101-010101010101",
          "dct:type": "toestemming",
          "dct:created": "2026-03-01T09:00:00.000Z",
          "dct:modified": "2026-03-09T09:00:00.000Z",
          "dpv:hasConsentStatus": "dpv:ConsentWithdrawn",
          "dpv:hasDataSubject": {
            "@type": "dpv:DataSubject",
            "dct:identifier": "eigenaar-17"
          },
          "dct:spatial": {
            "@type": "dct:Location",
            "dct:identifier": "0010200000000017"
          }
        },
        "processing": {
          "@type": "dpv:Process",
          "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "dct:language": "nl",
            "dct:hasVersion": "balie-2026-1"
          },
          "dpv:hasPurpose": [
            {
              "@type": "dpv:Purpose",
              "dct:identifier": "overig",
              "dct:title": "Overig, met toestemming van de eigenaar"
            }
          ],
          "dpv:hasLegalBasis": [
            "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
          ],
          "dpv:hasPersonalData": [
            {
              "@type": "dpv:PersonalData",
              "dct:identifier": "bouwtekening",
              "dct:title": "Bouwtekening"
            }
          ],
          "dpv:hasProcessing": "dpv:Share",
          "dpv:hasDataController": "urn:nl:oin:00000001812345678000",
          "dpv:hasRecipient": [
            "urn:nl:oin:00000001812345678000"
          ],
          "dpv:hasJurisdiction": "loc:NL",
          "dpv:hasConsentControl": "dpv:WithdrawConsent"
        },
        "parties": [
          {
            "@id": "urn:nl:oin:00000001812345678000",
            "@type": [
              "dpv:DataController",
              "dpv:Recipient",
              "dpv:GovernmentalOrganisation"
            ],
            "dct:identifier": "00000001812345678000",
            "dpv:hasName": "Instituut Mijnbouwschade Groningen"
          }
        ],
        "events": [
          {
            "@id": "urn:uuid:0190a5f3-0000-7000-8000-000000000000",
            "@type": "dct:ProvenanceStatement",
            "dct:date": "2026-03-01T09:00:00.000Z",
            "dct:valid": "2026-03-01T09:00:00.000Z/2027-03-01T00:00:00.000Z",
            "dct:type": "gegeven",
            "dpv:hasConsentStatus": "dpv:ConsentGiven",
            "dpv:hasLegalBasis": [
              "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
            ],
            "dpv:isImplementedByEntity": "urn:nl:oin:00000001812345678000",
            "dct:source": {
              "dct:type": "ondertekende-brief",
              "dct:identifier": "POST-2026-0933",
              "spdx:checksumValue": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
            },
            "dct:isPartOf": {
              "@type": "dct:Collection",
              "dct:identifier": "logboek/0"
            }
          },
          {
            "@id": "urn:uuid:0190a5f3-0000-7000-8000-000000000001",
            "@type": "dct:ProvenanceStatement",
            "dct:date": "2026-03-09T09:00:00.000Z",
            "dct:valid": "2026-03-09T09:00:00.000Z/2027-03-01T00:00:00.000Z",
            "dct:type": "ingetrokken",
            "dpv:hasConsentStatus": "dpv:ConsentWithdrawn",
            "dpv:hasLegalBasis": [
              "https://w3id.org/dpv/legal/eu/gdpr#A6-1-a"
            ],
            "dpv:isImplementedByEntity": "urn:nl:oin:00000001812345678000",
            "dct:source": {
              "dct:type": "ondertekende-brief",
              "dct:identifier": "POST-2026-0933",
              "spdx:checksumValue": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
            },
            "dct:isPartOf": {
              "@type": "dct:Collection",
              "dct:identifier": "logboek/1"
            }
          }
        ]
      }
    ]
    "#);
}

#[test]
fn every_state_has_its_status() {
    use ChoiceState::{
        EnteredInError, Given, Invalidated, Refused, Renewed, Requested, Revoked, Unknown,
        Withdrawn,
    };
    for (state, at, status) in [
        (Requested, "2026-03-20T12:00:00Z", "dpv:ConsentRequested"),
        (Given, "2026-03-20T12:00:00Z", "dpv:ConsentGiven"),
        (Given, "2027-03-01T00:00:00Z", "dpv:ConsentExpired"),
        (Renewed, "2026-03-20T12:00:00Z", "dpv:RenewedConsentGiven"),
        (Refused, "2027-03-01T00:00:00Z", "dpv:ConsentRefused"),
        (Withdrawn, "2026-03-20T12:00:00Z", "dpv:ConsentWithdrawn"),
        (Revoked, "2026-03-20T12:00:00Z", "dpv:ConsentRevoked"),
        (
            Invalidated,
            "2026-03-20T12:00:00Z",
            "dpv:ConsentInvalidated",
        ),
        (
            EnteredInError,
            "2026-03-20T12:00:00Z",
            "dpv:ConsentInvalidated",
        ),
        (Unknown, "2026-03-20T12:00:00Z", "dpv:ConsentUnknown"),
    ] {
        let mut kept = registered(&[(SINCE_2020, &["eigenaar-17"])]);
        told(&mut kept, 1, ChoiceKind::Consent, state, 1);
        kept.at = moment(at);
        let written = export::records(&kept, &organisations(), None);
        let found = &written["@graph"][0]["header"]["dpv:hasConsentStatus"];
        assert_eq!(found, status, "{state} {at}");
    }
    // An objection is no consent.
    let mut kept = registered(&[(SINCE_2020, &["eigenaar-17"])]);
    told(&mut kept, 1, ChoiceKind::Objection, ChoiceState::Given, 1);
    let written = export::records(&kept, &organisations(), None);
    assert_eq!(written["@graph"][0]["@type"], "dpv:DataProcessingRecord");
}
