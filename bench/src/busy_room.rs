//! What an author, and readers of pages, notice of a room that takes 500 messages a second.

use std::time::{Duration, Instant};

use tokio::{
    task::JoinSet,
    time::{MissedTickBehavior, interval_at, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use crate::harness::{
    Author, Better, Load, Reader, Result, Ringside, StreamClients, Table, get_request, heading,
    join_all, median, note, quantile, ratios, record, spread,
};

/// How many updates the entry has.
const UPDATES: usize = 100;
/// How many readers have a stream of the entry open.
const CLIENTS: u32 = 100;
/// How many readers send messages, and how often each does.
const SENDERS: u32 = 20;
const MESSAGE_INTERVAL: Duration = Duration::from_millis(40);
/// How many posts a round has, and how often one is sent.
const POSTS: u32 = 30;
const POST_INTERVAL: Duration = Duration::from_millis(200);
/// How long to wait for late deliveries after the last post.
const GRACE: Duration = Duration::from_secs(5);
/// How long the page is requested in a round.
const LOAD: Duration = Duration::from_secs(3);
/// How long the messages are sent before a round.
const WARM_UP: Duration = Duration::from_secs(1);
/// How many rounds there are with messages, each after one at rest.
const ROUNDS: usize = 5;
/// The page that is requested.
const PAGE: &str = "/entries/final";
/// Logs a line for each page that is rendered.
const LOG: (&str, &str) = ("RINGSIDE_LOG", "error,server::page_cache=debug");

/// The measurements of a round.
#[derive(Clone, Copy, Debug)]
struct Measured {
    /// From the scheduled time of a post until its acknowledgement, in milliseconds: the median.
    post: f64,
    /// From then until a reader has it: the median, and the 99th percentile.
    delivery: f64,
    delivery_p99: f64,
    /// Pages per second.
    pages: f64,
    /// The part of these pages that was sent from the cache.
    hits: f64,
    /// Messages per second.
    messages: f64,
}

/// Measures in turns at rest and with messages.
pub async fn run() -> Result<()> {
    heading("An author and readers of an entry whose room takes 500 messages a second");
    note(format!(
        "{SENDERS} readers send a message every {} ms; {POSTS} posts, one every {} ms, to {CLIENTS} streams; then the page of {UPDATES} updates is requested for {} s; {ROUNDS} rounds, in turns with rounds at rest, medians.",
        MESSAGE_INTERVAL.as_millis(),
        POST_INTERVAL.as_millis(),
        LOAD.as_secs()
    ));
    let (mut busy, mut rest) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rest.push(round(0).await?);
        busy.push(round(SENDERS).await?);
    }
    let of = |rounds: &[Measured], figure: fn(&Measured) -> f64| -> Vec<f64> {
        rounds.iter().map(figure).collect()
    };
    let mut table = Table::new([
        "the room",
        "messages/s",
        "post ms",
        "reader ms",
        "p99",
        "pages/s",
        "from the cache",
    ]);
    for (what, rounds) in [("at rest", &rest), ("500 messages/s", &busy)] {
        let figure = |figure| median(&of(rounds, figure));
        table.row([
            what.to_owned(),
            format!("{:.0}", figure(|round| round.messages)),
            format!("{:.1}", figure(|round| round.post)),
            format!("{:.1}", figure(|round| round.delivery)),
            format!("{:.1}", figure(|round| round.delivery_p99)),
            format!("{:.0}", figure(|round| round.pages)),
            format!("{:.2} %", 100.0 * figure(|round| round.hits)),
        ]);
    }
    table.print();
    for (name, better, figure) in [
        (
            "post to a reader during 500 messages a second",
            Better::Lower,
            (|round| round.delivery) as fn(&Measured) -> f64,
        ),
        (
            "cached page during 500 messages a second",
            Better::Higher,
            |round| round.pages,
        ),
    ] {
        let ratios = ratios(&of(&busy, figure), &of(&rest, figure));
        record(name, "of that at rest", better, &ratios)?;
    }
    Ok(())
}

/// Measures a round during which `senders` readers send messages.
async fn round(senders: u32) -> Result<Measured> {
    let mut settings = vec![LOG];
    settings.extend(Reader::SETTINGS);
    let ringside = Ringside::start(&settings)?;
    let (entry, mut author) = entry_with_chat(&ringside).await?;
    let path = format!("/feed/{entry}/stream");
    let clients = StreamClients::open(ringside.address, &path, CLIENTS, 0).await?;
    let room = Room::start(&ringside, &format!("entry-{entry}"), senders).await?;
    sleep(WARM_UP).await;

    let start = Instant::now() + POST_INTERVAL;
    clients.start_clock(start, POST_INTERVAL);
    let mut posts = Vec::new();
    for n in 0..POSTS {
        let due = start + POST_INTERVAL * n;
        sleep_until(due.into()).await;
        let text = format!("seq={n}; word word word");
        author.post_text("final", &text).await?;
        posts.push(due.elapsed().as_secs_f64() * 1e3);
    }
    let end = Instant::now() + GRACE;
    while clients.deliveries() < clients.count() * POSTS as usize && Instant::now() < end {
        sleep(Duration::from_millis(10)).await;
    }
    let deliveries = clients.latencies(POSTS)?.concat();
    let (pages, hits) = request_pages(&ringside).await?;
    Ok(Measured {
        post: median(&posts),
        delivery: median(&deliveries),
        delivery_p99: quantile(&deliveries, 0.99),
        pages,
        hits,
        messages: room.stop().await?,
    })
}

/// Creates the entry, with a chat. Returns its number, and its author.
async fn entry_with_chat(ringside: &Ringside) -> Result<(i64, Author)> {
    let entry = ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    let fields = [
        ("title", "final"),
        ("slug", "final"),
        ("summary", ""),
        ("time_zone", "UTC"),
        ("default_order", "oldest"),
        ("chat", "open"),
    ];
    author.submit("/desk/entries/final/edit", &fields).await?;
    for _ in 0..UPDATES {
        author.post("final").await?;
    }
    Ok((entry, author))
}

/// Requests the page on many connections. Returns the pages per second, and the part of them that
/// was sent from the cache.
async fn request_pages(ringside: &Ringside) -> Result<(f64, f64)> {
    let headers = "accept-encoding: br\r\n";
    let page = ringside.get(PAGE, headers).await?;
    let load = Load {
        address: ringside.address,
        request: get_request(PAGE, headers).into(),
        length: page.body.len(),
    };
    let before = rendered(ringside)?;
    let loaded = load.run(LOAD).await?;
    let rendered = rendered(ringside)? - before;
    #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 responses")]
    let (rendered, responses) = (rendered as f64, loaded.responses as f64);
    Ok((loaded.rate, 1.0 - rendered / responses))
}

/// Returns how often the page was rendered, according to the server's log.
fn rendered(ringside: &Ringside) -> Result<usize> {
    let log = ringside.log()?;
    let renders = log.lines().filter(|line| line.contains("rendered a page"));
    Ok(renders.filter(|line| line.contains(PAGE)).count())
}

/// Readers who send messages to a room until this is dropped.
struct Room {
    senders: JoinSet<Result<u32>>,
    started: Instant,
    stop: CancellationToken,
}

impl Room {
    /// Starts the readers, who send at different times.
    async fn start(ringside: &Ringside, room: &str, senders: u32) -> Result<Self> {
        let stop = CancellationToken::new();
        let started = Instant::now();
        let mut tasks = JoinSet::new();
        for number in 0..senders {
            let reader = Reader::connect(ringside.address, &format!("reader-{number}")).await?;
            let first = started + MESSAGE_INTERVAL.mul_f64(spread(number as usize));
            tasks.spawn(send_until(stop.clone(), reader, room.to_owned(), first));
        }
        Ok(Self {
            senders: tasks,
            started,
            stop,
        })
    }

    /// Stops the readers. Returns how many messages a second were acknowledged.
    async fn stop(self) -> Result<f64> {
        self.stop.cancel();
        let seconds = self.started.elapsed().as_secs_f64();
        let messages = join_all(self.senders).await?;
        Ok(f64::from(messages.iter().sum::<u32>()) / seconds)
    }
}

/// Sends messages from `first` on. Returns how many were acknowledged.
async fn send_until(
    stop: CancellationToken,
    mut reader: Reader,
    room: String,
    first: Instant,
) -> Result<u32> {
    let mut due = interval_at(first.into(), MESSAGE_INTERVAL);
    due.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut messages = 0;
    while stop.run_until_cancelled(due.tick()).await.is_some() {
        reader.send(&room).await?;
        messages += 1;
    }
    Ok(messages)
}
