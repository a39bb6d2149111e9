//! The API's operations on entries.

use axum::{
    Extension, Json,
    http::{
        StatusCode,
        header::{LINK, LOCATION},
    },
    response::{IntoResponse, Response},
};
use domain::{Article, ChatSetting, EntryId, EntryState, Invalid, Order, Slug, Summary, Title};
use newsroom::{Entry, EntryPatch, Error, NewEntry, RenderedArticle, language, zone};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    caller::Api,
    details::{ErrorResponses, ProblemDetails},
    document::{
        body, body_if_any, chat, chat_if_any, language_if_any, language_or_empty, order,
        order_if_any, slug_if_any, slug_or_empty, state, state_if_any, summary, summary_if_any,
        title, title_if_any,
    },
    if_match::{IfMatch, Tagged, etag},
    key::IdempotencyKey,
};
use crate::{
    extract::{Path, Query, json_body::Body, slug},
    problem::{Problem, keyed_problem},
    security::bodies::ARTICLE_LIMIT,
    state::AppState,
};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_entries, create_entry))
        .routes(routes!(read_entry, change_entry))
        .layer(Extension(ARTICLE_LIMIT))
}

/// An entry.
#[derive(Debug, Serialize, ToSchema)]
struct EntryAnswer {
    /// The id, as in `/feed/{id}/head`.
    id: i64,
    /// The name in URLs.
    slug: String,
    title: String,
    summary: String,
    /// The article above the updates, as its author wrote it: Markdown with HTML. Not in lists of
    /// entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    /// What the sanitizer removed from the article, such as `iframe youtube.com`, `link Reuters`,
    /// `image data:` or `attribute style`: each item once, and at most 20. Empty if nothing was
    /// removed; missing if the request had no `body`.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Vec<String>>,
    #[schema(schema_with = state)]
    state: EntryState,
    /// The IANA time zone in which times are displayed.
    time_zone: String,
    /// The language of the texts, a BCP 47 tag.
    language: String,
    /// The order in which pages list the updates at first.
    #[schema(schema_with = order)]
    default_order: Order,
    /// When the entry started, or is expected to start.
    #[schema(format = DateTime)]
    starts_at: String,
    /// When the entry ended, if it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Whether the entry has a chat, in the room `entry-{id}`. Not in lists of entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = chat_if_any)]
    chat: Option<ChatSetting>,
    /// The URL of the entry's page. 404 for readers while the entry is a draft.
    url: String,
}

impl EntryAnswer {
    fn of(api: &Api, entry: &Entry) -> Self {
        Self {
            id: entry.id.0,
            slug: entry.slug.to_string(),
            title: entry.title.to_string(),
            summary: entry.summary.to_string(),
            body: None,
            removed: None,
            state: entry.state,
            time_zone: entry.time_zone.to_string(),
            language: entry.language.to_string(),
            default_order: entry.default_order,
            starts_at: zone::rfc3339(entry.starts_at),
            ended_at: entry.ended_at.map(zone::rfc3339),
            chat: None,
            url: api.url(format_args!("/entries/{}", entry.slug)),
        }
    }

    /// Returns the answer of `entry` with its article and its chat, and with what was removed from
    /// the article in the request, if it had one.
    async fn with_article(
        api: &Api,
        entry: &Entry,
        submitted: Option<RenderedArticle>,
    ) -> Result<Tagged<Self>, Problem> {
        // Read after the entry, so never older than its entity tag.
        let article = api.newsroom.article(api.caller(), entry.id).await?;
        let answer = Self {
            chat: Some(api.newsroom.chat(api.caller(), entry.id).await?),
            body: Some(article.to_string()),
            removed: submitted.map(|article| article.removed),
            ..Self::of(api, entry)
        };
        Ok((etag(entry.article_base()), Json(answer)))
    }
}

/// Renders the article of a request, if it has one.
async fn rendered(api: &Api, body: Option<&str>) -> Result<Option<RenderedArticle>, Problem> {
    let Some(body) = body else {
        return Ok(None);
    };
    let article = Article::parse(body).map_err(Error::from)?;
    let rendered = api.newsroom.render_article(api.caller(), &article);
    Ok(Some(rendered.await?))
}

/// A list of entries, the latest start first.
#[derive(Debug, Serialize, ToSchema)]
struct EntriesAnswer {
    entries: Vec<EntryAnswer>,
}

/// The entry to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryToCreate {
    #[schema(schema_with = title)]
    title: String,
    /// The name in URLs. Derived from the title if omitted, with a number appended if that slug is
    /// taken.
    #[serde(default)]
    #[schema(schema_with = slug_or_empty)]
    slug: String,
    /// A short description of the event.
    #[serde(default)]
    #[schema(schema_with = summary)]
    summary: String,
    /// The article above the updates: Markdown, in which HTML is sanitized. None if omitted.
    #[schema(schema_with = body)]
    body: Option<String>,
    /// The IANA time zone in which times are displayed. UTC if omitted.
    #[serde(default)]
    time_zone: String,
    /// The language of the texts. The site's language if omitted.
    #[serde(default)]
    #[schema(schema_with = language_or_empty)]
    language: String,
    /// The initial state. A draft if omitted.
    #[serde(default = "draft")]
    #[schema(schema_with = state)]
    state: EntryState,
    /// The order in which pages list the updates at first. The oldest first if omitted.
    #[serde(default = "oldest")]
    #[schema(schema_with = order)]
    default_order: Order,
    /// Whether the entry has a chat. Off if omitted.
    #[serde(default = "off")]
    #[schema(schema_with = chat)]
    chat: ChatSetting,
}

const fn off() -> ChatSetting {
    ChatSetting::Off
}

const fn draft() -> EntryState {
    EntryState::Draft
}

const fn oldest() -> Order {
    Order::Oldest
}

/// The changes to an entry. Omitted fields keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EntryToChange {
    #[schema(schema_with = title_if_any)]
    title: Option<String>,
    /// The name in URLs. The previous slug redirects to it.
    #[schema(schema_with = slug_if_any)]
    slug: Option<String>,
    /// A short description of the event.
    #[schema(schema_with = summary_if_any)]
    summary: Option<String>,
    /// The article above the updates: Markdown, in which HTML is sanitized. An empty text removes
    /// it.
    #[schema(schema_with = body_if_any)]
    body: Option<String>,
    /// The IANA time zone in which times are displayed.
    time_zone: Option<String>,
    /// The language of the texts.
    #[schema(schema_with = language_if_any)]
    language: Option<String>,
    /// The order in which pages list the updates at first.
    #[schema(schema_with = order_if_any)]
    default_order: Option<Order>,
    /// `live` starts or reopens the entry; `ended` ends it.
    #[schema(schema_with = state_if_any)]
    state: Option<EntryState>,
    /// Whether the entry has a chat, and who may write there.
    #[schema(schema_with = chat_if_any)]
    chat: Option<ChatSetting>,
}

impl EntryToChange {
    /// Parses all fields but the article.
    fn parse(&self) -> Result<EntryPatch, Invalid> {
        Ok(EntryPatch {
            slug: self.slug.as_deref().map(Slug::parse).transpose()?,
            title: self.title.as_deref().map(Title::parse).transpose()?,
            summary: self.summary.as_deref().map(Summary::parse).transpose()?,
            article: None,
            article_base: None,
            time_zone: self.time_zone.as_deref().map(zone::parse).transpose()?,
            language: self
                .language
                .as_deref()
                .map(language::parse_if_any)
                .transpose()?,
            default_order: self.default_order,
            state: self.state,
            chat: self.chat,
        })
    }
}

/// The part of the list of entries that a client requests.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The id of an entry: the list begins after it. The first entry if omitted.
    before: Option<i64>,
    /// The maximum number of entries. 500 if omitted.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u16>,
}

/// The number of entries in a response if the request doesn't limit it.
const DEFAULT_LIMIT: u16 = 500;
/// The maximum number of entries in a response: about a megabyte.
const MAX_LIMIT: u16 = 1_000;

impl ListQuery {
    fn limit(&self) -> Result<u16, Invalid> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        if (1..=MAX_LIMIT).contains(&limit) {
            Ok(limit)
        } else {
            Err(Invalid::new("limit", "The limit must be from 1 to 1000."))
        }
    }
}

/// List entries
///
/// Includes drafts. The latest start is first. If there are more, the header `Link` has the URL of
/// the next part, with the relation `next` (RFC 8288).
#[utoipa::path(
    get,
    path = "/api/v1/entries",
    params(ListQuery),
    responses(
        (
            status = 200,
            description = "The entries",
            body = EntriesAnswer,
            headers(("Link" = Option<String>, description = "The URL of the next part, if there is one, with `rel=\"next\"`"))
        ),
        ErrorResponses
    )
)]
async fn list_entries(api: Api, Query(query): Query<ListQuery>) -> Result<Response, Problem> {
    let limit = query.limit().map_err(Error::from)?;
    let (newsroom, before) = (&api.newsroom, query.before.map(EntryId));
    let page = newsroom.entries(api.caller(), before, limit).await?;
    let entries = page.items.iter().map(|entry| EntryAnswer::of(&api, entry));
    let entries = Json(EntriesAnswer {
        entries: entries.collect(),
    });
    Ok(match page.next {
        None => entries.into_response(),
        Some(id) => {
            let path = format_args!("/api/v1/entries?before={id}&limit={limit}");
            let next = format!(r#"<{}>; rel="next""#, api.url(path));
            ([(LINK, next)], entries).into_response()
        }
    })
}

/// Create an entry
#[utoipa::path(
    post,
    path = "/api/v1/entries",
    params(IdempotencyKey),
    request_body = EntryToCreate,
    responses((status = 201, description = "The created entry. A retry with the same key returns the same entry", body = EntryAnswer), ErrorResponses)
)]
async fn create_entry(
    api: Api,
    key: IdempotencyKey,
    Body(entry, _held): Body<EntryToCreate>,
) -> Result<impl IntoResponse, Problem> {
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
    let key = key.or_random()?;
    let article = rendered(&api, entry.body.as_deref()).await?;
    let new = NewEntry {
        article: article.clone(),
        chat: entry.chat,
        ..new
    };
    let entry = newsroom
        .create_entry_once(caller, &key, &new)
        .await
        .map_err(keyed_problem)?;
    let (tag, created) = EntryAnswer::with_article(&api, &entry, article).await?;
    let location = [(LOCATION, created.url.clone())];
    Ok((StatusCode::CREATED, location, tag, created))
}

/// Get an entry
///
/// The updates are in the entry's feed, at `/feed/{id}/changes`.
#[utoipa::path(
    get,
    path = "/api/v1/entries/{slug}",
    params(("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")),
    responses((status = 200, description = "The entry", body = EntryAnswer, headers(("ETag" = String, description = "The revision of the article, for If-Match"))), ErrorResponses)
)]
async fn read_entry(api: Api, Path(name): Path<String>) -> Result<Tagged<EntryAnswer>, Problem> {
    let slug = slug(&name)?;
    let entry = api.newsroom.entry_by_slug(api.caller(), &slug).await?;
    EntryAnswer::with_article(&api, &entry, None).await
}

/// Change an entry
///
/// Idempotent: repeating the request changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/entries/{slug}",
    params(("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"), IdempotencyKey, IfMatch),
    request_body = EntryToChange,
    responses(
        (status = 200, description = "The entry in its current state", body = EntryAnswer, headers(("ETag" = String, description = "The revision of the article, for If-Match"))),
        (status = 412, description = "The article was changed after the revision in If-Match", body = ProblemDetails, content_type = "application/problem+json", headers(("ETag" = String, description = "The current revision"))),
        ErrorResponses
    )
)]
async fn change_entry(
    api: Api,
    IdempotencyKey(op_id): IdempotencyKey,
    if_match: IfMatch,
    Path(name): Path<String>,
    Body(change, _held): Body<EntryToChange>,
) -> Result<Tagged<EntryAnswer>, Problem> {
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let (patch, slug) = (change.parse().map_err(Error::from)?, slug(&name)?);
    let article = rendered(&api, change.body.as_deref()).await?;
    let entry = newsroom.entry_by_slug(caller, &slug).await?;
    let patch = EntryPatch {
        article: article.clone(),
        article_base: if_match.base(&entry),
        ..patch
    };
    let entry = newsroom
        .patch_entry(caller, &slug, &patch, op_id.as_ref())
        .await
        .map_err(keyed_problem)?;
    EntryAnswer::with_article(&api, &entry, article).await
}
