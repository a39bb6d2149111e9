//! Limits how often logins may fail, and how many passwords are verified at once.
//!
//! Three counts limit guessing. They count failed attempts; a successful attempt is refunded.
//!
//! - By username and address: ten failed attempts, then one every six seconds.
//! - By address, with any usernames: thirty failed attempts, then one every two seconds. For IPv6,
//!   an address is a /64 network, in which one client may use any address.
//! - By username, from any addresses: further attempts are delayed by up to some seconds. They are
//!   never refused, because then anybody could lock an account. A client that has logged in to the
//!   account before is not delayed.
//!
//! An attempt is counted when it begins, so that parallel attempts can't exceed the limits. The
//! number of attempts that are verified at once is limited per address: further ones of the address
//! wait, and leave the password queue to other addresses. All counts are per process, limited in
//! number, and expire when they are not used for some minutes.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use moka::sync::Cache;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address_limits::network_of;
use crate::config::Settings;

/// The maximum number of counts of each kind. A count takes some 200 bytes.
const MAX_COUNTS: u64 = 20_000;
/// How long a count is stored after its last use. By then all of its attempts have recovered.
const COUNT_LIFE: Duration = Duration::from_mins(10);
/// How long a client counts as known after a login, so that other clients' failures don't delay it.
const KNOWN_CLIENT_LIFE: Duration = Duration::from_hours(30 * 24);
/// How many attempts of one address are verified at once: less than half of the password queue, so
/// that one address can't fill it.
const CONCURRENT_PER_ADDRESS: usize = 20;
/// How many further attempts of one address may wait. Fifty people behind one address can log in at
/// the same moment.
const WAITING_PER_ADDRESS: usize = 40;
/// How many attempts of all addresses may be verified, wait or be delayed. Each is an open
/// connection.
const MAX_IN_PROGRESS: usize = 500;
/// How long an attempt waits for others of its address before it is refused.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many attempts with one username may fail, from all addresses, before further ones are
/// delayed.
const UNDELAYED: f64 = 10.0;
/// How many failed attempts with one username recover per minute.
const NAME_RECOVERY_PER_MINUTE: u32 = 6;
/// The maximum count of failed attempts with one username, so that the delay ends some minutes
/// after an attack.
const MAX_COUNTED: f64 = 40.0;
/// The first delay. It doubles with each further failed attempt.
const FIRST_DELAY: Duration = Duration::from_millis(250);
/// How many characters of a submitted username are significant. No username is as long.
const NAME_LENGTH: usize = 64;

/// The limits of logins, and their counts; cheap to clone.
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

/// Why an attempt is not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefused {
    /// Too many attempts with this username failed from this address. Retry after this time.
    Name(Duration),
    /// Too many attempts failed from this address. Retry after this time.
    Address(Duration),
    /// Too many logins are in progress, from this address or in all.
    Busy,
}

/// An attempt that may be verified. It counts as failed if it is dropped.
#[derive(Debug)]
pub struct LoginAttempt {
    key: (IpAddr, String),
    buckets: [Arc<Mutex<Bucket>>; 2],
    address: Arc<Address>,
    known_clients: Cache<(IpAddr, String), ()>,
    _held: [OwnedSemaphorePermit; 3],
}

/// The attempts of one address.
#[derive(Debug)]
struct Address {
    bucket: Mutex<Bucket>,
    /// A permit for each attempt that is verified or waits.
    queue: Arc<Semaphore>,
    /// A permit for each attempt that is verified.
    verifying: Arc<Semaphore>,
}

/// A count of attempts, which recover evenly with time (a leaky bucket).
#[derive(Debug)]
struct Bucket {
    attempts: f64,
    updated_at: Instant,
}

impl LoginLimits {
    /// Creates the limits of the settings, with nothing counted.
    pub fn new(settings: &Settings) -> Self {
        fn counts<K, V>() -> Cache<K, V>
        where
            K: std::hash::Hash + Eq + Send + Sync + 'static,
            V: Clone + Send + Sync + 'static,
        {
            Cache::builder()
                .max_capacity(MAX_COUNTS)
                .time_to_idle(COUNT_LIFE)
                .build()
        }
        Self {
            per_name: settings.logins_per_minute,
            per_address: settings.logins_per_minute_per_address,
            max_delay: Duration::from_millis(settings.login_delay_ms.into()),
            pairs: counts(),
            addresses: counts(),
            names: counts(),
            known_clients: Cache::builder()
                .max_capacity(MAX_COUNTS)
                .time_to_live(KNOWN_CLIENT_LIFE)
                .build(),
            in_progress: Arc::new(Semaphore::new(MAX_IN_PROGRESS)),
        }
    }

    /// Begins an attempt to log in as `username` from `address`. Waits until few enough attempts of
    /// the address are verified, and for the username's delay.
    ///
    /// # Errors
    /// If a limit is reached.
    pub async fn begin(
        &self,
        address: IpAddr,
        username: &str,
    ) -> Result<LoginAttempt, LoginRefused> {
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
        let key = (network_of(address), name);
        let now = Instant::now();
        let address = self
            .addresses
            .get_with(key.0, || Arc::new(Address::new(now)));
        // Counted before it waits, so that waiting attempts count.
        let pair = self.pairs.get_with(key.clone(), || Bucket::shared(now));
        lock(&pair)
            .take(now, self.per_name)
            .map_err(LoginRefused::Name)?;
        let refund = |refused| {
            lock(&pair).refund();
            refused
        };
        let queued = Arc::clone(&address.queue)
            .try_acquire_owned()
            // This many attempts at once from one address are not made by people.
            .map_err(|_| refund(LoginRefused::Address(QUEUE_TIMEOUT)))?;
        let verifying = Arc::clone(&address.verifying).acquire_owned();
        let verifying = tokio::time::timeout(QUEUE_TIMEOUT, verifying).await;
        let verifying = verifying.map_err(|_| refund(LoginRefused::Busy))?;
        let verifying = verifying.map_err(|_| refund(LoginRefused::Busy))?;
        lock(&address.bucket)
            .take(Instant::now(), self.per_address)
            .map_err(|wait| refund(LoginRefused::Address(wait)))?;

        let of_name = self.names.get_with(key.1.clone(), || Bucket::shared(now));
        let failed = lock(&of_name).add(Instant::now());
        tokio::time::sleep(self.delay_of(&key, failed)).await;
        Ok(LoginAttempt {
            key,
            buckets: [pair, of_name],
            address,
            known_clients: self.known_clients.clone(),
            _held: [in_progress, queued, verifying],
        })
    }

    /// Returns the delay of an attempt with a username that failed `failed` times.
    fn delay_of(&self, key: &(IpAddr, String), failed: f64) -> Duration {
        if self.known_clients.contains_key(key) {
            Duration::ZERO
        } else {
            delay(failed, self.max_delay)
        }
    }
}

impl LoginAttempt {
    /// Records that the password was right. The attempt does not count, and this client is no
    /// longer delayed.
    pub fn succeeded(self) {
        self.known_clients.insert(self.key.clone(), ());
        self.was_not_verified();
    }

    /// Records that the password was not verified. The attempt does not count.
    pub fn was_not_verified(self) {
        for bucket in &self.buckets {
            lock(bucket).refund();
        }
        lock(&self.address.bucket).refund();
    }
}

impl LoginRefused {
    /// Returns after how many seconds the client may retry.
    pub fn retry_after(self) -> u16 {
        /// The queue gets shorter within seconds.
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
            queue: Arc::new(Semaphore::new(CONCURRENT_PER_ADDRESS + WAITING_PER_ADDRESS)),
            verifying: Arc::new(Semaphore::new(CONCURRENT_PER_ADDRESS)),
        }
    }
}

impl Bucket {
    const fn new(now: Instant) -> Self {
        Self {
            attempts: 0.0,
            updated_at: now,
        }
    }

    fn shared(now: Instant) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self::new(now)))
    }

    /// Counts an attempt, if fewer than `limit` are counted. `limit` attempts recover per minute.
    ///
    /// # Errors
    /// The time after which an attempt will have recovered.
    fn take(&mut self, now: Instant, limit: u32) -> Result<(), Duration> {
        self.recover(now, limit);
        let excess = self.attempts + 1.0 - f64::from(limit);
        if excess > 0.0 {
            return Err(Duration::from_secs_f64(excess * 60.0 / f64::from(limit)));
        }
        self.attempts += 1.0;
        Ok(())
    }

    /// Counts an attempt with a username. Returns how many were counted before.
    fn add(&mut self, now: Instant) -> f64 {
        self.recover(now, NAME_RECOVERY_PER_MINUTE);
        let before = self.attempts;
        self.attempts = (before + 1.0).min(MAX_COUNTED);
        before
    }

    /// Removes an attempt from the count.
    fn refund(&mut self) {
        self.attempts = (self.attempts - 1.0).max(0.0);
    }

    fn recover(&mut self, now: Instant, per_minute: u32) {
        let minutes = now.saturating_duration_since(self.updated_at).as_secs_f64() / 60.0;
        self.attempts = (self.attempts - minutes * f64::from(per_minute)).max(0.0);
        self.updated_at = self.updated_at.max(now);
    }
}

/// Returns the delay of an attempt with a username that failed `failed` times.
fn delay(failed: f64, max: Duration) -> Duration {
    if failed < UNDELAYED {
        return Duration::ZERO;
    }
    FIRST_DELAY
        .mul_f64((failed - UNDELAYED).floor().exp2())
        .min(max)
}

fn lock(bucket: &Mutex<Bucket>) -> std::sync::MutexGuard<'_, Bucket> {
    bucket.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
