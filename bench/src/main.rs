//! The benchmarks behind the README's figures. `make bench` builds what they need, and runs them all.
//!
//! Each takes its figures beside a reference in the same run, in rounds that alternate between the
//! two, and prints medians. What they are made of stands in `rig`.
//!
//! # How to add a benchmark
//! Write it in a file of its own, with one public function that prints its table; name it in
//! [`Benchmark`]. A reference does the least that the same work can be done with.

mod cached_pages;
mod durable_posts;
mod rig;

use std::process::ExitCode;

use clap::{Parser, ValueEnum};

/// Takes figures of the release build beside it.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which to take; all, if none is named.
    benchmarks: Vec<Benchmark>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Benchmark {
    /// Finished pages, beside nginx with the same bytes as files.
    CachedPages,
    /// Posts over HTTP, beside a bare loop that writes to SQLite.
    DurablePosts,
}

impl Benchmark {
    async fn run(self) -> rig::Result<()> {
        match self {
            Self::CachedPages => cached_pages::run().await,
            Self::DurablePosts => durable_posts::run().await,
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let asked = Arguments::parse().benchmarks;
    let benchmarks = match asked.as_slice() {
        [] => Benchmark::value_variants(),
        some => some,
    };
    for benchmark in benchmarks {
        if let Err(error) = benchmark.run().await {
            eprintln!("bench: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
