//! The `OpenAPI` document's description and the schemas that routes share. The routes describe
//! themselves.

use domain::{
    Article, ChatSetting, EntryState, Headline, Hold, Order, Reach, Reason, RoomName, RoomState,
    Slug, Source, Summary, Title,
};
use newsroom::language::MAX_LENGTH;
use serde_json::Value;
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Object, ObjectBuilder, Type,
        schema::SchemaType,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::details::ProblemDetails;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ringside",
        description = "Posts to live blogs from a program. A live blog is called an entry here. Times are RFC 3339, in UTC. Texts are cleaned up: byte order marks are dropped, line ends of any kind become line feeds (spaces in a title or headline), and other control characters are removed."
    ),
    components(schemas(ProblemDetails)),
    modifiers(&BearerTokens),
    security(("token" = []))
)]
struct Outline;

/// Returns the document without the routes.
pub fn outline() -> openapi::OpenApi {
    Outline::openapi()
}

struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "Created with `ringside token create`. A token acts as its account.",
            ));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

/// Matches a text with at least one visible character.
const VISIBLE: &str = r"[^\s\u0000-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB]";
/// Matches an empty text, or one with at least one visible character.
const VISIBLE_IF_ANY: &str = r"^$|[^\s\u0000-\u001F\u007F-\u009F\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180F\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB]";
const SLUG: &str = "^[a-z0-9]+(-[a-z0-9]+)*$";
const SLUG_IF_ANY: &str = "^([a-z0-9]+(-[a-z0-9]+)*)?$";

/// Returns the schema of an entry's title.
pub fn title() -> Object {
    text("The title, on one line.", 1, Title::MAX, VISIBLE).build()
}

/// Returns the schema of an optional title.
pub fn title_if_any() -> Object {
    nullable(text("The title, on one line.", 1, Title::MAX, VISIBLE))
}

/// Returns the schema of the slug of an entry to create.
pub fn slug_or_empty() -> Object {
    let description = "The name in URLs. If omitted or empty, it is derived from the title, with a number appended if that slug is taken.";
    text(description, 0, Slug::MAX, SLUG_IF_ANY).build()
}

/// Returns the schema of an optional slug.
pub fn slug_if_any() -> Object {
    let description = "The name in URLs. The previous slug redirects to it.";
    nullable(text(description, 1, Slug::MAX, SLUG))
}

/// Returns the schema of an entry's summary.
pub fn summary() -> Object {
    text(
        "A short description of the event.",
        0,
        Summary::MAX,
        VISIBLE_IF_ANY,
    )
    .build()
}

/// Returns the schema of an optional summary.
pub fn summary_if_any() -> Object {
    nullable(text(
        "A short description of the event.",
        0,
        Summary::MAX,
        VISIBLE_IF_ANY,
    ))
}

/// Returns the schema of an entry's article.
pub fn body() -> Object {
    let description =
        "The article above the updates: Markdown, in which HTML is sanitized. Empty for none.";
    nullable(text(description, 0, Article::MAX, VISIBLE_IF_ANY))
}

/// Returns the schema of an optional article.
pub fn body_if_any() -> Object {
    let description = "The article above the updates: Markdown, in which HTML is sanitized. An empty text removes it.";
    nullable(text(description, 0, Article::MAX, VISIBLE_IF_ANY))
}

/// Matches an empty text, or a language with an optional script, region and variant.
const LANGUAGE: &str = "^([a-zA-Z]{2,3}(-[a-zA-Z]{4})?(-([a-zA-Z]{2}|[0-9]{3}))?(-([a-zA-Z0-9]{5,8}|[0-9][a-zA-Z0-9]{3}))?)?$";

/// Returns the schema of the language of an entry to create.
pub fn language_or_empty() -> Object {
    let description =
        "The language of the texts, a BCP 47 tag. The site's language if omitted or empty.";
    text(description, 0, MAX_LENGTH, LANGUAGE).build()
}

/// Returns the schema of an optional language.
pub fn language_if_any() -> Object {
    let description = "The language of the texts, a BCP 47 tag. The site's language if empty.";
    nullable(text(description, 0, MAX_LENGTH, LANGUAGE))
}

/// Returns the schema of an update's source.
pub fn source() -> Object {
    let description =
        "The text: Markdown, in which HTML is sanitized. It must contain something visible.";
    text(description, 1, Source::MAX, VISIBLE).build()
}

/// Returns the schema of an optional source.
pub fn source_if_any() -> Object {
    let description =
        "The text: Markdown, in which HTML is sanitized. It must contain something visible.";
    nullable(text(description, 1, Source::MAX, VISIBLE))
}

/// Returns the schema of an update's headline.
pub fn headline() -> Object {
    let description = "The headline above the text. `null` or an empty text means none.";
    nullable(text(description, 0, Headline::MAX, VISIBLE_IF_ANY))
}

/// Returns the schema of a draft's source.
pub fn draft_source() -> Object {
    let description = "The text: Markdown. It may be incomplete, or empty if there is a headline.";
    let schema = ObjectBuilder::new().description(Some(description));
    nullable(schema.max_length(Some(Source::MAX)))
}

/// Returns the schema of a draft's headline.
pub fn draft_headline() -> Object {
    let description = "The headline above the text. An empty text means none.";
    let schema = ObjectBuilder::new().description(Some(description));
    nullable(schema.max_length(Some(Headline::MAX)))
}

fn text(description: &str, min: usize, max: usize, pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(description))
        .min_length(Some(min))
        .max_length(Some(max))
        .pattern(Some(pattern))
}

fn nullable(schema: ObjectBuilder) -> Object {
    schema
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .build()
}

/// Returns the schema of an entry's state.
pub fn state() -> Object {
    one_of(EntryState::ALL.iter().map(|state| state.as_str()))
}

/// Returns the schema of the name of a room to create.
pub fn room_name() -> Object {
    let description = "The name in URLs. Names that begin with `entry-` are reserved.";
    text(description, 1, RoomName::MAX, "^[a-z0-9_-]+$").build()
}

/// Returns the schema of an optional state of a room.
pub fn room_state_if_any() -> Object {
    one_of_or_null(RoomState::ALL.iter().map(|state| state.as_str()))
}

/// Returns the schema of the chat of an entry.
pub fn chat() -> Object {
    one_of(ChatSetting::ALL.iter().map(|chat| chat.as_str()))
}

/// Returns the schema of an optional chat of an entry.
pub fn chat_if_any() -> Object {
    one_of_or_null(ChatSetting::ALL.iter().map(|chat| chat.as_str()))
}

/// Returns the schema of which messages of a room are held.
pub fn hold() -> Object {
    one_of(Hold::ALL.iter().map(|hold| hold.as_str()))
}

/// Returns the schema of an optional setting which messages are held.
pub fn hold_if_any() -> Object {
    one_of_or_null(Hold::ALL.iter().map(|hold| hold.as_str()))
}

/// Returns the schema of the reason of a moderator.
pub fn reason_if_any() -> Object {
    let description = "Why, on one line. A person who is muted or banned reads it.";
    nullable(text(description, 0, Reason::MAX, VISIBLE_IF_ANY))
}

/// Returns the schema of whom a sanction applies to.
pub fn reach_if_any() -> Object {
    one_of_or_null(Reach::ALL.iter().map(|reach| reach.as_str()))
}

/// Returns the schema of an entry's order.
pub fn order() -> Object {
    one_of(Order::ALL.iter().map(|order| order.as_str()))
}

/// Returns the schema of an optional state.
pub fn state_if_any() -> Object {
    one_of_or_null(EntryState::ALL.iter().map(|state| state.as_str()))
}

/// Returns the schema of an optional order.
pub fn order_if_any() -> Object {
    one_of_or_null(Order::ALL.iter().map(|order| order.as_str()))
}

fn one_of_or_null(words: impl Iterator<Item = &'static str>) -> Object {
    let words = words.map(Value::from).chain([Value::Null]);
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(words))
        .build()
}

fn one_of(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .build()
}
