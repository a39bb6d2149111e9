//! The Web Locks API, which browsers have on https and on localhost only.

use js_sys::{Array, Function, Object, Promise, Reflect};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;

/// The browser's lock manager.
#[derive(Clone, Debug)]
pub struct WebLocks(JsValue);

impl WebLocks {
    /// Returns the lock manager, if the browser has one here.
    pub fn of_browser() -> Option<Self> {
        let navigator = window().navigator();
        let locks = Reflect::get(&navigator, &"locks".into()).ok()?;
        locks.is_object().then_some(Self(locks))
    }

    /// Requests the lock `name`, from any other holder if `steal`. Calls `on_granted` once this
    /// page holds it. Returns when the page has lost it to one that stole it. Otherwise the page
    /// keeps the lock until it is closed.
    pub async fn hold(&self, name: &str, steal: bool, on_granted: impl FnOnce() + 'static) {
        let options = Object::new();
        // Can't fail: it is a plain object.
        let _ = Reflect::set(&options, &"steal".into(), &steal.into());
        let callback = Closure::once_into_js(move |_lock: JsValue| {
            on_granted();
            // The lock is held as long as this promise is pending.
            Promise::new(&mut |_, _| {})
        });
        if let Some(lost) = self.request(name, &options, callback.unchecked_ref()) {
            // Rejected when the lock is stolen, or when the browser refuses the request.
            let _ = JsFuture::from(lost).await;
        }
    }

    /// Returns the names of all locks that pages of this site hold.
    pub async fn held(&self) -> Vec<String> {
        let query = || -> Result<Promise, JsValue> {
            let query: Function = Reflect::get(&self.0, &"query".into())?.dyn_into()?;
            query.call0(&self.0)?.dyn_into()
        };
        let Ok(query) = query() else {
            return Vec::new();
        };
        let state = JsFuture::from(query).await.unwrap_or_default();
        let held = Reflect::get(&state, &"held".into()).unwrap_or_default();
        let held: Array = held.dyn_into().unwrap_or_default();
        let name = |lock: JsValue| Reflect::get(&lock, &"name".into()).ok()?.as_string();
        held.iter().filter_map(name).collect()
    }

    fn request(&self, name: &str, options: &Object, callback: &Function) -> Option<Promise> {
        let request = Reflect::get(&self.0, &"request".into()).ok()?;
        let request: Function = request.dyn_into().ok()?;
        let promise = request
            .call3(&self.0, &name.into(), options, callback)
            .ok()?;
        promise.dyn_into().ok()
    }
}
