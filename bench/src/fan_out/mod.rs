//! Ten thousand readers of one entry, beside the least that a server can do: one `write` for each.

mod baseline;

use std::time::{Duration, Instant};

use baseline::Baseline;
use tokio::time::{sleep, sleep_until};

use crate::harness::{
    Audience, Author, Better, Error, Process, Result, Ringside, Table, heading, median, note,
    quantile, ratios, record,
};

/// How many readers have a stream open.
const READERS: u32 = 10_000;
/// How many of them don't read, in the rounds that are about them.
const STALLED: u32 = READERS / 100;
/// How many posts there are, how often, and of how many bytes.
const POSTS: u32 = 100;
const EVERY: Duration = Duration::from_millis(200);
const LENGTH: usize = 300;
/// How often each is measured.
const ROUNDS: usize = 3;
/// How long stragglers are waited for after the last post.
const AFTERWARDS: Duration = Duration::from_secs(3);
/// How long those who don't read are borne with, at most: twice what the server promises.
const CUT_OFF: Duration = Duration::from_mins(1);

/// Prints what a delivery costs, and how long it takes.
pub async fn run() -> Result<()> {
    heading("Ten thousand readers, beside a bare write to each");
    note(format!(
        "{READERS} streams, {POSTS} posts of {LENGTH} bytes, one every {} ms; {ROUNDS} rounds, medians. \
         Latencies count from when a post was to be sent, in milliseconds; processor time in microseconds a delivery.",
        EVERY.as_millis(),
    ));
    let mut baseline = Vec::new();
    let mut ringside = Vec::new();
    let mut stalled = Vec::new();
    for _ in 0..ROUNDS {
        baseline.push(measure_baseline().await?);
        ringside.push(measure_ringside(0).await?);
        stalled.push(measure_ringside(STALLED).await?);
    }
    let mut table = Table::new([
        "what",
        "CPU",
        "ratio",
        "p50",
        "p99",
        "last, p50",
        "last, p99",
        "ratio",
        "KiB/reader",
    ]);
    let reference = Figures::median(&baseline);
    for (what, rounds) in [
        ("bare write", &baseline),
        ("Ringside", &ringside),
        ("Ringside, 1 % don't read", &stalled),
    ] {
        let Figures {
            cpu,
            p50,
            p99,
            last_p50,
            last_p99,
            memory,
        } = Figures::median(rounds);
        table.row([
            what.to_owned(),
            format!("{cpu:.1}"),
            format!("{:.2}", cpu / reference.cpu),
            format!("{p50:.0}"),
            format!("{p99:.0}"),
            format!("{last_p50:.0}"),
            format!("{last_p99:.0}"),
            format!("{:.2}", last_p99 / reference.last_p99),
            format!("{memory:.1}"),
        ]);
    }
    table.print();
    let of = |rounds: &[Figures], figure: fn(&Figures) -> f64| -> Vec<f64> {
        rounds.iter().map(figure).collect()
    };
    for (name, figure) in [
        (
            "10,000 streams: processor time a delivery",
            (|round| round.cpu) as fn(&Figures) -> f64,
        ),
        (
            "10,000 streams: until the last reader has a post, 99 of 100",
            |round| round.last_p99,
        ),
    ] {
        record(
            name,
            "of a bare write's",
            Better::Lower,
            &ratios(&of(&ringside, figure), &of(&baseline, figure)),
        )?;
    }
    record(
        "10,000 streams: memory a reader",
        "KiB",
        Better::Lower,
        &of(&ringside, |round| round.memory),
    )?;
    let (with, without) = (Figures::median(&stalled), Figures::median(&ringside));
    note(format!(
        "While 1 % don't read, the others' p99 is {:.2} times what it is without them.",
        with.p99 / without.p99
    ));
    note(cut_off().await?);
    Ok(())
}

/// What one round came to; every delivery was made.
#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Microseconds of processor time a delivery.
    cpu: f64,
    /// Milliseconds.
    p50: f64,
    p99: f64,
    /// Until the last reader had a post, in milliseconds.
    last_p50: f64,
    last_p99: f64,
    /// User memory a reader, in KiB.
    memory: f64,
}

impl Figures {
    fn median(rounds: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
        Self {
            cpu: of(|round| round.cpu),
            p50: of(|round| round.p50),
            p99: of(|round| round.p99),
            last_p50: of(|round| round.last_p50),
            last_p99: of(|round| round.last_p99),
            memory: of(|round| round.memory),
        }
    }
}

/// Whom the readers listen to, and who publishes there.
trait Publisher {
    fn process(&self) -> &Process;
    async fn publish(&mut self, text: String) -> Result<()>;
}

impl Publisher for Baseline {
    fn process(&self) -> &Process {
        Self::process(self)
    }

    async fn publish(&mut self, text: String) -> Result<()> {
        Self::publish(self, &text).await
    }
}

/// A server, and somebody who posts to its entry.
struct Writers {
    ringside: Ringside,
    author: Author,
}

impl Writers {
    async fn start() -> Result<(Self, String)> {
        let ringside = Ringside::start(&[])?;
        let entry = ringside.entry("final").await?;
        let author = ringside.author("ann").await?;
        Ok((Self { ringside, author }, format!("/feed/{entry}/stream")))
    }
}

impl Publisher for Writers {
    fn process(&self) -> &Process {
        self.ringside.process()
    }

    async fn publish(&mut self, text: String) -> Result<()> {
        self.author.post_text("final", &text).await
    }
}

async fn measure_baseline() -> Result<Figures> {
    let baseline = Baseline::start().await?;
    let before = baseline.process().user_memory();
    let audience = Audience::open(baseline.address(), "/stream", READERS, 0).await?;
    measure(baseline, before, &audience).await
}

async fn measure_ringside(stalled: u32) -> Result<Figures> {
    let (writers, path) = Writers::start().await?;
    let before = writers.process().user_memory();
    let audience = Audience::open(writers.ringside.address, &path, READERS, stalled).await?;
    measure(writers, before, &audience).await
}

async fn measure(
    mut publisher: impl Publisher,
    memory_before: u64,
    audience: &Audience,
) -> Result<Figures> {
    let cpu = publisher.process().cpu();
    let start = Instant::now() + EVERY;
    audience.count_from(start, EVERY);
    for n in 0..POSTS {
        sleep_until((start + EVERY * n).into()).await;
        publisher.publish(post(n)).await?;
    }
    let end = Instant::now() + AFTERWARDS;
    while audience.deliveries() < audience.readers() * POSTS as usize && Instant::now() < end {
        sleep(Duration::from_millis(10)).await;
    }
    let cpu = publisher.process().cpu().saturating_sub(cpu);
    let memory = publisher
        .process()
        .user_memory()
        .saturating_sub(memory_before);

    let latencies = audience.latencies(POSTS)?;
    let all: Vec<_> = latencies.concat();
    let last: Vec<_> = latencies.iter().map(|post| quantile(post, 1.0)).collect();
    #[expect(
        clippy::cast_precision_loss,
        reason = "no run has 2^52 deliveries, nor bytes"
    )]
    let (deliveries, memory) = (all.len() as f64, memory as f64);
    Ok(Figures {
        cpu: cpu.as_secs_f64() * 1e6 / deliveries,
        p50: median(&all),
        p99: quantile(&all, 0.99),
        last_p50: median(&last),
        last_p99: quantile(&last, 0.99),
        memory: memory / 1024.0 / f64::from(READERS),
    })
}

/// How long the server bears with readers who don't read, and what they cost it.
async fn cut_off() -> Result<String> {
    let (mut writers, path) = Writers::start().await?;
    let others = writers.process().open_sockets()?;
    let audience = Audience::open(writers.ringside.address, &path, STALLED, STALLED).await?;
    let before = writers.process().user_memory();
    let mut most = before;
    let start = Instant::now();
    let mut n = 0;
    while writers.process().open_sockets()? > others {
        if start.elapsed() > CUT_OFF {
            let sentence =
                format!("{STALLED} readers who don't read still have a stream after {CUT_OFF:?}");
            return Err(Error::Unexpected(sentence));
        }
        writers.publish(post(n)).await?;
        n += 1;
        most = most.max(writers.process().user_memory());
        sleep(EVERY).await;
    }
    drop(audience);
    Ok(format!(
        "{STALLED} readers who read nothing were cut off after {:.0} s and {n} posts; the server's memory had grown by {} KiB.",
        start.elapsed().as_secs_f64(),
        (most - before) / 1024,
    ))
}

/// The `n`th post: its number, where readers find it, and words.
fn post(n: u32) -> String {
    let mut text = format!("seq={n}; ");
    while text.len() < LENGTH {
        text.push_str("word ");
    }
    text.truncate(LENGTH);
    text
}
