//! Moderators who delete messages, remove all of one reader, and mute others.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use domain::MessageId;
use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::{
    chat::{Chat, MUTED, REMOVED, name_of},
    mutes::{MINUTES, Mute},
    rooms::ROOMS,
};
use crate::{
    chaos::{
        records,
        retrying_author::{RetryingAuthor, attempt, pause, rejected},
    },
    harness::{Author, Error, Result},
};

/// The longest time of a mute that is lifted before its end.
const MAX_MUTE: Duration = Duration::from_secs(30);
/// How often a moderator looks for a message of a reader.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// The moderators.
#[derive(Debug)]
pub struct Moderators {
    /// The readers.
    pub chat: Arc<Chat>,
    /// Where messages are deleted.
    pub address: SocketAddr,
    /// The session with which messages are deleted.
    pub editor: Author,
    /// The session with which forms are submitted.
    pub moderator: RetryingAuthor,
    /// The URL of the database, in which the ids of mutes are looked up.
    pub database_url: String,
}

impl Moderators {
    /// Deletes a message every second, removes all messages of one reader from a room, and mutes
    /// three readers in the other one.
    pub async fn run(&self, time: Duration, seed: u64) -> Result<()> {
        let [first, second, third] = MUTED;
        let length = (time * 4 / 10).min(MAX_MUTE);
        tokio::try_join!(
            self.delete_some(time, seed),
            self.remove_all(),
            self.mute(first, time / 5, Some(length)),
            self.mute(second, time / 5, Some(length)),
            self.mute(third, time / 5, None),
        )?;
        Ok(())
    }

    /// Deletes a message every second.
    async fn delete_some(&self, time: Duration, seed: u64) -> Result<()> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut due = interval(Duration::from_secs(1));
        due.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let others: Vec<_> = MUTED.into_iter().chain([REMOVED]).map(name_of).collect();
        for _ in 0..time.as_secs() {
            due.tick().await;
            let message = {
                let sent = self.chat.sent();
                let left = sent
                    .iter()
                    .filter(|(_, it)| !it.is_deleted && !others.contains(&it.from));
                let left: Vec<_> = left.collect();
                left.choose(&mut rng).map(|(id, it)| (**id, it.room))
            };
            if let Some((id, room)) = message {
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
        if let Some(sent) = self.chat.sent().get_mut(&id) {
            sent.is_deleted = true;
        }
        Ok(())
    }

    /// Removes all messages of a reader from a room, once that reader has stopped.
    async fn remove_all(&self) -> Result<()> {
        self.chat.removed_has_stopped().await;
        let (name, room) = (name_of(REMOVED), ROOMS[0]);
        let Some(id) = self.message_of(&name, room) else {
            return Ok(());
        };
        let path = format!("/desk/moderation/messages/{id}");
        let fields = [("action", "remove_in_room"), ("reason", "")];
        self.moderator.submit(&path, &fields).await?;
        let mut sent = self.chat.sent();
        let of_reader = sent
            .values_mut()
            .filter(|it| it.from == name && it.room == room);
        of_reader.for_each(|it| it.is_deleted = true);
        Ok(())
    }

    /// Mutes a reader in a room after `after`, and lifts the mute after `length`, if that is given.
    async fn mute(&self, reader: u32, after: Duration, length: Option<Duration>) -> Result<()> {
        let (name, room) = (name_of(reader), ROOMS[1]);
        sleep(after).await;
        let message = self.wait_for_message_of(&name, room).await;
        let path = format!("/desk/moderation/messages/{message}");
        let minutes = MINUTES.to_string();
        let fields = [
            ("action", "mute"),
            ("minutes", &*minutes),
            ("reach", "person"),
            ("reason", "Too loud"),
        ];
        let at = {
            let mut mutes = self.chat.mutes();
            mutes.push(Mute::request(&name, room));
            mutes.len() - 1
        };
        self.moderator.submit(&path, &fields).await?;
        self.chat.mutes()[at].impose();
        let Some(length) = length else {
            return Ok(());
        };
        sleep(length).await;
        let sanction = records::sanction_of(&self.database_url, &name).await?;
        let sanction =
            sanction.ok_or_else(|| Error::Violated(format!("the mute of {name} is missing")))?;
        self.chat.mutes()[at].start_lifting();
        let path = format!("/desk/moderation/sanctions/{sanction}/end");
        self.moderator.submit(&path, &[]).await?;
        self.chat.mutes()[at].lift();
        Ok(())
    }

    /// Waits until a reader has sent a message in a room. Returns its id.
    async fn wait_for_message_of(&self, name: &str, room: &str) -> MessageId {
        loop {
            if let Some(id) = self.message_of(name, room) {
                return id;
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// Returns the first message of a reader in a room.
    fn message_of(&self, name: &str, room: &str) -> Option<MessageId> {
        let sent = self.chat.sent();
        let mut of_reader = sent
            .iter()
            .filter(|(_, it)| it.from == name && it.room == room);
        of_reader.next().map(|(id, _)| *id)
    }
}
