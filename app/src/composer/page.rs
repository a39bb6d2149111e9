//! The composer as a page of its own. It posts and saves drafts without JavaScript, and is blank
//! again after a post.

use domain::{Caller, DraftId, Slug, UpdateDraft};
use leptos::{either::Either, prelude::*};
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::{DeskEntryDetail, DraftPatch, Entry, EntryDraft, Error, zone::LocalTime};

use crate::{
    desk::{desk_entry, removed_content_note},
    drafts::{COMPOSER_FORM, ComposerButtons, DraftFields, DraftList, KeptPage},
    entry::excerpt,
    isolate::isolated,
    layout::{
        Audience, DisabledDefaultButton, Done, FormError, OperationIdField, PageLayout, TextArea,
        TextField, page_or_error,
    },
    params::slug_param,
    request::{PageRequest, newsroom},
};

/// The composer of an entry, with the entry's last update and the caller's drafts below it. With
/// `?draft=`, a draft is open in it.
#[component]
pub fn ComposePage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let slug = slug_param();
    let query = use_query_map();
    let parameter = |name: &str| query.with(|query| query.get(name));
    let (posted, done) = (parameter("posted"), parameter("done"));
    let wanted = match &request.submitted {
        Some(form) => Some(form.value("draft")),
        None => parameter("draft"),
    };
    let wanted = wanted.filter(|id| !id.is_empty());
    Suspend::new(async move {
        let removed = match &posted {
            Some(id) => removed_content_note(&request, id).await,
            None => None,
        };
        let page = match read(&request, &slug, wanted.as_deref()).await {
            Ok(content) => Ok(Either::Left(
                view! { <Composer content posted removed done /> },
            )),
            Err(error) => match (&slug, kept(&request, &slug, wanted.as_deref()).await) {
                (Ok(slug), Some(draft)) => {
                    error.log_failure("the composer can't be shown");
                    let (slug, reason) = (slug.clone(), error.to_string());
                    Ok(Either::Right(view! { <KeptPage slug draft reason /> }))
                }
                _ => Err(error),
            },
        };
        page_or_error(&response, page)
    })
}

/// What the page shows.
struct Content {
    caller: Caller,
    detail: DeskEntryDetail,
    drafts: Vec<EntryDraft>,
    /// The draft that is open in the form.
    open: Option<UpdateDraft>,
    /// Whether another draft was requested, which doesn't exist.
    is_gone: bool,
}

async fn read(
    request: &PageRequest,
    slug: &Result<Slug, Error>,
    wanted: Option<&str>,
) -> Result<Content, Error> {
    let (caller, detail) = desk_entry(request, slug.clone()).await?;
    let entry = &detail.entry;
    let drafts = newsroom().entry_drafts(&caller, &entry.slug).await?;
    let with_entry = |draft| EntryDraft {
        entry: entry.clone(),
        draft,
    };
    let drafts = drafts.into_iter().map(with_entry).collect();
    let open = match wanted {
        Some(id) => own_draft(&caller, &entry.slug, id).await?,
        None => None,
    };
    Ok(Content {
        is_gone: wanted.is_some() && open.is_none(),
        caller,
        detail,
        drafts,
        open,
    })
}

/// Returns the caller's draft with the id `id`, if there is one.
async fn own_draft(caller: &Caller, slug: &Slug, id: &str) -> Result<Option<UpdateDraft>, Error> {
    let Ok(id) = id.parse::<DraftId>() else {
        return Ok(None);
    };
    match newsroom().draft(caller, slug, id).await {
        Ok((_, draft)) => Ok(Some(draft)),
        Err(Error::DraftGone) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the draft that was requested, to show its words although the composer can't be shown.
/// The words of a form that was submitted are returned by the server.
async fn kept(
    request: &PageRequest,
    slug: &Result<Slug, Error>,
    wanted: Option<&str>,
) -> Option<UpdateDraft> {
    if request.submitted.is_some() {
        return None;
    }
    let (caller, slug) = (request.caller().ok()?, slug.as_ref().ok()?);
    own_draft(caller, slug, wanted?).await.ok()?
}

#[component]
fn Composer(
    content: Content,
    /// The id of the update that was just posted.
    posted: Option<String>,
    /// A sentence about content that was removed from it.
    removed: Option<String>,
    /// What was just done with a draft.
    done: Option<String>,
) -> impl IntoView {
    let Content {
        caller,
        detail,
        drafts,
        open,
        is_gone,
    } = content;
    let request = PageRequest::current();
    let entry = detail.entry;
    let language = Some(entry.language.clone());
    let last = detail.updates.last().map(|update| excerpt(update, 140));
    let saved = |draft: &UpdateDraft| LocalTime::new(draft.changed_at, &entry.time_zone).full();
    let opened = open.as_ref().map(saved);
    let other = open.clone().filter(|draft| is_conflict(&request, draft));
    let done = done.as_deref().and_then(done_message);
    let is_gone = is_gone && request.submitted.is_none();
    let numbers = open
        .as_ref()
        .map(|draft| (draft.id.to_string(), draft.version.to_string()));
    let (id, version) = numbers.unwrap_or_default();
    let (source, headline) = match open {
        Some(draft) => (draft.source, draft.headline),
        None => Default::default(),
    };
    view! {
        <PageLayout
            title=format!("Post to {}", isolated(entry.title.as_str()))
            audience=Audience::Member(caller)
        >
            <h1>
                "Post to "
                <a href=format!("/entries/{}", entry.slug) dir="auto" lang=entry.language.to_string()>
                    {entry.title.to_string()}
                </a>
            </h1>
            {posted
                .map(|id| {
                    view! {
                        <p class="done" role="status">
                            "Posted. "
                            <a href=format!("/entries/{}#update-{id}", entry.slug)>"View update"</a>
                            {removed.map(|sentence| format!(" {sentence}"))}
                        </p>
                    }
                })}
            <Done sentence=done />
            {is_gone
                .then(|| {
                    view! {
                        <p class="form-error" role="alert">
                            {Error::DraftGone.to_string()}
                        </p>
                    }
                })}
            <FormError />
            {opened
                .map(|saved| {
                    view! {
                        <p class="hint">
                            {format!("Draft, saved {saved}. ")}
                            <a href=format!("/entries/{}/compose", entry.slug)>"New update"</a>
                        </p>
                    }
                })}
            <form id=COMPOSER_FORM method="post" action=format!("/entries/{}/compose", entry.slug)>
                <DisabledDefaultButton />
                <OperationIdField />
                <DraftFields id version />
                <TextArea
                    name="source"
                    label="Update"
                    value=source
                    rows=6
                    required=true
                    autofocus=true
                    language=language.clone()
                />
                <TextField
                    name="headline"
                    label="Headline (optional)"
                    value=headline
                    required=false
                    language=language.clone()
                />
                <ComposerButtons />
            </form>
            {other.map(|draft| view! { <OtherText entry=entry.clone() draft /> })}
            {last
                .map(|text| {
                    view! {
                        <p class="hint">
                            "Last update: " <bdi lang=entry.language.to_string()>{text}</bdi>
                        </p>
                    }
                })}
            {(!drafts.is_empty()).then(|| view! { <DraftList drafts in_composer=true /> })}
        </PageLayout>
    }
}

/// Returns the message for the `done` parameter, which a form of this page redirects with.
fn done_message(done: &str) -> Option<&'static str> {
    Some(match done {
        "saved" => "Draft saved. Only you can see it.",
        "discarded" => "Draft discarded.",
        _ => return None,
    })
}

/// Returns whether the submitted form is based on another version of `draft`, and has another text.
fn is_conflict(request: &PageRequest, draft: &UpdateDraft) -> bool {
    let Some(form) = &request.submitted else {
        return false;
    };
    let (source, headline) = (form.value("source"), form.value("headline"));
    let same = DraftPatch::parse(Some(&draft.source), Some(&draft.headline));
    let submitted = DraftPatch::parse(Some(&source), Some(&headline));
    form.value("version") != draft.version.to_string() && same != submitted
}

/// The text of a draft that was changed on another device, beside the submitted one.
#[component]
fn OtherText(entry: Entry, draft: UpdateDraft) -> impl IntoView {
    let language = entry.language.to_string();
    let saved = LocalTime::new(draft.changed_at, &entry.time_zone).full();
    view! {
        <section class="panel" aria-labelledby="other-heading">
            <h2 id="other-heading">"The draft as saved on the other device"</h2>
            <p class="hint">
                {format!(
                    "Saved {saved}. Your own text is in the form above. If you save or post it now, it replaces this one: copy from here what you need.",
                )}
            </p>
            <p dir="auto" lang=language.clone()>
                <strong>{draft.headline}</strong>
            </p>
            <div class="field">
                <label for="other-source">"Its text"</label>
                <textarea id="other-source" rows="6" dir="auto" lang=language readonly>
                    {format!("\n{}", crate::escape::escaped(draft.source))}
                </textarea>
            </div>
        </section>
    }
}
