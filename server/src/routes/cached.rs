//! Routes whose responses are cached.

use axum::{Router, routing::MethodRouter};

use crate::{
    cache::key::{CacheKey, CacheKeys},
    state::AppState,
};

/// Public routes, each with the key of its response in the cache.
#[derive(Default)]
pub struct CachedRoutes {
    /// The routes.
    pub router: Router<AppState>,
    /// Their keys.
    pub keys: CacheKeys,
}

impl CachedRoutes {
    /// Adds a route, whose responses are cached under the key that `key` returns.
    #[must_use]
    pub fn route(mut self, path: &str, route: MethodRouter<AppState>, key: CacheKey) -> Self {
        self.router = self.router.route(path, route);
        self.keys.add(path, key);
        self
    }
}
