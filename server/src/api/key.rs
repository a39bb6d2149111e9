//! The name that a program gives to one act, so that a retry does it once.

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

/// The longest key, in characters: a program's own id for what it posts, however it writes them.
const LONGEST: usize = 255;

/// The `Idempotency-Key` of a request, if it has one (draft-ietf-httpapi-idempotency-key-header). It is kept
/// for ninety days, as the account's operation of that name.
#[derive(Debug)]
pub struct IdempotencyKey(pub Option<OpId>);

impl IdempotencyKey {
    /// The operation's name: one that no other has, if the program gave none.
    pub fn or_fresh(self) -> Result<OpId, Problem> {
        match self.0 {
            Some(op_id) => Ok(op_id),
            None => Ok(OpId::parse(&format!("{:032x}", rand::random::<u128>()))?),
        }
    }
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let description = "Your own name for this act, 1 to 255 printable ASCII characters: sent again under it, it is done once. It is remembered for ninety days.";
        let header = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .description(Some(description))
            .schema(Some(
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .min_length(Some(1))
                    .max_length(Some(LONGEST))
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

/// The operation's name that a key stands for: the key itself, if it can be one, as any UUID can.
fn op_id(key: &HeaderValue) -> Result<OpId, Problem> {
    let key = key.to_str().unwrap_or_default();
    // By the draft a key is a quoted string; most programs leave the quotes away.
    let bare = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or(key);
    if !(1..=LONGEST).contains(&bare.len())
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

    fn name(key: &str) -> Option<String> {
        let op_id = op_id(&HeaderValue::from_str(key).unwrap());
        op_id.ok().map(String::from)
    }

    #[test]
    fn a_key_is_the_operations_name_if_it_can_be() {
        let uuid = "8e03978e-40d5-43dd-bc93-6894a57f9324";
        assert_eq!(name(uuid).as_deref(), Some(uuid));
        assert_eq!(name(&format!("\"{uuid}\"")).as_deref(), Some(uuid));
    }

    #[test]
    fn any_other_key_has_a_name_of_its_own() {
        let names = ["1", "2", "goal:1", "goal 1", "~", &"x".repeat(255)].map(name);
        for (at, name) in names.iter().enumerate() {
            assert!(name.is_some() && !names[..at].contains(name), "{names:?}");
        }
        for wrong in ["", "\"\"", &"x".repeat(256), "caf\u{e9}", "goal\t1"] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
