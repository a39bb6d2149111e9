//! Random keys of requests. Shorter code than that of the composer's ids, which have to be unique
//! for good.

use js_sys::Math;

/// Returns a key that no other page has.
pub fn random_key() -> String {
    #[expect(clippy::cast_possible_truncation, reason = "an integer below 2^53")]
    let random = || ((Math::random() * 9e15) as i64).to_string();
    let mut key = random();
    key.push_str(&random());
    key
}
