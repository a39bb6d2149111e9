//! A message's card, rendered here for every page and every transport.

use domain::ZoneName;
use leptos::{either::Either, prelude::*};
use linkify::{LinkFinder, LinkKind};
use newsroom::Message;

use crate::{entry::Moment, inert::all, layout::ENGLISH};

/// Renders the card of `message`, with its time in `zone`.
pub fn render_message(message: &Message, zone: &ZoneName) -> String {
    Owner::new().with(|| view! { <MessageCard message zone /> }.to_html())
}

#[component]
fn MessageCard<'a>(message: &'a Message, zone: &'a ZoneName) -> impl IntoView {
    view! {
        <li
            id=format!("message-{}", message.id)
            class="message"
            data-message-id=message.id.0
            data-rev=message.rev
        >
            <p class="message-by">
                <bdi class="message-nick">{message.nick.to_string()}</bdi>
                " "
                <Moment
                    at=message.sent_at
                    zone=zone.clone()
                    context=message.sent_at
                    dated=true
                    titled=true
                />
                " "
                <a
                    class="message-report"
                    href=format!("/messages/{}/report", message.id)
                    rel="nofollow"
                    lang=ENGLISH
                >
                    "Report"
                </a>
            </p>
            <p class="message-text" dir="auto">
                {linked(message.text.as_str())}
            </p>
        </li>
    }
}

/// Returns plain text whose web addresses are links.
fn linked(text: &str) -> impl IntoView + use<> {
    let mut finder = LinkFinder::new();
    finder.kinds(&[LinkKind::Url]);
    let part = |part: linkify::Span<'_>| {
        let text = part.as_str().to_owned();
        if part.kind().is_some() && is_web(&text) {
            Either::Left(view! {
                <a href=text.clone() rel="nofollow ugc noopener noreferrer">
                    {text.clone()}
                </a>
            })
        } else {
            Either::Right(text)
        }
    };
    all(finder.spans(text).map(part))
}

/// Returns whether an address is one of the web. Links with other schemes may run programs.
fn is_web(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    address.starts_with("https://") || address.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use domain::{MessageId, MessageText, Nick, RoomId, Timestamp};
    use newsroom::zone;

    use super::*;

    fn card(nick: &str, text: &str) -> String {
        let message = Message {
            id: MessageId(12),
            room_id: RoomId(1),
            rev: 9,
            sent_rev: 9,
            author: None,
            nick: Nick::parse(nick).unwrap(),
            text: MessageText::parse(text).unwrap(),
            sent_at: Timestamp(1_795_266_300_000_000),
            deleted_at: None,
            deleted_by: None,
        };
        render_message(&message, &zone::parse("Europe/Paris").unwrap())
    }

    /// Returns the text of the card, as HTML.
    fn text(text: &str) -> String {
        let card = card("ann", text);
        let (_, rest) = card
            .split_once(r#"dir="auto" class="message-text">"#)
            .unwrap();
        rest.split_once("</p>").unwrap().0.to_owned()
    }

    #[test]
    fn card_keeps_the_page_contract() {
        insta::assert_snapshot!(
            card("ann", "Goal!"),
            @r#"<li id="message-12" data-message-id="12" data-rev="9" class="message"><p class="message-by"><bdi class="message-nick">ann</bdi> <time datetime="2026-11-21T13:05:00.000Z" dir="ltr" title="21 November 2026, 14:05 CET"><span class="date">21 Nov</span> 14:05</time> <a href="/messages/12/report" rel="nofollow" lang="en" class="message-report">Report</a></p><p dir="auto" class="message-text">Goal!</p></li>"#
        );
    }

    #[test]
    fn web_addresses_are_links() {
        let link = |address: &str| {
            format!(r#"<a href="{address}" rel="nofollow ugc noopener noreferrer">{address}</a>"#)
        };
        for (source, html) in [
            (
                "See https://example.org/a_(b).",
                format!("See {}.", link("https://example.org/a_(b)")),
            ),
            (
                "(HTTP://EXAMPLE.ORG)",
                format!("({})", link("HTTP://EXAMPLE.ORG")),
            ),
            ("javascript://alert(1)", "javascript://alert(1)".to_owned()),
            (
                "data://x file:///etc/passwd",
                "data://x file:///etc/passwd".to_owned(),
            ),
            ("mailto:a@example.org", "mailto:a@example.org".to_owned()),
        ] {
            assert_eq!(text(source), html);
        }
    }

    #[test]
    fn markup_is_text() {
        for source in [
            "<script>alert(1)</script>",
            "\"><img src=x onerror=alert(1)>",
            "https://example.org/\"onmouseover=\"alert(1)",
            "https://example.org/<script>",
            "&lt;b&gt;",
        ] {
            for card in [card("ann", source), card("<b onclick=x>\"'", source)] {
                let tags: Vec<_> = card
                    .split('<')
                    .skip(1)
                    .map(|tag| tag.split([' ', '>']).next().unwrap_or_default())
                    .collect();
                assert!(
                    tags.iter()
                        .all(|tag| ["li", "p", "bdi", "time", "span", "a"]
                            .contains(&tag.trim_start_matches('/'))),
                    "{card}"
                );
                assert!(
                    !card.contains(" onmouseover=\"") && !card.contains(" onclick=\""),
                    "{card}"
                );
            }
        }
        assert_eq!(text("&lt;b&gt;"), "&amp;lt;b&amp;gt;");
    }
}
