//! A stream by WebSocket: the client subscribes, and is sent the same events as on any other.

use domain::Cursor;
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::{Place, stream::Events};

/// An event as the server sends it.
#[derive(Deserialize)]
struct Event {
    event: String,
    #[serde(default)]
    data: Value,
}

/// Subscribes after `cursor`, and passes on what is said, until it breaks.
pub async fn listen(place: Place, cursor: Cursor, events: Events) -> Option<()> {
    let stream = TcpStream::connect(place.network).await.ok()?;
    let (mut socket, _) = client_async("ws://localhost/ws", stream).await.ok()?;
    let subscribe = json!({"subscribe": place.entry.to_string(), "since": cursor.to_string()});
    socket
        .send(Message::text(subscribe.to_string()))
        .await
        .ok()?;
    loop {
        // Pings are answered by the library, as it reads.
        if let Message::Text(text) = socket.next().await?.ok()? {
            match serde_json::from_str(&text) {
                Ok(Event { event, data }) => events.pass_on(&event, &data.to_string()).await?,
                Err(_) => events.pass_on("", &text).await?,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio_tungstenite::accept_async;

    use super::*;
    use crate::chaos::client::stream::{Said, Stream};

    #[tokio::test]
    async fn what_is_said_on_a_websocket_is_heard_as_on_any_stream() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let network = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut socket = accept_async(stream).await.unwrap();
            let asked = socket.next().await.unwrap().unwrap();
            for said in [
                r#"{"feed":"12","event":"batch","id":"k3f9.8","data":{"epoch":"k3f9","from":7,"to":8,"head":8,"more":false,"changes":[{"id":4,"rev":8,"deleted":true}]}}"#,
                r#"{"feed":"12","event":"bye","data":{"ended":false}}"#,
            ] {
                socket.send(Message::text(said)).await.unwrap();
            }
            asked.into_text().unwrap().to_string()
        });
        let place = Place {
            network,
            entry: 12,
            time_scale: 1,
            cards: std::sync::Arc::default(),
        };
        let mut stream = Stream::by_websocket(&place, "k3f9.7".parse().unwrap());
        let first = stream.next().await.unwrap();
        assert!(
            matches!(&first, Said::Batch(batch) if batch.changes.len() == 1),
            "{first:?}"
        );
        let second = stream.next().await.unwrap();
        assert!(matches!(second, Said::Bye { ended: false }), "{second:?}");
        let last = stream.next().await.unwrap();
        assert!(matches!(last, Said::Failed), "{last:?}");
        let asked: Value = serde_json::from_str(&serving.await.unwrap()).unwrap();
        assert_eq!(asked, json!({"subscribe": "12", "since": "k3f9.7"}));
    }
}
