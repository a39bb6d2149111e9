use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use tokio::time::timeout;

use super::*;

fn is_rejected(password: &str, username: &str) -> bool {
    let password = Password::parse(password).unwrap();
    reject_weak(&password, &Username::parse(username).unwrap()).is_err()
}

#[test]
fn easily_guessed_passwords_are_rejected() {
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
        assert!(is_rejected(password, "ann"), "{password}");
    }
}

#[test]
fn other_passwords_are_accepted() {
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
        assert!(!is_rejected(password, "ann"), "{password}");
    }
}

#[test]
fn password_must_differ_from_the_username() {
    for (password, username) in [
        ("annabel.lee", "annabel.lee"),
        ("ANNABEL.LEE", "annabel.lee"),
        ("annabel.lee1", "Annabel.Lee"),
        ("26-annabel.lee", "annabel.lee"),
        ("otto-otto-otto", "otto"),
        ("xxannabelxx", "annabel"),
    ] {
        assert!(is_rejected(password, username), "{password}");
    }
    // With enough other characters, it may contain the name.
    assert!(!is_rejected("annabel likes tea", "annabel"));
    assert!(!is_rejected("at a station", "a"));
}

#[test]
fn word_list_is_sorted_unique_and_lower_case() {
    let words: Vec<_> = COMMON.lines().collect();
    assert!(words.is_sorted_by(|one, other| one < other));
    assert!(
        words
            .iter()
            .all(|word| word.chars().all(|c| c.is_ascii_lowercase()))
    );
}

#[tokio::test]
async fn dropped_call_keeps_its_permit_until_the_work_ends() {
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
        // The call is dropped as soon as the work has begun.
        let result = timeout(Duration::from_millis(1), hasher.run(work())).await;
        assert!(result.is_err());
    }
    hasher.run(work()).await.unwrap();
    assert_eq!(most.load(Ordering::SeqCst), MAX_CONCURRENT_HASHES);
}

#[tokio::test]
async fn full_queue_rejects_at_once_and_recovers() {
    let hasher = Arc::new(PasswordHasher::default());
    let mut released = Vec::new();
    let mut tasks = Vec::new();
    for _ in 0..MAX_CONCURRENT_HASHES + MAX_QUEUED_HASHES {
        let (release, wait) = mpsc::channel::<()>();
        released.push(release);
        let hasher = Arc::clone(&hasher);
        tasks.push(tokio::spawn(async move {
            hasher.run(move || wait.recv().is_err()).await
        }));
    }
    while hasher.queue_permits.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(matches!(hasher.run(|| ()).await, Err(Error::Busy)));
    // All queued passwords are hashed.
    drop(released);
    for task in tasks {
        assert!(task.await.unwrap().unwrap());
    }
    hasher.run(|| ()).await.unwrap();
}
