//! `ringside repair ...`.

use crate::{
    cli::{CommandError, say},
    config::Settings,
    state::open_newsroom,
};

/// Numbers all revisions anew, in another epoch.
///
/// # Errors
/// If a server uses the database, or with one sentence about what failed.
pub async fn repair_revisions(settings: &Settings) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    let repaired = newsroom.repair_revisions().await;
    newsroom.close().await;
    let last = repaired?;
    say(format_args!(
        "Numbered the revisions anew; the last one is {last}."
    ));
    Ok(())
}
