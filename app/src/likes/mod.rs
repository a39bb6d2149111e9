//! Likes of updates.
//!
//! - `like_form`, `like_page`: without JavaScript, the form on an update's page and the page that
//!   it leads to.
//! - `event`: what the live page passes on: counts, clicks, and that it has no stream;
//!   `passing_on` loads the buttons for that.
//! - `buttons`: shows the counts, and likes. A chunk of its own, which is loaded when there is
//!   something to show.

// Tests in a browser have no loader of chunks.
#[cfg(all(feature = "hydrate", not(test)))]
mod buttons;
#[cfg(feature = "hydrate")]
mod event;
#[cfg(feature = "hydrate")]
mod passing_on;

#[cfg(feature = "hydrate")]
pub use {event::LikeEvent, passing_on::pass_on};

#[cfg(feature = "ssr")]
mod like_form;
#[cfg(feature = "ssr")]
mod like_page;

#[cfg(feature = "ssr")]
pub use {like_form::LikeForm, like_page::LikePage};
