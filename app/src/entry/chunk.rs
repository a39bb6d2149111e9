//! The list is cut into stretches of updates. A full one that is out of sight costs the browser
//! nothing, neither style nor layout nor paint, however many there are (docs/adr/0010); the newest
//! is open, and takes what arrives.

/// How many updates fill a stretch. Far more, and an arrival's layout is felt; far fewer, and the
/// stretches themselves are many. The stylesheet reckons a full one's height with this number.
pub const FULL: usize = 50;

/// The class of the stretch that takes what arrives.
pub const OPEN_CLASS: &str = "stretch";
/// The classes of one that is full.
pub const FULL_CLASS: &str = "stretch is-full";
