//! What all pages share: the document, its assets, the frame around a page, its forms and its errors.

mod assets;
mod canonical;
mod error_page;
mod form;
mod frame;
mod resubmit_page;
mod shell;
mod static_bar;

pub use assets::{Assets, Hydration, inline_scripts};
pub use canonical::Canonical;
pub use error_page::{ErrorNote, NotFound, or_error};
pub use form::{Choice, Field, FormError, LongField, NoEnter, OperationId};
pub use frame::{ENGLISH, Frame, Place};
pub use resubmit_page::ResubmitPage;
pub use shell::{BodyOverride, ORDER_SCRIPT, Shell};
pub use static_bar::StaticBar;
