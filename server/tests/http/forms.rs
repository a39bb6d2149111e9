//! Forms, which work without JavaScript.

mod accounts;
mod compose;
mod desk;
mod setup;
