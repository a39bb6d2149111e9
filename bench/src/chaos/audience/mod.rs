//! Readers who chat in two rooms and like the updates of an entry, an author who posts, and
//! moderators who delete and mute, on an unreliable network, while the servers are stopped and
//! killed. At the end every page, the acknowledgements and the database have the same messages, the
//! same updates and the same numbers of likes.

mod chat;
mod events_clients;
mod events_page;
mod liking;
mod moderators;
mod mutes;
mod pages;
mod rooms;
mod schedule;

use std::sync::Arc;

use clap::Args;

use self::{
    chat::Chat,
    liking::like,
    moderators::Moderators,
    pages::Pages,
    rooms::{ROOMS, check_messages},
};
use super::{
    arguments::ClientArguments, nodes::Nodes, records, retrying_author::RetryingAuthor,
    voter::check_likes, writers::Writers,
};
use crate::harness::{Database, Reader, Result, heading, note};

/// The parameters of the test.
#[derive(Debug, Args)]
pub struct Arguments {
    /// How many servers share the database. Several need PostgreSQL.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    nodes: u8,
    /// How many messages are sent a second, in both rooms together.
    #[arg(long, default_value_t = 30, value_name = "MESSAGES", value_parser = clap::value_parser!(u32).range(1..))]
    messages: u32,
    /// How many times a second a like is set or taken back.
    #[arg(long, default_value_t = 20, value_name = "LIKES", value_parser = clap::value_parser!(u32).range(1..))]
    likes: u32,
    /// How many updates are posted a second.
    #[arg(long, default_value_t = 5, value_name = "UPDATES", value_parser = clap::value_parser!(u32).range(1..))]
    updates: u32,
    /// How many clients follow both rooms at `/events/`.
    #[arg(long, default_value_t = 50, value_name = "CLIENTS")]
    events: usize,
    #[command(flatten)]
    with: ClientArguments,
}

/// Runs the test.
///
/// # Errors
///
/// With the first difference between a page, the acknowledgements and the database.
pub async fn run(arguments: Arguments) -> Result<()> {
    let Arguments { events, with, .. } = &arguments;
    let (seed, time) = (with.seed(), with.time());
    let database = Database::create(with.database).await?;
    heading(&format!("Rooms and likes: {}", database.kind));
    note(format!(
        "In each of two rooms and at one entry {}, and {events} with /events/ of both rooms; {} messages, {} likes and {} updates a second for {} s. {}. {}, stopped four times. --seed {seed}",
        with.counts,
        arguments.messages,
        arguments.likes,
        arguments.updates,
        with.seconds,
        with.faults,
        match arguments.nodes {
            1 => "One server".to_owned(),
            nodes => format!("{nodes} servers"),
        },
    ));

    let mut settings = vec![("RINGSIDE_POLL_INTERVAL_MS", "2000")];
    settings.extend(Reader::SETTINGS);
    let mut nodes = Nodes::start(
        database,
        arguments.nodes.into(),
        &settings,
        with.faults,
        seed,
    )
    .await?;
    let entry = nodes.first().entry("final").await?;
    let (author, editor) = (
        nodes.first().author("ann").await?,
        nodes.first().account("eve", "editor").await?,
    );
    let addresses = nodes.addresses();
    let writers = Arc::new(Writers::new(addresses[0], "final", author));
    let chat = Arc::new(Chat::new(addresses.clone()));
    chat.open_rooms(nodes.first().address).await?;
    let moderators = Moderators {
        chat: Arc::clone(&chat),
        address: addresses[0],
        editor: nodes.first().log_in("eve").await?,
        moderator: RetryingAuthor::new(addresses[0], editor),
        database_url: nodes.database().url(nodes.folder()),
    };
    let mut pages = Pages::start(with, *events, &addresses, entry, seed);

    let ((), (), (), likes, ()) = tokio::try_join!(
        chat.run(arguments.messages, time, seed),
        moderators.run(time, seed),
        writers.post_for(arguments.updates, time),
        like(&addresses, &writers, arguments.likes, time, seed),
        nodes.restart(time),
    )?;
    nodes.disable_faults();
    note(format!("{}.\n{}.", nodes.report(), chat.report()));
    nodes.check_lost()?;

    let stored = records::messages(nodes.database(), nodes.folder()).await?;
    chat.check(&stored)?;
    for ringside in nodes.servers() {
        for room in ROOMS {
            check_messages(ringside, room, &stored).await?;
        }
    }
    pages.check_messages(&nodes, &stored).await?;
    pages.check_updates(&nodes, entry, &writers).await?;
    let likes = check_likes(&nodes, entry, &likes).await?;
    let shown = stored.iter().filter(|message| !message.is_deleted).count();
    note(format!(
        "Passed: {shown} messages are the same on every page, in the acknowledgements and in the database; so are {likes} likes."
    ));
    Ok(())
}
