//! The API's operations on updates.

use axum::{
    Json,
    http::{HeaderName, StatusCode, header::LOCATION},
};
use domain::{Change, Cursor, Draft, DraftId, Headline, Invalid, Mark, Source, UpdateId};
use newsroom::{Entry, Error, LiveUpdate, UpdatePatch, zone::rfc3339};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    caller::Api,
    details::{ErrorResponses, ProblemDetails},
    document::{headline, source, source_if_any},
    if_match::{IfMatch, Tagged, etag},
    key::IdempotencyKey,
};
use crate::{
    extract::{Path, json_body::Body, slug, update_id},
    problem::{Problem, keyed_problem},
    state::AppState,
};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(post_update))
        .routes(routes!(update, edit_update, delete_update))
        .routes(routes!(restore_update))
}

/// An update with the text that its author wrote, to edit it.
#[derive(Debug, Serialize, ToSchema)]
struct SourceAnswer {
    /// The id.
    id: i64,
    /// The revision of the last change.
    rev: i64,
    /// The text: Markdown.
    source: String,
    /// The headline above the text; null if there is none.
    headline: Option<String>,
    /// Whether the update is listed among the key moments at the top of the entry.
    key: bool,
    /// Whether the update is pinned to the top of the entry.
    pinned: bool,
    /// The URL of the update's page. 404 for readers while the entry is a draft.
    url: String,
    /// When the update was posted.
    #[schema(format = DateTime)]
    posted_at: String,
}

/// An update as in the feed, with its URL. A deleted update has only `id`, `rev` and `deleted`.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeAnswer {
    /// The id.
    id: i64,
    /// The revision of the last change.
    rev: i64,
    /// Whether the update is deleted.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    /// The update's card, as on readers' pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// The URL of the update's page. 404 for readers while the entry is a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// When the update was posted: its place in the list. If it was published later, this is when
    /// it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    posted_at: Option<String>,
    /// When the update was published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    published_at: Option<String>,
    /// What the sanitizer removed from the text, such as `iframe youtube.com`, `link Reuters`,
    /// `image data:` or `attribute style`: each item once, and at most 20. Empty if nothing was
    /// removed; missing if the request had no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Vec<String>>,
}

impl ChangeAnswer {
    fn of(api: &Api, (entry, update, change): (Entry, LiveUpdate, Change)) -> Self {
        let (id, rev) = (change.id(), change.rev());
        let upserted = match change {
            Change::Deleted(_) => None,
            Change::Upserted(upserted) => Some(upserted),
        };
        let url = || api.url(format_args!("/entries/{}/updates/{id}", entry.slug));
        Self {
            id: id.0,
            rev,
            deleted: upserted.is_none(),
            url: upserted.is_some().then(url),
            posted_at: upserted.as_ref().map(|update| rfc3339(update.posted_at)),
            published_at: upserted.is_some().then(|| rfc3339(update.published_at)),
            html: upserted.map(|update| update.html),
            removed: None,
        }
    }

    /// Sets what the sanitizer removed, unless the update is deleted.
    fn with_removed(self, removed: Vec<String>) -> Self {
        Self {
            removed: (!self.deleted).then_some(removed),
            ..self
        }
    }
}

/// The update to post.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateToPost {
    /// The text: Markdown, in which HTML is sanitized.
    #[schema(schema_with = source)]
    source: String,
    /// The headline above the text.
    #[schema(schema_with = headline)]
    headline: Option<String>,
    /// Whether the update is listed among the key moments at the top of the entry.
    #[serde(default)]
    key: bool,
    /// Whether the update is pinned to the top of the entry, in place of the one pinned before.
    #[serde(default)]
    pinned: bool,
    /// The id of the draft that the update was saved as. It is deleted in the same transaction; if
    /// the account has no such draft for the entry, the update is posted all the same.
    draft: Option<i64>,
}

/// The changes to an update. Omitted fields keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateToEdit {
    /// The text: Markdown, in which HTML is sanitized.
    #[schema(schema_with = source_if_any)]
    source: Option<String>,
    /// The headline above the text. `null` removes it.
    #[serde(default, deserialize_with = "null_as_empty")]
    #[schema(schema_with = headline)]
    headline: Option<String>,
    /// Whether the update is listed among the key moments at the top of the entry.
    key: Option<bool>,
    /// Whether the update is pinned to the top of the entry, in place of the one pinned before.
    pinned: Option<bool>,
}

impl UpdateToEdit {
    fn parse(&self) -> Result<UpdatePatch, Invalid> {
        let headline = self.headline.as_deref().map(Headline::parse_if_any);
        Ok(UpdatePatch {
            headline: headline.transpose()?,
            source: self.source.as_deref().map(Source::parse).transpose()?,
            key: self.key,
            pinned: self.pinned,
        })
    }
}

/// Deserializes an optional text; `null` is an empty one.
fn null_as_empty<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = Deserialize::deserialize(value)?;
    Ok(Some(text.unwrap_or_default()))
}

/// Post an update
#[utoipa::path(
    post,
    path = "/api/v1/entries/{slug}/updates",
    params(("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"), IdempotencyKey),
    request_body = UpdateToPost,
    responses((status = 201, description = "The posted update. A retry with the same key returns the same update in its current state", body = ChangeAnswer, headers(("ETag" = String, description = "The revision of the posted text, for If-Match"))), ErrorResponses)
)]
async fn post_update(
    api: Api,
    key: IdempotencyKey,
    Path(name): Path<String>,
    Body(update, _held): Body<UpdateToPost>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Tagged<ChangeAnswer>), Problem> {
    let headline = update.headline.unwrap_or_default();
    let draft = Draft::parse(&update.source, &headline).map_err(Error::from)?;
    let marks = Mark::chosen(update.key, update.pinned);
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let (slug, op_id) = (slug(&name)?, key.or_random()?);
    let saved_as = update.draft.map(DraftId);
    let posted = newsroom
        .post_saved_draft(caller, &slug, &op_id, &draft, &marks, None, saved_as)
        .await
        .map_err(keyed_problem)?;
    let current = newsroom.last_change(caller, posted.id).await?;
    let location = api.url(format_args!(
        "/entries/{}/updates/{}",
        current.0.slug, posted.id
    ));
    let base = newsroom.posted_base(caller, posted.id, &draft).await?;
    let body = ChangeAnswer::of(&api, current).with_removed(posted.removed);
    let tagged = (etag(base), Json(body));
    Ok((StatusCode::CREATED, [(LOCATION, location)], tagged))
}

/// Get an update with its source
///
/// Only for those who may edit it. Readers get updates from the feed.
#[utoipa::path(
    get,
    path = "/api/v1/entries/{slug}/updates/{id}",
    params(
        ("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The update's id", minimum = 1)
    ),
    responses((status = 200, description = "The update", body = SourceAnswer, headers(("ETag" = String, description = "The revision, for If-Match"))), ErrorResponses)
)]
async fn update(
    api: Api,
    Path((name, id)): Path<(String, String)>,
) -> Result<Tagged<SourceAnswer>, Problem> {
    let (_, id) = find_update(&api, &name, &id).await?;
    let (entry, editable) = api.newsroom.editable_update(api.caller(), id).await?;
    let base = editable.base(entry.epoch);
    let update = editable.update;
    let body = SourceAnswer {
        id: id.0,
        rev: update.rev,
        source: editable.source,
        headline: update.headline.map(String::from),
        key: update.key,
        pinned: update.pinned,
        url: api.url(format_args!("/entries/{}/updates/{id}", entry.slug)),
        posted_at: rfc3339(update.posted_at),
    };
    Ok((etag(base), Json(body)))
}

/// Edit an update
///
/// Idempotent: repeating the request changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/entries/{slug}/updates/{id}",
    params(
        ("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The update's id", minimum = 1),
        IdempotencyKey,
        IfMatch
    ),
    request_body = UpdateToEdit,
    responses(
        (status = 200, description = "The update in its current state", body = ChangeAnswer, headers(("ETag" = String, description = "The revision of the text that the request knows, for If-Match"))),
        (status = 412, description = "The text was changed after the revision in If-Match", body = ProblemDetails, content_type = "application/problem+json", headers(("ETag" = String, description = "The current revision"))),
        ErrorResponses
    )
)]
async fn edit_update(
    api: Api,
    IdempotencyKey(op_id): IdempotencyKey,
    if_match: IfMatch,
    Path((name, id)): Path<(String, String)>,
    Body(edit, _held): Body<UpdateToEdit>,
) -> Result<Tagged<ChangeAnswer>, Problem> {
    let (entry, id) = find_update(&api, &name, &id).await?;
    let patch = edit.parse().map_err(Error::from)?;
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let base = if_match.base(&entry);
    let edited = newsroom
        .patch_update(caller, id, &patch, op_id.as_ref(), base.as_ref())
        .await
        .map_err(keyed_problem)?;
    let (_, body) = current_state(&api, id).await?;
    let body = body.with_removed(edited.removed);
    // Not the current revision, if somebody else changed the text since.
    Ok((etag(edited.base), Json(body)))
}

/// Delete an update
///
/// Removes the update from every page at once. Idempotent: repeating the request changes nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/entries/{slug}/updates/{id}",
    params(
        ("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The update's id", minimum = 1),
        IdempotencyKey,
        IfMatch
    ),
    responses(
        (status = 200, description = "The update is deleted", body = ChangeAnswer),
        (status = 412, description = "The text was changed after the revision in If-Match", body = ProblemDetails, content_type = "application/problem+json", headers(("ETag" = String, description = "The current revision"))),
        ErrorResponses
    )
)]
async fn delete_update(
    api: Api,
    IdempotencyKey(op_id): IdempotencyKey,
    if_match: IfMatch,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<ChangeAnswer>, Problem> {
    let (entry, id) = find_update(&api, &name, &id).await?;
    let base = if_match.base(&entry);
    api.newsroom
        .delete_update(api.caller(), id, op_id.as_ref(), base.as_ref())
        .await
        .map_err(keyed_problem)?;
    let (_, body) = current_state(&api, id).await?;
    Ok(Json(body))
}

/// Restore an update
///
/// Undoes a deletion within ten minutes. Idempotent: repeating the request changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/entries/{slug}/updates/{id}/restore",
    params(
        ("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The update's id", minimum = 1),
        IdempotencyKey
    ),
    responses((status = 200, description = "The update in its current state", body = ChangeAnswer, headers(("ETag" = String, description = "The revision, for If-Match"))), ErrorResponses)
)]
async fn restore_update(
    api: Api,
    IdempotencyKey(op_id): IdempotencyKey,
    Path((name, id)): Path<(String, String)>,
) -> Result<Tagged<ChangeAnswer>, Problem> {
    let (_, id) = find_update(&api, &name, &id).await?;
    api.newsroom
        .restore_update(api.caller(), id, op_id.as_ref())
        .await
        .map_err(keyed_problem)?;
    let (current, body) = current_state(&api, id).await?;
    Ok((etag(current), Json(body)))
}

/// Returns the id of the update in a path, and its entry.
///
/// # Errors
/// 404 if the update does not belong to the entry in the path.
async fn find_update(api: &Api, name: &str, id: &str) -> Result<(Entry, UpdateId), Problem> {
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let entry = newsroom.entry_by_slug(caller, &slug(name)?).await?;
    let id = update_id(id)?;
    let (owner, ..) = newsroom.last_change(caller, id).await?;
    if owner.id == entry.id {
        Ok((owner, id))
    } else {
        Err(Error::NotFound("update").into())
    }
}

/// Returns the update in its current state, and the revision of that state.
async fn current_state(api: &Api, id: UpdateId) -> Result<(Cursor, ChangeAnswer), Problem> {
    let current = api.newsroom.last_change(api.caller(), id).await?;
    let (entry, _, change) = &current;
    let cursor = Cursor::new(entry.epoch, change.rev());
    Ok((cursor, ChangeAnswer::of(api, current)))
}
