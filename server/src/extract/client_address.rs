//! Extracts the client's address.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRef, FromRequestParts, rejection::ExtensionRejection},
    http::request::Parts,
};

use crate::config::Settings;

/// The address of the client that sent the request, by which limits are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl<S> FromRequestParts<S> for ClientAddress
where
    S: Send + Sync,
    Arc<Settings>: FromRef<S>,
{
    type Rejection = ExtensionRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let ConnectInfo(peer) = ConnectInfo::<SocketAddr>::from_request_parts(parts, state).await?;
        let settings = Arc::<Settings>::from_ref(state);
        let client = settings.trusted_proxies.client(peer.ip(), &parts.headers);
        Ok(Self(client))
    }
}
