//! Posting: the composer in an entry's page, and the composer as a page of its own.
//!
//! | module | contents |
//! | --- | --- |
//! | `api` | the server functions |
//! | `page` | the composer as a page of its own, which works without JavaScript |
//! | `loader_island`, `loading`, `load_error` | loading the rest, for authors only |
//! | `form` | the composer in an entry's page |
//! | `editor`, `fields`, `toolbar`, `formatting`, `preview`, `long_text` | the text box |
//! | `text_state`, `other_texts` | the text that is being written, and those set aside |
//! | `server_drafts` | the author's drafts on the server |
//! | `outbox` | what waits until the server has responded |
//! | `discard_button`, `modal`, `keep_focus` | shared controls, and the focus |
//! | `session`, `tab`, `login_dialog` | the account, the open page, logging in again |
//! | `storage` | `IndexedDB` |
//! | `channel`, `web_locks`, `server_clock`, `random_id`, `copy` | the browser's interfaces |

mod api;
mod load_error;
mod loader_island;

#[cfg(any(feature = "hydrate", test))]
mod formatting;

#[cfg(feature = "hydrate")]
mod channel;
#[cfg(feature = "hydrate")]
pub mod copy;
#[cfg(feature = "hydrate")]
mod discard_button;
#[cfg(feature = "hydrate")]
pub mod editor;
#[cfg(feature = "hydrate")]
pub mod fields;
#[cfg(feature = "hydrate")]
mod form;
#[cfg(feature = "hydrate")]
mod keep_focus;
#[cfg(feature = "hydrate")]
mod loading;
#[cfg(feature = "hydrate")]
mod login_dialog;
#[cfg(feature = "hydrate")]
mod long_text;
#[cfg(feature = "hydrate")]
pub mod modal;
#[cfg(feature = "hydrate")]
mod other_texts;
#[cfg(feature = "hydrate")]
pub mod outbox;
#[cfg(feature = "hydrate")]
mod preview;
#[cfg(feature = "hydrate")]
pub mod random_id;
#[cfg(feature = "hydrate")]
mod server_clock;
#[cfg(feature = "hydrate")]
mod server_drafts;
#[cfg(feature = "hydrate")]
mod session;
#[cfg(feature = "hydrate")]
pub mod storage;
#[cfg(feature = "hydrate")]
mod tab;
#[cfg(feature = "hydrate")]
pub mod text_state;
#[cfg(feature = "hydrate")]
mod toolbar;
#[cfg(feature = "hydrate")]
mod web_locks;

#[cfg(feature = "ssr")]
mod page;

pub use api::{PostUpdate, PreviewText, post_update, preview_text};
pub use loader_island::ComposerLoader;
#[cfg(feature = "ssr")]
pub use page::ComposePage;
