//! Texts as people type and paste them, in every place that shows them: an entry's page, its
//! highlights, the front page, `/live`, the update's own page with its title and metadata, the JSON
//! for simple clients, and the API.

use axum::http::StatusCode;
use axum_test::TestServer;
use domain::{EntryState, Role};
use serde_json::{Value, json};

use super::support::{TestApp, op_id, tag_texts, unescape};

const UPDATES: &str = "/api/v1/entries/final/updates";

/// A text with its expected card, its expected excerpt on one line, and the parts that are removed.
/// `PLACE` is replaced by the prefix of the ids in each place.
struct Case {
    source: &'static str,
    html: &'static str,
    line: &'static str,
    removed: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        source: "Line-ups:\nGK Able\r\nDF Baker",
        html: "<p dir=\"auto\">Line-ups:<br>\nGK Able<br>\nDF Baker</p>",
        line: "Line-ups: GK Able DF Baker",
        removed: &[],
    },
    Case {
        source: "2. Bundesliga: Altona – Fürth 1–1",
        html: "<ol start=\"2\" dir=\"auto\">\n<li dir=\"auto\">Bundesliga: Altona – Fürth 1–1</li>\n</ol>",
        line: "2. Bundesliga: Altona – Fürth 1–1",
        removed: &[],
    },
    Case {
        source: "\u{feff}# BREAKING",
        html: "<h3 dir=\"auto\">BREAKING</h3>",
        line: "BREAKING",
        removed: &[],
    },
    Case {
        source: "    06:10 gates\n    07:00 start",
        html: "<pre dir=\"auto\"><code>06:10 gates\n07:00 start\n</code></pre>",
        line: "06:10 gates 07:00 start",
        removed: &[],
    },
    Case {
        source: "Turnout is 61 per cent.[^1]\n\n[^1]: Reuters",
        html: "<p dir=\"auto\">Turnout is 61 per cent.<sup class=\"footnote-ref\"><a href=\"#PLACE-fn-1\" id=\"PLACE-fnref-1\" rel=\"noopener noreferrer\">1</a></sup></p>\n\
               <section class=\"footnotes\" dir=\"auto\">\n<ol dir=\"auto\">\n<li id=\"PLACE-fn-1\" dir=\"auto\">\n\
               <p dir=\"auto\">Reuters <a href=\"#PLACE-fnref-1\" class=\"footnote-backref\" aria-label=\"Back to reference 1\" rel=\"noopener noreferrer\">↩</a></p>\n</li>\n</ol>\n</section>",
        line: "Turnout is 61 per cent.",
        removed: &[],
    },
    Case {
        source: "Reply from <Firstname Lastname> of the <press office>: A<B, C>D, 1 < 2",
        html: "<p dir=\"auto\">Reply from &lt;Firstname Lastname&gt; of the &lt;press office&gt;: A&lt;B, C&gt;D, 1 &lt; 2</p>",
        line: "Reply from <Firstname Lastname> of the <press office>: A<B, C>D, 1 < 2",
        removed: &[],
    },
    Case {
        source: "We need <b>\n\nmore",
        html: "<p dir=\"auto\">We need <b></b></p>\n<p dir=\"auto\">more</p>",
        line: "We need more",
        removed: &[],
    },
    Case {
        source: "Mail <desk@example.org>, see https://example.org/a_b?x=1&y=2 (PDF).",
        html: "<p dir=\"auto\">Mail <a href=\"mailto:desk@example.org\" rel=\"noopener noreferrer\">desk@example.org</a>, see \
               <a href=\"https://example.org/a_b?x=1&amp;y=2\" rel=\"noopener noreferrer\">https://example.org/a_b?x=1&amp;y=2</a> (PDF).</p>",
        line: "Mail desk@example.org, see https://example.org/a_b?x=1&y=2 (PDF).",
        removed: &[],
    },
    Case {
        source: "速報：**「延長戦」**に入りました。",
        html: "<p dir=\"auto\">速報：<strong>「延長戦」</strong>に入りました。</p>",
        line: "速報：「延長戦」に入りました。",
        removed: &[],
    },
    Case {
        source: "It\u{92}s over\u{b}Goal\u{0}\u{2028}by \u{1b}Baker",
        html: "<p dir=\"auto\">It’s over<br>\nGoal<br>\nby Baker</p>",
        line: "It’s over Goal by Baker",
        removed: &[],
    },
    Case {
        source: "هدف! الأهلي 2–1\n\n- الأول",
        html: "<p dir=\"auto\">هدف! الأهلي 2–1</p>\n<ul dir=\"rtl\">\n<li dir=\"auto\">الأول</li>\n</ul>",
        line: "هدف! الأهلي 2–1 الأول",
        removed: &[],
    },
    Case {
        source: "abc\u{202e}def",
        html: "<p dir=\"auto\">abc\u{202e}def</p>",
        // It would change the direction of the text after it.
        line: "abcdef",
        removed: &[],
    },
    Case {
        source: "- [x] kick-off\n- [ ] goal",
        html: "<ul dir=\"auto\">\n<li class=\"task\" dir=\"auto\">☑ kick-off</li>\n<li class=\"task\" dir=\"auto\">☐ goal</li>\n</ul>",
        line: "☑ kick-off ☐ goal",
        removed: &[],
    },
    Case {
        source: "Watch: <iframe src=\"https://www.youtube.com/embed/X\" title=\"The goal\"></iframe> now",
        html: "<p dir=\"auto\">Watch: <a href=\"https://www.youtube.com/embed/X\" rel=\"noopener noreferrer\">The goal</a> now</p>",
        line: "Watch: The goal now",
        removed: &["iframe youtube.com"],
    },
    Case {
        source: "From [the agency](Reuters) ![a chart](chart.png) <b style=x>b</b>",
        html: "<p dir=\"auto\">From the agency a chart <b>b</b></p>",
        line: "From the agency a chart b",
        removed: &["link Reuters", "image chart.png", "attribute style"],
    },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_is_shown_as_intended_in_every_place() {
    let app = TestApp::with_flags(&[]).await;
    app.create_account("ticker", Role::Author).await;
    let entry = app.live_entry().await;
    let client = app.api_client("ticker").await;
    let reader = app.browser();
    for case in CASES {
        let body = json!({"source": case.source, "key": true});
        let response = client.post(UPDATES).json(&body).await;
        response.assert_status(StatusCode::CREATED);
        let change: Value = response.json();
        let id = &change["id"];
        assert_eq!(
            sorted(&change["removed"]),
            sorted(&json!(case.removed)),
            "{}",
            case.source
        );

        let card = case.html.replace("PLACE", &format!("update-{id}"));
        let page = format!("/entries/final/updates/{id}");
        for path in [
            "/entries/final",
            "/live",
            &*page,
            &format!("/updates/{entry}/"),
        ] {
            let html = reader.get(path).await.text();
            let prose = format!("<div class=\"prose\">{card}</div>");
            assert!(html.contains(&prose), "{path} doesn't show {card}: {html}");
        }
        assert!(change["html"].as_str().unwrap().contains(&card), "{change}");

        let simple: Value = reader.get(&format!("/updates/{entry}.json")).await.json();
        let content = simple["updates"].as_array().unwrap().last().unwrap()["content"].clone();
        assert_eq!(
            content,
            case.html.replace("PLACE", &format!("content-{id}"))
        );

        let highlights = reader.get("/entries/final").await.text();
        let moment = element(&highlights, &format!("<li id=\"moment-{id}\""), "</li>");
        assert!(
            moment.contains(case.line),
            "{moment:?} isn't {:?}",
            case.line
        );
        let front = reader.get("/").await.text();
        let latest = element(&front, "class=\"entry-latest\"", "</p>");
        assert!(
            latest.contains(case.line),
            "{latest:?} isn't {:?}",
            case.line
        );

        let html = reader.get(&page).await.text();
        let title = unescape(tag_texts(&html, "title")[0]);
        // Where there is no markup, isolate characters surround right-to-left text.
        let bare = |text: &str| text.replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(bare(title.split(" · ").next().unwrap()), case.line);
        for name in ["name=\"description\"", "property=\"og:title\""] {
            let meta = html
                .split("<meta ")
                .find(|meta| meta.contains(name))
                .unwrap();
            let content = unescape(super::support::attribute(&format!(" {meta}"), "content"));
            assert_eq!(bare(&content), case.line, "{name}");
        }
    }
}

fn sorted(names: &Value) -> Vec<String> {
    let names = names.as_array().unwrap().iter();
    let mut names: Vec<_> = names
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Returns the unescaped text of an element from `start`, which is part of its start tag, to `end`.
fn element(html: &str, start: &str, end: &str) -> String {
    let (_, rest) = html
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in {html}"));
    unescape(rest.split_once(end).unwrap().0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn excerpt_is_cut_between_grapheme_clusters() {
    let (app, reader, _) = TestApp::start().await;
    app.live_entry().await;
    let family = "👩\u{200d}👩\u{200d}👧";
    let id = app.post("final", &family.repeat(60)).await.id;
    let html = reader
        .get(&format!("/entries/final/updates/{id}"))
        .await
        .text();
    let title = unescape(tag_texts(&html, "title")[0]);
    let excerpt = title
        .split(" · ")
        .next()
        .unwrap()
        .strip_suffix('…')
        .unwrap();
    assert_eq!(excerpt.replace(family, ""), "", "{excerpt}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn body_can_start_with_a_byte_order_mark() {
    let app = TestApp::with_flags(&[]).await;
    app.create_account("ticker", Role::Author).await;
    app.live_entry().await;
    let client = app.api_client("ticker").await;
    for kind in ["application/json", "application/json; charset=utf-8"] {
        let request = client
            .post(UPDATES)
            .text("\u{feff}{\"source\":\"\u{feff}- one\",\"headline\":\"A\\u000bB\"}")
            .content_type(kind);
        let response = request.await;
        response.assert_status(StatusCode::CREATED);
        let html = response.json::<Value>()["html"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            html.contains("<li dir=\"auto\">one</li>") && html.contains(">A B<"),
            "{html}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn removed_parts_are_reported_to_the_author() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let source = "Watch: <iframe src=\"https://www.youtube.com/embed/X\"></iframe>";
    let sentence = "Not shown: an iframe from youtube.com.";
    // The composer island.
    let update = json!({"slug": "final", "op_id": op_id(), "source": source, "headline": ""});
    for _ in 0..2 {
        let result: Value = author.post("/fn/post_update").json(&update).await.json();
        assert_eq!(result["removed"], json!(["iframe youtube.com"]));
    }
    // The composer form.
    let post = async |source: &str| {
        let fields = [("op_id", &*op_id()), ("source", source), ("headline", "")];
        submit_and_follow(&author, "/entries/final/compose", &fields).await
    };
    let page = post(source).await;
    assert!(
        page.contains("Posted. ") && page.contains(sentence),
        "{page}"
    );
    assert!(!post("harmless").await.contains("Not shown"));
    // The edit form.
    let id = app.post("final", "x").await.id;
    let editor = app.log_in(Role::Editor).await;
    let edit = async |source: &str| {
        let fields = [("op_id", &*op_id()), ("source", source), ("headline", "")];
        submit_and_follow(&editor, &format!("/desk/updates/{id}"), &fields).await
    };
    let page = edit(source).await;
    assert!(page.contains(&format!("Saved. {sentence}")), "{page}");
    assert!(!edit("harmless").await.contains("Not shown"));
    // Other accounts don't get the report.
    let page = author
        .get(&format!("/desk/entries/final?edited={id}"))
        .await
        .text();
    assert!(!page.contains("Not shown"), "{page}");
}

/// Submits a form that is accepted, and returns the page that it redirects to.
async fn submit_and_follow(browser: &TestServer, path: &str, fields: &[(&str, &str)]) -> String {
    let accepted = browser.post(path).form(&fields).await;
    accepted.assert_status_see_other();
    let next = accepted.header("location");
    browser.get(next.to_str().unwrap()).await.text()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn titles_are_single_lines_and_make_slugs() {
    let app = TestApp::with_flags(&[]).await;
    app.create_account("ticker", Role::Author).await;
    let client = app.api_client("ticker").await;
    let desk = app.log_in(Role::Author).await;
    let create = async |title: &str| {
        let created = client
            .post("/api/v1/entries")
            .json(&json!({"title": title, "state": EntryState::Live}))
            .await;
        created.assert_status(StatusCode::CREATED);
        let entry: Value = created.json();
        (
            entry["slug"].as_str().unwrap().to_owned(),
            entry["title"].as_str().unwrap().to_owned(),
        )
    };
    let (slug, title) = create("Straße\u{85}gesperrt\u{0}").await;
    assert_eq!((&*slug, &*title), ("strasse-gesperrt", "Straße gesperrt"));
    assert_eq!(create("Strasse gesperrt").await.0, "strasse-gesperrt-2");
    let form = [("title", "Straße gesperrt"), ("state", "live")];
    let created = desk.post("/desk/entries").form(&form).await;
    created.assert_header("location", "/entries/strasse-gesperrt-3#composer-host");
    let taken = [
        ("title", "x"),
        ("slug", "strasse-gesperrt"),
        ("state", "live"),
    ];
    let refused = desk.post("/desk/entries").form(&taken).await;
    refused.assert_status_unprocessable_entity();
    let (slug, _) = create("🏟").await;
    app.browser()
        .get(&format!("/entries/{slug}"))
        .await
        .assert_status_ok();
}
