//! Writing.
//!
//! - `deadline`: the deadline of changes.
//! - `group_commit`: commits several posts in one transaction.
//! - `idempotency`: detects repeated requests by their operation id.
//! - `write_health`: whether the database's storage can be written.

pub mod deadline;
pub mod group_commit;
pub mod idempotency;
pub mod write_health;
