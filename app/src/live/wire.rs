//! The feed's JSON, parsed with the browser's `JSON.parse`.

use domain::wire::{Decode, Value};
use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// A value as `JSON.parse` returns it.
pub struct JsonValue(JsValue);

impl JsonValue {
    /// Parses JSON text. Returns `None` if it is malformed.
    pub fn parse(json: &str) -> Option<Self> {
        JSON::parse(json).ok().map(Self)
    }

    /// Returns an object of the browser, such as an event, whose fields are read by their names.
    /// That needs less code than a type of its own.
    pub const fn of(object: JsValue) -> Self {
        Self(object)
    }

    /// Returns the names of an object's fields.
    #[cfg_attr(
        test,
        expect(
            dead_code,
            reason = "the like buttons, which alone use it, have no tests here"
        )
    )]
    pub fn names(&self) -> impl Iterator<Item = String> + use<> {
        let names = Object::keys(self.0.unchecked_ref::<Object>());
        names.into_iter().filter_map(|name| name.as_string())
    }

    /// Copies the fields of the object `from` to this one.
    #[cfg_attr(
        test,
        expect(
            dead_code,
            reason = "the like buttons, which alone use it, have no tests here"
        )
    )]
    pub fn assign(&self, from: &Self) {
        Object::<JsValue>::assign(self.0.unchecked_ref(), from.0.unchecked_ref());
    }
}

/// Decodes JSON text. Returns `None` if it does not have the shape of a `T`.
pub fn decode<T: Decode>(json: &str) -> Option<T> {
    T::decode(&JsonValue::parse(json)?)
}

impl Value for JsonValue {
    fn get(&self, name: &str) -> Option<Self> {
        let value = Reflect::get(&self.0, &JsValue::from_str(name)).ok()?;
        (!value.is_undefined() && !value.is_null()).then_some(Self(value))
    }

    fn string(&self) -> Option<String> {
        self.0.as_string()
    }

    #[expect(clippy::cast_possible_truncation, reason = "an integer below 2^53")]
    fn integer(&self) -> Option<i64> {
        Some(self.0.as_f64()? as i64)
    }

    fn boolean(&self) -> Option<bool> {
        self.0.as_bool()
    }

    fn items(&self) -> Option<impl Iterator<Item = Self>> {
        let items: &Array = self.0.dyn_ref()?;
        Some(items.clone().into_iter().map(Self))
    }
}

#[cfg(test)]
mod tests;
