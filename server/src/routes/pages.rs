//! The routes of the app's pages.

use app::App;
use axum::{
    Router,
    extract::{Request, State},
    http::HeaderValue,
    middleware::{from_fn, from_fn_with_state},
    routing::{MethodRouter, get},
};
use domain::{FeedId, Order, RoomName};
use leptos_axum::{AxumRouteListing, generate_route_list};

use super::{cached::CachedRoutes, forms};
use crate::{
    cache::key::{CacheKey, PageUrl, PublicPage, Target, is_canonical, number},
    pages::Pages,
    security::{guards::skip_login, identity::identify},
    state::AppState,
};

/// The `Cache-Control` of public pages. Browsers revalidate each time; a proxy may reuse a response
/// for two seconds.
const CACHING: HeaderValue = HeaderValue::from_static("public, max-age=0, s-maxage=2");

/// The routes of pages, by who may open them.
pub struct PageRoutes {
    /// For everyone.
    pub public: CachedRoutes,
    /// For everyone, different for each.
    pub anyone: Router<AppState>,
    /// For accounts that are logged in.
    pub member: Router<AppState>,
    /// For callers that are not logged in.
    pub guest: Router<AppState>,
}

/// The callers that may open a page.
enum Audience {
    /// Everyone. The page is the same for all, never reads a cookie, and is cached under this key.
    Public(CacheKey),
    /// Everyone. The same for all without an account and a name, and cached then.
    Room,
    /// Everyone. It depends on who requests it.
    Anyone,
    /// Accounts that are logged in.
    Member,
    /// Callers that are not logged in.
    Guest,
    /// The holder of the set-up token that the server printed.
    Setup,
}

impl Audience {
    fn of(page: &AxumRouteListing) -> Self {
        match page.path() {
            "/" => Self::Public(front_key),
            "/live" => Self::Public(live_now_key),
            "/entries/{slug}" => Self::Public(entry_key),
            "/entries/{slug}/updates/{id}" => Self::Public(update_key),
            "/rooms/{room}" => Self::Room,
            "/entries/{slug}/updates/{id}/like" | "/invite/{token}" | "/reset/{token}" => {
                Self::Anyone
            }
            "/login" | "/sign-up" => Self::Guest,
            "/setup" => Self::Setup,
            "/account" | "/account/delete" => Self::Member,
            path if path.starts_with("/desk") || path.ends_with("/compose") => Self::Member,
            // Rendered for each request.
            _ => Self::Public(|_| None),
        }
    }
}

/// Returns the routes of all pages.
pub fn routes(state: &AppState) -> PageRoutes {
    let mut routes = PageRoutes {
        public: CachedRoutes::default(),
        anyone: Router::new(),
        member: Router::new(),
        guest: Router::new(),
    };
    for page in generate_route_list(App) {
        let path = page.path();
        match Audience::of(&page) {
            Audience::Public(key) => {
                routes.public = routes.public.route(path, public_page_route(), key);
            }
            Audience::Room => {
                let identify = from_fn_with_state(state.clone(), identify);
                let route = public_page_route().layer(identify);
                routes.public = routes.public.route(path, route, room_key);
            }
            Audience::Anyone => routes.anyone = routes.anyone.route(path, page_route()),
            Audience::Member => routes.member = routes.member.route(path, page_route()),
            Audience::Guest => {
                let route = page_route().layer(from_fn(skip_login));
                routes.guest = routes.guest.route(path, route);
            }
            Audience::Setup => {
                let guard = from_fn_with_state(state.clone(), forms::guard_set_up);
                routes.guest = routes.guest.route(path, page_route().layer(guard));
            }
        }
    }
    routes
}

/// Returns the route of a public page. The page cache's layer holds the rendering slot.
fn public_page_route() -> MethodRouter<AppState> {
    get(async |State(pages): State<Pages>, request: Request| pages.render_public(request).await)
}

/// Returns the route of a personal page.
fn page_route() -> MethodRouter<AppState> {
    get(async |State(pages): State<Pages>, request: Request| pages.render(request).await)
}

/// The key of the front page, and of its list of older entries.
fn front_key(url: &PageUrl<'_>) -> Option<Target> {
    let feed = url.hub.head(FeedId::All)?;
    let before = url.first("before").and_then(|id| id.parse::<i64>().ok());
    let uri = before.map_or_else(|| "/".to_owned(), |id| format!("/?before={id}"));
    Some(Target::Page(PublicPage::new(uri, feed, CACHING)))
}

/// The key of the page of all live entries.
fn live_now_key(url: &PageUrl<'_>) -> Option<Target> {
    let feed = url.hub.head(FeedId::All)?;
    Some(Target::Page(PublicPage::new(url.path, feed, CACHING)))
}

/// The key of an entry's page.
fn entry_key(url: &PageUrl<'_>) -> Option<Target> {
    let feed = url.feed_of(url.param("slug"))?;
    let order = url
        .first("order")
        .and_then(|order| order.parse::<Order>().ok());
    let uri = match order {
        Some(order) => format!("{}?order={order}", url.path),
        None => url.path.to_owned(),
    };
    Some(Target::Page(PublicPage::new(uri, feed, CACHING)))
}

/// The key of an update's page.
fn update_key(url: &PageUrl<'_>) -> Option<Target> {
    let (slug, id) = (url.param("slug"), url.param("id"));
    let feed = url.feed_of(slug)?;
    let number = number(id)?;
    if !is_canonical(id) {
        let path = format!("/entries/{slug}/updates/{number}");
        return Some(Target::Redirect(path));
    }
    Some(Target::Page(PublicPage::new(url.path, feed, CACHING)))
}

/// The key of a room's page, without a name and without older messages. The page of an entry's room
/// depends on the entry, too, and is not cached.
fn room_key(url: &PageUrl<'_>) -> Option<Target> {
    let name = RoomName::parse(url.param("room")).ok()?;
    let is_personal = ["user", "before", "reported"]
        .iter()
        .any(|it| url.first(it).is_some());
    if name.is_reserved() || is_personal {
        return None;
    }
    let feed = url.hub.head(FeedId::Room(name))?;
    Some(Target::Page(PublicPage::new(url.path, feed, CACHING)))
}
