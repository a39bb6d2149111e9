//! Finished pages that are kept in memory, beside nginx with the same bytes as files.

use std::{net::SocketAddr, thread, time::Duration};

use crate::harness::{
    Answer, Better, Folder, Load, Nginx, Result, Ringside, Table, Taken, get, heading, median,
    note, ratios, record, user,
};

/// How many updates the page shows.
const UPDATES: usize = 200;
/// How often each server is loaded with each page, and for how long.
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1500);

/// What a browser sends with every request.
const BROWSER: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
    accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
    accept-language: en-GB,en;q=0.9\r\n\
    sec-fetch-site: same-origin\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n";

/// What both servers are asked for.
struct Page {
    what: &'static str,
    path: String,
    encoding: &'static str,
}

/// What one server's rounds with one page came to.
#[derive(Default)]
struct Rounds {
    rates: Vec<f64>,
    /// Processor time that the server took for an answer, in microseconds.
    cpu: Vec<f64>,
    client_cpu: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, taken: Taken, cpu: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 answers")]
        let answers = taken.answers as f64;
        self.rates.push(taken.rate);
        self.cpu.push(cpu.as_secs_f64() * 1e6 / answers);
        self.client_cpu.push(taken.client_cpu);
    }
}

/// Prints how many answers a second each gives.
pub async fn run() -> Result<()> {
    heading("Cached pages, beside nginx with the same bytes as static files");
    let ringside = Ringside::start(&[])?;
    let entry = ringside.entry("final").await?;
    let mut author = ringside.author("ann").await?;
    for _ in 0..UPDATES {
        author.post("final").await?;
    }
    let page = |what, path: &str, encoding| Page {
        what,
        path: path.to_owned(),
        encoding,
    };
    let pages = [
        page("entry page, brotli", "/entries/final", "br"),
        page("entry page, plain", "/entries/final", "identity"),
        page(
            "updates since the latest, JSON",
            &format!("/updates/{entry}.json?since={UPDATES}"),
            "gzip, br",
        ),
    ];

    let folder = Folder::new()?;
    let mut answers = Vec::new();
    for (number, page) in pages.iter().enumerate() {
        let answer = ringside.ask(&page.path, &headers(page)).await?;
        folder.file(&format!("{number}"), &answer.body)?;
        answers.push(answer);
    }
    let types: Vec<_> = answers
        .iter()
        .map(|answer| {
            (
                answer.header("content-type").unwrap_or_default(),
                answer.header("content-encoding"),
            )
        })
        .collect();
    let nginx = Nginx::start(&folder, |address| {
        Ok(configuration(address, &folder, &types))
    })
    .await?;

    note(format!(
        "{} connections, {ROUNDS} rounds of {} s for each, by turns; medians. One machine: {} processors for server and load.",
        crate::harness::CONNECTIONS,
        ROUND.as_secs_f64(),
        threads(),
    ));
    compare(&ringside, &nginx, &pages, &answers).await
}

/// Loads Ringside and nginx by turns, and prints and records what each page comes to.
async fn compare(
    ringside: &Ringside,
    nginx: &Nginx,
    pages: &[Page],
    answers: &[Answer],
) -> Result<()> {
    let mut table = Table::new([
        "what",
        "bytes",
        "Ringside/s",
        "nginx/s",
        "ratio",
        "CPU us",
        "nginx's",
        "load's",
    ]);
    for (number, (page, answer)) in pages.iter().zip(answers).enumerate() {
        let load = |address, path: &str| Load {
            address,
            request: get(path, &headers(page)).into(),
            length: answer.body.len(),
        };
        let ours = load(ringside.address, &page.path);
        let theirs = load(nginx.address, &format!("/{number}"));
        let (mut our_rounds, mut their_rounds) = (Rounds::default(), Rounds::default());
        for _ in 0..ROUNDS {
            let before = ringside.cpu();
            our_rounds.add(
                ours.press(ROUND).await?,
                ringside.cpu().saturating_sub(before),
            );
            let before = nginx.cpu();
            their_rounds.add(
                theirs.press(ROUND).await?,
                nginx.cpu().saturating_sub(before),
            );
        }
        let name = |figure: &str| format!("{}: {figure}", page.what);
        record(
            &name("answers a second"),
            "of nginx's",
            Better::Higher,
            &ratios(&our_rounds.rates, &their_rounds.rates),
        )?;
        record(
            &name("processor time an answer"),
            "of nginx's",
            Better::Lower,
            &ratios(&our_rounds.cpu, &their_rounds.cpu),
        )?;
        let (rate, reference) = (median(&our_rounds.rates), median(&their_rounds.rates));
        table.row([
            page.what.to_owned(),
            answer.body.len().to_string(),
            format!("{rate:.0}"),
            format!("{reference:.0}"),
            format!("{:.2}", rate / reference),
            format!("{:.1}", median(&our_rounds.cpu)),
            format!("{:.1}", median(&their_rounds.cpu)),
            format!("{:.1}", median(&our_rounds.client_cpu)),
        ]);
    }
    table.print();
    Ok(())
}

fn headers(page: &Page) -> String {
    format!("{BROWSER}accept-encoding: {}\r\n", page.encoding)
}

fn threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// nginx as one would set it up for nothing but these files: with as many workers as Ringside has
/// threads, the files kept open, and no log.
fn configuration(address: SocketAddr, folder: &Folder, types: &[(&str, Option<&str>)]) -> String {
    let location = |(number, (content_type, encoding)): (usize, &(&str, Option<&str>))| {
        let encoding = encoding
            .map(|encoding| format!("add_header content-encoding {encoding};"))
            .unwrap_or_default();
        format!("location = /{number} {{ default_type \"{content_type}\"; {encoding} }}\n")
    };
    let locations: String = types.iter().enumerate().map(location).collect();
    let folder = folder.path().display();
    let user = user();
    let workers = threads();
    format!(
        "{user}
daemon off;
worker_processes {workers};
pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    tcp_nodelay on;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    open_file_cache max=16 inactive=1h;
    open_file_cache_valid 1h;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen {address};
        root {folder};
        {locations}
    }}
}}
"
    )
}
