//! A disk that fills up, and gets free space again.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use super::support::{Ringside, ServerProcess};

/// A small file system in memory. Unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts a file system at `folder`. Returns `None` if the system does not allow it.
    fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(folder)
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then(|| Self(folder.to_owned()))
    }

    /// Fills all free space with a file, and returns its path.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut filler = File::create(&path).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The folder is deleted with the test's folder. That fails if the mount remains.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// Sends a request. Returns the status of the response, and its body.
fn request(server: &ServerProcess, request: &str, token: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(1)))
        .unwrap();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        server.address,
        body.len()
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let status = response[9..12].parse().unwrap();
    let (_, body) = response.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

/// Calls `poll` until its result is as expected, or for a minute. Returns the last result.
fn poll_until<T>(mut poll: impl FnMut() -> T, mut is_expected: impl FnMut(&T) -> bool) -> T {
    let started = Instant::now();
    loop {
        let result = poll();
        if is_expected(&result) || started.elapsed() > Duration::from_mins(1) {
            return result;
        }
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn writes_succeed_without_a_restart_once_a_full_disk_has_space_again() {
    let ringside = Ringside::new();
    let Some(disk) = SmallDisk::mount(&ringside.data()) else {
        eprintln!("skipped: only root can mount a small disk");
        return;
    };
    let password = ringside.file("password", "correct horse battery");
    let password = password.to_str().unwrap();
    ringside.stdout_of(&[
        "account",
        "create",
        "--name",
        "ann",
        "--password-file",
        password,
    ]);
    ringside.stdout_of(&["entry", "create", "--title", "Final", "--state", "live"]);
    let token = ringside.stdout_of(&["token", "create", "--account", "ann"]);
    let token = token.lines().last().unwrap();
    let server = ringside.serve();
    let ready = || request(&server, "GET /readyz", token, "");
    let text = "word ".repeat(200);
    let body = format!(r#"{{"source": "{text}"}}"#);
    let post = || request(&server, "POST /api/v1/entries/final/updates", token, &body);

    assert_eq!(post().0, 201);
    let filler = disk.fill();
    let mut posted = 1;
    // The free space inside the write-ahead log still takes some posts.
    let (status, problem) = poll_until(post, |(status, _)| {
        posted += usize::from(*status == 201);
        *status != 201
    });
    assert_eq!(status, 503);
    assert!(problem.contains("disk is full"), "{problem}");
    let (status, reason) = poll_until(ready, |(status, _)| *status == 503);
    assert_eq!(status, 503);
    assert!(reason.contains("can't be written"), "{reason}");
    // Reads still succeed.
    assert_eq!(request(&server, "GET /entries/final", token, "").0, 200);

    fs::remove_file(filler).unwrap();
    assert_eq!(poll_until(ready, |(status, _)| *status == 200).0, 200);
    assert_eq!(post().0, 201);
    posted += 1;
    let (_, all) = request(&server, "GET /updates/1.json", token, "");
    assert_eq!(all.matches("\"created\":").count(), posted);
    server.terminate();
    server.wait();
}
