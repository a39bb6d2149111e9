//! Use cases of rooms: the cookies by which readers without an account are recognized.
//!
//! The key is made at first use and kept in the database, so that all servers verify the cookies.

use std::net::IpAddr;

use domain::OpId;

use super::guest_key::GuestKey;
use crate::{
    Newsroom, Result,
    model::room::{GuestId, Origin},
};

/// The name of the key in the database.
const KEY: &str = "guests";

impl Newsroom {
    /// Returns the guest of a cookie; `None` if its signature is invalid.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached, from which the key is read once.
    pub async fn guest_of(&self, cookie: &str) -> Result<Option<GuestId>> {
        Ok(self.guest_key().await?.guest(cookie))
    }

    /// Returns the value of a guest's cookie.
    ///
    /// # Errors
    /// Returns an error if the database can't be reached, from which the key is read once.
    pub async fn guest_cookie(&self, guest: &GuestId) -> Result<String> {
        Ok(self.guest_key().await?.cookie(guest))
    }

    /// Returns a guest who has no cookie yet. A request from `origin` that repeats an operation id
    /// has the same guest, so that a lost response makes nobody count twice.
    pub(crate) async fn new_guest(&self, op_id: Option<&OpId>, origin: &Origin) -> Result<GuestId> {
        match op_id {
            Some(op_id) => Ok(self.guest_key().await?.guest_of_operation(op_id, origin)),
            None => Ok(GuestId::random()),
        }
    }

    /// Returns keyed hashes of an address and its network, which are stored in their place.
    pub(crate) async fn origin_of(&self, address: IpAddr) -> Result<Origin> {
        Ok(self.guest_key().await?.origin(address))
    }

    async fn guest_key(&self) -> Result<&GuestKey> {
        let load = || async {
            let new = rand::random::<[u8; 32]>();
            GuestKey::new(&self.store.signing_key(KEY, &new).await?)
        };
        self.guest_key.get_or_try_init(load).await
    }
}
