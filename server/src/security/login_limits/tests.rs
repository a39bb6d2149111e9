use clap::Parser;

use super::*;

#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    settings: Settings,
}

fn limits(flags: &[&str]) -> LoginLimits {
    let flags = Flags::parse_from(["test"].iter().chain(flags));
    LoginLimits::new(&flags.settings)
}

/// Makes an attempt that fails. Returns whether its password was verified.
async fn is_verified(limits: &LoginLimits, address: &str, name: &str) -> bool {
    let attempt = limits.begin(address.parse().unwrap(), name).await;
    attempt.is_ok()
}

#[tokio::test]
async fn ipv6_network_counts_as_one_address() {
    let limits = limits(&[]);
    for machine in 1..=10 {
        assert!(is_verified(&limits, &format!("2001:db8::{machine}"), "ann").await);
    }
    assert!(!is_verified(&limits, "2001:db8::ffff:0:0:11", "ann").await);
    assert!(
        is_verified(&limits, "2001:db8:0:1::1", "ann").await,
        "the next network"
    );
}

#[tokio::test]
async fn address_is_limited_with_any_usernames() {
    let limits = limits(&["--login-delay-ms", "0"]);
    for number in 0..30 {
        assert!(is_verified(&limits, "192.0.2.1", &format!("name-{number}")).await);
    }
    let refused = limits.begin("192.0.2.1".parse().unwrap(), "another").await;
    assert!(matches!(refused, Err(LoginRefused::Address(wait)) if wait <= Duration::from_secs(2)));
    assert!(is_verified(&limits, "192.0.2.2", "another").await);
}

#[tokio::test]
async fn successful_logins_are_not_limited() {
    let limits = limits(&[]);
    for _ in 0..200 {
        let login = limits.begin("192.0.2.1".parse().unwrap(), "ann").await;
        login.unwrap().succeeded();
    }
}

#[tokio::test]
async fn fifty_people_behind_one_address_log_in_at_once() {
    let limits = limits(&[]);
    let people = (0..50).map(|number| {
        let limits = limits.clone();
        tokio::spawn(async move {
            let name = format!("name-{number}");
            let login = limits.begin("192.0.2.1".parse().unwrap(), &name).await;
            tokio::task::yield_now().await;
            login.unwrap().succeeded();
        })
    });
    for person in people.collect::<Vec<_>>() {
        person.await.unwrap();
    }
}

#[tokio::test]
async fn one_address_cannot_fill_the_queue() {
    let limits = limits(&["--logins-per-minute-per-address", "1000"]);
    let address: IpAddr = "192.0.2.1".parse().unwrap();
    let mut held = Vec::new();
    for number in 0..CONCURRENT_PER_ADDRESS {
        held.push(
            limits
                .begin(address, &format!("name-{number}"))
                .await
                .unwrap(),
        );
    }
    let waiting = {
        let limits = limits.clone();
        tokio::spawn(async move { limits.begin(address, "one-more").await })
    };
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    assert!(is_verified(&limits, "192.0.2.2", "ann").await);
    drop(held.pop());
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn attempts_with_an_attacked_username_are_delayed_but_never_refused() {
    let max = Duration::from_millis(5);
    let limits = limits(&["--login-delay-ms", "5"]);
    let own: IpAddr = "198.51.100.1".parse().unwrap();
    let login = limits.begin(own, "Ann").await;
    login.unwrap().succeeded();
    let began = Instant::now();
    for number in 1..=60 {
        assert!(is_verified(&limits, &format!("192.0.2.{number}"), "ann").await);
    }
    assert!(began.elapsed() >= 50 * max);

    let failed = lock(&limits.names.get("ann").unwrap()).add(Instant::now());
    assert!(failed > UNDELAYED);
    let stranger = ("192.0.2.99".parse().unwrap(), "ann".to_owned());
    assert_eq!(limits.delay_of(&stranger, failed), max);
    // The client that logged in before is not delayed.
    let own = (own, "ann".to_owned());
    assert_eq!(limits.delay_of(&own, failed), Duration::ZERO);
    // Nor are other names.
    assert!(limits.names.get("bob").is_none());
}

#[test]
fn attempts_recover_with_time() {
    let now = Instant::now();
    let mut bucket = Bucket::new(now);
    for _ in 0..10 {
        bucket.take(now, 10).unwrap();
    }
    assert_eq!(bucket.take(now, 10), Err(Duration::from_secs(6)));
    let later = now + Duration::from_millis(6_001);
    bucket.take(later, 10).unwrap();
    bucket.take(later, 10).unwrap_err();
    bucket.refund();
    bucket.take(later, 10).unwrap();
    // A clock that goes back recovers nothing.
    bucket.take(now, 10).unwrap_err();
}

#[test]
fn delays_grow_up_to_the_limit() {
    let max = Duration::from_secs(4);
    assert_eq!(delay(9.0, max), Duration::ZERO);
    assert_eq!(delay(10.0, max), FIRST_DELAY);
    assert_eq!(delay(12.5, max), FIRST_DELAY * 4);
    assert_eq!(delay(MAX_COUNTED, max), max);
    assert_eq!(delay(MAX_COUNTED, Duration::ZERO), Duration::ZERO);
}
