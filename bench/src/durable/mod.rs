//! Posts, messages and likes that are on the disk when they are acknowledged, each compared with a
//! bare loop that only writes the same.

mod bare;

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use self::bare::{BareLoop, Written};
use crate::harness::{
    Author, Better, Error, Folder, Reader, Result, Ringside, Table, cpu_of_this_process, heading,
    join_all, median, note, ratios, record,
};

/// How many people write at the same time, each again as soon as the last request was acknowledged.
/// Few newsrooms have more authors. A single one would measure the latency of a post, not the
/// throughput.
const SENDERS: usize = 16;
/// How many voters like at the same time.
const VOTERS: usize = 500;
/// How many updates they like.
const LIKED: i64 = 20;
/// How many rounds each of the two writes, and how long they last.
const ROUNDS: u8 = 7;
const ROUND: Duration = Duration::from_secs(2);
/// The room of the messages.
const ROOM: &str = "lobby";

/// Measures how many posts a second are written to the disk.
pub async fn run_posts() -> Result<()> {
    heading("Durable posts on SQLite, compared with a bare single-writer loop");
    let ringside = Ringside::start(&[])?;
    ringside.entry("final").await?;
    let mut authors = Vec::new();
    for n in 0..SENDERS {
        authors.push(ringside.author(&format!("author{n}")).await?);
    }
    measure(&ringside, authors, Written::Post).await
}

/// Measures how many messages of readers a second are written to the disk.
pub async fn run_messages() -> Result<()> {
    heading("Durable messages on SQLite, compared with a bare single-writer loop");
    let ringside = Ringside::start(&Reader::SETTINGS)?;
    let mut senders = Vec::new();
    for n in 0..SENDERS {
        let reader = Reader::connect(ringside.address, &format!("reader{n}")).await?;
        senders.push(MessageSender(reader));
    }
    measure(&ringside, senders, Written::Message).await
}

/// Measures how many likes a second are written to the disk.
pub async fn run_likes() -> Result<()> {
    heading("A storm of likes on SQLite, compared with a bare single-writer loop");
    let ringside = Ringside::start(&[])?;
    ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    for _ in 0..LIKED {
        author.post("final").await?;
    }
    let mut voters = Vec::new();
    for n in 0..VOTERS {
        let reader = Reader::connect(ringside.address, &format!("voter{n}")).await?;
        voters.push(LikeSender {
            server: ringside.address,
            reader,
            likes: 0,
        });
    }
    measure(&ringside, voters, Written::Like).await
}

/// A person who writes.
trait Sender: Send + 'static {
    /// Prepares the person for a round.
    fn prepare(&mut self, _round: u8) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }

    /// Sends a request, and waits until it is acknowledged.
    fn send(&mut self) -> impl Future<Output = Result<()>> + Send;
}

impl Sender for Author {
    async fn send(&mut self) -> Result<()> {
        self.post("final").await
    }
}

/// A reader who sends messages.
struct MessageSender(Reader);

impl Sender for MessageSender {
    async fn send(&mut self) -> Result<()> {
        self.0.send(ROOM).await
    }
}

/// A reader who likes all updates one after the other, and then takes the likes back.
struct LikeSender {
    server: SocketAddr,
    reader: Reader,
    likes: i64,
}

impl Sender for LikeSender {
    /// Makes this another voter, at another address: the server limits how often a voter likes, and
    /// how many voters are new at an address.
    async fn prepare(&mut self, round: u8) -> Result<()> {
        let own = Ipv4Addr::new(127, 0, 1, round);
        self.reader = Reader::connect_from(own, self.server, "voter").await?;
        self.likes = 0;
        // The first like sets the cookie.
        self.send().await
    }

    async fn send(&mut self) -> Result<()> {
        let update = 1 + self.likes % LIKED;
        let is_liked = self.likes / LIKED % 2 == 0;
        self.likes += 1;
        self.reader.like("final", update, is_liked).await
    }
}

/// Measures both writers in turns, prints the medians, and records them.
async fn measure<S: Sender>(
    ringside: &Ringside,
    mut senders: Vec<S>,
    written: Written,
) -> Result<()> {
    let folder = Folder::new()?;
    let mut bare = BareLoop::open(&folder.path().join("bare.db"), written, LIKED).await?;
    note(format!(
        "{} people over HTTP; {ROUNDS} rounds of {} s for each, in turns; medians. WAL, synchronous=FULL, both files on {}.",
        senders.len(),
        ROUND.as_secs_f64(),
        ringside.folder().file_system(),
    ));
    let (mut rates, mut bare_rates) = (Vec::new(), Vec::new());
    let (mut cpu, mut client_cpu) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        for sender in &mut senders {
            sender.prepare(round).await?;
        }
        let (server, client) = (ringside.cpu(), cpu_of_this_process());
        let (count, seconds);
        (count, seconds, senders) = send_by_all(senders).await?;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / count;
        cpu.push(each(ringside.cpu().saturating_sub(server)));
        client_cpu.push(each(cpu_of_this_process().saturating_sub(client)));
        rates.push(count / seconds);
        bare_rates.push(bare.write(ROUND).await?);
    }
    let what = written.name();
    record(
        &format!("durable {what}s a second"),
        "of a bare loop's",
        Better::Higher,
        &ratios(&rates, &bare_rates),
    )?;
    record(
        &format!("processor time a {what}"),
        "us",
        Better::Lower,
        &cpu,
    )?;
    let (rate, reference) = (median(&rates), median(&bare_rates));
    let mut table = Table::new(["what", "writes/s", "ratio", "CPU us", "load's"]);
    table.row([
        "Ringside over HTTP".to_owned(),
        format!("{rate:.0}"),
        format!("{:.2}", rate / reference),
        format!("{:.0}", median(&cpu)),
        format!("{:.0}", median(&client_cpu)),
    ]);
    table.row([
        "bare loop".to_owned(),
        format!("{reference:.0}"),
        "1".to_owned(),
        String::new(),
        String::new(),
    ]);
    table.print();
    Ok(())
}

/// Runs a round with all senders. Returns the number of acknowledged requests, the seconds, and the
/// senders.
async fn send_by_all<S: Sender>(senders: Vec<S>) -> Result<(f64, f64, Vec<S>)> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for mut sender in senders {
        tasks.spawn(async move {
            let mut count = 0_u32;
            while start.elapsed() < ROUND {
                sender.send().await?;
                count += 1;
            }
            Ok::<_, Error>((sender, count))
        });
    }
    let (senders, counts): (Vec<_>, Vec<_>) = join_all(tasks).await?.into_iter().unzip();
    let count = f64::from(counts.iter().sum::<u32>());
    Ok((count, start.elapsed().as_secs_f64(), senders))
}
