//! Protects the server from its clients: identifies callers, rejects other sites' requests, and
//! limits what one client may use.

pub mod address_limits;
pub mod bodies;
pub mod csrf;
pub mod guards;
pub mod guest_cookie;
pub mod headers;
pub mod identity;
pub mod like_limits;
pub mod local_path;
pub mod log_limit;
pub mod login_limits;
pub mod proxies;
pub mod rates;
pub mod session_cookie;
pub mod sign_up_limits;
