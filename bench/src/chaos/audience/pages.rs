//! The clients that follow the rooms and the entry, and the check of their pages.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use super::{
    events_clients::{EventsClients, EventsConfig},
    rooms::{ROOMS, shown_in},
};
use crate::{
    chaos::{
        arguments::ClientArguments,
        client::{ClientConfig, PageUpdates, fetch_all_messages, fetch_everything},
        clients::{Clients, Shown},
        nodes::Nodes,
        records::{self, StoredMessage},
        writers::Writers,
    },
    harness::{Error, Result},
};

/// All clients.
pub struct Pages {
    rooms: Vec<(&'static str, ClientConfig, Clients)>,
    entry: (ClientConfig, Clients),
    events: EventsClients,
    /// How long they may take to converge.
    timeout: Duration,
}

impl Pages {
    /// Starts the clients, spread over the servers.
    pub fn start(
        with: &ClientArguments,
        events: usize,
        addresses: &[SocketAddr],
        entry: i64,
        seed: u64,
    ) -> Self {
        let within = with.time() / 2;
        let start = |feed: String, number: u64| {
            let config = ClientConfig {
                address: addresses[0],
                feed,
                time_scale: with.time_scale,
                cards: Arc::default(),
            };
            let clients = Clients::start(with.counts, &config, addresses, within, seed ^ number);
            (config, clients)
        };
        let rooms = (1..).zip(ROOMS).map(|(number, room)| {
            let (config, clients) = start(format!("room-{room}"), number);
            (room, config, clients)
        });
        let config = EventsConfig {
            addresses: addresses.to_vec(),
            time_scale: with.time_scale,
        };
        Self {
            rooms: rooms.collect(),
            entry: start(entry.to_string(), 0),
            events: EventsClients::start(&config, events, within, seed),
            timeout: with.convergence_time(),
        }
    }

    /// Checks that the feed of each server, and each page, has the stored messages.
    pub async fn check_messages(&mut self, nodes: &Nodes, stored: &[StoredMessage]) -> Result<()> {
        for (room, config, clients) in &mut self.rooms {
            let wanted: Vec<_> = shown_in(stored, room).map(|message| message.id.0).collect();
            let mut expected = PageUpdates::new();
            for ringside in nodes.servers() {
                let direct = ClientConfig {
                    address: ringside.address,
                    ..config.clone()
                };
                expected = fetch_all_messages(&direct).await?;
                let ids: Vec<_> = expected.keys().map(|id| id.0).collect();
                if ids != wanted {
                    return Err(Error::Violated(format!(
                        "the feed of {room} has other messages than were acknowledged: {ids:?} in place of {wanted:?}"
                    )));
                }
            }
            clients
                .wait_until_converged(&expected, Shown::Latest, self.timeout)
                .await?;
        }
        self.events.wait_until_complete(stored, self.timeout).await
    }

    /// Checks that each server, each page and the database have the acknowledged updates.
    pub async fn check_updates(
        &mut self,
        nodes: &Nodes,
        entry: i64,
        writers: &Writers,
    ) -> Result<()> {
        let acknowledged = std::mem::take(&mut *writers.acknowledged());
        let (config, clients) = &mut self.entry;
        let mut expected = PageUpdates::new();
        for ringside in nodes.servers() {
            let direct = ClientConfig {
                address: ringside.address,
                ..config.clone()
            };
            expected = fetch_everything(&direct).await?;
            acknowledged.check(&expected).map_err(Error::Violated)?;
            let (database, folder) = (nodes.database(), nodes.folder());
            records::check(database, folder, entry, &acknowledged, &expected).await?;
        }
        clients
            .wait_until_converged(&expected, Shown::Everything, self.timeout)
            .await
    }
}
