//! Decides which connections are accepted, and which are closed early.
//!
//! A connection needs a file and some memory before its client has sent anything. So connections
//! are counted from when they are accepted, in total and by address. When the limit is nearly
//! reached, connections that have not sent a request are closed to make room for new ones.

use std::{
    collections::BTreeMap,
    io,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::oneshot,
    task::yield_now,
    time::{Instant, sleep},
};

use crate::{
    security::{
        address_limits::{AddressLimits, LimitReached, Permit},
        log_limit::LogLimit,
        proxies::TrustedProxies,
    },
    serving::open_files::Budget,
};

/// How long to wait before the next connection is accepted, after one could not be accepted for
/// lack of files or memory. Without a pause, the loop would fail again and keep the processor busy.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a connection has to send a request before it may be closed to make room: longer than
/// any round trip, and short enough that a flood of silent connections doesn't lock clients out.
const GRACE: Duration = Duration::from_secs(1);
/// The divisor of the share of connections that is kept free by closing silent ones: one in 32,
/// which is less than what streams leave to other requests.
const SPARE_SHARE: usize = 32;

/// The open connections of a server; cheap to clone.
#[derive(Clone, Debug)]
pub struct Connections(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: Arc<AddressLimits>,
    /// The number of open connections from which silent ones are closed.
    crowded: usize,
    /// The proxies without a limit per address, because each connects for many clients.
    exempt: TrustedProxies,
    silent: Mutex<SilentConnections>,
    too_many: LogLimit,
    too_many_of_address: LogLimit,
    not_accepted: LogLimit,
    no_request: LogLimit,
}

#[derive(Debug, Default)]
struct SilentConnections {
    last_id: u64,
    /// Sorted by the time at which they were accepted.
    by_id: BTreeMap<u64, (Instant, oneshot::Sender<()>)>,
}

/// A connection that has not sent a complete request head.
#[derive(Debug)]
pub struct Silent {
    id: u64,
    has_sent: AtomicBool,
    connections: Connections,
}

impl Connections {
    /// Allows the connections of `budget`. The addresses of `exempt` have no limit per address.
    pub fn new(budget: &Budget, exempt: TrustedProxies) -> Self {
        let spare = budget.connections.div_ceil(SPARE_SHARE);
        Self(Arc::new(Shared {
            limits: Arc::new(AddressLimits::new(
                budget.connections,
                budget.connections_per_address,
            )),
            crowded: budget.connections - spare,
            exempt,
            silent: Mutex::default(),
            too_many: LogLimit::default(),
            too_many_of_address: LogLimit::default(),
            not_accepted: LogLimit::default(),
            no_request: LogLimit::default(),
        }))
    }

    /// Returns a permit for a new connection from `peer`; `None` if the connection must be closed,
    /// which is logged.
    pub async fn admit(&self, peer: IpAddr) -> Option<Permit> {
        let limits = &self.0.limits;
        let excess = (limits.open() + 1).saturating_sub(self.0.crowded);
        if excess > 0 && self.close_silent(excess, Instant::now()) {
            // Lets the connections close before this one is counted.
            yield_now().await;
        }
        let admitted = if self.0.exempt.trusts(peer.to_canonical()) {
            limits.admit_exempt()
        } else {
            limits.admit(peer)
        };
        match admitted {
            Ok(permit) => return Some(permit),
            Err(LimitReached::Total) => self.0.too_many.log(|connections| {
                tracing::warn!(
                    connections,
                    "connections were closed: RINGSIDE_MAX_CONNECTIONS are open"
                );
            }),
            Err(LimitReached::Address) => self.0.too_many_of_address.log(|connections| {
                tracing::warn!(
                    connections,
                    %peer,
                    "connections were closed: RINGSIDE_MAX_CONNECTIONS_PER_ADDRESS are open from one \
                     address"
                );
            }),
        }
        None
    }

    /// Logs that a connection could not be accepted, and waits if the next one would fail as well.
    pub async fn accept_failed(&self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};

        // The client closed the connection before it was accepted.
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionReset | Interrupted
        ) {
            return;
        }
        self.0.not_accepted.log(|attempts| {
            tracing::error!(%error, attempts, "connections can't be accepted");
        });
        self.close_silent(1, Instant::now());
        sleep(ACCEPT_PAUSE).await;
    }

    /// Registers a connection that has sent nothing yet. The receiver is notified when the
    /// connection must be closed to make room.
    pub fn register(&self) -> (Silent, oneshot::Receiver<()>) {
        let (close, closed) = oneshot::channel();
        let mut silent = self.silent();
        silent.last_id += 1;
        let id = silent.last_id;
        silent.by_id.insert(id, (Instant::now(), close));
        drop(silent);
        let connection = Silent {
            id,
            has_sent: AtomicBool::new(false),
            connections: self.clone(),
        };
        (connection, closed)
    }

    /// Closes up to `count` connections that have sent no request by `now`, the oldest first.
    /// Returns whether there were any.
    fn close_silent(&self, count: usize, now: Instant) -> bool {
        let mut silent = self.silent();
        let mut closed = 0;
        while closed < count
            && let Some(oldest) = silent.by_id.first_entry()
            && now.duration_since(oldest.get().0) >= GRACE
        {
            let (_, close) = oldest.remove();
            // The connection may have ended meanwhile.
            let _ = close.send(());
            closed += 1;
        }
        drop(silent);
        for _ in 0..closed {
            self.log_no_request();
        }
        closed > 0
    }

    fn log_no_request(&self) {
        self.0.no_request.log(|connections| {
            tracing::warn!(
                connections,
                "connections were closed that had sent no request"
            );
        });
    }

    fn silent(&self) -> MutexGuard<'_, SilentConnections> {
        self.0.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Silent {
    /// Records that a complete request head was received. The connection is no longer closed to
    /// make room.
    pub fn has_sent_request(&self) {
        if !self.has_sent.swap(true, Ordering::Relaxed) {
            self.connections.silent().by_id.remove(&self.id);
        }
    }

    /// Logs that the connection timed out, if no request head was received.
    pub fn log_timeout(&self) {
        if !self.has_sent.load(Ordering::Relaxed) {
            self.connections.log_no_request();
        }
    }
}

impl Drop for Silent {
    // Without it, a connection that has ended would be closed again, in place of an open one.
    fn drop(&mut self) {
        self.has_sent_request();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(total: usize, per_address: usize, exempt: &str) -> Connections {
        let budget = Budget {
            connections: total,
            connections_per_address: per_address,
            streams: 0,
        };
        Connections::new(&budget, exempt.parse().unwrap())
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn trusted_proxy_may_have_all_connections() {
        let connections = connections(5, 2, "10.0.0.0/8");
        let mut open = Vec::new();
        for (peer, is_admitted) in [
            ("192.0.2.1", true),
            ("192.0.2.1", true),
            ("192.0.2.1", false),
            ("10.0.0.7", true),
            ("::ffff:10.0.0.7", true),
            ("10.0.0.7", true),
            ("10.0.0.7", false),
            ("192.0.2.2", false),
        ] {
            let permit = connections.admit(address(peer)).await;
            assert_eq!(permit.is_some(), is_admitted, "{peer}");
            open.extend(permit);
        }
        open.clear();
        assert!(connections.admit(address("192.0.2.1")).await.is_some());
    }

    #[test]
    fn silent_connections_are_closed_after_the_grace_period() {
        let connections = connections(4, 4, "");
        let mut waiting: Vec<_> = (0..4).map(|_| connections.register()).collect();
        let accepted = Instant::now();
        assert!(!connections.close_silent(4, accepted - GRACE));

        let later = accepted + GRACE;
        assert!(connections.close_silent(1, later));
        waiting[1].0.has_sent_request();
        let mut closed = || -> Vec<bool> {
            let all = waiting.iter_mut();
            all.map(|(_, closed)| closed.try_recv().is_ok()).collect()
        };
        assert_eq!(closed(), [true, false, false, false]);
        assert!(connections.close_silent(9, later));
        assert_eq!(closed(), [false, false, true, true]);
        assert!(!connections.close_silent(1, later));
    }

    #[test]
    fn connection_that_ended_is_not_closed_instead_of_one_that_is_open() {
        let connections = connections(4, 4, "");
        let (ended, _) = connections.register();
        let (_open, mut closed) = connections.register();
        drop(ended);
        assert!(connections.close_silent(1, Instant::now() + GRACE));
        assert!(closed.try_recv().is_ok());
        assert!(connections.silent().by_id.is_empty());
    }
}
