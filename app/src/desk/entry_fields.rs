//! The fields of an entry's details, for the forms to create and to edit an entry.

use domain::{Article, ChatSetting};
use leptos::prelude::*;
use newsroom::{Entry, zone};

use crate::{
    layout::{SelectField, TextArea, TextField},
    request::PageRequest,
    site::Site,
};

/// The fields of an entry's details, with the values of `entry`.
#[component]
pub fn EntryFields(
    /// The entry to edit.
    entry: Entry,
    /// Its article.
    article: Article,
    /// Whether it has a chat.
    chat: ChatSetting,
) -> impl IntoView {
    let Entry {
        title,
        slug,
        summary,
        time_zone,
        language,
        own_language,
        default_order,
        ..
    } = entry;
    let own_language = own_language.map(|language| language.to_string());
    view! {
        <TextField
            name="title"
            label="Title"
            value=title
            language=Some(language.clone())
        />
        <TextField
            name="slug"
            label="Slug"
            hint="The last part of the address. The old slug will redirect to the new one."
            value=slug
        />
        <TextFields
            summary=summary.into()
            article=article.into()
            language=Some(language)
        />
        <ZoneField value=time_zone.to_string() />
        <LanguageField value=own_language.unwrap_or_default() />
        <OrderField value=default_order.as_str() />
        <ChatField value=chat.as_str() />
    }
}

/// The fields of a new entry. A title is enough; the others are folded up, unless the form is shown
/// again because of one of them.
#[component]
pub fn NewEntryFields(
    /// The time zone that is proposed if the browser proposes none.
    time_zone: String,
) -> impl IntoView {
    let request = PageRequest::current();
    let is_first = request.submitted.is_none();
    let open = request
        .submitted
        .is_some_and(|form| form.field != Some("title"));
    view! {
        <TextField name="title" label="Title" />
        <details class="more" open=open>
            <summary>"More"</summary>
            <TextField
                name="slug"
                label="Slug (optional)"
                hint="The last part of the address, as in /entries/election-night. Leave it empty to derive it from the title."
                required=false
            />
            <TextFields />
            <ZoneField value=time_zone required=false proposed=is_first />
            <LanguageField />
            <OrderField />
            <ChatField />
            <SelectField
                name="state"
                label="State"
                options=vec![
                    ("live", "Live: readers see it immediately"),
                    ("upcoming", "Coming up: announced, not started"),
                    ("draft", "Draft: only authors see it"),
                ]
            />
        </details>
    }
}

/// The optional texts.
#[component]
fn TextFields(
    #[prop(optional)] summary: String,
    #[prop(optional)] article: String,
    #[prop(optional_no_strip)] language: Option<domain::Language>,
) -> impl IntoView {
    view! {
        <TextArea
            name="summary"
            label="Summary (optional)"
            value=summary
            rows=2
            language=language.clone()
        />
        <TextArea name="body" label="Article (optional)" value=article rows=8 language />
    }
}

/// A field for a time zone, with all zones as suggestions.
#[component]
fn ZoneField(
    value: String,
    #[prop(default = true)] required: bool,
    /// Whether the script of this page puts the browser's zone into the field.
    #[prop(optional)]
    proposed: bool,
) -> impl IntoView {
    view! {
        <TextField
            name="time_zone"
            label="Time zone"
            value=value
            hint="Times are shown in this zone, such as Europe/Paris."
            list="zones"
            required=required
        />
        <datalist id="zones">
            {zone::names()
                .iter()
                .map(|name| view! { <option value=name.clone()></option> })
                .collect_view()}
        </datalist>
        {proposed.then(|| view! { <script src="/time-zone.js" defer></script> })}
    }
}

#[component]
fn LanguageField(#[prop(optional)] value: String) -> impl IntoView {
    let hint = format!(
        "The language of the texts, such as ar or pt-BR. Leave it empty to use the site's language, {}.",
        Site::current().language
    );
    view! { <TextField name="language" label="Language (optional)" value=value hint required=false /> }
}

#[component]
fn OrderField(#[prop(optional)] value: &'static str) -> impl IntoView {
    view! {
        <SelectField
            name="default_order"
            label="Default order"
            options=vec![("oldest", "Oldest update first, as a story"), ("latest", "Latest update first, as news")]
            value=value
        />
    }
}

#[component]
fn ChatField(#[prop(optional)] value: &'static str) -> impl IntoView {
    view! {
        <SelectField
            name="chat"
            label="Chat"
            options=vec![
                ("off", "Off"),
                ("open", "Open: readers can write"),
                ("read_only", "Read-only: nobody can write for now"),
                ("closed", "Closed: over, and still readable"),
            ]
            value=value
        />
    }
}
