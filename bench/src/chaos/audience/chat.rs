//! Readers who send messages, and what was acknowledged to them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::{ChatMessage, MessageId};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{sync::Notify, task::JoinSet};

use super::{
    mutes::{Mute, now},
    rooms::ROOMS,
    schedule::schedule,
};
use crate::{
    chaos::{
        guest::{Acknowledged, Guest},
        records::StoredMessage,
        retrying_author::{must, rejected},
    },
    harness::{Error, Response, Result, join_all},
};

/// How many readers chat.
const CHATTERS: u32 = 20;
/// The reader whose messages are all removed from a room. It stops before.
pub const REMOVED: u32 = 0;
/// The readers who are muted in a room for a while.
pub const MUTED: [u32; 3] = [1, 2, 3];

/// A message that was acknowledged.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Its room.
    pub room: &'static str,
    /// The name of its author.
    pub from: String,
    text: String,
    /// Whether its deletion was acknowledged.
    pub is_deleted: bool,
}

/// The readers who chat.
#[derive(Debug)]
pub struct Chat {
    addresses: Vec<SocketAddr>,
    sent: Mutex<BTreeMap<MessageId, Sent>>,
    mutes: Mutex<Vec<Mute>>,
    /// The room and the text of refused messages of which an earlier request may still have
    /// arrived, after the mute.
    in_doubt: Mutex<BTreeSet<(&'static str, String)>>,
    /// How many messages were refused because of a mute.
    refused: Mutex<usize>,
    /// Notified when the reader [`REMOVED`] has stopped.
    stopped: Notify,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Chat {
    /// Creates the readers, who are spread over the servers at `addresses`.
    pub fn new(addresses: Vec<SocketAddr>) -> Self {
        Self {
            addresses,
            sent: Mutex::default(),
            mutes: Mutex::default(),
            in_doubt: Mutex::default(),
            refused: Mutex::default(),
            stopped: Notify::new(),
        }
    }

    /// Returns the messages that were acknowledged so far.
    pub fn sent(&self) -> MutexGuard<'_, BTreeMap<MessageId, Sent>> {
        lock(&self.sent)
    }

    /// Returns the mutes so far.
    pub fn mutes(&self) -> MutexGuard<'_, Vec<Mute>> {
        lock(&self.mutes)
    }

    /// Waits until the reader [`REMOVED`] has stopped.
    pub async fn removed_has_stopped(&self) {
        self.stopped.notified().await;
    }

    /// Returns how many messages were acknowledged, deleted and refused, as a line.
    pub fn report(&self) -> String {
        let sent = self.sent();
        let deleted = sent.values().filter(|it| it.is_deleted).count();
        format!(
            "{} messages acknowledged, {deleted} of them deleted; {} refused because of {} mutes",
            sent.len(),
            lock(&self.refused),
            self.mutes().len(),
        )
    }

    /// Sends the first message to each room at `address`, which creates it.
    pub async fn open_rooms(&self, address: SocketAddr) -> Result<()> {
        let mut guest = Guest::new(address, "opener".to_owned());
        for room in ROOMS {
            self.send(&mut guest, room, 0).await?;
        }
        Ok(())
    }

    /// Lets all readers send messages, `rate` a second together.
    pub async fn run(self: &Arc<Self>, rate: u32, time: Duration, seed: u64) -> Result<()> {
        let mut tasks = JoinSet::new();
        for (number, address) in (0..CHATTERS).zip(self.addresses.iter().cycle()) {
            let guest = Guest::new(*address, name_of(number));
            let rng = StdRng::seed_from_u64(seed.wrapping_add(number.into()));
            let time = if number == REMOVED { time / 2 } else { time };
            let chat = Arc::clone(self);
            tasks.spawn(async move {
                chat.send_all(guest, rate, time, rng).await?;
                if number == REMOVED {
                    chat.stopped.notify_one();
                }
                Ok::<_, Error>(())
            });
        }
        join_all(tasks).await.map(drop)
    }

    async fn send_all(
        &self,
        mut guest: Guest,
        rate: u32,
        time: Duration,
        mut rng: StdRng,
    ) -> Result<()> {
        let (mut due, count) = schedule(CHATTERS, rate, time);
        for number in 0..count {
            due.tick().await;
            let room = ROOMS[rng.random_range(0..ROOMS.len())];
            self.send(&mut guest, room, number).await?;
        }
        Ok(())
    }

    /// Sends a message until it is acknowledged, or refused because the reader is muted.
    async fn send(&self, guest: &mut Guest, room: &'static str, number: u128) -> Result<()> {
        let text = format!("{}: No. {number} in {room}", guest.name);
        let op_id = format!("chaos-{room}-{}-{number:06}", guest.name);
        let body = serde_json::json!({ "from": guest.name, "text": text, "op_id": op_id });
        let path = format!("/rooms/{room}/messages");
        let begun = now();
        let Acknowledged {
            result,
            is_in_doubt,
        } = guest
            .request::<ChatMessage>("POST", &path, "", &body.to_string(), 201)
            .await;
        let message = match result {
            Err(refusal) if refusal.text().contains("You are muted in this room until") => {
                if is_in_doubt {
                    lock(&self.in_doubt).insert((room, text));
                }
                return self.refuse(&guest.name, room, begun, &refusal);
            }
            result => must(result)?,
        };
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

    /// Counts a refused message, which was sent at `begun`.
    fn refuse(&self, name: &str, room: &str, begun: i64, refusal: &Response) -> Result<()> {
        let mutes = self.mutes();
        let may_be = mutes
            .iter()
            .any(|mute| mute.may_refuse(name, room, begun, now()));
        if refusal.status != 403 || !may_be {
            return Err(rejected(
                format!("{name} in {room}").as_bytes(),
                Some(refusal),
            ));
        }
        *lock(&self.refused) += 1;
        Ok(())
    }

    /// Checks that the stored messages are those that were acknowledged, and that no muted reader
    /// sent any.
    ///
    /// # Errors
    ///
    /// With the first difference, or if no message was refused, which would show little.
    pub fn check(&self, stored: &[StoredMessage]) -> Result<()> {
        let (mut sent, in_doubt) = (self.sent().clone(), lock(&self.in_doubt));
        for message in stored {
            let what = match sent.remove(&message.id) {
                Some(sent) if sent.room != message.room || sent.from != message.from => {
                    "is another one than was acknowledged"
                }
                Some(sent) if sent.is_deleted != message.is_deleted => {
                    "is deleted and should not be, or the reverse"
                }
                Some(sent) if !message.is_deleted && sent.text != message.text => {
                    "has another text than was acknowledged"
                }
                Some(_) => continue,
                None if in_doubt
                    .iter()
                    .any(|(room, text)| *room == message.room && *text == message.text) =>
                {
                    continue;
                }
                None => "was never acknowledged",
            };
            return Err(Error::Violated(format!("a message {what}: {message:?}")));
        }
        if let Some((id, missing)) = sent.first_key_value() {
            return Err(Error::Violated(format!(
                "message {id} was acknowledged, but is not stored: {missing:?}"
            )));
        }
        let mutes = self.mutes();
        let prevented = stored
            .iter()
            .find(|message| mutes.iter().any(|mute| mute.prevents(message)));
        match prevented {
            None if *lock(&self.refused) == 0 => Err(Error::Unexpected(
                "no message was refused because of a mute".to_owned(),
            )),
            None => Ok(()),
            Some(message) => Err(Error::Violated(format!(
                "a muted reader sent {message:?}; the mutes: {mutes:?}"
            ))),
        }
    }
}

/// Returns the name of the reader with this number.
pub fn name_of(chatter: u32) -> String {
    format!("chatter-{chatter}")
}
