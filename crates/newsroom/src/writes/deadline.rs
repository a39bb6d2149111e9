//! The deadline of changes.

use std::time::Duration;

/// The deadline of a change, including its commit. After it, the outcome is unknown.
pub const CHANGE_DEADLINE: Duration = Duration::from_secs(10);
