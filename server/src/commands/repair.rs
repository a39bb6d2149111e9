//! The `ringside repair` commands.

use crate::{
    command_error::CommandError, config::Settings, output::print_line, state::open_newsroom,
};

/// Renumbers all revisions in a new epoch.
///
/// # Errors
/// If a server is running on the database, or the database fails.
pub async fn repair_revisions(settings: &Settings) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    let repaired = newsroom.repair_revisions().await;
    newsroom.close().await;
    let last = repaired?;
    print_line(format_args!(
        "Renumbered all revisions; the last one is {last}."
    ));
    Ok(())
}
