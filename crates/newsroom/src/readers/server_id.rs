//! The id under which a server counts its streams.

/// Returns an id that no other server has.
pub fn random_server_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}
