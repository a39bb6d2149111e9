//! The benchmarks behind the README's figures, and the proofs. `make bench` builds what the benchmarks
//! need, and runs them all; `make prove` does the same for the proofs, which stand in `prove`.
//!
//! Each benchmark takes its figures beside a reference in the same run, in rounds that alternate between the
//! two, and prints medians. What they are made of stands in `harness`.
//!
//! # How to add a benchmark
//! Write it in a file of its own, with one public function that prints its table; name it in
//! [`Benchmark`]. A reference does the least that the same work can be done with.

mod busy_entry;
mod cached_pages;
mod chaos;
mod durable_posts;
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
use harness::While;
use tokio::signal::unix::{SignalKind, signal};

/// Takes figures of the release build beside it, or proves something of it.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    /// Which figures to take; all, if none is named.
    benchmarks: Vec<Benchmark>,
    #[command(subcommand)]
    other: Option<Other>,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Proves what must always be so, or ends with what is wrong, and an exit code that says so.
    Chaos {
        #[command(subcommand)]
        test: ChaosTest,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Benchmark {
    /// Finished pages, beside nginx with the same bytes as files.
    CachedPages,
    /// A page rendered for every request, and where the time goes.
    FreshPage,
    /// What an entry of 5,000 updates costs that is posted to once a second.
    BusyEntry,
    /// What reaches Ringside behind nginx's cache, with few pollers and with many.
    Pollers,
    /// Posts over HTTP, beside a bare loop that writes to SQLite.
    DurablePosts,
    /// A realistic update, beside the Markdown parsers alone; and the worst Markdown of the longest one.
    Markup,
    /// What readers and authors notice of clients that mean harm.
    HostileClients,
    /// How far the counter of revisions moves when entries are renamed.
    Revisions,
    /// Ten thousand readers, beside a bare write to each.
    FanOut,
}

impl Benchmark {
    async fn run(self) -> harness::Result<()> {
        match self {
            Self::CachedPages => cached_pages::run().await,
            Self::FreshPage => fresh_page::run().await,
            Self::BusyEntry => busy_entry::run().await,
            Self::Pollers => pollers::run().await,
            Self::DurablePosts => durable_posts::run().await,
            Self::Markup => markup::run(),
            Self::HostileClients => hostile_clients::run().await,
            Self::Revisions => revisions::run().await,
            Self::FanOut => fan_out::run().await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Every reader is an open file, and systems begin with a thousand or so.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        eprintln!("bench: the limit of open files stays as it is: {error}");
    }
    let arguments = Arguments::parse();
    let done = async {
        match arguments.other {
            Some(Other::Chaos { test }) => test.run().await,
            None => take(&arguments.benchmarks).await,
        }
    };
    // Whoever stops this stops the servers that it started, too.
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

/// Takes the figures that were asked for.
async fn take(asked: &[Benchmark]) -> harness::Result<()> {
    let benchmarks = match asked {
        [] => Benchmark::value_variants(),
        some => some,
    };
    for benchmark in benchmarks {
        benchmark.run().await?;
    }
    Ok(())
}

/// Ends when the process is asked to.
async fn stopped() -> harness::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).while_doing("listening for signals")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    Err(harness::Error::Unexpected("stopped".to_owned()))
}
