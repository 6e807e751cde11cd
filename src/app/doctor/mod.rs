//! `sluis doctor`: everything that an operator wants to know before the first request, or when something
//! is amiss, told in one run however much is wrong.
//!
//! It works beside a running gateway and disturbs nothing: the database is read only, nobody is asked for a
//! document, no witness is given anything to remember, and the only file that is made is an empty one whose
//! bytes measure the disk. Every wait has a bound, and whoever is far away is asked at the same time.

mod book;
mod clocks;
mod machine;
mod others;
mod policy;
mod trust;

use std::sync::Arc;

use crate::clock::{Clock, Random};
use crate::config::Config;
use crate::finding::{Finding, Findings};
use crate::identity::Survey;
use book::Book;

/// Looks at everything the configuration names, and at whoever it names.
pub async fn examine(
    config: &Config,
    clock: &Arc<dyn Clock>,
    random: &Arc<dyn Random>,
) -> Vec<Finding> {
    let survey = {
        let (settings, clock) = (config.identity.clone(), Arc::clone(clock));
        tokio::task::spawn_blocking(move || Survey::take(&settings, &clock)).await
    };
    let mut all = Findings::default();
    let Ok(survey) = survey else {
        // The runtime is going down.
        return all.into_list();
    };
    all.add(trust::told(config, &survey, clock.now()));
    let of_book = async {
        let book = Book::open(config).await;
        let (kept, witnesses) = tokio::join!(
            book.told(config, clock),
            others::witnesses(config, &book, clock)
        );
        (kept, witnesses)
    };
    let ((kept, witnesses), machine, providers, login, collectors, own) = tokio::join!(
        of_book,
        machine::told(config),
        others::providers(config, &survey, clock),
        others::login(config, clock, random),
        others::collectors(config, clock),
        clocks::own(),
    );
    all.add(kept.findings);
    all.add(machine);
    let mut seen = own;
    seen.add(kept.clocks);
    for (findings, compared) in [providers, witnesses, collectors] {
        all.add(findings);
        seen.add(compared);
    }
    all.add(login);
    all.add(clocks::judged(seen));
    all.into_list()
}
