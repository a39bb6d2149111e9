//! The nginx configuration from the documentation, adapted to a benchmark.

use std::{fs, net::SocketAddr, path::Path};

use super::{Context, Error, Folder, Result, free_address, nginx::user_directive};

/// The path in the project where this program was built.
const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations/nginx.conf");

/// Returns `docs/operations/nginx.conf` for an nginx at `address` in front of `server`, with the
/// folders and ports of a benchmark, and without TLS, which does not affect caching.
pub fn cache_configuration(
    address: SocketAddr,
    server: SocketAddr,
    folder: &Folder,
) -> Result<String> {
    let path = Path::new(CONFIGURATION);
    let given = fs::read_to_string(path).context("reading docs/operations/nginx.conf")?;
    let here = folder.path().display();
    for name in ["cache", "log"] {
        fs::create_dir(folder.path().join(name)).context("creating nginx's folders")?;
    }
    // The folders of modules that Ringside doesn't use.
    let modules = ["fastcgi", "scgi", "uwsgi"]
        .map(|module| format!("{module}_temp_path {here}/cache/{module};"))
        .concat();
    let user = user_directive();
    let changes = [
        ("user www-data;", format!("daemon off; {user}")),
        ("/run/nginx.pid", format!("{here}/nginx.pid")),
        ("/var/log/nginx/", format!("{here}/log/")),
        ("/var/cache/nginx/", format!("{here}/cache/")),
        ("http {", format!("http {{ {modules}")),
        ("server 127.0.0.1:3000;", format!("server {server};")),
        ("listen 443 ssl http2;", format!("listen {address};")),
        ("listen [::]:443 ssl http2;", String::new()),
        // The redirect from http to https is not used.
        ("listen 80;", format!("listen {};", free_address()?)),
        ("listen [::]:80;", String::new()),
        ("server_name live.example.org;", String::new()),
    ];
    let mut text = given
        .lines()
        .filter(|line| !line.trim_start().starts_with("ssl_"))
        .collect::<Vec<_>>()
        .join("\n");
    for (production, here) in changes {
        if !text.contains(production) {
            let sentence = format!("docs/operations/nginx.conf does not contain {production:?}");
            return Err(Error::Unexpected(sentence));
        }
        text = text.replace(production, &here);
    }
    Ok(text)
}
