//! Clients of `/events/`, as a browser's `EventSource` with django-eventstream's protocol.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{events_page::EventsPage, rooms::ROOMS};
use crate::{
    chaos::{
        client::{EventStream, field},
        records::StoredMessage,
    },
    harness::{Error, Result, note},
};

/// How long a stream may be silent, in the client's time. The server sends an event every 15 s.
const MAX_SILENCE: Duration = Duration::from_secs(40);
/// The longest pause before the next stream, in the client's time.
const MAX_PAUSE: Duration = Duration::from_secs(2);
/// How often all clients are checked, once everything is sent.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// The settings of the clients.
#[derive(Clone, Debug)]
pub struct EventsConfig {
    /// The addresses of the servers.
    pub addresses: Vec<SocketAddr>,
    /// How much faster the clients' clock runs.
    pub time_scale: u32,
}

/// Running clients, each of which follows all rooms on one stream.
#[derive(Debug)]
pub struct EventsClients {
    pages: Vec<Arc<Mutex<EventsPage>>>,
    tasks: JoinSet<Result<()>>,
}

impl EventsClients {
    /// Starts `count` clients at random times within `within`.
    pub fn start(config: &EventsConfig, count: usize, within: Duration, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut tasks = JoinSet::new();
        let mut pages = Vec::new();
        for _ in 0..count {
            let page = Arc::new(Mutex::default());
            let after = within.mul_f64(rng.random());
            let own = StdRng::seed_from_u64(rng.random());
            tasks.spawn(follow(Arc::clone(&page), config.clone(), after, own));
            pages.push(page);
        }
        Self { pages, tasks }
    }

    /// Waits until each client has received what it must of `stored`.
    ///
    /// # Errors
    ///
    /// If one hasn't `within` that time: with the first difference.
    pub async fn wait_until_complete(
        &mut self,
        stored: &[StoredMessage],
        within: Duration,
    ) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Some(ended) = self.tasks.try_join_next() {
                ended.map_err(|error| Error::Unexpected(error.to_string()))??;
            }
            let wrong = self.pages.iter().enumerate().find_map(|(number, page)| {
                let wrong = lock(page).check(&ROOMS, stored).err()?;
                Some(format!("client {number} of /events/: {wrong}"))
            });
            match wrong {
                None => break,
                Some(wrong) if start.elapsed() > within => return Err(Error::Violated(wrong)),
                Some(_) => sleep(CHECK_INTERVAL).await,
            }
        }
        let counts = self.pages.iter().map(|page| lock(page).counts());
        let (streams, resets) = counts.fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
        note(format!(
            "{} clients of /events/ opened {streams} streams, were reset {resets} times, and have each message once after {:.1} s.",
            self.pages.len(),
            start.elapsed().as_secs_f64()
        ));
        Ok(())
    }
}

fn lock(page: &Mutex<EventsPage>) -> MutexGuard<'_, EventsPage> {
    page.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Follows all rooms forever: opens a stream, and the next one when it breaks or is silent. Each
/// stream is opened at another server than the last one, if there are several.
async fn follow(
    page: Arc<Mutex<EventsPage>>,
    config: EventsConfig,
    after: Duration,
    mut rng: StdRng,
) -> Result<()> {
    sleep(after).await;
    let channels = ROOMS.map(|room| format!("channel=room-{room}"));
    let path = format!("/events/?{}", channels.join("&"));
    let first = rng.random_range(0..config.addresses.len());
    for number in first.. {
        let address = config.addresses[number % config.addresses.len()];
        let last_id = lock(&page).last_id().map(str::to_owned);
        let header = last_id.map(|id| format!("last-event-id: {id}\r\n"));
        let header = header.unwrap_or_default();
        let silence = MAX_SILENCE / config.time_scale;
        let opening = EventStream::open(address, &path, &header);
        if let Ok(Some(mut stream)) = timeout(silence, opening).await {
            while let Ok(Some(event)) = timeout(silence, stream.next()).await {
                let [name, id, data] = ["event", "id", "data"].map(|name| field(&event, name));
                lock(&page).on(name, id, data).map_err(Error::Violated)?;
            }
        }
        let pause = MAX_PAUSE.mul_f64(rng.random());
        sleep(pause / config.time_scale).await;
    }
    Ok(())
}
