//! Readers who chat in two rooms and like updates, and moderators who delete, on an unreliable
//! network, while the server is stopped and killed. At the end every page, the acknowledgements and
//! the database have the same messages and the same numbers of likes.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use clap::Args;
use domain::{ChatMessage, MessageId, UpdateId};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde::Deserialize;
use tokio::{
    task::JoinSet,
    time::{Interval, MissedTickBehavior, interval, sleep},
};

use super::{
    client::{ClientConfig, fetch_all_messages, fetch_everything},
    clients::{ClientCounts, Clients, Shown},
    convergence::{CONVERGENCE_SECONDS, restart_server},
    faults::Faults,
    faulty_proxy::FaultyProxy,
    guest::Guest,
    retrying_author::{RetryingAuthor, attempt, pause, rejected},
};
use crate::harness::{Author, Database, DatabaseKind, Error, Result, Ringside, heading, note};

/// The rooms.
const ROOMS: [&str; 2] = ["lobby", "kitchen"];
/// How many readers chat.
const CHATTERS: u32 = 20;
/// How many readers like updates.
const VOTERS: u32 = 40;
/// How many updates are liked.
const UPDATES: usize = 30;

/// The parameters of the test.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The database of the server.
    #[arg(long, value_enum, default_value = "sqlite")]
    database: DatabaseKind,
    /// How long readers chat and like, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// How many messages are sent a second, in both rooms together.
    #[arg(long, default_value_t = 30, value_name = "MESSAGES")]
    messages: u32,
    /// How many times a second a like is set or taken back.
    #[arg(long, default_value_t = 20, value_name = "LIKES")]
    likes: u32,
    /// How much faster the clients' clock runs.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10), value_name = "FACTOR")]
    time_scale: u32,
    #[command(flatten)]
    counts: ClientCounts,
    #[command(flatten)]
    faults: Faults,
    /// The seed of all random decisions; random if omitted.
    #[arg(long)]
    seed: Option<u64>,
}

/// Runs the test.
///
/// # Errors
///
/// With the first difference between a page, the acknowledgements and the database.
pub async fn run(arguments: Arguments) -> Result<()> {
    let seed = arguments.seed.unwrap_or_else(rand::random);
    let seconds = arguments.seconds;
    let time = Duration::from_secs(seconds.into());
    let database = Database::create(arguments.database).await?;
    heading(&format!("Rooms and likes: {}", database.kind));
    note(format!(
        "In each of two rooms {}; {} messages and {} likes a second for {seconds} s. {}. The server is stopped four times. --seed {seed}",
        arguments.counts, arguments.messages, arguments.likes, arguments.faults
    ));

    let mut settings = database.settings();
    settings.extend([
        ("RINGSIDE_POLL_INTERVAL_MS", "2000"),
        ("RINGSIDE_OPEN_ROOMS", "true"),
        ("RINGSIDE_MESSAGES_PER_MINUTE", "0"),
        ("RINGSIDE_MESSAGES_PER_MINUTE_PER_ADDRESS", "0"),
    ]);
    let mut ringside = Ringside::start(&settings)?;
    let (entry, updates) = new_entry(&ringside).await?;
    let editor = ringside.account("eve", "editor").await?;
    let proxy = FaultyProxy::start(ringside.address, arguments.faults, seed).await?;
    let audience = Arc::new(Audience {
        address: proxy.address,
        editor: ringside.log_in("eve").await?,
        moderator: RetryingAuthor::new(proxy.address, editor),
        sent: Mutex::default(),
        likes: Mutex::default(),
    });
    audience.open_rooms(ringside.address).await?;
    let mut rooms = Vec::new();
    for (number, room) in (0..).zip(ROOMS) {
        let config = ClientConfig {
            address: proxy.address,
            feed: format!("room-{room}"),
            time_scale: arguments.time_scale,
            cards: Arc::default(),
        };
        let clients = Clients::start(arguments.counts, &config, time / 2, seed ^ number);
        rooms.push((room, config, clients));
    }

    tokio::try_join!(
        audience.chat(arguments.messages, time, seed),
        audience.like(&updates, entry, arguments.likes, time, seed),
        audience.moderate(time, seed),
        restart_server(&mut ringside, &proxy, &database, time),
    )?;
    proxy.disable_faults();
    let (sent, deleted) = audience.counts();
    note(format!(
        "{}.\n{sent} messages acknowledged, {deleted} of them deleted.",
        proxy.report()
    ));

    for (room, config, clients) in &mut rooms {
        let direct = ClientConfig {
            address: ringside.address,
            ..config.clone()
        };
        let expected = audience.expected(room);
        check_messages(&ringside, room, &expected).await?;
        let feed = fetch_all_messages(&direct).await?;
        let ids: Vec<_> = feed.keys().map(|id| id.0).collect();
        let wanted: Vec<_> = expected.keys().map(|id| id.0).collect();
        if ids != wanted {
            return Err(Error::Violated(format!(
                "the feed of {room} has other messages than were acknowledged: {ids:?} in place of {wanted:?}"
            )));
        }
        let timeout = Duration::from_secs(CONVERGENCE_SECONDS) / arguments.time_scale;
        clients
            .wait_until_converged(&feed, Shown::Latest, timeout)
            .await?;
    }
    let likes = audience.check_likes(&ringside, entry).await?;
    note(format!(
        "Passed: {} messages are the same on every page, in the acknowledgements and in the database; so are {likes} likes.",
        sent - deleted
    ));
    Ok(())
}

/// Creates an entry with some updates. Returns its number and their ids.
async fn new_entry(ringside: &Ringside) -> Result<(i64, Vec<UpdateId>)> {
    let entry = ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    for _ in 0..UPDATES {
        author.post("final").await?;
    }
    let config = ClientConfig {
        address: ringside.address,
        feed: entry.to_string(),
        time_scale: 1,
        cards: Arc::default(),
    };
    let updates = fetch_everything(&config).await?;
    Ok((entry, updates.into_keys().collect()))
}

/// Checks that a room has exactly these messages, in this order.
async fn check_messages(
    ringside: &Ringside,
    room: &str,
    expected: &BTreeMap<MessageId, Sent>,
) -> Result<()> {
    #[derive(Deserialize)]
    struct Messages {
        messages: Vec<ChatMessage>,
    }

    let mut stored: Vec<ChatMessage> = Vec::new();
    loop {
        let before = stored.first().map(|first| format!("&before={}", first.id));
        let path = format!(
            "/rooms/{room}/messages?limit=100{}",
            before.unwrap_or_default()
        );
        let response = ringside.get(&path, "").await?;
        let page: Messages = serde_json::from_slice(&response.body)
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        if page.messages.is_empty() {
            break;
        }
        stored.splice(0..0, page.messages);
    }
    let stored: Vec<_> = stored
        .iter()
        .map(|it| (it.id, &*it.text, &*it.from))
        .collect();
    let wanted: Vec<_> = expected
        .iter()
        .map(|(id, it)| (*id, &*it.text, &*it.from))
        .collect();
    let difference = stored.iter().zip(&wanted).find(|(one, other)| one != other);
    if stored == wanted {
        return Ok(());
    }
    Err(Error::Violated(format!(
        "{room} has {} messages in place of {}; the first difference: {difference:?}",
        stored.len(),
        wanted.len()
    )))
}

/// A message that was acknowledged.
#[derive(Clone, Debug)]
struct Sent {
    room: &'static str,
    from: String,
    text: String,
    is_deleted: bool,
}

/// The readers and moderators, and what was acknowledged to them.
#[derive(Debug)]
struct Audience {
    address: SocketAddr,
    editor: Author,
    moderator: RetryingAuthor,
    sent: Mutex<BTreeMap<MessageId, Sent>>,
    /// The updates that each voter likes, as it was acknowledged last.
    likes: Mutex<HashMap<u32, BTreeSet<UpdateId>>>,
}

impl Audience {
    fn sent(&self) -> MutexGuard<'_, BTreeMap<MessageId, Sent>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns how many messages were acknowledged, and how many of them were deleted.
    fn counts(&self) -> (usize, usize) {
        let sent = self.sent();
        let deleted = sent.values().filter(|it| it.is_deleted).count();
        (sent.len(), deleted)
    }

    /// Returns the messages that a room must have.
    fn expected(&self, room: &str) -> BTreeMap<MessageId, Sent> {
        let sent = self.sent();
        let of_room = sent
            .iter()
            .filter(|(_, it)| it.room == room && !it.is_deleted);
        of_room.map(|(id, it)| (*id, it.clone())).collect()
    }

    /// Sends the first message to each room, which creates it.
    async fn open_rooms(&self, address: SocketAddr) -> Result<()> {
        let mut guest = Guest::new(address, "opener".to_owned());
        for room in ROOMS {
            self.send(&mut guest, room, 0).await?;
        }
        Ok(())
    }

    /// Lets all chatters send messages, `rate` a second together.
    async fn chat(self: &Arc<Self>, rate: u32, time: Duration, seed: u64) -> Result<()> {
        let mut tasks = JoinSet::new();
        for chatter in 0..CHATTERS {
            let audience = Arc::clone(self);
            tasks.spawn(async move {
                let mut rng = StdRng::seed_from_u64(seed.wrapping_add(chatter.into()));
                let mut guest = Guest::new(audience.address, name_of(chatter));
                // The messages of the first one are all removed later.
                let time = if chatter == 0 { time / 2 } else { time };
                let (mut due, count) = schedule(CHATTERS, rate, time);
                for number in 0..count {
                    due.tick().await;
                    let room = ROOMS[rng.random_range(0..ROOMS.len())];
                    audience.send(&mut guest, room, number).await?;
                }
                Ok(())
            });
        }
        join(tasks).await
    }

    /// Sends a message until it is acknowledged.
    async fn send(&self, guest: &mut Guest, room: &'static str, number: u128) -> Result<()> {
        let text = format!("{}: No. {number} in {room}", guest.name);
        let op_id = format!("chaos-{room}-{}-{number:06}", guest.name);
        let body = serde_json::json!({ "from": guest.name, "text": text, "op_id": op_id });
        let path = format!("/rooms/{room}/messages");
        let message: ChatMessage = guest
            .request("POST", &path, "", &body.to_string(), 201)
            .await?;
        let sent = Sent {
            room,
            from: guest.name.clone(),
            text,
            is_deleted: false,
        };
        match self.sent().insert(message.id, sent) {
            None => Ok(()),
            Some(other) => Err(Error::Violated(format!(
                "message {} was acknowledged for {op_id} and for another one: {}",
                message.id, other.text
            ))),
        }
    }

    /// Deletes a message every second, and once all messages of one chatter in a room.
    async fn moderate(&self, time: Duration, seed: u64) -> Result<()> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut due = interval(Duration::from_secs(1));
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let seconds = time.as_secs();
        for second in 0..seconds {
            due.tick().await;
            if second == seconds * 7 / 10 {
                self.remove_all_of(&name_of(0), ROOMS[0]).await?;
            }
            let id = {
                let sent = self.sent();
                let left: Vec<_> = sent.iter().filter(|(_, it)| !it.is_deleted).collect();
                left.choose(&mut rng).map(|(id, it)| (**id, it.room))
            };
            if let Some((id, room)) = id {
                self.delete(id, room).await?;
            }
        }
        Ok(())
    }

    /// Deletes a message until that is acknowledged.
    async fn delete(&self, id: MessageId, room: &str) -> Result<()> {
        let path = format!("/rooms/{room}/messages/{id}");
        let request = self.editor.request(&path, "application/json", "");
        let request = String::from_utf8_lossy(&request).replacen("POST", "DELETE", 1);
        let mut is_repeated = false;
        loop {
            match attempt(self.address, request.as_bytes()).await {
                Some(response) if response.status == 204 => break,
                // The first response was lost.
                Some(response) if response.status == 404 && is_repeated => break,
                Some(response) if (400..500).contains(&response.status) => {
                    return Err(rejected(request.as_bytes(), Some(&response)));
                }
                _ => is_repeated = true,
            }
            pause().await;
        }
        if let Some(sent) = self.sent().get_mut(&id) {
            sent.is_deleted = true;
        }
        Ok(())
    }

    /// Removes all messages of a chatter from a room, who sends no more.
    async fn remove_all_of(&self, name: &str, room: &str) -> Result<()> {
        let of_chatter = |sent: &Sent| sent.from == name && sent.room == room;
        let id = {
            let sent = self.sent();
            let mut left = sent
                .iter()
                .filter(|(_, it)| of_chatter(it) && !it.is_deleted);
            left.next().map(|(id, _)| *id)
        };
        let Some(id) = id else {
            return Ok(());
        };
        let path = format!("/desk/moderation/messages/{id}");
        let fields = [("action", "remove_in_room"), ("reason", "")];
        self.moderator.submit(&path, &fields).await?;
        for sent in self.sent().values_mut().filter(|it| of_chatter(it)) {
            sent.is_deleted = true;
        }
        Ok(())
    }

    /// Lets all voters like updates and take likes back, `rate` times a second together.
    async fn like(
        self: &Arc<Self>,
        updates: &[UpdateId],
        entry: i64,
        rate: u32,
        time: Duration,
        seed: u64,
    ) -> Result<()> {
        #[derive(Deserialize)]
        struct Liked {
            liked: bool,
        }

        let mut tasks = JoinSet::new();
        for voter in 0..VOTERS {
            let (audience, updates) = (Arc::clone(self), updates.to_vec());
            tasks.spawn(async move {
                let mut rng = StdRng::seed_from_u64(seed.wrapping_sub(voter.into()));
                let mut guest = Guest::new(audience.address, format!("voter-{voter}"));
                let (mut due, count) = schedule(VOTERS, rate, time);
                let mut liked: BTreeSet<UpdateId> = BTreeSet::new();
                for _ in 0..count {
                    due.tick().await;
                    let update = updates[rng.random_range(0..updates.len())];
                    let adds = !liked.contains(&update);
                    let method = if adds { "PUT" } else { "DELETE" };
                    let path = format!("/entries/final/updates/{update}/like");
                    // As long as it has no cookie, the same key has the same voter.
                    let key = format!("idempotency-key: chaos-{entry}-voter-{voter}\r\n");
                    let response: Liked = guest.request(method, &path, &key, "", 200).await?;
                    if response.liked != adds {
                        let sentence =
                            format!("{method} {path} responded liked={}", response.liked);
                        return Err(Error::Violated(sentence));
                    }
                    if adds {
                        liked.insert(update);
                    } else {
                        liked.remove(&update);
                    }
                }
                let mut all = audience
                    .likes
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                all.insert(voter, liked);
                Ok(())
            });
        }
        join(tasks).await
    }

    /// Checks that each update has as many likes as were acknowledged. Returns the sum.
    async fn check_likes(&self, ringside: &Ringside, entry: i64) -> Result<usize> {
        #[derive(Deserialize)]
        struct Counts {
            likes: BTreeMap<UpdateId, usize>,
        }

        // Caches may keep the response for two seconds.
        sleep(Duration::from_secs(3)).await;
        let response = ringside.get(&format!("/feed/{entry}/counts"), "").await?;
        let shown: Counts = serde_json::from_slice(&response.body)
            .map_err(|error| Error::Unexpected(error.to_string()))?;
        let mut expected: BTreeMap<UpdateId, usize> = BTreeMap::new();
        let likes = self.likes.lock().unwrap_or_else(PoisonError::into_inner);
        for update in likes.values().flatten() {
            *expected.entry(*update).or_default() += 1;
        }
        let mut counted = shown.likes;
        counted.retain(|_, likes| *likes > 0);
        if counted != expected {
            return Err(Error::Violated(format!(
                "the updates have other likes than were acknowledged: {counted:?} in place of {expected:?}"
            )));
        }
        Ok(expected.values().sum())
    }
}

/// Returns when each of `people` acts, so that they do so `rate` times a second together, and how
/// often in `time`.
fn schedule(people: u32, rate: u32, time: Duration) -> (Interval, u128) {
    let pause = Duration::from_secs(1) * people / rate;
    let mut due = interval(pause);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    (due, time.as_millis() / pause.as_millis().max(1))
}

fn name_of(chatter: u32) -> String {
    format!("chatter-{chatter}")
}

/// Waits for all tasks. The first error ends the others.
async fn join(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(done) = tasks.join_next().await {
        done.map_err(|error| Error::Unexpected(error.to_string()))??;
    }
    Ok(())
}
