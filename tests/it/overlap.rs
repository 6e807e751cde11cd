//! The key that an organisation signs its tokens with is replaced by overlap, as `deploy/runbooks/keys.md`
//! has it, while the gateway runs.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::client::Call;
use crate::party::{Party, Token, pki, strange_pki};
use crate::world::{Store, World};

const ADDRESS: &str = "0024200000017307";
const PATIENCE: Duration = Duration::from_secs(45);

/// An organisation's key: both in its JWKS for a while, the new one alone after that, and no restart.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_key_of_an_organisation_is_replaced_by_overlap() {
    let mut world = World::without_gateway(Store::Sqlite).await;
    let set = |folder: &Path| -> serde_json::Value {
        let text = std::fs::read(folder.join("img.jwks.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    };
    let (old_set, new_set) = (set(pki()), set(strange_pki()));
    let jwks = world.folder.path().join("img.jwks.json");
    // As the runbook has it: beside the file, and then in its place.
    let put = |text: &str| {
        let beside = jwks.with_added_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, &jwks).unwrap();
    };
    put(&old_set.to_string());
    let config = std::fs::read_to_string(world.config()).unwrap();
    let at = pki().join("img.jwks.json").display().to_string();
    let moved = config.replace(&at, &jwks.display().to_string());
    assert_ne!(moved, config);
    std::fs::write(world.config(), moved).unwrap();
    world.start().await;
    world.owners(ADDRESS, &["eig-1"]).await;
    let document = world.document("ncg", "opnamerapport", ADDRESS, 1_000).await;
    let call = Call::get(format!("/v1/documenten/{document}/download"));
    let old = Party::find("img");
    let new = Party::with_token_key("img", &strange_pki().join("img-token.key"));
    let answered = async |party: &Party| {
        let token = party.token(&Token::new("schade-afhandeling"));
        let answer = world.call("img", &call.clone().token(&token)).await;
        if answer.status != 200 {
            answer.expect("401 token-ongeldig");
            return false;
        }
        true
    };
    let until = async |party: &Party, expected: bool| {
        let since = Instant::now();
        while answered(party).await != expected {
            assert!(since.elapsed() < PATIENCE, "the change is not taken over");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(answered(old).await);
    assert!(!answered(&new).await, "a key that nobody named yet");

    let keys = |sets: &[&serde_json::Value]| {
        let keys = sets.iter().flat_map(|set| set["keys"].as_array().unwrap());
        serde_json::json!({"keys": keys.collect::<Vec<_>>()}).to_string()
    };
    put(&keys(&[&old_set, &new_set]));
    until(&new, true).await;
    for _ in 0..3 {
        assert!(answered(old).await && answered(&new).await);
    }
    // A set that cannot be read takes nobody's key away.
    put(&keys(&[&old_set, &new_set, &new_set]));
    let since = Instant::now();
    while !world.gateways[0]
        .said()
        .contains("its kid is another key's too")
    {
        assert!(since.elapsed() < PATIENCE, "{}", world.gateways[0].said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(answered(old).await && answered(&new).await);

    put(&new_set.to_string());
    until(old, false).await;
    assert!(answered(&new).await);
    // What the end of the test asks for it asks with the old key.
    put(&keys(&[&old_set, &new_set]));
    until(old, true).await;
    world.close().await;
}
