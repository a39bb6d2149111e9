//! The fields of an entry's details, for the forms to create and to edit an entry.

use leptos::prelude::*;
use newsroom::{Entry, zone};

use crate::{
    layout::{SelectField, TextArea, TextField},
    site::Site,
};

/// The fields of an entry's details, with the values of `entry` if there is one.
#[component]
pub fn EntryFields(
    /// The entry to edit; `None` for a new one.
    #[prop(optional)]
    entry: Option<Entry>,
) -> impl IntoView {
    let is_new = entry.is_none();
    let language = entry.as_ref().map(|entry| entry.language.clone());
    let own_language = entry.as_ref().and_then(|entry| entry.own_language.as_ref());
    let own_language = own_language.map(ToString::to_string).unwrap_or_default();
    let language_hint = format!(
        "The language of the texts, such as ar or pt-BR. Leave it empty to use the site's language, {}.",
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
            "Slug (optional)",
            "The last part of the address, as in /entries/election-night. Leave it empty to derive it from the title.",
        )
    } else {
        (
            "Slug",
            "The last part of the address. The old slug will redirect to the new one.",
        )
    };
    view! {
        <TextField name="title" label="Title" value=title language=language.clone() />
        <TextField name="slug" label=slug_label hint=slug_hint value=slug required=!is_new />
        <TextArea
            name="summary"
            label="Summary (optional)"
            value=summary
            rows=2
            language=language
        />
        <TextField
            name="time_zone"
            label="Time zone"
            value=time_zone
            hint="Times are shown in this zone, such as Europe/Paris."
            list="zones"
        />
        <datalist id="zones">
            {zone::names()
                .into_iter()
                .map(|name| view! { <option value=name></option> })
                .collect_view()}
        </datalist>
        <TextField
            name="language"
            label="Language (optional)"
            value=own_language
            hint=language_hint
            required=false
        />
        <SelectField
            name="default_order"
            label="Default order"
            options=vec![("oldest", "Oldest update first, as a story"), ("latest", "Latest update first, as news")]
            value=order
        />
    }
}
