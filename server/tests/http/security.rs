//! The security headers of every response, and the protection against cross-site requests.

use axum::http::Method;
use axum_test::{TestRequest, TestServer};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{EntryState, Role};
use insta::assert_snapshot;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::support::{TestApp, head_of, op_id, tag_texts, unescape};

const HEADERS: [&str; 5] = [
    "x-content-type-options",
    "referrer-policy",
    "cross-origin-opener-policy",
    "permissions-policy",
    "strict-transport-security",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_response_has_the_security_headers() {
    let (app, _, author) = TestApp::start().await;
    let entry = app.live_entry().await;
    let policy = author.get("/").await.header("content-security-policy");
    for path in [
        "/".to_owned(),
        "/entries/final".to_owned(),
        "/login".to_owned(),
        "/desk".to_owned(),
        "/nowhere".to_owned(),
        "/healthz".to_owned(),
        "/pkg/none.js".to_owned(),
        "/fn/whoami".to_owned(),
        "/api/v1/entries".to_owned(),
        format!("/feed/{entry}/head"),
        format!("/feed/{entry}/changes?since=abc"),
        format!("/updates/{entry}.json"),
    ] {
        let response = author.get(&path).await;
        let head = head_of(&response, &HEADERS);
        assert_eq!(
            head.split_once('\n').unwrap().1,
            "x-content-type-options: nosniff\nreferrer-policy: same-origin\n\
             cross-origin-opener-policy: same-origin\n\
             permissions-policy: camera=(), geolocation=(), microphone=()",
            "{path}"
        );
        assert_eq!(response.header("content-security-policy"), policy, "{path}");
        let caching = response.header("cache-control");
        let is_public = caching.to_str().unwrap().starts_with("public");
        let id = response.maybe_header("x-request-id");
        // In a cached response, the id would be sent with the requests of all clients.
        assert_eq!(id.is_none(), is_public, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_short_ascii_request_id_is_accepted() {
    let (_app, anonymous, _) = TestApp::start().await;
    let id_for = async |sent: &str| {
        let response = anonymous.get("/login").add_header("x-request-id", sent);
        response.await.header("x-request-id")
    };
    let longest = "a".repeat(64);
    for own in ["1", "0b7e7f3a-8a0c-4a9b-93dd-5b2a2e0f1c55", "Z-9", &longest] {
        assert_eq!(id_for(own).await, own);
    }
    let long = "a".repeat(65);
    let huge = "a".repeat(60_000);
    for odd in ["", "a b", "a\tb", "a;b", "<b>", "\u{e9}", &long, &huge] {
        let generated = id_for(odd).await;
        assert_ne!(generated, odd);
        assert_eq!(generated.len(), 16, "{odd:.100}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_responses_have_strict_transport_security() {
    for url in ["https://live.example.org", "HTTPS://Live.Example.Org:443/"] {
        let app = TestApp::with_flags(&["--public-url", url]).await;
        app.browser()
            .get("/")
            .await
            .assert_header("strict-transport-security", "max-age=31536000");
        let author = app.create_account("author", Role::Author).await;
        let fields = [
            ("username", author.username.as_str()),
            ("password", TestApp::PASSWORD),
        ];
        let login = app.browser().post("/login").form(&fields).await;
        let cookies: Vec<_> = login
            .iter_headers_by_name("set-cookie")
            .map(|cookie| cookie.to_str().unwrap())
            .collect();
        let is_secure = |cookie: &&str| cookie.contains("; Secure;");
        assert!(cookies.iter().all(is_secure), "{cookies:?}");
        let is_session = |cookie: &&str| cookie.starts_with("__Host-ringside=");
        assert!(cookies.iter().any(is_session), "{cookies:?}");
        // A browser sends the normalized form of the origin.
        let logout = app.browser().post("/logout").form(&[("", "")]);
        logout
            .add_header("origin", "https://live.example.org")
            .await
            .assert_status_see_other();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn csp_lists_every_inline_script_and_nothing_unsafe() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    app.post("final", "<script>alert(1)</script> A goal").await;
    let page = anonymous.get("/entries/final").await;
    let policy = page.header("content-security-policy");
    let policy = policy.to_str().unwrap();
    let mut directives: Vec<_> = policy.split("; ").collect();
    let scripts = directives.remove(1);
    assert_snapshot!(directives.join("\n"), @r"
    default-src 'none'
    style-src 'self'
    img-src 'self' https: data:
    media-src 'self' https:
    font-src 'self'
    connect-src 'self'
    form-action 'self'
    base-uri 'none'
    frame-ancestors 'self'
    ");
    let (words, hashes): (Vec<_>, Vec<_>) = scripts
        .split(' ')
        .partition(|word| !word.starts_with("'sha256-"));
    assert_eq!(words, ["script-src", "'self'", "'wasm-unsafe-eval'"]);

    let mut inline = 0;
    for page in [
        page,
        anonymous.get("/").await,
        anonymous.get("/nowhere").await,
        author.get("/desk").await,
    ] {
        let html = page.text();
        for script in tag_texts(&html, "script") {
            let hash = format!(
                "'sha256-{}'",
                BASE64_STANDARD.encode(Sha256::digest(script))
            );
            assert!(script.is_empty() || hashes.contains(&&*hash), "{script}");
            inline += usize::from(!script.is_empty());
        }
        assert!(
            !html.contains(" style=\"") && !html.contains("javascript:"),
            "{html}"
        );
    }
    assert!(inline > 0);
}

/// Returns requests that change something.
fn changes(browser: &TestServer) -> Vec<TestRequest> {
    let update = json!({"slug": "final", "op_id": op_id(), "source": "Forged", "headline": ""});
    vec![
        browser.post("/desk/entries/final/end").form(&[("", "")]),
        browser
            .post("/desk/entries")
            .form(&[("title", "Forged"), ("state", "live")]),
        browser
            .post("/entries/final/compose")
            .form(&[("op_id", &*op_id()), ("source", "Forged")]),
        browser.post("/fn/post_update").json(&update),
        // A form of another site can send this content type without a CORS preflight.
        browser.post("/fn/post_update").text(update.to_string()),
        browser.post("/fn/whoami").json(&json!({})),
        browser
            .post("/login")
            .form(&[("username", "author"), ("password", TestApp::PASSWORD)]),
        browser.post("/logout").form(&[("", "")]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cross_site_requests_are_refused() {
    let (app, anonymous, author) = TestApp::start().await;
    let entry = app.live_entry().await;
    for lies in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "http://127.0.0.1:1")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
    ] {
        for request in changes(&author) {
            let request = lies.iter().fold(request, |request, (name, value)| {
                request.add_header(*name, *value)
            });
            let refused = request.await;
            let sentence = "This request came from another site's page and was rejected. Open Ringside and try again.";
            assert_eq!(
                head_of(&refused, &["cache-control", "set-cookie"]),
                "403 Forbidden\ncache-control: private, no-store",
                "{lies:?}"
            );
            match refused.request_url().path() {
                "/desk/entries" | "/entries/final/compose" => {
                    // The text is returned, but not in a form: another site may have written it.
                    let html = unescape(&refused.text());
                    assert!(html.contains(sentence) && html.contains("Forged"), "{html}");
                    assert!(
                        !html.contains("<form") && !html.contains("<button"),
                        "{html}"
                    );
                }
                path if path.starts_with("/fn/") => {
                    assert_eq!(refused.text(), json!({"Refused": sentence}).to_string());
                }
                _ => assert_eq!(refused.text(), sentence, "{lies:?}"),
            }
        }
    }
    let head = anonymous
        .get(&format!("/feed/{entry}/head"))
        .await
        .json::<domain::Head>();
    assert_eq!(head.state, EntryState::Live);
    assert!(!anonymous.get("/").await.text().contains("Forged"));
    assert!(
        !anonymous
            .get("/entries/final")
            .await
            .text()
            .contains("Forged")
    );
    author.get("/desk").await.assert_status_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_form_gets_a_page_with_the_reason() {
    let (_app, _, author) = TestApp::start().await;
    let refused = author
        .post("/logout")
        .add_header("origin", "https://evil.example")
        .add_header("accept", "text/html,application/xhtml+xml")
        .await;
    refused.assert_status_forbidden();
    assert_eq!(tag_texts(&refused.text(), "h1"), ["Not allowed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn same_site_requests_are_accepted() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let own = author.server_address().unwrap();
    let host = format!("127.0.0.1:{}", own.port().unwrap());
    for truth in [
        vec![("origin", format!("http://{host}"))],
        // Behind a proxy that terminates HTTPS.
        vec![
            ("host", "live.example.org".to_owned()),
            ("origin", "https://live.example.org".to_owned()),
        ],
        vec![
            ("sec-fetch-site", "same-origin".to_owned()),
            ("origin", format!("http://{host}")),
        ],
        vec![("sec-fetch-site", "none".to_owned())],
        // A program without a browser.
        vec![],
    ] {
        let request = author.post("/desk/entries/final/end").form(&[("", "")]);
        let request = truth.iter().fold(request, |request, (name, value)| {
            request.add_header(*name, value)
        });
        assert_eq!(request.await.status_code(), 303, "{truth:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_url_is_the_same_site_for_any_host_header_of_the_proxy() {
    let app = TestApp::with_flags(&["--public-url", "https://live.example.org"]).await;
    let post = |origin| {
        app.browser()
            .post("/logout")
            .form(&[("", "")])
            .add_header("origin", origin)
    };
    post("https://live.example.org")
        .await
        .assert_status_see_other();
    post("https://live.example.org.evil.example")
        .await
        .assert_status_forbidden();
    post("http://live.example.org")
        .await
        .assert_status_forbidden();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_requests_change_nothing() {
    let (app, anonymous, author) = TestApp::start().await;
    let entry = app.live_entry().await;
    for path in [
        "/fn/post_update?slug=final&op_id=operation-x&source=Forged&headline=",
        "/fn/post_update",
        "/desk/entries/final/end",
        "/desk/entries?title=Forged",
        "/logout",
        "/entries/final/compose?op_id=operation-x&source=Forged",
    ] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            author
                .method(method, path)
                .add_header("sec-fetch-site", "cross-site")
                .await;
        }
    }
    let refused = author.get("/fn/post_update").await;
    assert_snapshot!(format!("{}\n{}", head_of(&refused, &["allow", "cache-control"]), refused.text()), @r#"
    405 Method Not Allowed
    allow: POST
    cache-control: private, no-store
    {"Refused":"This address does not support this method. The Allow header lists the methods it supports."}
    "#);
    let head = anonymous
        .get(&format!("/feed/{entry}/head"))
        .await
        .json::<domain::Head>();
    assert_eq!(head.state, EntryState::Live);
    assert!(
        !anonymous
            .get("/entries/final")
            .await
            .text()
            .contains("Forged")
    );
    author.get("/desk").await.assert_status_ok();
}
