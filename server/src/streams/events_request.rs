//! Parses requests of `/events/`: the channels, and where each continues.

use domain::Rev;
use percent_encoding::percent_decode_str;

/// The maximum number of channels of a connection, as in the original.
const MAX_CHANNELS: usize = 10;

/// A request.
#[derive(Debug, PartialEq, Eq)]
pub struct EventsRequest {
    /// The channels, each with the revision after which it continues.
    pub channels: Vec<(String, Option<Rev>)>,
}

impl EventsRequest {
    /// Parses a query, and the value of the header `Last-Event-ID`, which takes precedence over the
    /// query's last `lastEventId`. Returns `None` if the client continues after an error.
    ///
    /// # Errors
    /// Returns a sentence for the client.
    pub fn parse(query: &str, last_event_id: Option<String>) -> Result<Option<Self>, &'static str> {
        let mut channels: Vec<String> = Vec::new();
        let mut in_query = String::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let named: Vec<&str> = match &*name {
                "channel" => vec![&value],
                "channels" => value.split(',').collect(),
                "lastEventId" if !value.is_empty() => {
                    in_query = value.into_owned();
                    continue;
                }
                _ => continue,
            };
            for channel in named {
                if !channel.is_empty() && !channels.iter().any(|known| known == channel) {
                    channels.push(channel.to_owned());
                }
            }
        }
        if channels.is_empty() {
            return Err("Invalid request: No channels specified.");
        }
        if channels.len() > MAX_CHANNELS {
            return Err("Invalid request: Channel limit exceeded.");
        }
        let last = last_event_id.filter(|id| !id.is_empty());
        let last = last.unwrap_or(in_query);
        if last == "error" {
            return Ok(None);
        }
        let positions = match &*last {
            "" => Vec::new(),
            last => positions(last)
                .ok_or("Invalid request: Failed to parse Last-Event-ID or lastEventId.")?,
        };
        let since = |channel: &str| {
            let mut known = positions.iter().filter(|(name, _)| name == channel);
            known.next_back().map(|(_, rev)| *rev)
        };
        Ok(Some(Self {
            channels: channels
                .into_iter()
                .map(|channel| {
                    let since = since(&channel);
                    (channel, since)
                })
                .collect(),
        }))
    }
}

/// Parses the id of an event: `channel:revision`, separated by commas.
fn positions(id: &str) -> Option<Vec<(String, Rev)>> {
    let position = |part: &str| {
        let (channel, rev) = part.split_once(':')?;
        let channel = percent_decode_str(channel).decode_utf8().ok()?;
        let is_number = !rev.is_empty() && rev.bytes().all(|byte| byte.is_ascii_digit());
        // A number that is too large is after every revision.
        let rev = is_number.then(|| rev.parse().unwrap_or(Rev::MAX))?;
        Some((channel.into_owned(), rev))
    };
    id.split(',').map(position).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str, last: Option<&str>) -> Result<Option<EventsRequest>, &'static str> {
        EventsRequest::parse(query, last.map(str::to_owned))
    }

    fn channels(query: &str, last: Option<&str>) -> Vec<(String, Option<Rev>)> {
        parse(query, last).unwrap().unwrap().channels
    }

    #[test]
    fn channels_are_collected_from_the_query() {
        let a = ("room-a".to_owned(), None);
        let b = ("room-b".to_owned(), None);
        for (query, expected) in [
            ("channel=room-a", vec![a.clone()]),
            (
                "channel=room-a&channel=room-b&channel=room-a",
                vec![a.clone(), b.clone()],
            ),
            ("channels=room-a,room-b", vec![a.clone(), b.clone()]),
            ("x=1&channel=room%2Da&channel=&channels=,", vec![a.clone()]),
        ] {
            assert_eq!(channels(query, None), expected, "{query}");
        }
        for query in ["", "channel=", "channels=,", "room-a"] {
            assert_eq!(
                parse(query, None),
                Err("Invalid request: No channels specified.")
            );
        }
        let eleven = (0..11)
            .map(|n| format!("channel=room-{n}"))
            .collect::<Vec<_>>()
            .join("&");
        assert_eq!(
            parse(&eleven, None),
            Err("Invalid request: Channel limit exceeded.")
        );
    }

    #[test]
    fn position_is_that_of_the_header_or_of_the_last_parameter() {
        let query =
            "channel=room-a&channel=room-b&lastEventId=room-a:1&lastEventId=room-a:2&lastEventId=";
        let revs = |last| {
            channels(query, last)
                .into_iter()
                .map(|it| it.1)
                .collect::<Vec<_>>()
        };
        assert_eq!(revs(None), [Some(2), None]);
        assert_eq!(revs(Some("")), [Some(2), None]);
        assert_eq!(
            revs(Some("room-b:7,room-c:8,room%2Da:9")),
            [Some(9), Some(7)]
        );
        assert_eq!(
            revs(Some("room-a:99999999999999999999")),
            [Some(i64::MAX), None]
        );
        for garbage in [
            "x",
            "room-a",
            "room-a:",
            "room-a:x",
            "room-a:-1",
            "room-a:1:2",
            ",",
            "room-a:1,",
        ] {
            assert_eq!(
                parse(query, Some(garbage)),
                Err("Invalid request: Failed to parse Last-Event-ID or lastEventId."),
                "{garbage}"
            );
        }
        assert_eq!(parse(query, Some("error")), Ok(None));
        assert_eq!(parse("channel=room-a&lastEventId=error", None), Ok(None));
    }
}
