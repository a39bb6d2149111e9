//! Repairing a database from the shell.

use insta::assert_snapshot;

use super::support::Ringside;

#[test]
fn revisions_are_repaired_unless_a_server_is_running() {
    let ringside = Ringside::new();
    ringside.stdout_of(&["entry", "create", "--title", "Final", "--state", "live"]);
    assert_snapshot!(ringside.stdout_of(&["repair", "revisions"]), @"Renumbered all revisions; the last one is 1.");
    let server = ringside.serve();
    assert_snapshot!(ringside.error_of(&["repair", "revisions"]), @"1: ringside: A server is running on this database. Stop it first, then run this again.");
    server.terminate();
    server.wait();
    ringside.stdout_of(&["repair", "revisions"]);
}
