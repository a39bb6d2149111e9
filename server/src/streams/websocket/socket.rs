//! Sends and limits of a WebSocket connection.

use std::time::Duration;

use axum::body::Bytes;
use futures::SinkExt;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        self, Message,
        protocol::{
            WebSocketConfig,
            frame::{
                Frame,
                coding::{Data, OpCode},
            },
        },
    },
};

/// How much of a message is read at most, in bytes, before the connection is closed.
const MAX_READ_LENGTH: usize = 64 * 1024;
/// The size of the read buffer, in bytes. The default is 128 KiB per connection.
const READ_BUFFER: usize = 4 * 1024;
/// How much is buffered for a client that doesn't read, in bytes: one frame, and the pongs for the
/// client's pings meanwhile.
const WRITE_BUFFER: usize = 2 * MAX_FRAME_LENGTH;
/// The longest frame to a client, in bytes. Longer messages are sent in fragments (RFC 6455,
/// section 5.4), so that a connection never has more than one frame of its own in memory.
const MAX_FRAME_LENGTH: usize = 16 * 1024;
/// How long a client may send nothing, or read nothing: three heartbeats. A ping is sent with each
/// heartbeat.
pub const PONG_TIMEOUT: Duration = Duration::from_secs(45);

/// Returns the limits of a connection's messages and buffers.
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_READ_LENGTH))
        .max_frame_size(Some(MAX_READ_LENGTH))
        .read_buffer_size(READ_BUFFER)
        // Writes each frame at once, because buffering would only copy it.
        .write_buffer_size(0)
        .max_write_buffer_size(WRITE_BUFFER)
}

/// The connection after the upgrade.
pub type WebSocket = WebSocketStream<TokioIo<Upgraded>>;

/// Returns whether the client sent a message that can't be decoded. After other errors, the
/// connection can't be used, and no reason is sent.
pub fn is_unreadable(error: &tungstenite::Error) -> bool {
    use tungstenite::Error;

    matches!(
        error,
        Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_)
    )
}

/// Sends a text message, in fragments of at most [`MAX_FRAME_LENGTH`].
pub async fn send_text(socket: &mut WebSocket, mut text: Bytes) -> Result<(), SendError> {
    let sending = async {
        let mut opcode = OpCode::Data(Data::Text);
        loop {
            let payload = text.split_to(text.len().min(MAX_FRAME_LENGTH));
            let is_last = text.is_empty();
            let frame = Frame::message(payload, opcode, is_last);
            socket.send(Message::Frame(frame)).await?;
            if is_last {
                return Ok(());
            }
            opcode = OpCode::Data(Data::Continue);
        }
    };
    within_deadline(sending).await
}

/// The client closed the connection, or did not read in time.
pub struct SendError;

/// Waits for a write to complete, for at most [`PONG_TIMEOUT`].
pub async fn within_deadline(
    write: impl Future<Output = tungstenite::Result<()>>,
) -> Result<(), SendError> {
    let written = timeout(PONG_TIMEOUT, write).await;
    written.map_err(|_| SendError)?.map_err(|_| SendError)
}
