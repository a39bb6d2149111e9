//! The `ringside entry create` command.

use newsroom::NewEntry;

use crate::{
    cli::NewEntryArgs, command_error::CommandError, config::Settings, output::print_line,
    state::open_newsroom,
};

/// Creates an entry and prints its URL.
///
/// # Errors
/// If an argument is invalid, or the slug is taken.
pub async fn create_entry(settings: &Settings, args: &NewEntryArgs) -> Result<(), CommandError> {
    let new = NewEntry::parse(
        &args.title,
        &args.slug,
        &args.summary,
        &args.time_zone,
        args.state,
        args.order,
    )
    .and_then(|new| new.in_language(&args.language))
    .map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    let entry = newsroom.create_entry(None, &new).await?;
    newsroom.close().await;
    print_line(format_args!(
        "{}/entries/{}",
        settings.public_url(),
        entry.slug
    ));
    Ok(())
}
