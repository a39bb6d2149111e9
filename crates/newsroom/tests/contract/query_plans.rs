//! The plans of the queries that pages, the feed and every request run: each uses the index made
//! for it, and none reads all updates or all entries.

use newsroom::storage::HOT_QUERIES;

use super::support::Database;

/// The index that a query must use, and the tables that it may sort: those of which it reads few
/// rows, or of which no index has the order.
struct Expected {
    query: &'static str,
    index: &'static str,
    sorts: bool,
}

const fn plan(query: &'static str, index: &'static str) -> Expected {
    Expected {
        query,
        index,
        sorts: false,
    }
}

const fn sorted(query: &'static str, index: &'static str) -> Expected {
    Expected {
        sorts: true,
        ..plan(query, index)
    }
}

const EXPECTED: [Expected; HOT_QUERIES.len()] = [
    plan("changed_since", "updates_by_entry_rev"),
    plan("counted_entries_before", "updates_shown"),
    // Sorts the updates that were deleted within the undo window.
    sorted("deleted_since", "updates_to_erase"),
    plan("ended_entries_before", "entries_by_state"),
    plan("entries_before", "entries_by_start"),
    plan("entry_by_any_slug", "slug"),
    plan("entry_by_slug", "slug"),
    plan("erase", "updates_to_erase"),
    plan("highlights", "updates_highlighted"),
    plan("latest_of_ended_entries_before", "updates_shown"),
    // Merges the lists of several entries.
    sorted("latest_of_live_entries", "updates_shown"),
    plan("latest_of_public_entries", "updates_shown"),
    plan("live_entries", "entries_by_state"),
    plan("public_changed_since", "updates_by_rev"),
    // Merges the lists of three states.
    sorted("public_entries", "entries_by_state"),
    plan("public_head", "entries_by_head"),
    plan("session", "token_hash"),
    plan("token", "token_hash"),
    plan("updates", "updates_shown"),
];

async fn hot_queries_use_their_indexes(database: Database) {
    database.store().await.close().await;
    database.fill_for_plans().await;
    for ((name, sql), expected) in HOT_QUERIES.iter().zip(EXPECTED) {
        assert_eq!(*name, expected.query);
        let plan = database.plan(sql).await;
        println!("{name}:\n{plan}\n");
    }
    panic!();
}

on_every_database! {
    hot_queries_use_their_indexes,
}
