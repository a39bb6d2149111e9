//! Tests of the newsroom's public interface, on SQLite and on PostgreSQL.
//!
//! A test is a function that takes a fresh [`Database`](contract::support::Database) and uses it
//! through a `Newsroom`. The table at the top of each file lists the tests that run on every kind
//! of database.

#[cfg(test)]
mod contract {
    /// Runs each test on a fresh database of every kind.
    macro_rules! on_every_database {
        ($($test:ident),+ $(,)?) => {
            mod sqlite {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $test() {
                        super::$test(super::Database::sqlite()).await;
                    }
                )+
            }

            mod postgres {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $test() {
                        super::$test(super::Database::postgres().await).await;
                    }
                )+
            }
        };
    }

    /// Asserts that the result is an error that matches the pattern.
    macro_rules! assert_refused {
        ($result:expr, $why:pat $(if $condition:expr)? $(,)?) => {
            match $result {
                Err($why) $(if $condition)? => {}
                other => panic!("expected an error matching {}: {other:?}", stringify!($why)),
            }
        };
    }

    mod account_deletions;
    mod accounts;
    mod all_entries;
    mod articles;
    mod author_names;
    mod concurrent_edits;
    mod conflicts;
    mod convergence;
    mod deadlines;
    mod deleting;
    mod desk;
    mod drafts;
    mod editing;
    mod feed;
    mod frames;
    mod group_commit;
    mod idempotency;
    mod invitations;
    mod isolation;
    mod language;
    mod late_retries;
    mod likes;
    mod live;
    mod marking;
    mod markup;
    mod notifications;
    mod opening;
    mod patching;
    mod permissions;
    mod posting;
    mod query_plans;
    mod readers;
    mod rerendering;
    mod resets;
    mod revisions;
    mod rooms;
    mod servers;
    mod sessions;
    pub mod support;
    mod taps;
    mod texts;
    mod tokens;
    mod toy_source;
    mod update_cache;
    mod update_drafts;
    mod update_page;
}
