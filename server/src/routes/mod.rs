//! The routes, one file or folder for each kind.

pub mod api;
pub mod cached;
pub mod feed;
pub mod files;
pub mod forms;
pub mod functions;
pub mod health;
pub mod likes;
mod moderation_action;
pub mod pages;
pub mod rooms;
pub mod slug_redirects;
pub mod updates;
