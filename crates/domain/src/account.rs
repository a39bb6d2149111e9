//! Accounts, roles and their permissions.

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, hygiene,
    text::{
        Lines, id_type, parsed_text, reject_invisible, reject_other_chars, validated, word_enum,
    },
};

id_type!(
    /// The id of an account.
    AccountId
);

id_type!(
    /// The id of a session, used to list and end it. It authenticates nobody.
    SessionId
);

id_type!(
    /// The id of an invitation. It is not the secret in its link.
    InvitationId
);

word_enum!(
    /// What happens to the messages in rooms of an account that is deleted.
    DeletedMessages as "messages" {
        /// They stay, without the name of the account.
        Anonymize = "anonymize",
        /// They are removed for all.
        Remove = "remove",
    }
);

word_enum!(
    /// An account's role, from which its permissions follow.
    Role as "role" {
        /// May do everything: manage entries, accounts and settings.
        Owner = "owner",
        /// May edit every entry and all of its updates.
        Editor = "editor",
        /// May post to every entry, and edit its own updates.
        Author = "author",
        /// May follow entries and chat, but not post.
        Reader = "reader",
    }
);

/// The authenticated account that makes a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The account's id.
    pub id: AccountId,
    /// The name used to log in.
    pub username: Username,
    /// The account's role.
    pub role: Role,
}

/// The name used to log in, and shown with posts unless the site shows display names: 1 to 40
/// letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

impl Username {
    /// The maximum length, in characters.
    pub const MAX: usize = 40;

    /// Parses a username, trimmed.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const RULE: &str =
            "The username can contain only letters, digits, dots, hyphens and underscores.";
        let text = validated("username", "The username", text, 1, Self::MAX, Lines::One)?;
        reject_other_chars("username", &text, RULE, |c| {
            c.is_alphanumeric() || matches!(c, '.' | '_' | '-')
        })?;
        Ok(Self(text))
    }

    /// Returns the name in the form used for lookups, which ignores case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

parsed_text!(Username);

/// The name of a person, which cards show instead of the username if the site does so: 1 to 60
/// characters, visible but for spaces. It is of one account only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DisplayName(String);

impl DisplayName {
    /// The maximum length, in characters.
    pub const MAX: usize = 60;

    /// Parses a name, trimmed; `None` if it is empty.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse_optional(text: &str) -> Result<Option<Self>, Invalid> {
        if hygiene::clean_line(text).is_empty() {
            return Ok(None);
        }
        Self::parse(text).map(Some)
    }

    /// Parses a name, trimmed.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const FIELD: &str = "display_name";
        let text = validated(FIELD, "The display name", text, 1, Self::MAX, Lines::One)?;
        reject_invisible(FIELD, "The display name", &text)?;
        Ok(Self(text))
    }
}

parsed_text!(DisplayName);

/// A new password: 10 to 200 characters. Never printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// The minimum length, in characters. Length is what makes a password strong (NIST SP 800-63B).
    pub const MIN: usize = 10;
    /// The maximum length, in characters: bounds the time that hashing takes.
    pub const MAX: usize = 200;

    /// Parses a new password, without trimming it.
    ///
    /// # Errors
    /// Returns a message for the person who entered it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text.chars().count() {
            n if n < Self::MIN => Err(Invalid::new(
                "password",
                format!("The password needs at least {} characters.", Self::MIN),
            )),
            n if n > Self::MAX => Err(Invalid::new(
                "password",
                format!("The password can have at most {} characters.", Self::MAX),
            )),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// Returns the password itself, to be hashed.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(..)")
    }
}
