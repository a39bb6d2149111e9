//! The parameters in the paths of pages.

use domain::{RoomName, Slug, UpdateId};
use leptos::prelude::*;
use leptos_router::{hooks::use_params, params::Params};
use newsroom::Error;

/// The parameters of a path. A malformed one is missing.
#[derive(Clone, Debug, Default, PartialEq, Params)]
struct PathParams {
    slug: Option<Slug>,
    id: Option<UpdateId>,
    room: Option<RoomName>,
}

fn path_params() -> PathParams {
    use_params::<PathParams>()
        .get_untracked()
        .unwrap_or_default()
}

/// Returns the slug in the path of the page that is being rendered.
///
/// # Errors
/// [`Error::NotFound`] if it is no slug.
pub fn slug_param() -> Result<Slug, Error> {
    path_params().slug.ok_or(Error::NotFound("live blog"))
}

/// Returns the name of the room in the path of the page that is being rendered.
///
/// # Errors
/// [`Error::NotFound`] if it is no name of a room.
pub fn room_param() -> Result<RoomName, Error> {
    path_params().room.ok_or(Error::NotFound("room"))
}

/// Returns the id of the update in the path of the page that is being rendered.
///
/// # Errors
/// [`Error::NotFound`] if it is no id.
pub fn update_param() -> Result<UpdateId, Error> {
    path_params().id.ok_or(Error::NotFound("update"))
}
