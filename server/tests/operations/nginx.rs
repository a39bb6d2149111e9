//! Runs nginx with the configuration from the documentation.

use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustls::pki_types::CertificateDer;
use tempfile::TempDir;

const CONFIGURATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operations/nginx.conf");

/// nginx in its own folder. Stopped when dropped.
pub struct Nginx {
    /// The addresses of HTTP and HTTPS.
    pub http: SocketAddr,
    pub https: SocketAddr,
    /// The certificate of the site.
    pub certificate: CertificateDer<'static>,
    process: Child,
    folder: TempDir,
}

impl Nginx {
    /// Starts nginx in front of `server`, and waits until it accepts connections.
    pub fn start(server: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let certificate = write_certificate(folder.path());
        let (http, https) = (free_address(), free_address());
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration(folder.path(), server, http, https)).unwrap();
        for name in ["log", "cache"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        // Debian installs nginx in a folder that is in the PATH of root only.
        let path = env::var("PATH").unwrap_or_default() + ":/usr/sbin";
        let mut process = Command::new("nginx")
            .env("PATH", path)
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(file)
            .args(["-g", "daemon off;"])
            .stdin(Stdio::null())
            .stderr(fs::File::create(folder.path().join("stderr")).unwrap())
            .spawn()
            .expect("nginx is missing: scripts/setup nginx");
        let started = Instant::now();
        while TcpStream::connect(https).is_err() {
            let stderr = || fs::read_to_string(folder.path().join("stderr")).unwrap();
            assert!(process.try_wait().unwrap().is_none(), "{}", stderr());
            assert!(started.elapsed() < Duration::from_secs(10), "{}", stderr());
            thread::sleep(Duration::from_millis(10));
        }
        Self {
            http,
            https,
            certificate,
            process,
            folder,
        }
    }

    /// Returns the content of all files in nginx's cache.
    pub fn cached_files(&self) -> Vec<Vec<u8>> {
        files(&self.folder.path().join("cache"))
            .iter()
            .map(|file| fs::read(file).unwrap())
            .collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGTERM stops the workers, too. SIGKILL would leave them running.
        let kill = format!("kill -TERM {}", self.process.id());
        let _ = Command::new("sh").args(["-c", &kill]).status();
        let _ = self.process.wait();
    }
}

/// Returns a loopback address with a free port.
pub fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// Returns the configuration with the test's folders and ports in place of those of production.
fn configuration(folder: &Path, server: SocketAddr, http: SocketAddr, https: SocketAddr) -> String {
    let here = folder.display();
    // If root runs the test, the workers must run as root, too, to read the test's folder.
    // Otherwise they run as the same user.
    let is_root = fs::metadata(folder).unwrap().uid() == 0;
    // The folders of modules that Ringside does not use.
    let modules = ["fastcgi", "scgi", "uwsgi"]
        .map(|module| format!("{module}_temp_path {here}/cache/{module};"))
        .concat();
    let changes = [
        (
            "user www-data;",
            if is_root { "user root;" } else { "" }.to_owned(),
        ),
        ("/run/nginx.pid", format!("{here}/nginx.pid")),
        ("/var/log/nginx/", format!("{here}/log/")),
        ("/var/cache/nginx/", format!("{here}/cache/")),
        ("http {", format!("http {{ {modules}")),
        ("server 127.0.0.1:3000;", format!("server {server};")),
        ("listen 80;", format!("listen {http};")),
        (
            "listen 443 ssl http2;",
            format!("listen {https} ssl http2;"),
        ),
        // IPv6 is not available everywhere.
        ("listen [::]:80;", String::new()),
        ("listen [::]:443 ssl http2;", String::new()),
        (
            "/etc/letsencrypt/live/live.example.org/",
            format!("{here}/"),
        ),
    ];
    let mut text = fs::read_to_string(CONFIGURATION).unwrap();
    for (production, test) in changes {
        assert!(
            text.contains(production),
            "nginx.conf does not contain {production:?}"
        );
        text = text.replace(production, &test);
    }
    text
}

fn write_certificate(folder: &Path) -> CertificateDer<'static> {
    let generated = rcgen::generate_simple_self_signed(["live.example.org".to_owned()]).unwrap();
    fs::write(folder.join("fullchain.pem"), generated.cert.pem()).unwrap();
    fs::write(
        folder.join("privkey.pem"),
        generated.signing_key.serialize_pem(),
    )
    .unwrap();
    generated.cert.der().clone()
}

/// Returns all files below `folder`. nginx may delete some of them at the same time.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            _ => vec![entry.path()],
        })
        .collect()
}
