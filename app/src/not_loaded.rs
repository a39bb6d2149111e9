//! The error of code that is loaded later.

use leptos::wasm_split::SplitLoaderError;

/// The code could not be fetched.
#[derive(Debug)]
pub struct NotLoaded;

impl From<SplitLoaderError> for NotLoaded {
    fn from(_: SplitLoaderError) -> Self {
        Self
    }
}
