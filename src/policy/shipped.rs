//! The bundles of `policies/`, carried inside the binary: the demo needs nothing on disk.

use std::io;
use std::path::Path;

use super::symbolic::ProofRecord;

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../policies/", $path)))),+]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "2021-04-01-convenant/00-verboden.cedar",
    "2021-04-01-convenant/10-taak-en-plicht.cedar",
    "2021-04-01-convenant/20-toestemming.cedar",
    "2021-04-01-convenant/30-aos.cedar",
    "2021-04-01-convenant/grenzen.cedar",
    "2021-04-01-convenant/manifest.toml",
    "2021-04-01-convenant/schema.cedarschema",
    "2021-04-01-convenant/tabel.csv",
    "2023-04-19-twg/00-verboden.cedar",
    "2023-04-19-twg/10-wettelijke-plicht.cedar",
    "2023-04-19-twg/20-aos.cedar",
    "2023-04-19-twg/30-publieke-taak.cedar",
    "2023-04-19-twg/40-gezondheid.cedar",
    "2023-04-19-twg/50-toestemming.cedar",
    "2023-04-19-twg/grenzen.cedar",
    "2023-04-19-twg/manifest.toml",
    "2023-04-19-twg/schema.cedarschema",
    "2023-04-19-twg/tabel.csv",
    "kandidaat-combinatiedossier/00-verboden.cedar",
    "kandidaat-combinatiedossier/10-taak-en-plicht.cedar",
    "kandidaat-combinatiedossier/20-toestemming.cedar",
    "kandidaat-combinatiedossier/30-aos.cedar",
    "kandidaat-combinatiedossier/40-combinatiedossier.cedar",
    "kandidaat-combinatiedossier/grenzen.cedar",
    "kandidaat-combinatiedossier/manifest.toml",
    "kandidaat-combinatiedossier/schema.cedarschema",
    "kandidaat-combinatiedossier/tabel.csv",
];

/// What was proven of those that can be in force, beside their folders: it is about their hash, and so
/// cannot be in it.
const PROOFS: &[(&str, &[u8])] = files![
    "bewijzen/2021-04-01-convenant.json",
    "bewijzen/2023-04-19-twg.json",
];

/// Every proof record that is carried: the path under `policies/`, and its bytes.
pub fn shipped_proofs() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    PROOFS.iter().copied()
}

/// What was proven of the shipped bundle with this code, so that nobody needs a solver to sign for it.
#[must_use]
pub fn find_shipped_proof(code: &str) -> Option<ProofRecord> {
    let path = format!("bewijzen/{code}.json");
    let (_, bytes) = PROOFS.iter().find(|(known, _)| *known == path)?;
    ProofRecord::parse(std::str::from_utf8(bytes).ok()?).ok()
}

/// Every file of the shipped bundles: the path under `policies/`, and its bytes.
pub fn shipped() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().copied()
}

/// Writes the shipped bundles below `dir`, one folder each, and what was proven of them; files that are
/// there are replaced.
///
/// # Errors
/// When a folder cannot be made or a file cannot be written.
pub fn write_shipped(dir: &Path) -> io::Result<()> {
    for (path, bytes) in shipped().chain(shipped_proofs()) {
        let target = dir.join(path);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(target, bytes)?;
    }
    Ok(())
}
