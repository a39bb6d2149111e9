//! The `ringside rerender` command.

use domain::UpdateId;
use newsroom::Newsroom;

use crate::{
    command_error::CommandError, config::Settings, output::print_line, state::open_newsroom,
};

/// Re-renders updates that were rendered by another release, and prints its progress. A running
/// server publishes the updates that change.
///
/// # Errors
/// If the database fails. Updates that were rendered before stay rendered.
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
        print_line(format_args!(
            "Rendered {rendered} of {total} updates; {changed} changed."
        ));
    }
    if rendered == 0 && refused.is_empty() {
        print_line("All updates were already rendered by this release.");
    }
    if !refused.is_empty() {
        let numbers: Vec<_> = refused.iter().map(ToString::to_string).collect();
        print_line(format_args!(
            "Not rendered, because they exceed this release's limits: updates {}.",
            numbers.join(", ")
        ));
    }
    Ok(())
}
