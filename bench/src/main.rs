//! The benchmarks behind the README's figures, and the chaos tests. `make bench` builds what the
//! benchmarks need and runs them all. `make prove` does the same for the chaos tests, which are in
//! `chaos`.
//!
//! Each benchmark measures Ringside and a reference in the same run, in alternating rounds, and
//! prints medians. Shared code is in `harness`.
//!
//! # How to add a benchmark
//!
//! Write it in a file of its own, with one public function that prints its table, and add it to
//! [`Benchmark`]. A reference does the minimum that the same work requires.

mod busy_entry;
mod busy_room;
mod cached_pages;
mod chaos;
mod durable;
mod fan_out;
mod fresh_page;
mod harness;
mod hostile_clients;
mod markup;
mod pollers;
mod revisions;

use std::process::ExitCode;

use chaos::ChaosTest;
use clap::{Parser, Subcommand, ValueEnum};
use harness::Context;
use tokio::signal::unix::{SignalKind, signal};

/// Runs benchmarks or chaos tests on the release build in the same folder.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    /// The benchmarks to run; all if omitted.
    benchmarks: Vec<Benchmark>,
    #[command(subcommand)]
    other: Option<Other>,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Runs a chaos test. Prints what is wrong and ends with exit code 1 if an invariant is
    /// violated.
    Chaos {
        #[command(subcommand)]
        test: ChaosTest,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Benchmark {
    /// Finished pages, compared with nginx serving the same bytes as files.
    CachedPages,
    /// A page rendered for each request, and the parts of that time.
    FreshPage,
    /// The cost of an entry of 5,000 updates with a post every second.
    BusyEntry,
    /// Requests that reach Ringside behind nginx's cache, with few pollers and with many.
    Pollers,
    /// Posts over HTTP, compared with a bare loop that writes to SQLite.
    DurablePosts,
    /// Messages in a room, compared with a bare loop that writes to SQLite.
    DurableMessages,
    /// Likes of 500 voters, compared with a bare loop that writes to SQLite.
    Likes,
    /// A realistic update, compared with the Markdown parsers alone, and the slowest Markdown of
    /// maximum length.
    Markup,
    /// What other clients notice during an attack.
    HostileClients,
    /// How far the revision counter moves when entries are renamed.
    Revisions,
    /// Ten thousand streams, compared with a bare write to each.
    FanOut,
    /// Ten thousand readers of a room, compared with a bare write to each.
    Rooms,
    /// An author's posts, and cached pages, while a room takes 500 messages a second.
    BusyRoom,
}

impl Benchmark {
    async fn run(self) -> harness::Result<()> {
        match self {
            Self::CachedPages => cached_pages::run().await,
            Self::FreshPage => fresh_page::run().await,
            Self::BusyEntry => busy_entry::run().await,
            Self::Pollers => pollers::run().await,
            Self::DurablePosts => durable::run_posts().await,
            Self::DurableMessages => durable::run_messages().await,
            Self::Likes => durable::run_likes().await,
            Self::Markup => markup::run(),
            Self::HostileClients => hostile_clients::run().await,
            Self::Revisions => revisions::run().await,
            Self::FanOut => fan_out::run_posts().await,
            Self::Rooms => fan_out::run_rooms().await,
            Self::BusyRoom => busy_room::run().await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Each client is an open file, and systems often have a default limit of about a thousand.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        eprintln!("bench: the limit of open files could not be raised: {error}");
    }
    let arguments = Arguments::parse();
    let done = async {
        match arguments.other {
            Some(Other::Chaos { test }) => test.run().await,
            None => run_benchmarks(&arguments.benchmarks).await,
        }
    };
    // A signal also stops the servers that were started.
    let done = tokio::select! {
        done = done => done,
        stopped = stopped() => stopped,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the given benchmarks.
async fn run_benchmarks(requested: &[Benchmark]) -> harness::Result<()> {
    let benchmarks = match requested {
        [] => Benchmark::value_variants(),
        some => some,
    };
    for benchmark in benchmarks {
        benchmark.run().await?;
    }
    Ok(())
}

/// Waits until the process receives a signal to stop.
async fn stopped() -> harness::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("listening for signals")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Err(harness::Error::Unexpected("stopped".to_owned()))
}
