//! Writing.
//!
//! - `deadline`: the deadline of changes.
//! - `write`: changes that share transactions; `group_commit` applies and commits them.
//! - `idempotency`: writes that change nothing when they are repeated, by their operation id.
//! - `write_health`: whether the database's storage can be written.

pub mod deadline;
pub mod group_commit;
pub mod idempotency;
pub mod write;
pub mod write_health;
