//! Certificates and revocation lists as they come in files and handshakes, each looked at alone.

use std::sync::LazyLock;

use sluis::clock::Moment;
use sluis::identity::{Revocations, Usage, inspect_authority, inspect_leaf};

use super::NOW;

/// One certificate in DER: fit for a client, or to be a CA.
pub(super) fn certificate(data: &[u8]) -> bool {
    let client = inspect_leaf(data, Usage::Client);
    let server = inspect_leaf(data, Usage::Server);
    let authority = inspect_authority(data);
    if let (Ok(client), Ok(server)) = (&client, &server) {
        assert_eq!(client, server, "one certificate says one thing");
    }
    // INVARIANT of the profile: whoever can sign certificates is no client, and the other way round.
    assert!(authority.is_err() || (client.is_err() && server.is_err()));
    for said in [&client, &server, &authority].into_iter().flatten() {
        if let Ok(oin) = said.oin {
            let digits = oin.as_str().as_bytes();
            let stands = data.windows(digits.len()).any(|window| window == digits);
            assert!(stands, "an OIN that is not in it");
        }
    }
    client.is_ok() || authority.is_ok()
}

/// A list that is good, and in use when another comes.
static HELD: LazyLock<Revocations> = LazyLock::new(|| {
    let good = include_bytes!("corpus/crl/good-nobody-revoked");
    let (held, faults) = Revocations::default().replaced_by(good, *NOW);
    assert!(faults.is_empty(), "{faults:?}");
    held
});

fn told(lists: &Revocations) -> Vec<(String, Moment, Moment)> {
    let lists = lists.lists();
    lists
        .map(|(issuer, made, next)| (issuer.to_owned(), made, next))
        .collect()
}

/// A file of revocation lists.
pub(super) fn crl(data: &[u8]) -> bool {
    let (fresh, faults) = Revocations::default().replaced_by(data, *NOW);
    let lists = told(&fresh);
    for (_, made, _) in &lists {
        assert!(*made <= *NOW, "a list of tomorrow");
    }
    if faults.is_empty() {
        assert!(!lists.is_empty(), "a file without a list");
        let (again, faults) = fresh.replaced_by(data, *NOW);
        assert!(faults.is_empty(), "{faults:?}");
        assert_eq!(told(&again), lists, "the same file changed something");
    }
    // A file that is not good in every part takes nothing away from what is held.
    let (after, wrong) = HELD.replaced_by(data, *NOW);
    if !wrong.is_empty() {
        let after = told(&after);
        for (issuer, made, _) in told(&HELD) {
            let stays = after.iter().any(|(of, at, _)| *of == issuer && *at >= made);
            assert!(stays, "the list of {issuer} is gone");
        }
    }
    faults.is_empty()
}
