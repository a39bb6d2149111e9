//! The `ringside room create` command.

use newsroom::NewRoom;

use crate::{
    cli::NewRoomArgs, command_error::CommandError, config::Settings, output::print_line,
    state::open_newsroom,
};

/// Creates a room and prints its URL.
///
/// # Errors
/// If an argument is invalid, or the name is taken.
pub async fn create_room(settings: &Settings, args: &NewRoomArgs) -> Result<(), CommandError> {
    let new = NewRoom::parse(&args.name, &args.title).map_err(newsroom::Error::from)?;
    let newsroom = open_newsroom(settings).await?;
    let room = newsroom.create_room(None, &new).await?;
    newsroom.close().await;
    print_line(format_args!(
        "{}/rooms/{}",
        settings.public_url(),
        room.name
    ));
    Ok(())
}
