//! The parts that all pages share: the document, the layout of a page, forms, error pages, and the
//! build's assets.

mod assets;
mod canonical;
mod done;
mod error_page;
mod form;
mod page_layout;
mod refused_form_page;
mod scripts;
mod shell;
mod static_bar;

pub use assets::{Assets, Hydration, inline_scripts};
pub use canonical::Canonical;
pub use done::Done;
pub use error_page::{NotFound, page_or_error};
pub use form::{
    DisabledDefaultButton, FormError, HiddenField, OperationIdField, SelectField, TextArea,
    TextField,
};
pub use page_layout::{Audience, ENGLISH, PageLayout};
pub use refused_form_page::{NextStep, RefusedForm};
pub use scripts::ORDER_SCRIPT;
pub use shell::{BodyOverride, Shell};
pub use static_bar::StaticBar;
