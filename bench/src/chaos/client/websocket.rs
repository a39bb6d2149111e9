//! A stream over WebSocket: the client subscribes, and receives the same events as on other
//! streams.

use domain::Cursor;
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::{config::ClientConfig, event::EventSender};

/// An event as the server sends it.
#[derive(Deserialize)]
struct EventMessage {
    event: String,
    #[serde(default)]
    data: Value,
}

/// Subscribes after `cursor` and forwards events until the connection breaks.
pub async fn listen(config: ClientConfig, cursor: Cursor, sender: EventSender) -> Option<()> {
    let stream = TcpStream::connect(config.address).await.ok()?;
    let (mut socket, _) = client_async("ws://localhost/ws", stream).await.ok()?;
    let subscribe = json!({"subscribe": config.feed, "since": cursor.to_string()});
    socket
        .send(Message::text(subscribe.to_string()))
        .await
        .ok()?;
    loop {
        // The library responds to pings while it reads.
        if let Message::Text(text) = socket.next().await?.ok()? {
            match serde_json::from_str(&text) {
                Ok(EventMessage { event, data }) => sender.send(&event, &data.to_string()).await?,
                Err(_) => sender.send("", &text).await?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;
    use domain::{Bye, StreamEvent};

    use crate::chaos::client::stream::Stream;

    #[tokio::test]
    async fn websocket_stream_yields_the_same_events_as_other_streams() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            let subscription = socket.next().await.unwrap().unwrap();
            for message in [
                r#"{"feed":"12","event":"batch","id":"k3f9.8","data":{"epoch":"k3f9","from":7,"to":8,"head":8,"more":false,"changes":[{"id":4,"rev":8,"deleted":true}]}}"#,
                r#"{"feed":"12","event":"bye","data":{"ended":false}}"#,
            ] {
                socket.send(Message::text(message)).await.unwrap();
            }
            subscription.into_text().unwrap().to_string()
        });
        let config = ClientConfig {
            address,
            feed: "12".to_owned(),
            time_scale: 1,
            cards: std::sync::Arc::default(),
        };
        let mut stream = Stream::websocket(&config, "k3f9.7".parse().unwrap());
        let first = stream.next().await.unwrap();
        assert!(
            matches!(&first, StreamEvent::Batch(Some(batch)) if batch.changes.len() == 1),
            "{first:?}"
        );
        let second = stream.next().await.unwrap();
        assert!(
            second == StreamEvent::Bye(Some(Bye { ended: false })),
            "{second:?}"
        );
        let last = stream.next().await.unwrap();
        assert!(matches!(last, StreamEvent::Failed), "{last:?}");
        let subscription: Value = serde_json::from_str(&serving.await.unwrap()).unwrap();
        assert_eq!(subscription, json!({"subscribe": "12", "since": "k3f9.7"}));
    }
}
