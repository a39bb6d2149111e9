//! `ringside rerender`.

use domain::UpdateId;
use newsroom::Newsroom;

use crate::{
    cli::{CommandError, say},
    config::Settings,
    state::open_newsroom,
};

/// Makes the HTML of updates anew that another release made, also for a running server, and prints how far
/// it is.
///
/// # Errors
/// With one sentence about what failed. What was done until then stays done.
pub async fn rerender(settings: &Settings) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    let done = rerender_all(&newsroom).await;
    newsroom.close().await;
    done
}

async fn rerender_all(newsroom: &Newsroom) -> Result<(), CommandError> {
    let total = newsroom.count_outdated_updates().await?;
    let (mut rendered, mut changed) = (0, 0);
    let mut refused = Vec::new();
    let mut after = UpdateId(0);
    while let Some(batch) = newsroom.rerender_after(after).await? {
        after = batch.last;
        rendered += batch.rendered;
        changed += batch.changed;
        refused.extend(batch.refused);
        say(format_args!(
            "Rendered {rendered} of {total} updates; {changed} changed."
        ));
    }
    if rendered == 0 && refused.is_empty() {
        say("All updates are rendered by this release already.");
    }
    if !refused.is_empty() {
        let numbers: Vec<_> = refused.iter().map(ToString::to_string).collect();
        say(format_args!(
            "Kept as they were, for they exceed today's limits: updates {}.",
            numbers.join(", ")
        ));
    }
    Ok(())
}
