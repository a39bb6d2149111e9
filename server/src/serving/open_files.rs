//! Derives the limits of connections and streams from the system's limit of open files.
//!
//! Each connection is an open file. A process without free files can't accept connections, open the
//! database or write a log, so the limits of connections and streams stay below the limit of files.

use crate::config::Settings;

/// The usual limit of open files, if the limit can't be determined.
const USUAL_FILES: u64 = 1_024;
/// How many files are reserved for the database, its journal, the log and static files.
const RESERVED: usize = 512;
/// The divisor of the share that is reserved if there are few files: a quarter.
const RESERVED_SHARE: usize = 4;
/// How many connections are reserved for requests, for new readers and for pages that poll because
/// the limit of streams is reached.
const FOR_REQUESTS: usize = 1_024;
/// The divisor of the share that is reserved for requests if there are few connections: an eighth.
const FOR_REQUESTS_SHARE: usize = 8;
/// The minimum of the default limit of connections, if there are enough files.
const MIN_CONNECTIONS: usize = 4_096;
/// The minimum of the default limit of connections per address: above its 2,000 streams.
const MIN_PER_ADDRESS: usize = 4_096;

/// The limits of connections and streams: those of the settings, as far as there are enough files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// The maximum number of open connections.
    pub connections: usize,
    /// The maximum number of open connections from one address.
    pub connections_per_address: usize,
    /// The maximum number of connections that are streams.
    pub streams: usize,
}

/// Raises the limit of open files as far as this process may. Returns the new limit.
pub fn raise_limit() -> usize {
    let raised = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit of open files can't be raised");
        USUAL_FILES
    });
    usize::try_from(raised).unwrap_or(usize::MAX)
}

impl Budget {
    /// Returns the limits of `settings` for a limit of `files` open files. Logs a warning if a
    /// limit of the settings is lowered.
    pub fn new(settings: &Settings, files: usize) -> Self {
        let budget = Self::fit(settings, files);
        let is_lowered = settings.max_streams > budget.streams
            || settings
                .max_connections
                .is_some_and(|limit| limit > budget.connections)
            || settings
                .max_connections_per_address
                .is_some_and(|limit| limit > budget.connections_per_address);
        if is_lowered {
            tracing::warn!(
                files,
                max_connections = budget.connections,
                max_connections_per_address = budget.connections_per_address,
                max_streams = budget.streams,
                "limits are lower than set, because every connection needs an open file, and every \
                 stream a connection (raise LimitNOFILE, or `ulimit -n`)"
            );
        }
        budget
    }

    fn fit(settings: &Settings, files: usize) -> Self {
        let reserved = RESERVED.min(files / RESERVED_SHARE);
        let streams = settings.max_streams;
        // The default leaves connections for requests besides the streams.
        let connections = settings
            .max_connections
            .unwrap_or_else(|| streams.saturating_add(streams / 2).max(MIN_CONNECTIONS))
            .min(files - reserved);
        let for_requests = FOR_REQUESTS.min(connections.div_ceil(FOR_REQUESTS_SHARE));
        let max_streams = connections - for_requests;
        let per_address = settings.max_connections_per_address.unwrap_or_else(|| {
            let streams = settings.max_streams_per_address;
            // A page that reconnects has two connections for a moment.
            streams.saturating_mul(2).max(MIN_PER_ADDRESS)
        });
        Self {
            connections,
            // One address never gets all connections.
            connections_per_address: per_address.min(max_streams),
            streams: streams.min(max_streams),
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

    /// Returns the limits of connections, of connections per address, and of streams.
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
    fn defaults_apply_if_there_are_enough_files() {
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
    fn settings_apply_as_far_as_they_fit() {
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
    fn streams_leave_connections_for_requests() {
        for files in [8, 100, 1_024, 4_096, 65_536] {
            for streams in ["1", "1000", "1000000"] {
                let (connections, _, streams) = fit(&["--max-streams", streams], files);
                assert!(streams < connections, "{files} files: {connections}");
                assert!(connections < files, "{files} files: {connections}");
            }
        }
    }
}
