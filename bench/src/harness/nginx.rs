//! nginx, the reference that everybody knows.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{Connection, Error, Folder, Process, Result, free_address};

/// How long nginx may take to start.
const START: Duration = Duration::from_secs(10);

/// An nginx that was started; stopped when dropped.
#[derive(Debug)]
pub struct Nginx {
    /// Where it serves.
    pub address: SocketAddr,
    process: Process,
}

impl Nginx {
    /// Starts nginx in `folder`, with the configuration that `configuration` makes of the address to
    /// listen on; it says `daemon off`, and names [`user`].
    ///
    /// # Errors
    /// If there is no nginx, or it can't be started so.
    pub async fn start(
        folder: &Folder,
        configuration: impl FnOnce(SocketAddr) -> Result<String>,
    ) -> Result<Self> {
        let address = free_address()?;
        let file = folder.file("nginx.conf", configuration(address)?)?;
        let mut command = Command::new("nginx");
        // Distributions put it where only root's PATH leads.
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env("PATH", format!("{path}:/usr/sbin:/usr/local/sbin"))
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(file)
            .args(["-e", "stderr"])
            .stdin(Stdio::null());
        let mut process = Process::start(command)?;
        let deadline = Instant::now() + START;
        while Connection::open(address).await.is_err() {
            let ended = process
                .child()
                .try_wait()
                .is_ok_and(|ended| ended.is_some());
            if ended || Instant::now() > deadline {
                return Err(Error::Unexpected("nginx did not start".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { address, process })
    }

    /// How long processors worked for it, so far.
    pub fn cpu(&self) -> Duration {
        self.process.cpu()
    }
}

/// The line that says who its workers are: started by root they would be nobody, who may not read
/// a benchmark's folder; started by anybody else, they are that user's.
pub fn user() -> &'static str {
    match fs::metadata("/proc/self") {
        Ok(own) if own.uid() == 0 => "user root;",
        _ => "",
    }
}
