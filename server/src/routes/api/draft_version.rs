//! The `If-Match` header (RFC 9110, section 13.1.1) of operations on drafts.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header::IF_MATCH, request::Parts},
};
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use crate::problem::Problem;

/// The version that a request is based on, from its `If-Match`: the entity tag of the draft. `None`
/// without the header, and with `*`, which matches every version.
#[derive(Debug)]
pub struct BaseVersion(pub Option<i64>);

impl IntoParams for BaseVersion {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "The `ETag` of the draft that the request is based on. If the draft was changed since, the response is 412.";
        let header = ParameterBuilder::new()
            .name("If-Match")
            .parameter_in(ParameterIn::Header)
            .description(Some(description))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some(r#"^("[0-9]{1,18}"|\*)$"#)),
            ));
        vec![header.build()]
    }
}

impl<S: Send + Sync> FromRequestParts<S> for BaseVersion {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.headers.get(IF_MATCH) {
            None => Ok(Self(None)),
            Some(tag) => base(tag.to_str().unwrap_or_default().trim()).map(Self),
        }
    }
}

/// Returns the version of an entity tag; a version that no draft has if the tag is a weak one, or
/// not one of a draft.
fn base(tag: &str) -> Result<Option<i64>, Problem> {
    if tag == "*" {
        return Ok(None);
    }
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    let quoted = opaque
        .strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'));
    match quoted.filter(|text| !text.contains('"')) {
        Some(version) if opaque == tag => Ok(Some(version.parse().unwrap_or(0))),
        Some(_) => Ok(Some(0)),
        None => {
            let sentence = "The If-Match header must be one ETag of a draft, such as \"3\", or *.";
            Err(Problem::new(StatusCode::BAD_REQUEST, sentence))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strong_tag_of_a_version_is_that_version() {
        for (tag, expected) in [
            ("\"3\"", Some(3)),
            ("\"9223372036854775807\"", Some(i64::MAX)),
            ("*", None),
            // These match no version.
            ("W/\"3\"", Some(0)),
            ("\"\"", Some(0)),
            ("\"abcdefgh.3\"", Some(0)),
            ("\"9223372036854775808\"", Some(0)),
        ] {
            assert_eq!(base(tag), Ok(expected), "{tag}");
        }
        for malformed in [
            "",
            "3",
            "\"3",
            "3\"",
            "\"",
            "\"1\", \"2\"",
            "W/3",
            "*, \"1\"",
        ] {
            assert!(base(malformed).is_err(), "{malformed}");
        }
    }
}
