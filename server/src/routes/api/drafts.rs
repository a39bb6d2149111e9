//! The API's operations on drafts of updates. An account sees its own only.

use axum::{
    Json,
    http::{
        HeaderName, StatusCode,
        header::{ETAG, LOCATION},
    },
};
use domain::{DraftId, DraftSummary, SavedDraft, Slug, UpdateDraft};
use newsroom::{DraftPatch, Error, zone::rfc3339};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    caller::Api,
    details::{ErrorResponses, ProblemDetails},
    document::{draft_headline, draft_source},
    draft_version::BaseVersion,
    if_match::Tagged,
    key::IdempotencyKey,
};
use crate::{
    extract::{Path, json_body::Body, slug},
    problem::{Problem, keyed_problem},
    state::AppState,
};

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_drafts, create_draft))
        .routes(routes!(read_draft, change_draft, discard_draft))
}

/// A draft of an update.
#[derive(Debug, Serialize, ToSchema)]
struct DraftAnswer {
    /// The id.
    id: i64,
    /// The text.
    source: String,
    /// The headline; empty for none.
    headline: String,
    /// 1 when the draft was saved for the first time; each change adds 1.
    version: i64,
    /// When the draft was last changed.
    #[schema(format = DateTime)]
    changed_at: String,
}

impl DraftAnswer {
    fn of(draft: UpdateDraft) -> Self {
        Self {
            id: draft.id.0,
            source: draft.source,
            headline: draft.headline,
            version: draft.version,
            changed_at: rfc3339(draft.changed_at),
        }
    }
}

/// A draft in a list, with the beginning of its text.
#[derive(Debug, Serialize, ToSchema)]
struct DraftListItem {
    /// The id.
    id: i64,
    /// The headline; empty for none.
    headline: String,
    /// The first words of the text, on one line; empty if none of them is visible.
    excerpt: String,
    /// 1 when the draft was saved for the first time; each change adds 1.
    version: i64,
    /// When the draft was last changed.
    #[schema(format = DateTime)]
    changed_at: String,
}

impl DraftListItem {
    fn of(draft: DraftSummary) -> Self {
        Self {
            id: draft.id.0,
            headline: draft.headline,
            excerpt: draft.excerpt,
            version: draft.version,
            changed_at: rfc3339(draft.changed_at),
        }
    }
}

/// A list of drafts, the last changed first.
#[derive(Debug, Serialize, ToSchema)]
struct DraftsAnswer {
    drafts: Vec<DraftListItem>,
}

/// A draft that was saved.
#[derive(Debug, Serialize, ToSchema)]
struct SavedDraftAnswer {
    /// The id.
    id: i64,
    /// The version that was saved.
    version: i64,
    /// When that version was saved.
    #[schema(format = DateTime)]
    changed_at: String,
}

impl SavedDraftAnswer {
    fn of(saved: SavedDraft) -> Self {
        Self {
            id: saved.id.0,
            version: saved.version,
            changed_at: rfc3339(saved.changed_at),
        }
    }
}

/// The text of a draft, which may be incomplete. A new draft needs a text or a headline. In a
/// change, omitted fields keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DraftToSave {
    /// The text: Markdown. It is not rendered before the draft is posted.
    #[schema(schema_with = draft_source)]
    source: Option<String>,
    /// The headline above the text. Empty for none.
    #[schema(schema_with = draft_headline)]
    headline: Option<String>,
}

impl DraftToSave {
    fn parse(&self) -> Result<DraftPatch, Error> {
        Ok(DraftPatch::parse(
            self.source.as_deref(),
            self.headline.as_deref(),
        )?)
    }
}

/// Returns the `ETag` header of a draft.
fn etag(version: i64) -> (HeaderName, String) {
    (ETAG, format!("\"{version}\""))
}

/// List drafts
///
/// The caller's drafts for the entry, the last changed first; at most 100. Other accounts can't see
/// them.
#[utoipa::path(
    get,
    path = "/api/v1/entries/{slug}/drafts",
    params(("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$")),
    responses((status = 200, description = "The drafts", body = DraftsAnswer), ErrorResponses)
)]
async fn list_drafts(api: Api, Path(name): Path<String>) -> Result<Json<DraftsAnswer>, Problem> {
    let slug = slug(&name)?;
    let drafts = api.newsroom.entry_drafts(api.caller(), &slug).await?;
    let drafts = drafts.into_iter().map(DraftListItem::of);
    Ok(Json(DraftsAnswer {
        drafts: drafts.collect(),
    }))
}

/// Save a new draft
#[utoipa::path(
    post,
    path = "/api/v1/entries/{slug}/drafts",
    params(("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"), IdempotencyKey),
    request_body = DraftToSave,
    responses(
        (
            status = 201,
            description = "The draft is saved. A retry with the same key returns the same",
            body = SavedDraftAnswer,
            headers(("ETag" = String, description = "The draft's version in quotation marks"))
        ),
        ErrorResponses
    )
)]
async fn create_draft(
    api: Api,
    key: IdempotencyKey,
    Path(name): Path<String>,
    Body(draft, _held): Body<DraftToSave>,
) -> Result<
    (
        StatusCode,
        [(HeaderName, String); 2],
        Json<SavedDraftAnswer>,
    ),
    Problem,
> {
    let (slug, op_id) = (slug(&name)?, key.or_random()?);
    let create = api
        .newsroom
        .create_draft(api.caller(), &slug, &op_id, &draft.parse()?)
        .await;
    let saved = create.map_err(draft_problem)?;
    let location = api.url(format_args!("/api/v1/entries/{slug}/drafts/{}", saved.id));
    let headers = [(LOCATION, location), etag(saved.version)];
    Ok((
        StatusCode::CREATED,
        headers,
        Json(SavedDraftAnswer::of(saved)),
    ))
}

/// Get a draft
#[utoipa::path(
    get,
    path = "/api/v1/entries/{slug}/drafts/{id}",
    params(
        ("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The draft's id", minimum = 1)
    ),
    responses(
        (
            status = 200,
            description = "The draft",
            body = DraftAnswer,
            headers(("ETag" = String, description = "The draft's version in quotation marks"))
        ),
        ErrorResponses
    )
)]
async fn read_draft(
    api: Api,
    Path((name, id)): Path<(String, String)>,
) -> Result<Tagged<DraftAnswer>, Problem> {
    let (slug, id) = (slug(&name)?, draft_id(&id)?);
    let (_, draft) = api.newsroom.draft(api.caller(), &slug, id).await?;
    Ok(([etag(draft.version)], Json(DraftAnswer::of(draft))))
}

/// Change a draft
///
/// With `If-Match`, only if its version is still that one. Idempotent: repeating the request
/// changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/entries/{slug}/drafts/{id}",
    params(
        ("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The draft's id", minimum = 1),
        BaseVersion,
        IdempotencyKey
    ),
    request_body = DraftToSave,
    responses(
        (
            status = 200,
            description = "The draft is saved",
            body = SavedDraftAnswer,
            headers(("ETag" = String, description = "The draft's version in quotation marks"))
        ),
        (status = 412, description = "The draft's version is another one than in If-Match", body = ProblemDetails, content_type = "application/problem+json"),
        ErrorResponses
    )
)]
async fn change_draft(
    api: Api,
    BaseVersion(base): BaseVersion,
    IdempotencyKey(op_id): IdempotencyKey,
    Path((name, id)): Path<(String, String)>,
    Body(draft, _held): Body<DraftToSave>,
) -> Result<Tagged<SavedDraftAnswer>, Problem> {
    let (slug, id, patch) = (slug(&name)?, draft_id(&id)?, draft.parse()?);
    let (newsroom, caller) = (&api.newsroom, api.caller());
    let change = newsroom.change_draft(caller, &slug, id, base, &patch, op_id.as_ref());
    let saved = change.await.map_err(draft_problem)?;
    Ok(([etag(saved.version)], Json(SavedDraftAnswer::of(saved))))
}

/// Discard a draft
///
/// With `If-Match`, only if its version is still that one.
#[utoipa::path(
    delete,
    path = "/api/v1/entries/{slug}/drafts/{id}",
    params(
        ("slug" = String, Path, description = "The entry's name in URLs", min_length = 1, max_length = 80, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"),
        ("id" = i64, Path, description = "The draft's id", minimum = 1),
        BaseVersion
    ),
    responses(
        (status = 204, description = "The draft is discarded"),
        (status = 412, description = "The draft's version is another one than in If-Match", body = ProblemDetails, content_type = "application/problem+json"),
        ErrorResponses
    )
)]
async fn discard_draft(
    api: Api,
    BaseVersion(base): BaseVersion,
    Path((name, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let (slug, id): (Slug, DraftId) = (slug(&name)?, draft_id(&id)?);
    let (newsroom, caller) = (&api.newsroom, api.caller());
    // It must be a draft for this entry.
    newsroom.draft(caller, &slug, id).await?;
    let discard = newsroom.discard_draft(caller, id, base).await;
    discard.map_err(draft_problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Parses the id of a draft in a path.
fn draft_id(text: &str) -> Result<DraftId, Error> {
    text.parse().map_err(|_| Error::DraftGone)
}

/// Converts the error of an operation on a draft.
fn draft_problem(error: Error) -> Problem {
    match error {
        Error::DraftConflict(current) => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            format!(
                "The draft was changed: its version is {}. Nothing was saved or discarded. Get the draft, and send the request with this version in If-Match.",
                current.version
            ),
        ),
        error => keyed_problem(error),
    }
}
