//! The `Idempotency-Key` header: makes an operation happen once, however often the client retries
//! it.

use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, request::Parts},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::OpId;
use sha2::{Digest, Sha256};
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use crate::problem::Problem;

/// The longest key, in characters.
const MAX_LENGTH: usize = 255;

/// The `Idempotency-Key` of a request, if it has one (draft-ietf-httpapi-idempotency-key-header),
/// as an operation id of the account. It is stored for ninety days.
#[derive(Debug)]
pub struct IdempotencyKey(pub Option<OpId>);

impl IdempotencyKey {
    /// Returns the operation id; a new random one if the request has no key.
    pub fn or_random(self) -> Result<OpId, Problem> {
        match self.0 {
            Some(op_id) => Ok(op_id),
            None => Ok(OpId::parse(&format!("{:032x}", rand::random::<u128>()))?),
        }
    }
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "A unique key for this operation, 1 to 255 printable ASCII characters. A retry with the same key has no further effect. Keys are valid for ninety days.";
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .description(Some(description))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(MAX_LENGTH))
                    .pattern(Some("^[ -~]+$")),
            ));
        vec![header.build()]
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let key = parts.headers.get("idempotency-key");
        Ok(Self(key.map(op_id).transpose()?))
    }
}

/// Returns the operation id for a key: the key itself if it is a valid id, as any UUID is, else its
/// hash.
fn op_id(key: &HeaderValue) -> Result<OpId, Problem> {
    let key = key.to_str().unwrap_or_default();
    // The draft requires a quoted string, but most clients omit the quotes.
    let bare = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key);
    if !(1..=MAX_LENGTH).contains(&bare.len())
        || !bare.bytes().all(|byte| (b' '..=b'~').contains(&byte))
    {
        let sentence = "The Idempotency-Key must be 1 to 255 printable ASCII characters.";
        return Err(Problem::new(StatusCode::BAD_REQUEST, sentence));
    }
    let hashed = || BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(bare));
    Ok(OpId::parse(bare).or_else(|_| OpId::parse(&hashed()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn op_id_of(key: &str) -> Option<String> {
        let op_id = op_id(&HeaderValue::from_str(key).unwrap());
        op_id.ok().map(String::from)
    }

    #[test]
    fn valid_op_id_is_used_as_it_is() {
        let uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
        assert_eq!(op_id_of(uuid).as_deref(), Some(uuid));
        assert_eq!(op_id_of(&format!("\"{uuid}\"")).as_deref(), Some(uuid));
    }

    #[test]
    fn other_keys_have_distinct_op_ids() {
        let ids = ["1", "2", "goal:1", "goal 1", "~", &"x".repeat(255)].map(op_id_of);
        for (at, id) in ids.iter().enumerate() {
            assert!(id.is_some() && !ids[..at].contains(id), "{ids:?}");
        }
        for invalid in ["", "\"\"", &"x".repeat(256), "caf\u{e9}", "goal\t1"] {
            assert_eq!(op_id_of(invalid), None, "{invalid}");
        }
    }
}
