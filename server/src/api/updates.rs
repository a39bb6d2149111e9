//! Updates.

use std::time::Duration;

use axum::{
    Json,
    http::{HeaderName, StatusCode, header::LOCATION},
};
use domain::{Change, Draft, Headline, Invalid, Mark, Source, UpdateId};
use newsroom::{Entry, Error, UpdatePatch, zone::rfc3339};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    body::Body,
    details::Refusals,
    document::{headline, source, source_if_any},
    key::IdempotencyKey,
    keyed,
};
use crate::{
    extract::{Path, slug, update_id},
    problem::Problem,
    state::AppState,
};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(post_update))
        .routes(routes!(edit_update, delete_update))
}

/// An update, as the feed has it: `id`, `rev` and either the rest or that it is deleted.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeAnswer {
    /// Its number.
    id: i64,
    /// The revision of its last change.
    rev: i64,
    /// Whether it is gone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    deleted: bool,
    /// Its card, as readers get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// Its page; nobody's yet, while the entry is a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// When it was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    posted_at: Option<String>,
    /// What was sent and readers don't get, as in `iframe youtube.com`, `link Reuters`, `image data:` or
    /// `attribute style`: each once, and 20 at most. Empty if nothing was removed; missing where no text was
    /// sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Vec<String>>,
}

impl ChangeAnswer {
    fn of(api: &Api, entry: &Entry, change: Change) -> Self {
        let (id, rev) = (change.id(), change.rev());
        let shown = match change {
            Change::Deleted(_) => None,
            Change::Upserted(shown) => Some(shown),
        };
        let url = || api.url(format_args!("/entries/{}/updates/{id}", entry.slug));
        Self {
            id: id.0,
            rev,
            deleted: shown.is_none(),
            url: shown.is_some().then(url),
            posted_at: shown.as_ref().map(|shown| rfc3339(shown.posted_at)),
            html: shown.map(|shown| shown.html),
            removed: None,
        }
    }

    /// The same, saying what of the text that was sent readers don't get; nothing of a deleted one.
    fn without(self, removed: Vec<String>) -> Self {
        Self {
            removed: (!self.deleted).then_some(removed),
            ..self
        }
    }
}

/// An update that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateToPost {
    /// Its text: Markdown, and HTML that is made safe.
    #[schema(schema_with = source)]
    source: String,
    /// The line above it.
    #[schema(schema_with = headline)]
    headline: Option<String>,
    /// Whether it is a key moment, listed at the top.
    #[serde(default)]
    key: bool,
    /// Whether it is shown at the top, in the place of what was.
    #[serde(default)]
    pinned: bool,
}

/// What is to change of an update; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UpdateToEdit {
    /// Its text: Markdown, and HTML that is made safe.
    #[schema(schema_with = source_if_any)]
    source: Option<String>,
    /// The line above it; `null` takes it away.
    #[serde(default, deserialize_with = "maybe_null")]
    #[schema(schema_with = headline)]
    headline: Option<String>,
    /// Whether it is a key moment, listed at the top.
    key: Option<bool>,
    /// Whether it is shown at the top, in the place of what was.
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

/// A text, if it was given; `null` is an empty one.
fn maybe_null<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    let text: Option<String> = Deserialize::deserialize(value)?;
    Ok(Some(text.unwrap_or_default()))
}

/// Post an update
#[utoipa::path(
    post,
    path = "/api/v1/entries/{slug}/updates",
    params(("slug" = String, Path, description = "The entry's name in addresses", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"), IdempotencyKey),
    request_body = UpdateToPost,
    responses((status = 201, description = "The update; for the same key the same update, as it is now", body = ChangeAnswer), Refusals)
)]
async fn post_update(
    api: Api,
    key: IdempotencyKey,
    Path(name): Path<String>,
    Body(update, _held): Body<UpdateToPost>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ChangeAnswer>), Problem> {
    let headline = update.headline.unwrap_or_default();
    let draft = Draft::parse(&update.source, &headline).map_err(Error::from)?;
    let marks = [(Mark::Key, update.key), (Mark::Pinned, update.pinned)];
    let marks = marks
        .into_iter()
        .filter_map(|(mark, on)| on.then_some(mark));
    let marks: Vec<_> = marks.collect();
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let (slug, op_id) = (slug(&name)?, key.or_fresh()?);
    let posted = newsroom
        .post_marked_update(caller, &slug, &op_id, &draft, &marks, Duration::ZERO)
        .await
        .map_err(keyed)?;
    let (entry, change) = newsroom.last_change(caller, posted.id).await?;
    let location = api.url(format_args!(
        "/entries/{}/updates/{}",
        entry.slug, posted.id
    ));
    let answer = ChangeAnswer::of(&api, &entry, change).without(posted.removed);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(answer)))
}

/// Edit an update
///
/// The same again changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/entries/{slug}/updates/{id}",
    params(
        ("slug" = String, Path, description = "The entry's name in addresses", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The update's number", minimum = 1),
        IdempotencyKey
    ),
    request_body = UpdateToEdit,
    responses((status = 200, description = "The update as it is now", body = ChangeAnswer), Refusals)
)]
async fn edit_update(
    api: Api,
    IdempotencyKey(op_id): IdempotencyKey,
    Path((name, id)): Path<(String, String)>,
    Body(edit, _held): Body<UpdateToEdit>,
) -> Result<Json<ChangeAnswer>, Problem> {
    let id = locate(&api, &name, &id).await?;
    let patch = edit.parse().map_err(Error::from)?;
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let edited = newsroom
        .patch_update(caller, id, &patch, op_id.as_ref())
        .await
        .map_err(keyed)?;
    let Json(answer) = answer(&api, id).await?;
    Ok(Json(answer.without(edited.removed)))
}

/// Delete an update
///
/// It is gone from every page at once. The same again changes nothing.
#[utoipa::path(
    delete,
    path = "/api/v1/entries/{slug}/updates/{id}",
    params(
        ("slug" = String, Path, description = "The entry's name in addresses", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The update's number", minimum = 1),
        IdempotencyKey
    ),
    responses((status = 200, description = "That it is deleted", body = ChangeAnswer), Refusals)
)]
async fn delete_update(
    api: Api,
    IdempotencyKey(op_id): IdempotencyKey,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<ChangeAnswer>, Problem> {
    let id = locate(&api, &name, &id).await?;
    api.newsroom
        .delete_update(api.caller(), id, op_id.as_ref())
        .await
        .map_err(keyed)?;
    answer(&api, id).await
}

/// The number of the update at an address, if it stands in the entry of that address.
async fn locate(api: &Api, name: &str, id: &str) -> Result<UpdateId, Problem> {
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let entry = newsroom.entry_by_slug(caller, &slug(name)?).await?;
    let id = update_id(id)?;
    let (of, _) = newsroom.last_change(caller, id).await?;
    if of.id == entry.id {
        Ok(id)
    } else {
        Err(Error::NotFound("update").into())
    }
}

async fn answer(api: &Api, id: UpdateId) -> Result<Json<ChangeAnswer>, Problem> {
    let (entry, change) = api.newsroom.last_change(api.caller(), id).await?;
    Ok(Json(ChangeAnswer::of(api, &entry, change)))
}
