//! Use cases of likes: liking an update, and undoing that.

use domain::{OpId, Slug, UpdateId};

use super::{queue::Like, target::likable};
use crate::{
    Newsroom, Result,
    model::room::{GuestId, PersonId, Visitor},
};

/// Whether a person likes an update, and the number of all its likes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liked {
    /// The update.
    pub id: UpdateId,
    /// The number of likes.
    pub likes: i64,
    /// Whether the person likes it.
    pub liked: bool,
    /// The guest whose cookie is to be set; `None` for an account, and for a guest who has one.
    pub new_guest: Option<GuestId>,
}

impl Newsroom {
    /// Likes an update, or no longer does. If a slug is given, it must be that of its entry. Each
    /// account and each guest counts once. A guest without a cookie is a new one, or the one of an
    /// earlier request with the same operation id from the same address. A repeated request changes
    /// nothing.
    ///
    /// # Errors
    /// Returns `Error::NotFound` if readers can see no such update, `Error::Sanctioned` if the
    /// person is banned, `Error::Busy` if too many likes wait, and an error if the database can't
    /// be reached.
    pub async fn set_like(
        &self,
        slug: Option<&Slug>,
        id: UpdateId,
        visitor: &Visitor,
        liked: bool,
        op_id: Option<&OpId>,
    ) -> Result<Liked> {
        let origin = self.origin_of(visitor.address).await?;
        let known = PersonId::of(visitor.caller.as_ref(), visitor.guest.as_ref());
        let (voter, new_guest) = if let Some(voter) = known {
            (voter, None)
        } else {
            let guest = self.new_guest(op_id, &origin).await?;
            (PersonId::Guest(guest.clone()), Some(guest))
        };
        let like = Like {
            slug: slug.cloned(),
            update: id,
            voter,
            origin,
            liked,
        };
        let count = self.likes.set(like).await?;
        Ok(Liked {
            id,
            likes: count,
            liked,
            // Who takes back what was never given needs no cookie.
            new_guest: new_guest.filter(|_| liked),
        })
    }

    /// Returns how many people like an update, and whether `voter` does.
    ///
    /// # Errors
    /// Returns `Error::NotFound` if readers can see no such update, and an error if the database
    /// can't be reached.
    pub async fn like(&self, slug: &Slug, id: UpdateId, voter: Option<&PersonId>) -> Result<Liked> {
        let mut snapshot = self.store.snapshot().await?;
        likable(&mut snapshot, Some(slug), id).await?;
        let liked = match voter {
            Some(voter) => snapshot.has_like(id, voter).await?,
            None => false,
        };
        Ok(Liked {
            id,
            likes: snapshot.likes(id).await?,
            liked,
            new_guest: None,
        })
    }
}
