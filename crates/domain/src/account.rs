//! Who may do what.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    text::{Lines, id_type, measured, parsed_text, refuse_others, word_enum},
};

id_type!(
    /// The number of an account.
    AccountId
);

id_type!(
    /// The number of a session, by which it is listed and ended. It authenticates nobody.
    SessionId
);

word_enum!(
    /// What an account is trusted with.
    Role as "role" {
        /// Everything: entries, accounts and settings.
        Owner = "owner",
        /// Every entry and all of its updates.
        Editor = "editor",
        /// Posts to every entry, and edits what they posted.
        Author = "author",
        /// Follows and chats; posts nothing.
        Reader = "reader",
    }
);

impl Role {
    /// Whether updates may be posted to entries.
    pub const fn may_post(self) -> bool {
        !matches!(self, Self::Reader)
    }

    /// Whether entries may be created, started and ended.
    pub const fn may_run_entries(self) -> bool {
        self.may_post()
    }

    /// Whether other people's updates may be edited and deleted.
    pub const fn may_edit_others(self) -> bool {
        matches!(self, Self::Owner | Self::Editor)
    }
}

/// Who is asking: an account with a session that is still good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The account's number.
    pub id: AccountId,
    /// The name they log in and sign with.
    pub username: Username,
    /// What they are trusted with.
    pub role: Role,
}

/// The name an account logs in and signs with: 1 to 40 letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

impl Username {
    /// The longest it may be, in characters.
    pub const MAX: usize = 40;

    /// Takes a username in, trimmed.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: &str = "The username can hold letters, digits, dots, hyphens and underscores.";
        let text = measured("username", "The username", text, 1, Self::MAX, Lines::One)?;
        refuse_others("username", &text, RULE, |c| {
            c.is_alphanumeric() || matches!(c, '.' | '_' | '-')
        })?;
        Ok(Self(text))
    }

    /// The name as it is looked up: capitals make no difference.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

parsed_text!(Username);

/// A password that was chosen: 10 to 200 characters. Never printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The shortest it may be, in characters: length is what protects (NIST SP 800-63B).
    pub const MIN: usize = 10;
    /// The longest it may be, in characters: hashing has to end.
    pub const MAX: usize = 200;

    /// Takes a chosen password in, as it is.
    ///
    /// # Errors
    /// With a sentence for the person who typed it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.chars().count() {
            n if n < Self::MIN => Err(Invalid::new(
                "password",
                format!("The password needs at least {} characters.", Self::MIN),
            )),
            n if n > Self::MAX => Err(Invalid::new(
                "password",
                format!("The password can have {} characters at most.", Self::MAX),
            )),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The password itself, for the hash.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}
