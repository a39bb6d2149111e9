//! The forms of the desk: creating and changing live blogs and updates.

use axum::{
    Extension, Router,
    response::{IntoResponse, Response},
    routing::post,
};
use domain::{Article, Caller, ChatSetting, Draft, EntryState, Mark, Order, UpdateId};
use newsroom::{Entry, EntryEdit, Error, NewEntry, RenderedArticle};

use super::handler::Desk;
use crate::{
    extract::{EntrySlug, UpdateNumber, fields::Fields},
    problem::Problem,
    refused_form::PostToInstead,
    security::bodies::ARTICLE_LIMIT,
    state::AppState,
};

pub fn routes() -> Router<AppState> {
    let article_limit = || Extension(ARTICLE_LIMIT);
    Router::new()
        .route("/desk/entries", post(create_entry).layer(article_limit()))
        .route(
            "/desk/entries/{slug}/edit",
            post(edit_entry).layer(article_limit()),
        )
        .route("/desk/entries/{slug}/start", post(start_entry))
        .route("/desk/entries/{slug}/end", post(end_entry))
        .route("/desk/updates/{id}", post(edit_update))
        .route("/desk/updates/{id}/mark", post(mark_update))
        .route("/desk/updates/{id}/delete", post(delete_update))
        .route("/desk/updates/{id}/restore", post(restore_update))
}

async fn create_entry(desk: Desk, fields: Fields) -> Response {
    let created = async {
        let state = or_default(fields.get("state"), EntryState::Draft)?;
        let order = or_default(fields.get("default_order"), Order::Oldest)?;
        let chat = or_default(fields.get("chat"), ChatSetting::Off)?;
        let new = NewEntry::parse(
            fields.get("title"),
            fields.get("slug"),
            fields.get("summary"),
            fields.get("time_zone"),
            state,
            order,
        )?
        .in_language(fields.get("language"))?;
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        let article = article(&desk, caller, &fields).await?;
        let has_removed = has_removed(article.as_ref());
        let new = NewEntry {
            article,
            chat,
            ..new
        };
        let entry = match op_id {
            Some(op_id) => {
                desk.newsroom
                    .create_entry_once(caller, &op_id, &new)
                    .await?
            }
            None => desk.newsroom.create_entry(Some(caller), &new).await?,
        };
        Ok::<_, Error>(if has_removed {
            format!("{}{REMOVED_NOTE}", page_of(&entry))
        } else if entry.state.is_public() {
            // The browser goes to the composer, which gives its text box the focus.
            format!("/entries/{}#composer-host", entry.slug)
        } else {
            page_of(&entry)
        })
    };
    let created = created.await;
    desk.respond(created, "/desk", fields).await
}

async fn edit_entry(desk: Desk, EntrySlug(slug): EntrySlug, fields: Fields) -> Response {
    let edited = async {
        let order = or_default(fields.get("default_order"), Order::Oldest)?;
        // A page that was opened before an upgrade has no such field.
        let chat = fields.get_if_any("chat").map(str::parse).transpose()?;
        let edit = EntryEdit::parse(
            fields.get("title"),
            fields.get("slug"),
            fields.get("summary"),
            fields.get("time_zone"),
            order,
        )?
        .in_language(fields.get("language"))?;
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        let article = article(&desk, caller, &fields).await?;
        let edit = EntryEdit {
            article,
            article_base: fields.base(),
            chat,
            ..edit
        };
        desk.newsroom
            .edit_entry(caller, &slug, &edit, op_id.as_ref())
            .await?;
        let page = format!("/desk/entries/{}", edit.slug);
        Ok::<_, Error>(if has_removed(edit.article.as_ref()) {
            format!("{page}{REMOVED_NOTE}")
        } else {
            page
        })
    };
    let edited = edited.await;
    let page = format!("/desk/entries/{slug}/edit");
    desk.respond(edited, &page, fields).await
}

async fn start_entry(desk: Desk, EntrySlug(slug): EntrySlug, fields: Fields) -> Response {
    let page = format!("/desk/entries/{slug}");
    let started = async {
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        desk.newsroom
            .start_entry(caller, &slug, op_id.as_ref())
            .await?;
        Ok::<_, Error>(page.clone())
    };
    let started = started.await;
    desk.respond(started, &page, fields).await
}

async fn end_entry(desk: Desk, EntrySlug(slug): EntrySlug, fields: Fields) -> Response {
    let page = format!("/desk/entries/{slug}");
    let ended = async {
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        desk.newsroom
            .end_entry(caller, &slug, op_id.as_ref())
            .await?;
        Ok::<_, Error>(page.clone())
    };
    let ended = ended.await;
    desk.respond(ended, &page, fields).await
}

async fn edit_update(desk: Desk, UpdateNumber(id): UpdateNumber, fields: Fields) -> Response {
    let edited = async {
        let draft = Draft::parse(fields.get("source"), fields.get("headline"))?;
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        let base = fields.base();
        let edited = desk
            .newsroom
            .edit_update(caller, id, &draft, op_id.as_ref(), base.as_ref())
            .await?;
        let page = page_of(&edited.entry);
        // The page lists what the sanitizer removed.
        Ok::<_, Error>(if edited.removed.is_empty() {
            page
        } else {
            format!("{page}?edited={id}")
        })
    };
    let edited = edited.await;
    if matches!(edited, Err(Error::Removed)) {
        return refuse_removed(&desk, id).await;
    }
    let page = format!("/desk/updates/{id}");
    desk.respond(edited, &page, fields).await
}

/// Refuses the edit of an update that was removed. Its text can be posted as a new update.
async fn refuse_removed(desk: &Desk, id: UpdateId) -> Response {
    let mut response = Problem::from(Error::Removed).into_response();
    if let Ok(caller) = desk.caller()
        && let Ok((entry, ..)) = desk.newsroom.last_change(caller, id).await
    {
        response.extensions_mut().insert(PostToInstead(entry.slug));
    }
    response
}

async fn mark_update(desk: Desk, UpdateNumber(id): UpdateNumber, fields: Fields) -> Response {
    let marked = async {
        let mark: Mark = fields.get("mark").parse()?;
        let on = fields.get("on") == "true";
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        let entry = desk
            .newsroom
            .mark_update(caller, id, mark, on, op_id.as_ref())
            .await?;
        Ok::<_, Error>(page_of(&entry))
    };
    let marked = marked.await;
    desk.respond(marked, "/desk", fields).await
}

async fn delete_update(desk: Desk, UpdateNumber(id): UpdateNumber, fields: Fields) -> Response {
    let deleted = async {
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        let entry = desk
            .newsroom
            .delete_update(caller, id, op_id.as_ref(), None)
            .await?;
        Ok::<_, Error>(format!("{}?deleted={id}", page_of(&entry)))
    };
    let deleted = deleted.await;
    desk.respond(deleted, "/desk", fields).await
}

async fn restore_update(desk: Desk, UpdateNumber(id): UpdateNumber, fields: Fields) -> Response {
    let restored = async {
        let caller = desk.caller()?;
        let op_id = fields.op_id()?;
        let entry = desk
            .newsroom
            .restore_update(caller, id, op_id.as_ref())
            .await?;
        Ok::<_, Error>(page_of(&entry))
    };
    let restored = restored.await;
    desk.respond(restored, "/desk", fields).await
}

/// The query with which an entry's page on the desk lists what the sanitizer removed from its
/// article.
const REMOVED_NOTE: &str = "?edited=article";

/// Renders the article of a form; `None` if the form has no such field, as in a page that was
/// opened before an upgrade.
async fn article(
    desk: &Desk,
    caller: &Caller,
    fields: &Fields,
) -> Result<Option<RenderedArticle>, Error> {
    match fields.get_if_any("body") {
        Some(text) => {
            let article = Article::parse(text)?;
            desk.newsroom
                .render_article(caller, &article)
                .await
                .map(Some)
        }
        None => Ok(None),
    }
}

/// Returns whether the sanitizer removed something from an article.
fn has_removed(article: Option<&RenderedArticle>) -> bool {
    article.is_some_and(|article| !article.removed.is_empty())
}

/// Returns the path of the entry's page on the desk.
fn page_of(entry: &Entry) -> String {
    format!("/desk/entries/{}", entry.slug)
}

/// Parses the value of a field; returns the default if it is empty.
fn or_default<T: std::str::FromStr<Err = domain::Invalid>>(
    word: &str,
    default: T,
) -> Result<T, domain::Invalid> {
    if word.is_empty() {
        Ok(default)
    } else {
        word.parse()
    }
}
