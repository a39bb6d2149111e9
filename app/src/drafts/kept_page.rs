//! The composer's page when the composer can't be shown: it keeps the words.

use domain::{Slug, UpdateDraft};
use leptos::prelude::*;

use super::list::{COMPOSER_FORM, DiscardButton};
use crate::{
    layout::{Audience, DisabledDefaultButton, OperationIdField, PageLayout, TextArea, TextField},
    request::PageRequest,
};

/// A page with the text of a draft, and the reason why it can't be posted.
#[component]
pub fn KeptPage(
    /// The entry's slug.
    slug: Slug,
    /// The draft.
    draft: UpdateDraft,
    /// Why the composer can't be shown, as one sentence.
    reason: String,
) -> impl IntoView {
    let audience = match PageRequest::current().caller {
        Some(caller) => Audience::Member(caller),
        None => Audience::Guest,
    };
    let (id, version) = (draft.id.0, draft.version);
    view! {
        <PageLayout title="Your text · Ringside" audience>
            <h1>"Your text"</h1>
            <p class="form-error" role="alert">
                {reason}
            </p>
            <p class="hint">"Your text is below. Copy it to keep it."</p>
            // For the button that discards it.
            <form id=COMPOSER_FORM method="post" action=format!("/entries/{slug}/compose")>
                <DisabledDefaultButton />
                <OperationIdField />
                <DraftFields id=id.to_string() version=version.to_string() />
                <TextArea
                    name="source"
                    label="Update"
                    value=draft.source
                    rows=8
                    required=true
                />
                <TextField
                    name="headline"
                    label="Headline (optional)"
                    value=draft.headline
                    required=false
                />
            </form>
            <div class="update-actions">
                <DiscardButton id version>
                    " this draft"
                </DiscardButton>
            </div>
        </PageLayout>
    }
}

/// The hidden fields of the draft that a form is about; nothing without an id.
#[component]
pub fn DraftFields(id: String, version: String) -> impl IntoView {
    (!id.is_empty()).then(|| {
        view! {
            <input type="hidden" name="draft" value=id />
            <input type="hidden" name="version" value=version />
        }
    })
}

/// The buttons of the composer's form.
#[component]
pub fn ComposerButtons() -> impl IntoView {
    view! {
        <div class="desk-actions">
            <button class="button primary" type="submit">
                "Post"
            </button>
            // A draft may be incomplete.
            <button class="button" type="submit" name="action" value="draft" formnovalidate>
                "Save as draft"
            </button>
        </div>
    }
}
