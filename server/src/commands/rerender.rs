//! The `ringside rerender` command.

use domain::{EntryId, UpdateId};
use newsroom::{ArticleResult, Newsroom};

use crate::{
    command_error::CommandError, config::Settings, output::print_line, state::open_newsroom,
};

/// Re-renders updates and articles that were rendered by another release, and prints its progress.
/// A running server publishes those that change.
///
/// # Errors
/// If the database fails. Those that were rendered before stay rendered.
pub async fn rerender(settings: &Settings) -> Result<(), CommandError> {
    let newsroom = open_newsroom(settings).await?;
    let done = async {
        rerender_updates(&newsroom).await?;
        rerender_articles(&newsroom).await
    };
    let done = done.await;
    newsroom.close().await;
    done
}

async fn rerender_updates(newsroom: &Newsroom) -> Result<(), CommandError> {
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

async fn rerender_articles(newsroom: &Newsroom) -> Result<(), CommandError> {
    let total = newsroom.count_outdated_articles().await?;
    let (mut rendered, mut changed) = (0, 0);
    let mut refused = Vec::new();
    let mut after = EntryId(0);
    while let Some(article) = newsroom.rerender_article_after(after).await? {
        after = article.entry;
        match article.result {
            ArticleResult::Refused => refused.push(article.entry.to_string()),
            result => {
                rendered += 1;
                changed += i64::from(result == ArticleResult::Changed);
            }
        }
    }
    if rendered > 0 {
        print_line(format_args!(
            "Rendered {rendered} of {total} articles; {changed} changed."
        ));
    }
    if !refused.is_empty() {
        print_line(format_args!(
            "Not rendered, because they exceed this release's limits: articles of live blogs {}.",
            refused.join(", ")
        ));
    }
    Ok(())
}
