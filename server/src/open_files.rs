//! How many connections and streams the system's limit of open files allows.
//!
//! Each connection is an open file. A process that runs out of files can accept nobody, open no
//! database and write no log, so the limits of connections and streams stay below it.

use crate::config::Settings;

/// How many open files systems allow a process at first.
const USUAL_FILES: u64 = 1_024;
/// How many files are left to the database, its journal, the log, and what is read from the disk.
const RESERVED: usize = 512;
/// The share of few files that is left to them instead: a quarter.
const RESERVED_SHARE: usize = 4;
/// How many connections are left to requests when as many streams are open as may be: pages that
/// are refused a stream poll, and new readers fetch their first page.
const FOR_REQUESTS: usize = 1_024;
/// The share of few connections that is left to them instead: an eighth.
const FOR_REQUESTS_SHARE: usize = 8;
/// How many connections are allowed at least, where nothing is set and the files suffice.
const FEWEST_CONNECTIONS: usize = 4_096;
/// How many connections one address may have at least, where nothing is set: above its 2,000
/// streams.
const FEWEST_PER_ADDRESS: usize = 4_096;

/// The limits that a server starts with: what the settings ask for, as far as there are files for
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many connections may be open at once.
    pub connections: usize,
    /// How many of them from one address.
    pub connections_per_address: usize,
    /// How many of them may be streams.
    pub streams: usize,
}

/// Raises the limit of open files as far as this process may. Returns how many it may have open.
pub fn raise_limit() -> usize {
    let raised = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit of open files can't be raised");
        USUAL_FILES
    });
    usize::try_from(raised).unwrap_or(usize::MAX)
}

impl Budget {
    /// Fits `settings` into `files` open files, and logs one line if a limit that was asked for is
    /// lowered.
    pub fn new(settings: &Settings, files: usize) -> Self {
        let budget = Self::fit(settings, files);
        let is_lowered = settings.max_streams > budget.streams
            || settings
                .max_connections
                .is_some_and(|asked| asked > budget.connections)
            || settings
                .max_connections_per_address
                .is_some_and(|asked| asked > budget.connections_per_address);
        if is_lowered {
            tracing::warn!(
                files,
                max_connections = budget.connections,
                max_connections_per_address = budget.connections_per_address,
                max_streams = budget.streams,
                "limits are lower than set: every connection needs an open file, and every stream a \
                 connection (raise LimitNOFILE, or `ulimit -n`)"
            );
        }
        budget
    }

    fn fit(settings: &Settings, files: usize) -> Self {
        let reserved = RESERVED.min(files / RESERVED_SHARE);
        let streams = settings.max_streams;
        // Where nothing is set: half as many again as there may be streams, for the requests
        // beside.
        let connections = settings
            .max_connections
            .unwrap_or_else(|| streams.saturating_add(streams / 2).max(FEWEST_CONNECTIONS))
            .min(files - reserved);
        let for_requests = FOR_REQUESTS.min(connections.div_ceil(FOR_REQUESTS_SHARE));
        let most_streams = connections - for_requests;
        let per_address = settings.max_connections_per_address.unwrap_or_else(|| {
            let streams = settings.max_streams_per_address;
            // A page that changes from one stream to the next has two connections for a moment.
            streams.saturating_mul(2).max(FEWEST_PER_ADDRESS)
        });
        Self {
            connections,
            // One address never has them all.
            connections_per_address: per_address.min(most_streams),
            streams: streams.min(most_streams),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        settings: Settings,
    }

    /// The limits of connections, of connections per address, and of streams.
    fn fit(flags: &[&str], files: usize) -> (usize, usize, usize) {
        let flags = [&["test"], flags].concat();
        let budget = Budget::new(&Flags::parse_from(flags).settings, files);
        (
            budget.connections,
            budget.connections_per_address,
            budget.streams,
        )
    }

    #[test]
    fn defaults_fit_where_there_are_files() {
        assert_eq!(fit(&[], 1_048_576), (30_000, 4_096, 20_000));
        assert_eq!(fit(&[], usize::MAX), (30_000, 4_096, 20_000));
    }

    #[test]
    fn files_lower_connections_and_connections_lower_streams() {
        assert_eq!(fit(&[], 20_000), (19_488, 4_096, 18_464));
        assert_eq!(fit(&[], 1_024), (768, 672, 672));
        assert_eq!(fit(&[], 64), (48, 42, 42));
        assert_eq!(fit(&[], 0), (0, 0, 0));
    }

    #[test]
    fn settings_are_kept_where_they_fit() {
        let flags = ["--max-streams", "100", "--max-connections", "200"];
        assert_eq!(fit(&flags, 20_000), (200, 175, 100));
        let flags = ["--max-connections-per-address", "50"];
        assert_eq!(fit(&flags, 20_000), (19_488, 50, 18_464));
        let flags = ["--max-streams-per-address", "10000"];
        assert_eq!(fit(&flags, 1_048_576), (30_000, 20_000, 20_000));
        assert_eq!(fit(&["--max-streams", "1"], 20_000), (4_096, 3_584, 1));
        assert_eq!(fit(&["--max-streams", "0"], 20_000), (4_096, 3_584, 0));
    }

    #[test]
    fn streams_never_take_the_connections_of_requests() {
        for files in [8, 100, 1_024, 4_096, 65_536] {
            for streams in ["1", "1000", "1000000"] {
                let (connections, _, streams) = fit(&["--max-streams", streams], files);
                assert!(streams < connections, "{files} files: {connections}");
                assert!(connections < files, "{files} files: {connections}");
            }
        }
    }
}
