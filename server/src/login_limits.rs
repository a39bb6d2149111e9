//! How often logins may fail, and how many are verified at once.
//!
//! Three counts limit guessing; only tries that fail count, a successful one is given back:
//!
//! - by name and address: ten failed tries, then one every six seconds;
//! - by address, whatever the names: thirty failed tries, then one every two seconds. With IPv6 an
//!   address is a /64 network, because that is what a ipv6_prefix is given, to number its machines
//!   as it likes;
//! - by name, from whatever addresses: tries are delayed, by some seconds at most. They are never
//!   refused, or anybody could lock anybody out. A client that logged in to the account before is
//!   not delayed.
//!
//! A try counts from when it begins, so that a thousand at once are no way around the limits. How
//! many of an address are verified at once is bounded too: the others of that address wait for
//! them, and leave the password queue to other addresses. Everything is per process, bounded in
//! number, and forgotten when it was not used for some minutes.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Settings;

/// Names, addresses, and pairs of them that are remembered at most, each. An entry takes some 200
/// bytes.
const MAX_REMEMBERED: u64 = 20_000;
/// How long a count is remembered after its last use: by then it has recovered.
const MEMORY: Duration = Duration::from_mins(10);
/// How long it is remembered that a client logged in, so that others' failures don't delay it.
const KNOWN_CLIENT_MEMORY: Duration = Duration::from_hours(30 * 24);
/// Tries of one address that are verified at once. It is less than half of the password queue, so
/// that one address can't fill it.
const AT_ONCE_PER_ADDRESS: usize = 20;
/// Tries of one address that wait for those: fifty people behind one address may log in at the same
/// moment.
const WAITING_PER_ADDRESS: usize = 40;
/// Tries of all addresses that are verified, wait or are delayed. Each is an open connection.
const MAX_IN_PROGRESS: usize = 500;
/// How long a try waits for the others of its address before it is refused.
const WAIT: Duration = Duration::from_secs(10);
/// Failed tries for one name, from all addresses, before further ones are delayed.
const UNDELAYED: f64 = 10.0;
/// Failed tries for one name that are forgotten each minute.
const NAME_RECOVERY_PER_MINUTE: u32 = 6;
/// The most failed tries for one name that are counted, so that the delay ends some minutes after
/// an attack.
const MAX_COUNTED: f64 = 40.0;
/// The first delay. It doubles with each further failed try.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// Characters of a name that are told apart: no username has as many.
const NAME_LENGTH: usize = 64;

/// The limits of logins, and what was counted; cheap to clone.
#[derive(Clone, Debug)]
pub struct LoginLimits {
    per_name: u32,
    per_address: u32,
    max_delay: Duration,
    pairs: Cache<(IpAddr, String), Arc<Mutex<Bucket>>>,
    addresses: Cache<IpAddr, Arc<Address>>,
    names: Cache<String, Arc<Mutex<Bucket>>>,
    known_clients: Cache<(IpAddr, String), ()>,
    in_progress: Arc<Semaphore>,
}

/// Why a try is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefused {
    /// Too many tries for this name failed from this address. The next one is possible after this
    /// time.
    Name(Duration),
    /// Too many tries failed from this address. The next one is possible after this time.
    Address(Duration),
    /// Too many logins are in progress, from this address or from all.
    Busy,
}

/// A try that may be verified. Dropped, it counts as failed.
#[derive(Debug)]
pub struct LoginTry {
    key: (IpAddr, String),
    buckets: [Arc<Mutex<Bucket>>; 2],
    address: Arc<Address>,
    known_clients: Cache<(IpAddr, String), ()>,
    _held: [OwnedSemaphorePermit; 3],
}

/// What is counted for an address.
#[derive(Debug)]
struct Address {
    bucket: Mutex<Bucket>,
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

/// Tries that were counted: they recover evenly with time.
#[derive(Debug)]
struct Bucket {
    tries: f64,
    at: Instant,
}

impl LoginLimits {
    /// The limits that the settings name, with nothing counted yet.
    pub fn new(settings: &Settings) -> Self {
        fn remembered<K, V>() -> Cache<K, V>
        where
            K: std::hash::Hash + Eq + Send + Sync + 'static,
            V: Clone + Send + Sync + 'static,
        {
            Cache::builder()
                .max_capacity(MAX_REMEMBERED)
                .time_to_idle(MEMORY)
                .build()
        }
        Self {
            per_name: settings.logins_per_minute,
            per_address: settings.logins_per_minute_per_address,
            max_delay: Duration::from_millis(settings.login_delay_ms.into()),
            pairs: remembered(),
            addresses: remembered(),
            names: remembered(),
            known_clients: Cache::builder()
                .max_capacity(MAX_REMEMBERED)
                .time_to_live(KNOWN_CLIENT_MEMORY)
                .build(),
            in_progress: Arc::new(Semaphore::new(MAX_IN_PROGRESS)),
        }
    }

    /// Begins a try to log in as `username` from `address`: waits for its turn among the tries of
    /// that address, and for the name's delay.
    ///
    /// # Errors
    /// If a limit is reached.
    pub async fn begin(&self, address: IpAddr, username: &str) -> Result<LoginTry, LoginRefused> {
        let busy = |_| LoginRefused::Busy;
        let in_progress = Arc::clone(&self.in_progress)
            .try_acquire_owned()
            .map_err(busy)?;
        let name: String = username
            .trim()
            .to_lowercase()
            .chars()
            .take(NAME_LENGTH)
            .collect();
        let key = (network(address), name);
        let now = Instant::now();
        let address = self
            .addresses
            .get_with(key.0, || Arc::new(Address::new(now)));
        // Counted before it waits: beyond what may wait at all, it is refused by the count if there
        // is one.
        let pair = self.pairs.get_with(key.clone(), || Bucket::shared(now));
        lock(&pair)
            .take(now, self.per_name)
            .map_err(LoginRefused::Name)?;
        let give_back = |refused| {
            lock(&pair).give_back();
            refused
        };
        let place = Arc::clone(&address.places)
            .try_acquire_owned()
            // So many at once from one address are no people who log in.
            .map_err(|_| give_back(LoginRefused::Address(WAIT)))?;
        let turn = Arc::clone(&address.turns).acquire_owned();
        let turn = tokio::time::timeout(WAIT, turn).await;
        let turn = turn.map_err(|_| give_back(LoginRefused::Busy))?;
        let turn = turn.map_err(|_| give_back(LoginRefused::Busy))?;
        lock(&address.bucket)
            .take(Instant::now(), self.per_address)
            .map_err(|wait| give_back(LoginRefused::Address(wait)))?;

        let of_name = self.names.get_with(key.1.clone(), || Bucket::shared(now));
        let failed = lock(&of_name).add(Instant::now());
        tokio::time::sleep(self.delay_of(&key, failed)).await;
        Ok(LoginTry {
            key,
            buckets: [pair, of_name],
            address,
            known_clients: self.known_clients.clone(),
            _held: [in_progress, place, turn],
        })
    }

    /// How long a try is delayed after so many failed ones for its name.
    fn delay_of(&self, key: &(IpAddr, String), failed: f64) -> Duration {
        if self.known_clients.contains_key(key) {
            Duration::ZERO
        } else {
            delay(failed, self.max_delay)
        }
    }
}

impl LoginTry {
    /// The password was right: the try does not count, and this client is not delayed from now on.
    pub fn succeeded(self) {
        self.known_clients.insert(self.key.clone(), ());
        self.was_not_verified();
    }

    /// The password was not verified, or not wrong: the try does not count.
    pub fn was_not_verified(self) {
        for bucket in &self.buckets {
            lock(bucket).give_back();
        }
        lock(&self.address.bucket).give_back();
    }
}

impl LoginRefused {
    /// After how many seconds another try may be verified.
    pub fn retry_after(self) -> u16 {
        /// For a queue: it moves on within seconds.
        const BUSY: u16 = 5;
        match self {
            Self::Name(wait) | Self::Address(wait) => {
                u16::try_from(wait.as_secs()).map_or(u16::MAX, |seconds| seconds.saturating_add(1))
            }
            Self::Busy => BUSY,
        }
    }
}

impl Address {
    fn new(now: Instant) -> Self {
        Self {
            bucket: Mutex::new(Bucket::new(now)),
            places: Arc::new(Semaphore::new(AT_ONCE_PER_ADDRESS + WAITING_PER_ADDRESS)),
            turns: Arc::new(Semaphore::new(AT_ONCE_PER_ADDRESS)),
        }
    }
}

impl Bucket {
    const fn new(at: Instant) -> Self {
        Self { tries: 0.0, at }
    }

    fn shared(at: Instant) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self::new(at)))
    }

    /// Counts a try, if fewer than `limit` are counted; else returns after which time one will be.
    /// `limit` tries recover each minute.
    fn take(&mut self, now: Instant, limit: u32) -> Result<(), Duration> {
        self.recover(now, limit);
        let excess = self.tries + 1.0 - f64::from(limit);
        if excess > 0.0 {
            return Err(Duration::from_secs_f64(excess * 60.0 / f64::from(limit)));
        }
        self.tries += 1.0;
        Ok(())
    }

    /// Counts a try for a name. Returns how many were counted before.
    fn add(&mut self, now: Instant) -> f64 {
        self.recover(now, NAME_RECOVERY_PER_MINUTE);
        let before = self.tries;
        self.tries = (before + 1.0).min(MAX_COUNTED);
        before
    }

    /// Uncounts a try.
    fn give_back(&mut self) {
        self.tries = (self.tries - 1.0).max(0.0);
    }

    fn recover(&mut self, now: Instant, per_minute: u32) {
        let minutes = now.saturating_duration_since(self.at).as_secs_f64() / 60.0;
        self.tries = (self.tries - minutes * f64::from(per_minute)).max(0.0);
        self.at = self.at.max(now);
    }
}

/// How long a try is delayed after so many failed ones for its name.
fn delay(failed: f64, max: Duration) -> Duration {
    if failed < UNDELAYED {
        return Duration::ZERO;
    }
    FIRST_DELAY
        .mul_f64((failed - UNDELAYED).floor().exp2())
        .min(max)
}

/// What limits count as one address.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

fn lock(bucket: &Mutex<Bucket>) -> std::sync::MutexGuard<'_, Bucket> {
    bucket.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
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

    /// Whether a wrong password is verified.
    async fn is_verified(limits: &LoginLimits, address: &str, name: &str) -> bool {
        let tried = limits.begin(address.parse().unwrap(), name).await;
        tried.is_ok()
    }

    #[tokio::test]
    async fn an_ipv6_network_counts_as_one_address() {
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
    async fn an_address_is_limited_whatever_the_names() {
        let limits = limits(&["--login-delay-ms", "0"]);
        for number in 0..30 {
            assert!(is_verified(&limits, "192.0.2.1", &format!("name-{number}")).await);
        }
        let refused = limits.begin("192.0.2.1".parse().unwrap(), "another").await;
        assert!(
            matches!(refused, Err(LoginRefused::Address(wait)) if wait <= Duration::from_secs(2))
        );
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
    async fn one_address_holds_a_part_of_the_queue() {
        let limits = limits(&["--logins-per-minute-per-address", "1000"]);
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        let mut held = Vec::new();
        for number in 0..AT_ONCE_PER_ADDRESS {
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
    async fn a_name_under_attack_is_slowed_and_never_refused() {
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
        // The client that logged in before is not slowed.
        let own = (own, "ann".to_owned());
        assert_eq!(limits.delay_of(&own, failed), Duration::ZERO);
        // Nor are other names.
        assert!(limits.names.get("bob").is_none());
    }

    #[test]
    fn tries_recover_with_time() {
        let now = Instant::now();
        let mut bucket = Bucket::new(now);
        for _ in 0..10 {
            bucket.take(now, 10).unwrap();
        }
        assert_eq!(bucket.take(now, 10), Err(Duration::from_secs(6)));
        let later = now + Duration::from_millis(6_001);
        bucket.take(later, 10).unwrap();
        bucket.take(later, 10).unwrap_err();
        bucket.give_back();
        bucket.take(later, 10).unwrap();
        // A clock that went back takes nothing away.
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
}
