//! Who may use which name in a room.

use domain::{AccountId, RoomId, Timestamp};

use crate::{
    Error, Result,
    model::room::{GuestId, Origin, PersonId},
    storage::{NickClaim, Snapshot},
};

/// How long a name stays with a person after the last message, in microseconds: 24 hours.
pub const CLAIM_LIFE: i64 = 24 * 60 * 60 * 1_000_000;
/// The maximum number of names in a room.
const MAX_PER_ROOM: i64 = 10_000;
/// The maximum number of names of a person in a room.
const MAX_PER_PERSON: i64 = 10;

/// What a request proves about the person who sends it.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The account that is logged in.
    pub account: Option<AccountId>,
    /// The guest whose cookie was presented.
    pub guest: Option<GuestId>,
    /// The address and its network.
    pub origin: Origin,
    /// The id of a guest who is not known yet.
    pub new_guest: GuestId,
}

impl Proof {
    /// Returns the person who sends a request under a name with the claim `claim`. A client that
    /// keeps no cookies goes on as the guest who has the name, if it sends from the same address
    /// and the cookie was never presented.
    pub fn person(&self, claim: Option<&NickClaim>) -> PersonId {
        if let Some(account) = self.account {
            return PersonId::Account(account);
        }
        let known = || {
            let claim =
                claim.filter(|claim| !claim.presented && claim.origin == self.origin.address)?;
            match &claim.person {
                PersonId::Guest(guest) => Some(guest.clone()),
                PersonId::Account(_) => None,
            }
        };
        let guest = self.guest.clone().or_else(known);
        PersonId::Guest(guest.unwrap_or_else(|| self.new_guest.clone()))
    }

    /// Returns the claim to store for a message that `person` sends at `now`.
    pub fn claim(&self, person: PersonId, before: Option<&NickClaim>, now: Timestamp) -> NickClaim {
        let was_presented = before.is_some_and(|before| before.presented);
        NickClaim {
            presented: was_presented || self.guest.is_some(),
            person,
            origin: self.origin.address.clone(),
            used_at: now,
        }
    }
}

/// Returns the claim to a name at `now`; `None` if it is free, or its claim has ended.
pub async fn current_claim(
    snapshot: &mut Snapshot,
    room: Option<RoomId>,
    folded: &str,
    now: Timestamp,
) -> Result<Option<NickClaim>> {
    let Some(room) = room else {
        return Ok(None);
    };
    let claim = snapshot.nick_claim(room, folded).await?;
    Ok(claim.filter(|claim| claim.used_at > now.plus_micros(-CLAIM_LIFE)))
}

/// Checks that `person` may use a name. Returns whether a claim to it is to be stored: not for a
/// username, which belongs to its account in every room.
///
/// # Errors
/// Returns [`Error::NickTaken`] if it belongs to somebody else, and [`Error::Forbidden`] if too
/// many names are in use.
pub async fn check_nick(
    snapshot: &mut Snapshot,
    room: Option<RoomId>,
    folded: &str,
    person: &PersonId,
    claim: Option<&NickClaim>,
) -> Result<bool> {
    if folded.is_empty() {
        return Err(Error::NickTaken(
            "This name can't be used. Choose a different one.",
        ));
    }
    if let Some(account) = snapshot.account_by_nick(folded).await? {
        return if *person == PersonId::Account(account) {
            Ok(false)
        } else {
            Err(Error::NickTaken(
                "This name, or one that looks like it, belongs to an account. Log in, or choose a different name.",
            ))
        };
    }
    match (claim, room) {
        (Some(claim), _) if claim.person == *person => return Ok(true),
        (Some(_), _) => {
            return Err(Error::NickTaken(
                "Somebody else uses this name, or one that looks like it, in this room. Choose a different name.",
            ));
        }
        (None, None) => return Ok(true),
        (None, Some(room)) => {
            let (of_room, of_person) = snapshot.count_nicks(room, person, MAX_PER_ROOM).await?;
            if of_person >= MAX_PER_PERSON {
                return Err(Error::Forbidden(
                    "You have used 10 names in this room today, the maximum. Choose one of them.",
                ));
            }
            if of_room >= MAX_PER_ROOM {
                return Err(Error::Forbidden(
                    "10000 names are in use in this room, the maximum. Try again tomorrow.",
                ));
            }
        }
    }
    Ok(true)
}
