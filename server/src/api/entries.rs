//! Entries.

use axum::{
    Json,
    http::{HeaderName, StatusCode, header::LOCATION},
};
use domain::{EntryState, Invalid, Order, Slug, Summary, Title};
use newsroom::{Entry, EntryPatch, Error, NewEntry, language, zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api,
    body::Body,
    details::Refusals,
    document::{
        language_if_any, language_or_empty, order, order_if_any, slug_if_any, slug_or_empty, state,
        state_if_any, summary, summary_if_any, title, title_if_any,
    },
    key::IdempotencyKey,
    keyed,
};
use crate::{
    extract::{Path, slug},
    problem::Problem,
    state::AppState,
};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_entries, create_entry))
        .routes(routes!(read_entry, change_entry))
}

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
struct EntryAnswer {
    /// Its number, as in `/feed/{id}/head`.
    id: i64,
    /// Its name in addresses.
    slug: String,
    title: String,
    summary: String,
    #[schema(schema_with = state)]
    state: EntryState,
    /// The IANA time zone that its times are shown in.
    time_zone: String,
    /// The language of its texts: a BCP 47 tag.
    language: String,
    /// The order that its pages begin in.
    #[schema(schema_with = order)]
    default_order: Order,
    /// When it started, or is to start.
    #[schema(format = DateTime)]
    starts_at: String,
    /// When it ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Its page; nobody's yet, while it is a draft.
    url: String,
}

impl EntryAnswer {
    fn of(api: &Api, entry: &Entry) -> Self {
        Self {
            id: entry.id.0,
            slug: entry.slug.to_string(),
            title: entry.title.to_string(),
            summary: entry.summary.to_string(),
            state: entry.state,
            time_zone: entry.time_zone.to_string(),
            language: entry.language.to_string(),
            default_order: entry.default_order,
            starts_at: zone::rfc3339(entry.starts_at),
            ended_at: entry.ended_at.map(zone::rfc3339),
            url: api.url(format_args!("/entries/{}", entry.slug)),
        }
    }
}

/// Entries, the latest start first.
#[derive(Debug, Serialize, ToSchema)]
struct EntriesAnswer {
    entries: Vec<EntryAnswer>,
}

/// An entry that is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryToCreate {
    #[schema(schema_with = title)]
    title: String,
    /// Its name in addresses; made from the title if left out, with a number behind it if that is taken.
    #[serde(default)]
    #[schema(schema_with = slug_or_empty)]
    slug: String,
    /// What it is about.
    #[serde(default)]
    #[schema(schema_with = summary)]
    summary: String,
    /// The IANA time zone that its times are shown in; UTC if left out.
    #[serde(default)]
    time_zone: String,
    /// The language of its texts; the site's if left out.
    #[serde(default)]
    #[schema(schema_with = language_or_empty)]
    language: String,
    /// Where it begins; as a draft if left out.
    #[serde(default = "draft")]
    #[schema(schema_with = state)]
    state: EntryState,
    /// The order that its pages begin in; the oldest first if left out.
    #[serde(default = "oldest")]
    #[schema(schema_with = order)]
    default_order: Order,
}

const fn draft() -> EntryState {
    EntryState::Draft
}

const fn oldest() -> Order {
    Order::Oldest
}

/// What is to change of an entry; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryToChange {
    #[schema(schema_with = title_if_any)]
    title: Option<String>,
    /// Its name in addresses; the old one leads to it.
    #[schema(schema_with = slug_if_any)]
    slug: Option<String>,
    /// What it is about.
    #[schema(schema_with = summary_if_any)]
    summary: Option<String>,
    /// The IANA time zone that its times are shown in.
    time_zone: Option<String>,
    /// The language of its texts.
    #[schema(schema_with = language_if_any)]
    language: Option<String>,
    /// The order that its pages begin in.
    #[schema(schema_with = order_if_any)]
    default_order: Option<Order>,
    /// `live` starts it, or starts it again; `ended` ends it.
    #[schema(schema_with = state_if_any)]
    state: Option<EntryState>,
}

impl EntryToChange {
    fn parse(&self) -> Result<EntryPatch, Invalid> {
        Ok(EntryPatch {
            slug: self.slug.as_deref().map(Slug::parse).transpose()?,
            title: self.title.as_deref().map(Title::parse).transpose()?,
            summary: self.summary.as_deref().map(Summary::parse).transpose()?,
            time_zone: self.time_zone.as_deref().map(zone::parse).transpose()?,
            language: self
                .language
                .as_deref()
                .map(language::parse_if_any)
                .transpose()?,
            default_order: self.default_order,
            state: self.state,
        })
    }
}

/// All entries
///
/// Drafts too.
#[utoipa::path(
    get,
    path = "/api/v1/entries",
    responses((status = 200, description = "All entries", body = EntriesAnswer), Refusals)
)]
async fn list_entries(api: Api) -> Result<Json<EntriesAnswer>, Problem> {
    let desk = api.newsroom.desk(api.caller()).await?;
    let entries = desk
        .iter()
        .map(|listed| EntryAnswer::of(&api, &listed.entry));
    Ok(Json(EntriesAnswer {
        entries: entries.collect(),
    }))
}

/// Create an entry
#[utoipa::path(
    post,
    path = "/api/v1/entries",
    params(IdempotencyKey),
    request_body = EntryToCreate,
    responses((status = 201, description = "The entry; the same again for the same key", body = EntryAnswer), Refusals)
)]
async fn create_entry(
    api: Api,
    key: IdempotencyKey,
    Body(entry, _held): Body<EntryToCreate>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<EntryAnswer>), Problem> {
    let new = NewEntry::parse(
        &entry.title,
        &entry.slug,
        &entry.summary,
        &entry.time_zone,
        entry.state,
        entry.default_order,
    )
    .and_then(|new| new.in_language(&entry.language))
    .map_err(Error::from)?;
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let entry = newsroom
        .create_entry_once(caller, &key.or_fresh()?, &new)
        .await
        .map_err(keyed)?;
    let created = EntryAnswer::of(&api, &entry);
    let location = [(LOCATION, created.url.clone())];
    Ok((StatusCode::CREATED, location, Json(created)))
}

/// One entry
///
/// Its updates are in its feed, at `/feed/{id}/changes`.
#[utoipa::path(
    get,
    path = "/api/v1/entries/{slug}",
    params(("slug" = String, Path, description = "The entry's name in addresses", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")),
    responses((status = 200, description = "The entry", body = EntryAnswer), Refusals)
)]
async fn read_entry(api: Api, Path(name): Path<String>) -> Result<Json<EntryAnswer>, Problem> {
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let entry = newsroom.entry_by_slug(caller, &slug(&name)?).await?;
    Ok(Json(EntryAnswer::of(&api, &entry)))
}

/// Change an entry
///
/// The same again changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/entries/{slug}",
    params(("slug" = String, Path, description = "The entry's name in addresses", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"), IdempotencyKey),
    request_body = EntryToChange,
    responses((status = 200, description = "The entry as it is now", body = EntryAnswer), Refusals)
)]
async fn change_entry(
    api: Api,
    IdempotencyKey(op_id): IdempotencyKey,
    Path(name): Path<String>,
    Body(change, _held): Body<EntryToChange>,
) -> Result<Json<EntryAnswer>, Problem> {
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let patch = change.parse().map_err(Error::from)?;
    let entry = newsroom
        .patch_entry(caller, &slug(&name)?, &patch, op_id.as_ref())
        .await
        .map_err(keyed)?;
    Ok(Json(EntryAnswer::of(&api, &entry)))
}
