//! The list is divided into chunks of updates. A full chunk outside the view costs the browser no
//! style, layout or paint, however many there are (docs/adr/0010). The newest chunk is open: new
//! updates are inserted into it.

/// The number of updates in a full chunk. With far more, the layout of a new update becomes
/// noticeable; with far fewer, there are too many chunks. The stylesheet estimates the height of a
/// full chunk from this number.
pub const FULL: usize = 50;

/// The class of the open chunk.
pub const OPEN_CLASS: &str = "chunk";
/// The classes of a full chunk.
pub const FULL_CLASS: &str = "chunk is-full";
