//! HTML and script injection: text that people enter is only ever shown as text.

use serde_json::Value;

use super::post;
use crate::http::support::{TestApp, field_value, tag_texts, textarea_value};

/// Closes every element and attribute that can contain text, and then runs a script.
const BREAKOUT: &str = "\"'--></title></textarea></h1></p></a><script>alert(1)</script>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_cannot_contain_active_content() {
    let (app, anonymous, author) = TestApp::start().await;
    let entry = app.live_entry().await;
    let source = "Before <script>alert(1)</script> <img src=x onerror=alert(2)> \
        <a href=\"javascript:alert(3)\" onclick=alert(4)>link</a> [md](javascript:alert(5)) \
        <svg onload=alert(6)></svg> <iframe src=//evil.example></iframe> </article></div> \
        <form action=/logout><button>x</button></form> <p style=\"position:fixed\" id=main>after</p>";
    post(&author, source, BREAKOUT).await;
    let page = anonymous.get("/entries/final").await.text();
    let list = page.split_once("id=\"live-updates\"").unwrap().1;
    let (list, _) = list.split_once("</article>").unwrap();
    let feed = anonymous.get(&format!("/feed/{entry}/changes")).await;
    let feed: Value = feed.json();
    let block = anonymous.get(&format!("/updates/{entry}/")).await.text();
    for html in [list, feed["changes"][0]["html"].as_str().unwrap(), &block] {
        assert!(html.contains("Before") && html.contains("after"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)"), "{html}");
        for harm in [
            "<script",
            "onerror",
            "onclick",
            "onload",
            "javascript:",
            "<svg",
            "<iframe",
            "<form",
            "<button",
            "style=",
            "id=\"main\"",
            "</div></article>\n</div>",
        ] {
            assert!(!html.contains(harm), "{harm} in {html}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entered_text_is_escaped_everywhere() {
    let (_app, anonymous, author) = TestApp::start().await;
    let entry = [
        ("title", BREAKOUT),
        ("slug", "final"),
        ("summary", BREAKOUT),
        ("body", BREAKOUT),
        ("state", "live"),
    ];
    author
        .post("/desk/entries")
        .form(&entry)
        .await
        .assert_status_see_other();
    // Markdown code shows the text literally.
    let id = post(&author, &format!("`{BREAKOUT}`"), "").await;
    let mut pages = vec![
        anonymous.get("/").await,
        anonymous.get("/entries/final").await,
        anonymous.get(&format!("/entries/final/updates/{id}")).await,
        author.get("/desk").await,
        author.get("/desk/entries/final").await,
        author.get("/desk/entries/final/edit").await,
        author.get(&format!("/desk/updates/{id}")).await,
        author.get("/entries/final/compose").await,
    ];
    for page in &pages {
        page.assert_status_ok();
        page.assert_text_contains("alert(1)");
    }
    let query = "%22%3E%3C/title%3E%3C/textarea%3E%3Cscript%3Ealert(1)%3C/script%3E";
    pages.extend([
        anonymous.get(&format!("/login?next={query}")).await,
        anonymous
            .get(&format!("/{query}"))
            .add_header("accept", "text/html")
            .await,
        anonymous
            .get(&format!("/entries/final?order={query}"))
            .await,
        author
            .get(&format!("/entries/final/compose?posted={query}"))
            .await,
        author
            .get(&format!("/desk/entries/final?deleted={query}"))
            .await,
        anonymous
            .post("/login")
            .form(&[("username", BREAKOUT), ("next", BREAKOUT)])
            .await,
        author
            .post("/desk/entries")
            .form(&[
                ("summary", BREAKOUT),
                ("slug", BREAKOUT),
                ("body", BREAKOUT),
            ])
            .await,
        author
            .post("/entries/final/compose")
            .form(&[("source", BREAKOUT), ("headline", BREAKOUT)])
            .await,
    ]);
    for page in pages {
        let (url, html) = (page.request_url(), page.text());
        assert!(!html.contains("<script>alert"), "{url}: {html}");
        assert_eq!(tag_texts(&html, "title").len(), 1, "{url}: {html}");
        for tag in ["title", "textarea", "h1", "main"] {
            let (begun, ended) = (format!("<{tag}"), format!("</{tag}>"));
            assert_eq!(
                html.matches(&begun).count(),
                html.matches(&ended).count(),
                "{url}: {html}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edit_form_contains_the_text_as_typed() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    for text in [
        BREAKOUT,
        "\n  a & b &amp; &lt;c&gt; <d>\n\n\te",
        "&amp;amp; &#60; &nbsp;",
        "é 日本 \u{1f3c6}",
    ] {
        let id = post(&author, text, "a & b &amp; \"c\"").await;
        let form = author.get(&format!("/desk/updates/{id}")).await.text();
        // The indentation of the first line is significant.
        assert_eq!(
            textarea_value(&form),
            text.trim_end().trim_start_matches('\n')
        );
        assert_eq!(field_value(&form, "headline"), "a & b &amp; \"c\"");
    }
}
