//! What can be said of an entry when it is created, and changed later.

use leptos::prelude::*;
use newsroom::{Entry, zone};

use crate::{
    layout::{Choice, Field, LongField},
    site::Site,
};

/// The fields of an entry; those of `entry`, if it is there already.
#[component]
pub fn EntryFields(
    /// The entry that is to be changed.
    #[prop(optional)]
    entry: Option<Entry>,
) -> impl IntoView {
    let is_new = entry.is_none();
    let language = entry.as_ref().map(|entry| entry.language.clone());
    let own_language = entry.as_ref().and_then(|entry| entry.own_language.as_ref());
    let own_language = own_language.map(ToString::to_string).unwrap_or_default();
    let language_hint = format!(
        "The language of its texts, as in ar or pt-BR. Left empty, it is the site's: {}.",
        Site::current().language
    );
    let (title, slug, summary, time_zone, order) = match entry {
        Some(entry) => (
            entry.title.to_string(),
            entry.slug.to_string(),
            entry.summary.to_string(),
            entry.time_zone.to_string(),
            entry.default_order.as_str(),
        ),
        None => (
            String::new(),
            String::new(),
            String::new(),
            "UTC".to_owned(),
            "",
        ),
    };
    let (slug_label, slug_hint) = if is_new {
        (
            "Address (optional)",
            "The end of its address, as in /entries/election-night. Left empty, it is made from the title.",
        )
    } else {
        (
            "Address",
            "The end of its address. The old one will lead to the new one.",
        )
    };
    view! {
        <Field name="title" label="Title" value=title language=language.clone() />
        <Field name="slug" label=slug_label hint=slug_hint value=slug required=!is_new />
        <LongField
            name="summary"
            label="Summary (optional)"
            value=summary
            rows=2
            language=language
        />
        <Field
            name="time_zone"
            label="Time zone"
            value=time_zone
            hint="Times are shown in it, as in Europe/Paris."
            list="zones"
        />
        <datalist id="zones">
            {zone::names()
                .into_iter()
                .map(|name| view! { <option value=name></option> })
                .collect_view()}
        </datalist>
        <Field
            name="language"
            label="Language (optional)"
            value=own_language
            hint=language_hint
            required=false
        />
        <Choice
            name="default_order"
            label="Readers see first"
            options=vec![("oldest", "The oldest update, as a story"), ("latest", "The latest update, as news")]
            value=order
        />
    }
}
