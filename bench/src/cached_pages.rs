//! Finished pages in memory, compared with nginx serving the same bytes as files.

use std::{net::SocketAddr, thread, time::Duration};

use crate::harness::{
    Better, Folder, Load, LoadResult, Nginx, Response, Result, Ringside, Table, get_request,
    heading, median, note, ratios, record, user_directive,
};

/// How many updates the page shows.
const UPDATES: usize = 200;
/// How many rounds of load each server gets with each page, and how long they last.
const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1500);

/// The headers that a browser sends with every request.
const BROWSER: &str = "user-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36\r\n\
    accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
    accept-language: en-GB,en;q=0.9\r\n\
    sec-fetch-site: same-origin\r\nsec-fetch-mode: navigate\r\nsec-fetch-dest: document\r\n";

/// A page that is requested from both servers.
struct Page {
    what: &'static str,
    path: String,
    encoding: &'static str,
}

/// The results of one server's rounds with one page.
#[derive(Default)]
struct Rounds {
    rates: Vec<f64>,
    /// Processor time of the server for a response, in microseconds.
    cpu: Vec<f64>,
    client_cpu: Vec<f64>,
}

impl Rounds {
    fn add(&mut self, result: LoadResult, cpu: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^52 responses")]
        let responses = result.responses as f64;
        self.rates.push(result.rate);
        self.cpu.push(cpu.as_secs_f64() * 1e6 / responses);
        self.client_cpu.push(result.client_cpu);
    }
}

/// Measures how many responses a second each server sends.
pub async fn run() -> Result<()> {
    heading("Cached pages, compared with nginx serving the same bytes as files");
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
    let mut responses = Vec::new();
    for (number, page) in pages.iter().enumerate() {
        let response = ringside.get(&page.path, &headers(page)).await?;
        folder.file(&format!("{number}"), &response.body)?;
        responses.push(response);
    }
    let types: Vec<_> = responses
        .iter()
        .map(|response| {
            (
                response.header("content-type").unwrap_or_default(),
                response.header("content-encoding"),
            )
        })
        .collect();
    let nginx = Nginx::start(&folder, |address| {
        Ok(configuration(address, &folder, &types))
    })
    .await?;

    note(format!(
        "{} connections, {ROUNDS} rounds of {} s for each, in turns; medians. One machine: {} processors for server and load.",
        crate::harness::CONNECTIONS,
        ROUND.as_secs_f64(),
        threads(),
    ));
    compare(&ringside, &nginx, &pages, &responses).await
}

/// Loads Ringside and nginx in turns, and prints and records the results for each page.
async fn compare(
    ringside: &Ringside,
    nginx: &Nginx,
    pages: &[Page],
    responses: &[Response],
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
    for (number, (page, response)) in pages.iter().zip(responses).enumerate() {
        let load = |address, path: &str| Load {
            address,
            request: get_request(path, &headers(page)).into(),
            length: response.body.len(),
        };
        let ours = load(ringside.address, &page.path);
        let theirs = load(nginx.address, &format!("/{number}"));
        let (mut our_rounds, mut their_rounds) = (Rounds::default(), Rounds::default());
        for _ in 0..ROUNDS {
            let before = ringside.cpu();
            our_rounds.add(
                ours.run(ROUND).await?,
                ringside.cpu().saturating_sub(before),
            );
            let before = nginx.cpu();
            their_rounds.add(theirs.run(ROUND).await?, nginx.cpu().saturating_sub(before));
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
            response.body.len().to_string(),
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

/// Returns a configuration of nginx for only these files: as many workers as Ringside has threads,
/// the files kept open, and no log.
fn configuration(address: SocketAddr, folder: &Folder, types: &[(&str, Option<&str>)]) -> String {
    let location = |(number, (content_type, encoding)): (usize, &(&str, Option<&str>))| {
        let encoding = encoding
            .map(|encoding| format!("add_header content-encoding {encoding};"))
            .unwrap_or_default();
        format!("location = /{number} {{ default_type \"{content_type}\"; {encoding} }}\n")
    };
    let locations: String = types.iter().enumerate().map(location).collect();
    let folder = folder.path().display();
    let user = user_directive();
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
