//! Hashes and verifies passwords, and rejects passwords that are easily guessed.

use std::{collections::HashSet, sync::Arc, sync::LazyLock};

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier, password_hash::phc::PasswordHash};
use domain::{Invalid, Password, Username};
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// The number of passwords hashed concurrently. Each takes 19 MiB and a CPU core for a while.
const MAX_CONCURRENT_HASHES: usize = 2;
/// The maximum number of queued passwords. At about 50 ms each, the last one waits for little more
/// than a second on a machine with two cores. Further ones are rejected at once.
const MAX_QUEUED_HASHES: usize = 50;

/// Common passwords without digits and punctuation, in lower case.
const COMMON: &str = include_str!("common_passwords.txt");
static COMMON_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.lines().collect());
/// Sequences of keys on a keyboard and of letters of an alphabet.
const RUNS: [&str; 9] = [
    "0123456789012345678901234567890",
    "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiop[]asdfghjkl;'zxcvbnm,./",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
];
/// The maximum length of a repeated unit, in characters: `abcabcabca` is as weak as `abc`.
const MAX_UNIT: usize = 4;
/// The number of characters around a common word, or beside the username, that add no security: a
/// year and two punctuation marks.
const DECORATION: usize = 6;

/// Hashes and verifies passwords on blocking threads, few at once and with a bounded queue.
#[derive(Debug)]
pub struct PasswordHasher {
    /// A permit for each password that is hashed or queued.
    queue_permits: Arc<Semaphore>,
    /// A permit for each password that is hashed.
    run_permits: Arc<Semaphore>,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self {
            queue_permits: Arc::new(Semaphore::new(MAX_CONCURRENT_HASHES + MAX_QUEUED_HASHES)),
            run_permits: Arc::new(Semaphore::new(MAX_CONCURRENT_HASHES)),
        }
    }
}

impl PasswordHasher {
    /// Returns the hash of a new password as a PHC string.
    ///
    /// # Errors
    /// Returns [`Error::Busy`] if the queue is full, or [`Error::Internal`].
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let password = password.reveal().to_owned();
        self.run(move || hash(&password)).await?.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Error::Internal("The password could not be hashed. Try again.")
        })
    }

    /// Returns whether `password` matches the hash `stored`. Without a hash it returns `false`
    /// after the same time, so that the time doesn't reveal which accounts exist.
    ///
    /// # Errors
    /// Returns [`Error::Busy`] if the queue is full, or [`Error::Internal`].
    pub async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool> {
        // No password is longer, and a longer text never matches.
        let password: String = password.chars().take(Password::MAX + 1).collect();
        self.run(move || match stored {
            Some(stored) => verify(&password, &stored),
            None => hash(&password).is_err(),
        })
        .await
    }

    /// Runs `work` on a blocking thread when a permit is free. The permit is held until the work
    /// ends, even if the caller is dropped.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let queue_permit = Arc::clone(&self.queue_permits).try_acquire_owned();
        let queue_permit = queue_permit.map_err(|_| Error::Busy)?;
        let run_permit = Arc::clone(&self.run_permits).acquire_owned().await;
        let work = move || {
            let _permits = (queue_permit, run_permit);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "hashing a password was interrupted");
            Error::Internal("The server is shutting down. Try again.")
        })
    }
}

/// Rejects a password that attackers try first: a common word with a few digits or marks around it,
/// a sequence of keys, a short repetition, or little more than the username.
///
/// # Errors
/// Returns a message for the person who chose it.
pub fn reject_weak(password: &Password, username: &Username) -> Result<(), Invalid> {
    let text: Vec<char> = password.reveal().to_lowercase().chars().collect();
    let reject = |message| Err(Invalid::new("password", message));
    if is_mostly(&text, &username.folded()) {
        return reject("The password is too similar to the username. Choose a different one.");
    }
    if is_repetition(&text) || is_run(&text) || is_decorated_word(&text) {
        return reject(
            "This password is easy to guess. Choose a different one, such as several unrelated words.",
        );
    }
    Ok(())
}

/// Returns whether the username, once or repeated, makes up all but a few characters.
fn is_mostly(text: &[char], username: &str) -> bool {
    // A name of one or two letters is part of many words by chance.
    let length = username.chars().count();
    let text: String = text.iter().collect();
    let rest = text.replace(username, "").chars().count();
    length > 2 && rest < text.chars().count() && rest < DECORATION
}

/// Returns whether the text repeats one short unit; the last repetition may be incomplete.
fn is_repetition(text: &[char]) -> bool {
    (1..=MAX_UNIT.min(text.len())).any(|unit| {
        text.iter()
            .zip(&text[unit..])
            .all(|(one, other)| one == other)
    })
}

/// Returns whether the text is part of a sequence of keys or letters, forwards or backwards.
fn is_run(text: &[char]) -> bool {
    let forwards: String = text.iter().collect();
    let backwards: String = text.iter().rev().collect();
    RUNS.iter()
        .any(|run| run.contains(&forwards) || run.contains(&backwards))
}

/// Returns whether the text is a common word, once or repeated, with few characters around it, or
/// with a sequence or a repetition around it. Digits and marks that resemble letters count as those
/// letters.
fn is_decorated_word(text: &[char]) -> bool {
    let letters: Vec<char> = text.iter().map(|&c| letter_for(c)).collect();
    // The characters around the word may be such digits, too, so try both readings.
    [text, &letters].into_iter().any(|reading| {
        let Some(start) = reading.iter().position(|c| c.is_alphabetic()) else {
            return false;
        };
        let end = reading.iter().rposition(|c| c.is_alphabetic());
        let end = end.map_or(reading.len(), |last| last + 1);
        let (before, after) = (&text[..start], &text[end..]);
        let decorated = before.len() + after.len() <= DECORATION
            || [before, after]
                .iter()
                .all(|part| is_repetition(part) || is_run(part));
        // In the middle of the word, digits always count as letters.
        decorated && is_common(&letters[start..end])
    }) || (0..=DECORATION).any(|cut| {
        // `passw0rd1`, where the last digit would be read as a letter: try without the last
        // characters.
        letters.len() > cut && is_common(&letters[..letters.len() - cut])
    })
}

fn is_common(word: &[char]) -> bool {
    (1..=4).any(|times| {
        let unit = word.len() / times;
        word.len().is_multiple_of(times)
            && unit > 0
            && word.chunks(unit).all(|chunk| chunk == &word[..unit])
            && COMMON_WORDS.contains(&*word[..unit].iter().collect::<String>())
    })
}

/// Returns the letter that a digit or mark resembles.
const fn letter_for(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

/// Hashes with Argon2id and the parameters that OWASP recommends (19 MiB, two passes), the crate's
/// defaults.
fn hash(password: &str) -> Result<String, argon2::password_hash::Error> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|stored| {
        Argon2::default()
            .verify_password(password.as_bytes(), &stored)
            .is_ok()
    })
}

#[cfg(test)]
mod tests;
