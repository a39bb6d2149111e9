//! Extracts who sends a request in a room, and the room and the message that a path names.

use app::PageRequest;
use axum::{extract::FromRequestParts, http::request::Parts};
use domain::{MessageId, RoomName};
use newsroom::{Error, Visitor};

use super::client_address::ClientAddress;
use crate::{problem::Problem, state::AppState};

/// The sender of a request: an account, a guest, or a client without a cookie. For routes behind
/// [`identify`](crate::security::identity::identify).
pub struct RoomVisitor(pub Visitor);

impl FromRequestParts<AppState> for RoomVisitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let request = parts.extensions.get::<PageRequest>();
        let PageRequest { caller, guest, .. } = request.cloned().unwrap_or_default();
        let address = ClientAddress::from_request_parts(parts, state).await;
        let ClientAddress(address) =
            address.map_err(|_| Error::Internal("The client's address is unknown."))?;
        Ok(Self(Visitor {
            caller,
            guest,
            address,
        }))
    }
}

/// Parses the name of a room in a path.
///
/// # Errors
/// [`Error::NotFound`] if it is no name of a room.
pub fn room_name(text: &str) -> Result<RoomName, Error> {
    RoomName::parse(text).map_err(|_| Error::NotFound("room"))
}

/// Parses the id of a message in a path.
///
/// # Errors
/// [`Error::NotFound`] if it is not a number.
pub fn message_id(text: &str) -> Result<MessageId, Error> {
    text.parse().map_err(|_| Error::NotFound("message"))
}
