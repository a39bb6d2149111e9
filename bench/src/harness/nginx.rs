//! nginx, the reference for Ringside's figures.

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::MetadataExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::{Connection, Error, Folder, Process, Result, free_address};

/// How long nginx may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(10);

/// A running nginx, stopped when dropped.
#[derive(Debug)]
pub struct Nginx {
    /// The address that it listens on.
    pub address: SocketAddr,
    process: Process,
}

impl Nginx {
    /// Starts nginx in `folder`. `configuration` returns its configuration for the address to
    /// listen on, which must include `daemon off` and [`user_directive`].
    ///
    /// # Errors
    ///
    /// If nginx is missing or does not start.
    pub async fn start(
        folder: &Folder,
        configuration: impl FnOnce(SocketAddr) -> Result<String>,
    ) -> Result<Self> {
        let address = free_address()?;
        let file = folder.file("nginx.conf", configuration(address)?)?;
        let mut command = Command::new("nginx");
        // Distributions install it into a folder that is only on root's PATH.
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
        let deadline = Instant::now() + START_TIMEOUT;
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

    /// Returns its processor time so far.
    pub fn cpu(&self) -> Duration {
        self.process.cpu()
    }
}

/// Returns the directive for the user of nginx's workers. Started by root they would run as
/// `nobody`, who can't read a benchmark's folder; started by any other user, they run as that user.
pub fn user_directive() -> &'static str {
    match fs::metadata("/proc/self") {
        Ok(own) if own.uid() == 0 => "user root;",
        _ => "",
    }
}
