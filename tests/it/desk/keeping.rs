//! Two officers erase an address or an owner and hold another address at the desk, on both engines: what
//! one asks another agrees to, and the book is whole after it.

use super::Visitor;
use super::consents::Desk;
use crate::client::{Answer, Call};
use crate::party::{Party, Token};
use crate::world::{World, on_each_store};

const ADDRESS: &str = "0010200000000017";
const HELD: &str = "0010200000000018";
const OWNER: &str = "kanarie-eigenaar-17";
const KIND: &str = "schademelding";
const CAUSE: [(&str, &str); 2] = [("aanleiding", "inzageverzoek"), ("zaak", "AVG-17")];

fn to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text_or_nothing());
    answer.header("location").to_owned()
}

/// Goes as far as the numbers of an address.
async fn count(visitor: &mut Visitor, what: &str, address: &str) -> String {
    let mut fields = vec![("adres", address), ("wat", what), ("reden", "op verzoek")];
    fields.extend(CAUSE);
    visitor.get("/bewaren/vragen").await;
    let counted = to(&visitor.post("/bewaren/vragen", &fields).await);
    assert!(!counted.contains(address), "an address in a URL: {counted}");
    counted
}

async fn ask(visitor: &mut Visitor, what: &str, address: &str) -> String {
    let counted = count(visitor, what, address).await;
    let shown = visitor.get(&counted).await.text().to_owned();
    assert!(shown.contains(address), "{shown}");
    to(&visitor.post(&counted, &[("zeker", "ja")]).await)
}

async fn open(visitor: &mut Visitor, proposal: &str) -> String {
    visitor.get(proposal).await;
    assert_eq!(to(&visitor.post(proposal, &CAUSE).await), proposal);
    visitor.get(proposal).await.text().to_owned()
}

async fn confirm(visitor: &mut Visitor, proposal: &str) -> Answer {
    let mut fields = vec![("besluit", "bevestigen"), ("zeker", "ja")];
    fields.extend(CAUSE);
    visitor.post(proposal, &fields).await
}

async fn filled(world: &World, address: &str) {
    world.owners(address, &[OWNER]).await;
    let uuid = world.document("img", KIND, address, 1_000).await;
    world.consent(address, OWNER, "ncg", KIND).await;
    let token = Party::find("ncg").token(&Token::new("overig"));
    let call = Call::get(format!("/v1/documenten/{uuid}/download")).token(&token);
    world.call("ncg", &call).await.expect("200");
}

on_each_store! {
    async fn two_officers_erase_one_address_and_hold_another(store) {
        let mut world = World::new(store).await;
        filled(&world, ADDRESS).await;
        filled(&world, HELD).await;
        world.gateways[0].stop().await;
        let config = world.config();
        let desk = Desk::start(&config).await;
        let mut first = desk.enter("img-fg").await;
        let mut second = desk.enter("ncg-beheer").await;
        let mut again = desk.enter("ncg-beheer").await;
        let mut looker = desk.enter("img-auditor").await;

        // What is held is not erased, and the page says so.
        let hold = ask(&mut second, "bewaren", HELD).await;
        open(&mut first, &hold).await;
        to(&confirm(&mut first, &hold).await);
        let counted = count(&mut first, "wissen", HELD).await;
        let shown = first.get(&counted).await.text().to_owned();
        assert!(shown.contains("geldt een bewaarplicht sinds"), "{shown}");
        let refused = first.post(&counted, &[("zeker", "ja")]).await;
        assert_eq!(refused.status, 409);

        // Not by one alone, nor by who only looks on.
        let proposal = ask(&mut first, "wissen", ADDRESS).await;
        open(&mut first, &proposal).await;
        assert_eq!(to(&confirm(&mut first, &proposal).await), proposal);
        assert_eq!(looker.get(&proposal).await.status, 403);
        assert_eq!(confirm(&mut looker, &proposal).await.status, 403);

        // Twice at once: one of the two is told so, and there is one entry.
        let shown = open(&mut second, &proposal).await;
        for part in [ADDRESS, "fg-img-1", "AVG-17", "op verzoek"] {
            assert!(shown.contains(part), "{part} is not shown");
        }
        open(&mut again, &proposal).await;
        let (one, two) = tokio::join!(
            confirm(&mut second, &proposal),
            confirm(&mut again, &proposal),
        );
        let done = if one.status == 303 { &one } else { &two };
        let other = if one.status == 303 { &two } else { &one };
        assert!(matches!(other.status, 404 | 409), "{}", other.status);
        let receipt = to(done);
        let shown = looker.get(&receipt).await.text().to_owned();
        for part in ["Adres gewist", "Voorgoed onleesbaar", "Wat Sluis niet kan wissen"] {
            assert!(shown.contains(part), "{part} is not shown");
        }
        assert!(!shown.contains(ADDRESS));
        let left = count(&mut first, "wissen", ADDRESS).await;
        assert!(first.get(&left).await.text().contains("er valt niets te wissen"));

        desk.close(&config).await;
        world.abandon();
    }
}

/// Goes as far as the entries that name an owner.
async fn look_up(visitor: &mut Visitor, owner: &str) -> Answer {
    let mut fields = vec![("eigenaar", owner), ("reden", "op verzoek")];
    fields.extend(CAUSE);
    visitor.get("/bewaren/eigenaar").await;
    visitor.post("/bewaren/eigenaar", &fields).await
}

async fn turn_down(visitor: &mut Visitor, proposal: &str) {
    open(visitor, proposal).await;
    let mut fields = vec![("besluit", "afwijzen"), ("opmerking", "toch niet")];
    fields.extend(CAUSE);
    assert_eq!(to(&visitor.post(proposal, &fields).await), "/bewaren");
}

on_each_store! {
    async fn two_officers_erase_one_owner_at_every_address(store) {
        let mut world = World::new(store).await;
        filled(&world, ADDRESS).await;
        filled(&world, HELD).await;
        world.gateways[0].stop().await;
        let config = world.config();
        let desk = Desk::start(&config).await;
        let mut first = desk.enter("img-fg").await;
        let mut second = desk.enter("ncg-beheer").await;
        let mut other = desk.enter("ncg-fg").await;

        // What is no pseudonym, and one that nobody has.
        for wrong in ["", &"e".repeat(129)] {
            let refused = look_up(&mut first, wrong).await;
            assert_eq!(refused.status, 400);
            assert!(refused.text().contains("id=\"eigenaar-fout\""), "{}", refused.text());
        }
        let unknown = to(&look_up(&mut first, "kanarie-niemand").await);
        let shown = first.get(&unknown).await.text().to_owned();
        assert!(shown.contains("er valt niets te wissen"), "{shown}");
        assert_eq!(first.post(&unknown, &[("zeker", "ja")]).await.status, 409);

        // A hold of one of the addresses is in the way at all of them.
        let hold = ask(&mut second, "bewaren", HELD).await;
        let held = to(&look_up(&mut first, OWNER).await);
        assert!(!held.contains(OWNER), "an owner in a URL: {held}");
        let shown = first.get(&held).await.text().to_owned();
        assert!(shown.contains("een adres van deze eigenaar geldt een bewaarplicht"), "{shown}");
        assert_eq!(first.post(&held, &[("zeker", "ja")]).await.status, 409);
        turn_down(&mut second, &hold).await;

        // Asked once, and not agreed to by who asked.
        let counted = to(&look_up(&mut first, OWNER).await);
        let shown = first.get(&counted).await.text().to_owned();
        for part in [OWNER, "keuzes van eigenaren", "verstrekkingen en weigeringen"] {
            assert!(shown.contains(part), "{part} is not shown: {shown}");
        }
        assert!(shown.contains("aantal adressen: 2"), "{shown}");
        assert_eq!(first.post(&counted, &[]).await.status, 400);
        let proposal = to(&first.post(&counted, &[("zeker", "ja")]).await);
        let again = to(&look_up(&mut second, OWNER).await);
        assert!(second.get(&again).await.text().contains(&proposal));
        assert_eq!(second.post(&again, &[("zeker", "ja")]).await.status, 409);
        open(&mut first, &proposal).await;
        assert_eq!(to(&confirm(&mut first, &proposal).await), proposal);

        // The other reads it all; a hold that came meanwhile is in the way, and the page says so.
        let shown = open(&mut second, &proposal).await;
        for part in ["Mag deze eigenaar worden gewist?", OWNER, "fg-img-1", "AVG-17", "op verzoek"] {
            assert!(shown.contains(part), "{part} is not shown: {shown}");
        }
        let hold = ask(&mut other, "bewaren", HELD).await;
        let refused = confirm(&mut second, &proposal).await;
        assert_eq!(refused.status, 409);
        let said = "Deze eigenaar kan nu niet worden gewist.";
        assert!(refused.text().contains(said), "{}", refused.text());
        turn_down(&mut other, &hold).await;
        open(&mut second, &proposal).await;
        let receipt = to(&confirm(&mut second, &proposal).await);
        let shown = second.get(&receipt).await.text().to_owned();
        for part in ["Eigenaar gewist", "Voorgoed gewist uit", "Wat Sluis niet kan wissen"] {
            assert!(shown.contains(part), "{part} is not shown: {shown}");
        }
        assert!(!shown.contains(OWNER));
        let left = to(&look_up(&mut first, OWNER).await);
        assert!(first.get(&left).await.text().contains("er valt niets te wissen"));
        // What stands of the address besides can still be read.
        let count = count(&mut first, "wissen", ADDRESS).await;
        assert!(!first.get(&count).await.text().contains("er valt niets te wissen"));

        desk.close(&config).await;
        world.abandon();
    }
}
