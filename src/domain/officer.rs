//! Who works at the desk: in which part.

use serde::{Deserialize, Serialize};

use super::choice::code_enum;
use super::id::Malformed;

/// What somebody may do at the desk. Somebody can have several parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeskRole {
    /// The privacy officer (functionaris gegevensbescherming, AVG 37 to 39): sees and judges.
    Fg,
    /// Who checks independently that the book is whole (BIO2 8.15.06): sees, and judges nothing.
    Auditor,
    /// Who keeps the registry of choices: registers and withdraws them.
    Beheer,
}

code_enum! {
    DeskRole,
    "fg, auditor of beheer",
    Fg = "fg",
    Auditor = "auditor",
    Beheer = "beheer",
}

impl DeskRole {
    /// Every role there is.
    pub const ALL: [Self; 3] = [Self::Fg, Self::Auditor, Self::Beheer];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_code_everywhere() {
        for wrong in ["", "FG", "fg ", "admin", "beheerder"] {
            assert!(DeskRole::parse(wrong).is_err(), "{wrong:?}");
        }
        for role in DeskRole::ALL {
            assert_eq!(DeskRole::parse(role.code()), Ok(role));
            let written = serde_json::to_value(role).unwrap();
            assert_eq!(written, role.code());
        }
    }
}
