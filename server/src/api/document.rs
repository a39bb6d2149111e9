//! The `OpenAPI` document: what the routes say of themselves, and what they share.

use domain::{EntryState, Order};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Object, ObjectBuilder, Type,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::details::ProblemDetails;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Ringside",
        description = "Post to a live blog from a program. Times are microseconds since 1970-01-01T00:00:00Z, as in the feed."
    ),
    components(schemas(ProblemDetails)),
    modifiers(&BearerTokens),
    security(("token" = []))
)]
struct Outline;

/// All of the document but the routes.
pub fn outline() -> openapi::OpenApi {
    Outline::openapi()
}

struct BearerTokens;

impl Modify for BearerTokens {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some(
                "Made by `ringside token create`. It acts as its account.",
            ));
        document
            .components
            .get_or_insert_default()
            .add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

/// The schema of where an entry is in its life.
pub fn state() -> Object {
    one_of(EntryState::ALL.iter().map(|state| state.as_str()))
}

/// The schema of an order.
pub fn order() -> Object {
    one_of(Order::ALL.iter().map(|order| order.as_str()))
}

fn one_of(words: impl Iterator<Item = &'static str>) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .build()
}
