//! Modal dialogs.

use leptos::{html, prelude::*};

/// Shows a dialog while `open` is true.
pub fn show_while(dialog: NodeRef<html::Dialog>, open: RwSignal<bool>) {
    Effect::new(move || {
        if let Some(dialog) = dialog.get() {
            if !open.get() {
                dialog.close();
            } else if !dialog.open() {
                // Can't fail: it is in the page and not open.
                let _ = dialog.show_modal();
            }
        }
    });
}
