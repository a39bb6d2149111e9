//! Random words that open doors: those of sessions, of programs and of the set-up link.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 256 random bits, as their holder carries them. The database keeps only the [`Secret::hash`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one, from the system's randomness.
    pub fn new_random() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// A new one for a program. By its beginning, whoever finds it in a log or a repository sees what it is.
    pub fn new_token() -> Self {
        Self(format!("rs_{}", Self::new_random().0))
    }

    /// One that somebody showed us; it may open nothing.
    pub fn shown(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text its holder carries.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database keeps. A fast hash serves: there is nothing to guess in 256 random bits.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
