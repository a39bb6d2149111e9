//! What other clients notice during an attack: clients with streams, authors and logins.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use domain::Source;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

use crate::{
    harness::{
        Author, Better, Error, Result, Ringside, StreamClients, Table, get_request, heading, login,
        median, note, quantile, record,
    },
    markup::{filled, formatting},
};

/// How many clients have a stream open.
const CLIENTS: u32 = 500;
/// How many posts a round has, and how often one is sent.
const POSTS: u32 = 30;
const POST_INTERVAL: Duration = Duration::from_millis(200);
/// How long to wait for late deliveries after the last post.
const GRACE: Duration = Duration::from_secs(10);
/// How many rounds an attack has, each after one at rest.
const ROUNDS: usize = 2;
/// How long an attack runs before its round begins.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long an attacker waits after it was rejected or disconnected.
const PAUSE: Duration = Duration::from_millis(5);
/// How many correct logins a round has.
const LOGINS: u32 = 10;
/// How many frames a WebSocket sends at once.
const FRAMES: usize = 100;

/// The attacks, and the number of attackers.
const ATTACKS: [(&str, Attack, usize); 6] = [
    ("pings on WebSockets that read nothing", Attack::Pings, 8),
    ("connections that send no request", Attack::Silence, 500),
    ("streams that are not read", Attack::UnreadStreams, 200),
    ("pages that don't exist", Attack::UnknownPages, 16),
    ("wrong logins", Attack::WrongLogins, 16),
    ("the worst Markdown, by an author", Attack::Markdown, 2),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attack {
    Pings,
    Silence,
    UnreadStreams,
    UnknownPages,
    WrongLogins,
    Markdown,
}

/// The measurements of a round, in milliseconds.
struct Measured {
    /// From the scheduled time of a post until a client received it: the 99th percentile.
    delivery: f64,
    /// From the scheduled time of a post until its acknowledgement: the median.
    post: f64,
    /// A correct login: the median.
    login: f64,
}

/// Measures at rest, and during each attack.
pub async fn run() -> Result<()> {
    heading("What other clients notice during an attack");
    note(format!(
        "{CLIENTS} clients with server-sent events, {POSTS} posts, one every {} ms, and {LOGINS} correct logins a round; {ROUNDS} rounds of each attack, \
         in turns with rounds at rest. The attackers share an address of their own.",
        POST_INTERVAL.as_millis(),
    ));
    let mut table = Table::new([
        "attack",
        "attackers",
        "client p99 ms",
        "at rest",
        "post ms",
        "at rest",
        "login ms",
        "at rest",
    ]);
    for (name, attack, clients) in ATTACKS {
        let (mut attacked, mut rest) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            rest.push(round(attack, 0).await?);
            attacked.push(round(attack, clients).await?);
        }
        let all = |rounds: &[Measured], of: fn(&Measured) -> f64| -> Vec<f64> {
            rounds.iter().map(of).collect()
        };
        let of = |rounds: &[Measured], of: fn(&Measured) -> f64| {
            format!("{:.1}", median(&all(rounds, of)))
        };
        record(
            &format!("reader during {name}"),
            "ms at the 99th of 100",
            Better::Lower,
            &all(&attacked, |round| round.delivery),
        )?;
        table.row([
            name.to_owned(),
            clients.to_string(),
            of(&attacked, |round| round.delivery),
            of(&rest, |round| round.delivery),
            of(&attacked, |round| round.post),
            of(&rest, |round| round.post),
            of(&attacked, |round| round.login),
            of(&rest, |round| round.login),
        ]);
    }
    table.print();
    Ok(())
}

/// Measures a round during which `clients` attackers are active.
async fn round(attack: Attack, clients: usize) -> Result<Measured> {
    let ringside = Ringside::start(&[("RINGSIDE_LOG", "error")])?;
    let entry = ringside.entry("final").await?;
    ringside.entry("other").await?;
    let mut author = ringside.author("ann").await?;
    let attackers = attackers(&ringside, attack, clients).await?;
    let path = format!("/feed/{entry}/stream");
    let clients = StreamClients::open(ringside.address, &path, CLIENTS, 0).await?;
    sleep(WARM_UP).await;

    let start = Instant::now() + POST_INTERVAL;
    clients.start_clock(start, POST_INTERVAL);
    let logins = async {
        let mut times = Vec::new();
        for n in 0..LOGINS {
            sleep_until((start + POST_INTERVAL * (n * POSTS / LOGINS)).into()).await;
            let begun = Instant::now();
            ringside.log_in("ann").await?;
            times.push(milliseconds(begun));
        }
        Ok::<_, Error>(times)
    };
    let posts = async {
        let mut times = Vec::new();
        for n in 0..POSTS {
            let due = start + POST_INTERVAL * n;
            sleep_until(due.into()).await;
            author
                .post_text("final", &format!("seq={n}; word word word"))
                .await?;
            times.push(milliseconds(due));
        }
        Ok::<_, Error>(times)
    };
    let (logins, posts) = tokio::try_join!(logins, posts)?;
    let end = Instant::now() + GRACE;
    while clients.deliveries() < clients.count() * POSTS as usize && Instant::now() < end {
        sleep(Duration::from_millis(10)).await;
    }
    attackers.stop.cancel();
    Ok(Measured {
        delivery: quantile(&clients.latencies(POSTS)?.concat(), 0.99),
        post: median(&posts),
        login: median(&logins),
    })
}

/// Attackers that are active until this is dropped.
struct Attackers {
    stop: CancellationToken,
    _clients: JoinSet<()>,
}

async fn attackers(ringside: &Ringside, attack: Attack, clients: usize) -> Result<Attackers> {
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        let client = Attacker {
            server: ringside.address,
            own: SocketAddr::from((Ipv4Addr::new(127, 0, 1, 1), 0)),
            number,
        };
        let author = match attack {
            Attack::Markdown => Some(ringside.author(&format!("eve-{number}")).await?),
            _ => None,
        };
        let stopped = stop.clone();
        tasks.spawn(async move {
            let attack = client.attack(attack, author);
            stopped.run_until_cancelled(attack).await;
        });
    }
    Ok(Attackers {
        stop,
        _clients: tasks,
    })
}

/// A single attacker.
#[derive(Clone, Copy)]
struct Attacker {
    server: SocketAddr,
    /// Its own address, different from that of the other clients and the authors.
    own: SocketAddr,
    number: usize,
}

impl Attacker {
    /// Attacks forever, and again after each rejection or disconnection.
    async fn attack(self, attack: Attack, mut author: Option<Author>) {
        for attempt in 0.. {
            // The server is expected to reject the request.
            let _ = match attack {
                Attack::Pings => self.send_pings().await,
                Attack::Silence => self.wait_for_close().await,
                Attack::UnreadStreams => self.open_stream().await,
                Attack::UnknownPages => {
                    let path = format!("/nowhere-{}-{attempt}", self.number);
                    self.request(&get_request(&path, "accept: text/html\r\n"))
                        .await
                }
                Attack::WrongLogins => {
                    let name = format!("name-{}-{attempt}", self.number);
                    self.request(&login(&name, "wrong horse battery")).await
                }
                Attack::Markdown => {
                    if let Some(author) = &mut author {
                        // The text is rejected after it was parsed.
                        let _ = author.post_text("other", &worst_markdown()).await;
                    }
                    Ok(())
                }
            };
            sleep(PAUSE).await;
        }
    }

    async fn connect(self) -> std::io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(self.own)?;
        socket.connect(self.server).await
    }

    async fn send_pings(self) -> std::io::Result<()> {
        let mut connection = self.connect().await?;
        let upgrade = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                       sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
        connection.write_all(&get_request("/ws", upgrade)).await?;
        // A masked ping of 125 bytes (RFC 6455, section 5.2), with a mask of zeros.
        let frame = [&[0x89, 0xfd, 0, 0, 0, 0][..], &[b'x'; 125]].concat();
        let frames = frame.repeat(FRAMES);
        loop {
            connection.write_all(&frames).await?;
        }
    }

    async fn wait_for_close(self) -> std::io::Result<()> {
        let mut connection = self.connect().await?;
        connection.read(&mut [0]).await.map(drop)
    }

    async fn open_stream(self) -> std::io::Result<()> {
        let mut connection = self.connect().await?;
        connection
            .write_all(&get_request("/feed/all/stream", ""))
            .await?;
        // Reads the beginning of the head, and nothing else.
        connection.read_exact(&mut [0; 64]).await?;
        std::future::pending().await
    }

    /// Sends `request` on a new connection, and reads the response for at most a second.
    async fn request(self, request: &[u8]) -> std::io::Result<()> {
        let mut connection = self.connect().await?;
        connection.write_all(request).await?;
        let mut buffer = [0; 4_096];
        let response = connection.read(&mut buffer);
        timeout(Duration::from_secs(1), response).await??;
        Ok(())
    }
}

/// Returns one of the longest texts that are parsed completely before they are rejected.
fn worst_markdown() -> String {
    filled(&formatting(48), "<p>x", Source::MAX)
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
