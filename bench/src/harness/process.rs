//! A server's process: ended with what started it, and asked how much of the processors it used.

use std::{
    fs, io,
    process::{Child, Command},
    time::Duration,
};

use super::{Result, While};

/// How long a tick of the system's accounts is (`USER_HZ`: a hundredth of a second on every Linux).
const TICK: Duration = Duration::from_millis(10);

/// How a process is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// It is asked to end (SIGTERM), and may finish what it is at.
    Terminate,
    /// It is ended (SIGKILL), whatever it is at.
    Kill,
}

/// A process that was started; killed when dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command`.
    pub fn start(mut command: Command) -> Result<Self> {
        let child = command
            .spawn()
            .while_doing(format!("starting {}", command.get_program().display()))?;
        Ok(Self(child))
    }

    /// The process, to take its output.
    pub const fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Ends it, and waits until it is gone.
    pub fn end(&mut self, signal: Signal) -> Result<()> {
        match signal {
            Signal::Terminate => self.ask_to_end(),
            Signal::Kill => self.0.kill(),
        }
        .and_then(|()| self.0.wait())
        .map(drop)
        .while_doing("ending a process")
    }

    fn ask_to_end(&self) -> io::Result<()> {
        let id = self.0.id().to_string();
        Command::new("kill").arg(id).status().map(drop)
    }

    /// How long processors worked for it and the processes it started, so far.
    pub fn cpu(&self) -> Duration {
        let own = self.0.id().to_string();
        cpu_of(&own)
            + children_of(&own)
                .iter()
                .map(|id| cpu_of(id))
                .sum::<Duration>()
    }
}

impl Process {
    /// How much memory it has for itself, in bytes: not what it shares, nor what the system keeps for
    /// its sockets.
    pub fn user_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        anonymous(&status.unwrap_or_default()).unwrap_or(0)
    }

    /// How many connections it has open, its own listening one among them.
    pub fn open_sockets(&self) -> Result<usize> {
        let folder = format!("/proc/{}/fd", self.0.id());
        let files = fs::read_dir(&folder).while_doing("counting sockets")?;
        let is_socket = |file: &fs::DirEntry| {
            fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
        };
        Ok(files.flatten().filter(is_socket).count())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // What has ended has given its number away: another process may have it.
        if matches!(self.0.try_wait(), Ok(None)) {
            // nginx's own processes go with their master, if it is asked and not killed. Either may
            // have ended by itself.
            let _ = self.end(Signal::Terminate);
        }
    }
}

/// How long processors worked for the load generator itself, so far.
pub fn cpu_of_this_process() -> Duration {
    cpu_of("self")
}

fn children_of(id: &str) -> Vec<String> {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
    let children = children.unwrap_or_default();
    children.split_whitespace().map(str::to_owned).collect()
}

fn cpu_of(id: &str) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    TICK * ticks(&stat).unwrap_or(0)
}

/// The time that a process worked in user and in kernel mode: the 14th and 15th field. The second
/// is a name in brackets, which may hold anything.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u32>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

/// The line `RssAnon:  1234 kB`, in bytes.
fn anonymous(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_modes_count() {
        let stat = "7 (odd) name) S 1 7 7 0 -1 4194560 1 2 3 4 250 31 0 0 20 0 3 0 99 0 0";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("gone"), None);
    }

    #[test]
    fn this_process_works() {
        let mut sum = 0_u64;
        while cpu_of_this_process() < TICK {
            sum = sum.wrapping_add(1);
        }
        assert!(sum > 0);
    }
}
