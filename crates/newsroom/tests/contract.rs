//! The newsroom's contract: what its users may rely on, whichever database it keeps.
//!
//! A test is a plain function of a fresh [`Database`](contract::support::Database), and sees nothing
//! else of it but through a `Newsroom`. The table at the head of each file runs its tests on every
//! kind of database there is.

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

    /// Asserts that a use case was refused, and why.
    macro_rules! assert_refused {
        ($result:expr, $why:pat $(,)?) => {
            match $result {
                Err($why) => {}
                other => panic!("it wasn't refused as {}: {other:?}", stringify!($why)),
            }
        };
    }

    mod accounts;
    mod convergence;
    mod deadlines;
    mod deleting;
    mod desk;
    mod drafts;
    mod editing;
    mod feed;
    mod frames;
    mod isolation;
    mod kept_updates;
    mod language;
    mod live;
    mod marking;
    mod markup;
    mod named_requests;
    mod notifications;
    mod opening;
    mod operations;
    mod overview;
    mod patching;
    mod permissions;
    mod posting;
    mod rerendering;
    mod resets;
    mod revisions;
    mod servers;
    mod sessions;
    pub mod support;
    mod texts;
    mod tokens;
    mod update_page;
}
