//! What differs between the text that an author submitted and the current one.

use domain::{DiffKind, DiffPart, EditConflict, ZoneName};
use leptos::{either::EitherOf3, prelude::*};
use newsroom::{Entry, zone::LocalTime};

use crate::{escape::escaped, isolate::isolated, layout::ENGLISH};

/// The current text of an update or an article, and how the submitted one differs from it.
#[component]
pub fn ConflictDetails(
    /// The conflict.
    conflict: EditConflict,
    /// The label of the current text.
    label: &'static str,
    /// The entry.
    entry: Entry,
) -> impl IntoView {
    let Entry {
        language,
        time_zone,
        ..
    } = entry;
    let written = written(&conflict, &time_zone);
    let language = language.to_string();
    let is_compared = !conflict.source_diff.is_empty() || !conflict.headline_diff.is_empty();
    view! {
        <section class="conflict">
            <div>
                <h2>"Current text"</h2>
                <p class="hint">{written}</p>
                <div class="field">
                    <label for="current-source">{label}</label>
                    // A line end right after the tag is not part of the value (WHATWG HTML,
                    // 13.1.2.5).
                    <textarea id="current-source" rows="8" readonly dir="auto" lang=language.clone()>
                        {format!("\n{}", escaped(conflict.source))}
                    </textarea>
                </div>
                {(!conflict.headline.is_empty())
                    .then(|| {
                        view! {
                            <div class="field">
                                <label for="current-headline">"Current headline"</label>
                                <input
                                    id="current-headline"
                                    type="text"
                                    readonly
                                    dir="auto"
                                    lang=language.clone()
                                    value=conflict.headline
                                />
                            </div>
                        }
                    })}
            </div>
            {is_compared
                .then(move || {
                    view! {
                        <div>
                            <h2>"What your text changes"</h2>
                            <Diff parts=conflict.headline_diff language=language.clone() />
                            <Diff parts=conflict.source_diff language=language />
                        </div>
                    }
                })}
        </section>
    }
}

/// Returns who wrote the current text, and when.
fn written(conflict: &EditConflict, zone: &ZoneName) -> String {
    let at = LocalTime::new(conflict.edited_at, zone).full();
    match &conflict.edited_by {
        Some(name) => format!("Written by {}, {at}.", isolated(name)),
        None => format!("Written {at}."),
    }
}

/// A text with its differences marked, also for screen readers.
#[component]
fn Diff(parts: Vec<DiffPart>, language: String) -> impl IntoView {
    let part = |DiffPart { kind, text }| match kind {
        DiffKind::Same => EitherOf3::A(text),
        DiffKind::Removed => EitherOf3::B(view! {
            <del>
                <span class="visually-hidden" lang=ENGLISH>
                    "[removed: "
                </span>
                {text}
                <span class="visually-hidden">"]"</span>
            </del>
        }),
        DiffKind::Added => EitherOf3::C(view! {
            <ins>
                <span class="visually-hidden" lang=ENGLISH>
                    "[added: "
                </span>
                {text}
                <span class="visually-hidden">"]"</span>
            </ins>
        }),
    };
    (!parts.is_empty()).then(|| {
        view! {
            <p class="diff" dir="auto" lang=language>
                {parts.into_iter().map(part).collect_view()}
            </p>
        }
    })
}
