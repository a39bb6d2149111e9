//! Checks whether a person is muted or banned.

use domain::{SanctionKind, Timestamp, ZoneName};

use super::sender::Sender;
use crate::{
    Error, Result,
    model::{
        moderation::{Sanction, SanctionTarget},
        room::{PersonId, Room},
        zone::LocalTime,
    },
    storage::Snapshot,
};

/// Checks that the sender is not banned, nor muted in `room`.
///
/// # Errors
/// Returns [`Error::Sanctioned`] with the reason and the end, or an error if the database can't be
/// reached.
pub async fn check_sanctions(
    snapshot: &mut Snapshot,
    room: Option<&Room>,
    sender: Sender<'_>,
    now: Timestamp,
) -> Result<()> {
    let id = room.and_then(|room| room.id);
    let sanction = snapshot.sanction_of(&target_of(sender), id, now).await?;
    match sanction {
        None => Ok(()),
        Some(sanction) => {
            let zone = room.map_or_else(|| ZoneName::new_unchecked("UTC"), Room::time_zone);
            Err(Error::Sanctioned(sentence(&sanction, &zone)))
        }
    }
}

/// Returns what sanctions of the sender name. Those of addresses apply to readers without an
/// account only: an account is sanctioned as such, and may share the address with others.
fn target_of(sender: Sender<'_>) -> SanctionTarget {
    match sender.person {
        PersonId::Account(account) => SanctionTarget {
            account: Some(*account),
            ..SanctionTarget::default()
        },
        PersonId::Guest(guest) => SanctionTarget {
            account: None,
            guest: Some(guest.clone()),
            address: Some(sender.origin.address.clone()),
            network: Some(sender.origin.network.clone()),
        },
    }
}

fn sentence(sanction: &Sanction, zone: &ZoneName) -> String {
    let until = LocalTime::new(sanction.ends_at, zone).full();
    let what = match sanction.kind {
        SanctionKind::Mute => "You are muted in this room",
        SanctionKind::Ban => "You are banned from all rooms",
    };
    let reason = match sanction.reason.as_str() {
        "" => "A moderator gave no reason.".to_owned(),
        reason => format!("Reason: {reason}"),
    };
    format!("{what} until {until}. {reason}")
}
