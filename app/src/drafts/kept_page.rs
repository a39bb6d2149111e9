//! The composer's page when the composer can't be shown: it keeps the words.

use domain::{Slug, UpdateDraft};
use leptos::prelude::*;

use super::list::{COMPOSER_FORM, DiscardButton};
use crate::{
    layout::{
        Audience, DisabledDefaultButton, FormError, OperationIdField, PageLayout, TextArea,
        TextField,
    },
    request::PageRequest,
};

/// A page with the submitted text, or with the text of a draft, and the reason why it can't be
/// posted. Nothing else is read from the database.
#[component]
pub fn KeptPage(
    /// The entry's slug.
    slug: Slug,
    /// The draft that is shown, if one is.
    #[prop(optional_no_strip)]
    draft: Option<UpdateDraft>,
    /// Why the composer can't be shown, as one sentence.
    reason: String,
    /// Whether the same form may be accepted later.
    may_retry: bool,
) -> impl IntoView {
    let request = PageRequest::current();
    let audience = match request.caller.clone() {
        Some(caller) => Audience::Member(caller),
        None => Audience::Guest,
    };
    // A submitted form has an error of its own.
    let reason = request.submitted.is_none().then_some(reason);
    let numbers = match &draft {
        Some(draft) => (draft.id.to_string(), draft.version.to_string()),
        None => (
            request.submitted_value("draft"),
            request.submitted_value("version"),
        ),
    };
    let discard = draft.as_ref().map(|draft| (draft.id.0, draft.version));
    let (source, headline) = match draft {
        Some(draft) => (draft.source, draft.headline),
        None => Default::default(),
    };
    let hint = if may_retry {
        "Your text is below. Copy it, or send it again."
    } else {
        "Your text is below. Copy it to keep it."
    };
    view! {
        <PageLayout title="Your text · Ringside" audience>
            <h1>"Your text"</h1>
            {reason
                .map(|reason| {
                    view! {
                        <p class="form-error" role="alert">
                            {reason}
                        </p>
                    }
                })}
            <FormError />
            <p class="hint">{hint}</p>
            <form id=COMPOSER_FORM method="post" action=format!("/entries/{slug}/compose")>
                <DisabledDefaultButton />
                <OperationIdField />
                <DraftFields id=numbers.0 version=numbers.1 />
                <TextArea name="source" label="Update" value=source rows=8 required=true />
                <TextField
                    name="headline"
                    label="Headline (optional)"
                    value=headline
                    required=false
                />
                {may_retry.then(|| view! { <ComposerButtons /> })}
            </form>
            {discard
                .map(|(id, version)| {
                    view! {
                        <div class="update-actions">
                            <DiscardButton id version>
                                " this draft"
                            </DiscardButton>
                        </div>
                    }
                })}
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
