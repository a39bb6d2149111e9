//! Muting and banning people, and ending that.

use domain::{Caller, LogAction, LogId, Reach, SanctionId, Timestamp};

use super::subject::Subject;
use crate::{
    Error, Result,
    model::{
        moderation::{ModeratedMessage, NewLogEntry, NewSanction, SanctionTarget},
        room::PersonId,
        zone,
    },
    storage::Revision,
};

/// The maximum number of sanctions at the same time.
const MAX_SANCTIONS: i64 = 10_000;

/// Mutes or bans the person who wrote a message.
pub async fn sanction(
    revision: &mut Revision,
    caller: &Caller,
    message: ModeratedMessage,
    new: &NewSanction,
    now: Timestamp,
) -> Result<LogId> {
    let snapshot = revision.snapshot();
    let subject = Subject::load(snapshot, message).await?;
    let author = subject.author_below(snapshot, caller).await?;
    let target = target_of(author, &subject, new.reach)?;
    if snapshot.count_sanctions(now).await? >= MAX_SANCTIONS {
        return Err(Error::Forbidden(
            "There are 10000 mutes and bans, the maximum. End one of them first.",
        ));
    }
    let room = subject.room.id.ok_or(Error::NotFound("room"))?;
    let who = (&target, &subject.nick);
    revision.add_sanction(caller, new, who, room, now).await?;
    let until = zone::rfc3339(now.plus_micros(new.length.micros()));
    let entry = NewLogEntry {
        detail: format!("until {until}, reach {}", new.reach),
        ..subject.log_entry(new.kind.into(), &new.reason)
    };
    revision.add_log_entry(caller, &entry, now).await
}

/// Ends a sanction.
pub async fn end(
    revision: &mut Revision,
    caller: &Caller,
    id: SanctionId,
    now: Timestamp,
) -> Result<LogId> {
    let snapshot = revision.snapshot();
    let sanction = snapshot.sanction(id).await?;
    let sanction = sanction.ok_or(Error::NotFound("sanction"))?;
    if let Some(account) = sanction.account
        && let Some(role) = snapshot.role_of(account).await?
        && !caller.role.may_sanction(role)
    {
        return Err(Error::Forbidden(
            "This account has your rank or a higher one. Somebody of a higher rank can end this.",
        ));
    }
    revision.end_sanction(id, now).await?;
    let entry = NewLogEntry {
        room: sanction.room,
        nick: Some(sanction.nick),
        detail: sanction.kind.to_string(),
        ..NewLogEntry::new(LogAction::EndSanction)
    };
    revision.add_log_entry(caller, &entry, now).await
}

/// Returns whom a sanction of `author` applies to.
fn target_of(author: PersonId, subject: &Subject, reach: Reach) -> Result<SanctionTarget> {
    let (account, guest) = match author {
        PersonId::Account(account) => (Some(account), None),
        PersonId::Guest(guest) => (None, Some(guest)),
    };
    if reach != Reach::Person && subject.origin.address.is_empty() {
        return Err(Error::Forbidden(
            "The address of this message is no longer known. Choose a newer message, or the person alone.",
        ));
    }
    Ok(SanctionTarget {
        account,
        guest,
        address: (reach != Reach::Person).then(|| subject.origin.address.clone()),
        network: (reach == Reach::Network).then(|| subject.origin.network.clone()),
    })
}
