//! The process of a server, ended when dropped, and its use of resources.

use std::{
    fs, io,
    process::{Child, Command},
    time::Duration,
};

use super::{Context, Result};

/// The unit of processor time in /proc (`USER_HZ`, a hundredth of a second on every Linux).
const TICK: Duration = Duration::from_millis(10);

/// How a process is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM: the process may finish its work.
    Terminate,
    /// SIGKILL: the process ends at once.
    Kill,
}

/// A running process, ended when dropped.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Starts `command`.
    pub fn start(mut command: Command) -> Result<Self> {
        let child = command
            .spawn()
            .context(format!("starting {}", command.get_program().display()))?;
        Ok(Self(child))
    }

    /// Returns the child process, for access to its output.
    pub const fn child(&mut self) -> &mut Child {
        &mut self.0
    }

    /// Ends it and waits for its exit.
    pub fn end(&mut self, signal: Signal) -> Result<()> {
        match signal {
            Signal::Terminate => self.terminate(),
            Signal::Kill => self.0.kill(),
        }
        .and_then(|()| self.0.wait())
        .map(drop)
        .context("ending a process")
    }

    fn terminate(&self) -> io::Result<()> {
        let id = self.0.id().to_string();
        Command::new("kill").arg(id).status().map(drop)
    }

    /// Returns the processor time of the process and its children so far.
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
    /// Returns its anonymous memory, in bytes: without shared memory and the system's socket
    /// buffers.
    pub fn user_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        anonymous(&status.unwrap_or_default()).unwrap_or(0)
    }

    /// Returns the number of its open sockets, including listening ones.
    pub fn open_sockets(&self) -> Result<usize> {
        let folder = format!("/proc/{}/fd", self.0.id());
        let files = fs::read_dir(&folder).context("counting sockets")?;
        let is_socket = |file: &fs::DirEntry| {
            fs::read_link(file.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
        };
        Ok(files.flatten().filter(is_socket).count())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The id of a process that has ended may belong to another process by now.
        if matches!(self.0.try_wait(), Ok(None)) {
            // SIGTERM, so that nginx's master also ends its workers. The process may already have
            // ended.
            let _ = self.end(Signal::Terminate);
        }
    }
}

/// Returns the processor time of the load generator so far.
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

/// Returns the time that a process worked in user and in kernel mode, the fields 14 and 15. The
/// second field is a name in brackets, which may contain any character.
fn ticks(stat: &str) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11).map(str::parse::<u32>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

/// Returns the value of the line `RssAnon:  1234 kB`, in bytes.
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
    fn processor_time_includes_user_and_kernel_mode() {
        let stat = "7 (odd) name) S 1 7 7 0 -1 4194560 1 2 3 4 250 31 0 0 20 0 3 0 99 0 0";
        assert_eq!(ticks(stat), Some(281));
        assert_eq!(ticks("gone"), None);
    }

    #[test]
    fn processor_time_of_this_process_grows() {
        let mut sum = 0_u64;
        while cpu_of_this_process() < TICK {
            sum = sum.wrapping_add(1);
        }
        assert!(sum > 0);
    }
}
