//! Passwords: how they are hashed, and which are refused because they are easily guessed.

use std::{collections::HashSet, sync::Arc, sync::LazyLock};

use argon2::{Argon2, PasswordHasher as _, PasswordVerifier, password_hash::phc::PasswordHash};
use domain::{Invalid, Password, Username};
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// Password hashes that are computed at once: each takes 19 MiB and a core for a while.
const HASHES_AT_ONCE: usize = 2;
/// Passwords that wait to be hashed at most. At some 50 ms each, the last one waits for little more than a second on
/// a machine with two cores; whoever comes beyond is refused at once instead of waiting for ever longer.
const HASHES_WAITING: usize = 50;

/// Words that are well-known as passwords, in lower case. People put digits and punctuation around them.
const COMMON: &str = include_str!("common_passwords.txt");
static COMMON_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| COMMON.lines().collect());
/// What a keyboard or an alphabet spells, one row after the other.
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
/// The longest unit that a password may be a repetition of, in characters: `abcabcabca` is as good as `abc`.
const LONGEST_UNIT: usize = 4;
/// How many characters around a common word, or beside the username, make no difference to somebody who guesses: a
/// year and two marks.
const DECORATION: usize = 6;

/// Hashes and verifies passwords beside the async tasks, few at once and with a bounded queue.
#[derive(Debug)]
pub struct PasswordHasher {
    /// A permit for each password that is hashed or waits to be.
    places: Arc<Semaphore>,
    /// A permit for each password that is hashed.
    turns: Arc<Semaphore>,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(HASHES_AT_ONCE + HASHES_WAITING)),
            turns: Arc::new(Semaphore::new(HASHES_AT_ONCE)),
        }
    }
}

impl PasswordHasher {
    /// The hash of a password that was chosen, as a PHC string.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many passwords wait, or [`Error::Internal`].
    pub async fn hash(&self, password: &Password) -> Result<String> {
        let password = password.reveal().to_owned();
        self.run(move || hash(&password)).await?.map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            Error::Internal("The password could not be hashed. Try again.")
        })
    }

    /// Whether `password` is the one that `stored` is the hash of. Without a hash it never is, and that takes as long:
    /// the time must not tell which names exist.
    ///
    /// # Errors
    /// [`Error::Busy`] if too many passwords wait, or [`Error::Internal`].
    pub async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool> {
        // No password is longer, and no prefix of a longer text is the password.
        let password: String = password.chars().take(Password::MAX + 1).collect();
        self.run(move || match stored {
            Some(stored) => verify(&password, &stored),
            None => hash(&password).is_err(),
        })
        .await
    }

    /// Runs `work` on a thread of its own when its turn comes. The turn lasts as long as the work does, even if the
    /// caller is gone before.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| Error::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let work = move || {
            let _held = (place, turn);
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "a password's hash was cut off");
            Error::Internal("The server is shutting down. Try again.")
        })
    }
}

/// Refuses a password that is among the first that somebody would try: a common word with a few digits or marks
/// around it, a run of keys, a short repetition, or little more than the username.
///
/// # Errors
/// With a sentence for the person who chose it.
pub fn refuse_weak(password: &Password, username: &Username) -> Result<(), Invalid> {
    let text: Vec<char> = password.reveal().to_lowercase().chars().collect();
    let refuse = |sentence| Err(Invalid::new("password", sentence));
    if is_mostly(&text, &username.folded()) {
        return refuse("The password is too close to the username. Choose another.");
    }
    if is_repetition(&text) || is_run(&text) || is_decorated_word(&text) {
        return refuse(
            "This password is one of the first that somebody would guess. Choose another, for \
             example several words that don't belong together.",
        );
    }
    Ok(())
}

/// Whether the username, once or repeated, makes up all but a few characters.
fn is_mostly(text: &[char], username: &str) -> bool {
    // A name of one or two letters is in many words by chance.
    let length = username.chars().count();
    let text: String = text.iter().collect();
    let rest = text.replace(username, "").chars().count();
    length > 2 && rest < text.chars().count() && rest < DECORATION
}

/// Whether it is one short unit again and again; the last one may be cut off.
fn is_repetition(text: &[char]) -> bool {
    (1..=LONGEST_UNIT.min(text.len())).any(|unit| {
        text.iter()
            .zip(&text[unit..])
            .all(|(one, other)| one == other)
    })
}

/// Whether it is a piece of a row of keys or of an alphabet, forwards or backwards.
fn is_run(text: &[char]) -> bool {
    let forwards: String = text.iter().collect();
    let backwards: String = text.iter().rev().collect();
    RUNS.iter()
        .any(|run| run.contains(&forwards) || run.contains(&backwards))
}

/// Whether it is a common word, once or repeated, with little around it, or with a run or a repetition around it. The
/// digits and marks that people write for letters count as those letters.
fn is_decorated_word(text: &[char]) -> bool {
    let letters: Vec<char> = text.iter().map(|&c| letter_for(c)).collect();
    // What stands around the word may hold such digits, too; both readings are tried.
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
        // In the middle of the word digits always stand for letters.
        decorated && is_common(&letters[start..end])
    }) || (0..=DECORATION).any(|cut| {
        // `passw0rd1`, where the last digit would be read as a letter: without the last few characters.
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

/// The letter that people write this digit or mark for.
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

/// Argon2id with the parameters OWASP asks for (19 MiB, two passes), which are the crate's own.
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
mod tests {
    use std::{
        sync::{
            atomic::{AtomicUsize, Ordering},
            mpsc,
        },
        time::Duration,
    };

    use tokio::time::timeout;

    use super::*;

    fn is_refused(password: &str, username: &str) -> bool {
        let password = Password::parse(password).unwrap();
        refuse_weak(&password, &Username::parse(username).unwrap()).is_err()
    }

    #[test]
    fn passwords_that_are_guessed_first_are_refused() {
        for password in [
            "password123",
            "Password2026!",
            "P@ssw0rd2026",
            "passw0rd11",
            "passwordpassword",
            "password1234567890",
            "!!Welcome2026",
            "letmein12345",
            "qwertyuiop",
            "QWERTYUIOP",
            "poiuytrewq",
            "asdfghjkl;",
            "1234567890",
            "12345678901234567890",
            "0987654321",
            "1q2w3e4r5t",
            "1qaz2wsx3edc",
            "aaaaaaaaaa",
            "1212121212",
            "abcabcabcabc",
            "abcdefghij",
            "iloveyou!!",
            "iloveyou2026",
            "Newsroom2026",
            "ringside1234",
            "letmeinletmein",
            "electionnight",
            "administrator",
        ] {
            assert!(is_refused(password, "ann"), "{password}");
        }
    }

    #[test]
    fn other_passwords_are_taken() {
        for password in [
            "correct horse battery",
            "a long enough password",
            "another password",
            "not the password",
            "7f9c24e5-2d1b-4a7e-9c53-1b8f0a6d2e41",
            "dragon83749274917",
            "wind mills on the hill",
            "gxkqpvmzrt",
            "Zürich liegt am See",
            "これはとても長い合い言葉",
        ] {
            assert!(!is_refused(password, "ann"), "{password}");
        }
    }

    #[test]
    fn a_password_must_differ_from_the_username() {
        for (password, username) in [
            ("annabel.lee", "annabel.lee"),
            ("ANNABEL.LEE", "annabel.lee"),
            ("annabel.lee1", "Annabel.Lee"),
            ("26-annabel.lee", "annabel.lee"),
            ("otto-otto-otto", "otto"),
            ("xxannabelxx", "annabel"),
        ] {
            assert!(is_refused(password, username), "{password}");
        }
        // With enough besides, it may hold the name.
        assert!(!is_refused("annabel likes tea", "annabel"));
        assert!(!is_refused("at a station", "a"));
    }

    #[test]
    fn the_list_holds_each_word_once_in_lower_case() {
        let words: Vec<_> = COMMON.lines().collect();
        assert!(words.is_sorted_by(|one, other| one < other));
        assert!(
            words
                .iter()
                .all(|word| word.chars().all(|c| c.is_ascii_lowercase()))
        );
    }

    #[tokio::test]
    async fn a_caller_that_is_gone_keeps_its_turn_until_the_work_ends() {
        let hasher = PasswordHasher::default();
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let work = || {
            let (running, most) = (Arc::clone(&running), Arc::clone(&most));
            move || {
                let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                most.fetch_max(now, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(50));
                running.fetch_sub(1, Ordering::SeqCst);
            }
        };
        for _ in 0..10 {
            // The caller gives up as soon as the work has begun.
            let gone = timeout(Duration::from_millis(1), hasher.run(work())).await;
            assert!(gone.is_err());
        }
        hasher.run(work()).await.unwrap();
        assert_eq!(most.load(Ordering::SeqCst), HASHES_AT_ONCE);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_recovers() {
        let hasher = Arc::new(PasswordHasher::default());
        let mut released = Vec::new();
        let mut tasks = Vec::new();
        for _ in 0..HASHES_AT_ONCE + HASHES_WAITING {
            let (release, wait) = mpsc::channel::<()>();
            released.push(release);
            let hasher = Arc::clone(&hasher);
            tasks.push(tokio::spawn(async move {
                hasher.run(move || wait.recv().is_err()).await
            }));
        }
        while hasher.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(hasher.run(|| ()).await, Err(Error::Busy)));
        // Everybody who waited gets their turn.
        drop(released);
        for task in tasks {
            assert!(task.await.unwrap().unwrap());
        }
        hasher.run(|| ()).await.unwrap();
    }
}
