//! Types and rules that all parts of Ringside share: no I/O, no clock, no randomness. Compiled
//! natively for the server and to WebAssembly for the browser.
//!
//! Text from outside becomes one of these types through a `parse` function, which cleans it and
//! checks its length and characters. A value of such a type is therefore valid, and the rest of the
//! code doesn't check again.
//!
//! Types:
//!
//! - `account`: accounts, roles, usernames, passwords; `permissions`: what accounts may do.
//! - `entry`: the parts of a live blog: [`Title`], [`Slug`], [`EntryState`] and others.
//! - `language`: [`Language`] tags and their writing direction.
//! - `room`: rooms for readers' chat: [`RoomName`], [`RoomState`], [`Nick`], [`MessageText`].
//! - `quotation`: a reader's message as a quotation in an update.
//! - `moderation`: held messages, sanctions and the word filter of rooms.
//! - `timestamp`: [`Timestamp`], in microseconds.
//! - `token`: the ids and names of API tokens.
//! - `editing`: what an editor of an update loads and receives; [`EditConflict`].
//! - `update`: the parts of an update: [`Draft`], [`Headline`], [`Mark`], [`OpId`]; `update_draft`:
//!   [`UpdateDraft`], which is saved to be continued later.
//!
//! The feed:
//!
//! - `feed`: ids, cursors, messages, and the state machines of a client.
//!
//! - `retry`: [`Submission`] decides how a request is resent until the server has responded.
//!
//! Text:
//!
//! - [`hygiene`]: removes control characters and closes directional formatting.
//! - `text`: [`Invalid`], the error of every `parse`, and the macros that declare text types.

mod account;
mod editing;
mod entry;
mod feed;
pub mod hygiene;
mod language;
mod moderation;
mod permissions;
mod quotation;
mod retry;
mod room;
mod text;
mod timestamp;
mod token;
mod update;
mod update_draft;

pub use account::{
    AccountId, Caller, DeletedMessages, DisplayName, InvitationId, Password, Role, SessionId,
    Username,
};
pub use editing::{
    ArticleSource, ConflictReason, DiffKind, DiffPart, EditConflict, EditResult, UpdateSource,
};
pub use entry::{Article, EntryId, EntryState, Order, Slug, Summary, Title, ZoneName};
pub use feed::{
    Action, Applied, Batch, Bye, Change, Claim, Client, ClientEvent, Connection, ConnectionStatus,
    Counts, Cursor, Deleted, EntryChange, Epoch, EventName, FETCH_DEADLINE_MS, FeedFollower,
    FeedId, Fetched, Head, MAX_REV, PageScope, Reset, Rev, RoomChange, StreamEvent, StreamSlots,
    Transport, Upserted, shown_readers, wire,
};
pub use language::Language;
pub use moderation::{
    FilteredWord, HeldId, Hold, HoldReason, LogAction, LogId, Reach, Reason, SanctionId,
    SanctionKind, SanctionLength, SlowMode,
};
pub use quotation::quote_message;
pub use retry::{ATTEMPT_DEADLINE_MS, AttemptResult, Due, Next, Submission, next_due};
pub use room::{
    ChatMessage, ChatSetting, MessageId, MessageText, Nick, RoomId, RoomName, RoomState,
};
pub use text::Invalid;
pub use timestamp::Timestamp;
pub use token::{TokenId, TokenName};
pub use update::{
    Draft, Headline, Mark, OpId, PostResult, PostedUpdate, Source, UpdateId, not_shown,
};
pub use update_draft::{
    DraftDiscardResult, DraftHeadline, DraftId, DraftSaveResult, DraftSource, DraftSummary,
    SavedDraft, UpdateDraft,
};
