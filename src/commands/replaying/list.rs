//! Every difference as a row of a table.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sluis::replay::{Difference, Told};
use sluis::views::row;

use super::super::{Exit, Failed};

/// The columns, in their order.
const COLUMNS: [&str; 26] = [
    "index",
    "transactie",
    "tijd",
    "week",
    "handeling",
    "doel",
    "documentsoort",
    "gezondheid",
    "van",
    "naar",
    "bron",
    "aanvrager",
    "team",
    "verschil",
    "eerst",
    "eerst-grondslag",
    "eerst-artikel",
    "eerst-regels",
    "eerst-verplichtingen",
    "eerst-bundel",
    "straks",
    "straks-grondslag",
    "straks-artikel",
    "straks-regels",
    "straks-verplichtingen",
    "toelichting",
];

/// The file, and the first thing that went wrong with it.
pub(super) struct List {
    path: PathBuf,
    file: BufWriter<File>,
    written: io::Result<()>,
}

impl List {
    /// A new file, which only its owner can read: who may know what is in it is theirs to say.
    pub(super) fn create(path: &Path) -> Result<Self, Failed> {
        let mut options = File::options();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(path).map_err(|error| {
            Failed::usage([format!(
                "--list: {} cannot be made ({error}); name a file that is not there yet",
                path.display()
            )])
        })?;
        let mut list = Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            written: Ok(()),
        };
        list.write(row(COLUMNS.iter().map(|name| (*name).to_owned())));
        Ok(list)
    }

    pub(super) fn take(&mut self, difference: &Difference) {
        self.write(row(cells(difference).into_iter()));
    }

    fn write(&mut self, row: Option<String>) {
        if self.written.is_ok() {
            self.written = self.file.write_all(row.unwrap_or_default().as_bytes());
        }
    }

    /// Everything was taken: makes the file durable.
    pub(super) fn finish(mut self) -> Result<(), Failed> {
        let flushed = self.written.and_then(|()| self.file.flush());
        let kept = flushed.and_then(|()| self.file.get_ref().sync_all());
        kept.map_err(|error| Failed {
            exit: Exit::Internal,
            lines: vec![format!(
                "{} cannot be written ({error})",
                self.path.display()
            )],
        })
    }

    /// Takes the file away again.
    pub(super) fn discard(self) {
        drop(self.file);
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What was decided: permitted, or the reason.
pub(super) fn outcome(told: &Told) -> &str {
    told.reason.as_deref().unwrap_or("toegestaan")
}

fn cells(one: &Difference) -> [String; 26] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let (was, follows) = (&one.was, &one.follows);
    let act = one.act.and_then(|act| serde_json::to_value(act).ok());
    let act = act.as_ref().and_then(serde_json::Value::as_str);
    [
        one.index.to_string(),
        one.transaction.to_string(),
        one.at.to_string(),
        one.at.local().day().week().to_string(),
        act.unwrap_or_default().to_owned(),
        one.purpose.to_string(),
        one.kind.to_string(),
        if one.health { "ja" } else { "nee" }.to_owned(),
        one.direction.from.to_string(),
        one.direction.to.to_string(),
        one.provider.to_string(),
        one.requester.to_string(),
        one.team
            .as_ref()
            .map_or_else(String::new, ToString::to_string),
        one.shift.code().to_owned(),
        outcome(was).to_owned(),
        text(&was.ground),
        text(&was.article),
        was.rules.join(" "),
        was.duties.join(" "),
        was.bundle.map_or_else(String::new, |hash| hash.to_string()),
        outcome(follows).to_owned(),
        text(&follows.ground),
        text(&follows.article),
        follows.rules.join(" "),
        follows.duties.join(" "),
        one.sentences.join(" "),
    ]
}
