//! Random secrets that authenticate: of sessions, of API tokens and of the setup link.

use std::fmt;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// A secret with 256 random bits, as its holder has it. The database stores only the
/// [`Secret::hash`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Creates a secret from the system's random number generator.
    pub fn new_random() -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()))
    }

    /// Creates the secret of an API token. Its prefix identifies it when it is found in a log or a
    /// repository.
    pub fn new_token() -> Self {
        Self(format!("rs_{}", Self::new_random().0))
    }

    /// Wraps a secret that a client presented. It may be invalid.
    pub fn from_presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns the hash that the database stores. A fast hash is sufficient, since 256 random bits
    /// can't be guessed.
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
