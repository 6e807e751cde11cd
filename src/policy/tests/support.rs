//! What the tests share: shipped bundles, changed on the way in.

use std::path::PathBuf;

use crate::policy::{Bundle, BundleError, shipped};

/// The bundle in force today.
pub(super) const TWG: &str = "2023-04-19-twg";
/// The line of the letter of 2021.
pub(super) const CONVENANT: &str = "2021-04-01-convenant";
/// The candidate to compare it with.
pub(super) const CANDIDATE: &str = "kandidaat-combinatiedossier";

pub(super) fn folder(code: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("policies")
        .join(code)
}

/// The files of a shipped bundle.
pub(super) fn files(code: &str) -> Vec<(String, Vec<u8>)> {
    let prefix = format!("{code}/");
    shipped()
        .filter_map(|(path, bytes)| Some((path.strip_prefix(&prefix)?.to_owned(), bytes.to_vec())))
        .collect()
}

/// A shipped bundle with texts replaced in one of its files; each text must occur in it.
pub(super) fn changed(
    code: &str,
    file: &str,
    replacements: &[(&str, &str)],
) -> Result<Bundle, BundleError> {
    let mut files = files(code);
    let (_, bytes) = files
        .iter_mut()
        .find(|(name, _)| name == file)
        .expect("the file is shipped");
    let mut text = String::from_utf8(bytes.clone()).expect("shipped files are UTF-8");
    for (from, to) in replacements {
        assert!(text.contains(from), "{from:?} is not in {file}");
        text = text.replacen(from, to, 1);
    }
    *bytes = text.into_bytes();
    Bundle::from_files(code, files)
}

/// A shipped bundle.
pub(super) fn bundle(code: &str) -> Bundle {
    Bundle::from_files(code, files(code)).expect("the shipped bundle loads")
}
