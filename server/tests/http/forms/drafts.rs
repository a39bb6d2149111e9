//! Saving, continuing, posting and discarding drafts without JavaScript.

use axum::http::StatusCode;
use axum_test::{TestResponse, TestServer};
use domain::{DraftId, EntryState, Role, Slug, UpdateDraft, Username};
use newsroom::DraftPatch;
use sqlx::{Connection, Executor};

use crate::http::support::{TestApp, field_value, op_id, tag_texts, textarea_value, unescape};

const PAGE: &str = "/entries/final/compose";

/// Submits the composer's form with further fields or a button.
async fn submit(browser: &TestServer, source: &str, others: &[(&str, &str)]) -> TestResponse {
    let op_id = op_id();
    let mut fields = vec![("op_id", &*op_id), ("source", source)];
    fields.extend(others);
    browser.post(PAGE).form(&fields).await
}

const SAVE: (&str, &str) = ("action", "draft");

/// Saves a new draft, and returns its id.
async fn save(browser: &TestServer, source: &str) -> String {
    let saved = submit(browser, source, &[SAVE]).await;
    id_in_location(&saved)
}

/// Returns the id of the draft that a response redirects to.
fn id_in_location(saved: &TestResponse) -> String {
    saved.assert_status_see_other();
    let location = saved.header("location");
    let start = format!("{PAGE}?done=saved&draft=");
    let id = location.to_str().unwrap().strip_prefix(&*start);
    id.unwrap_or_else(|| panic!("{location:?}")).to_owned()
}

/// Returns the caller's drafts, as first words of their texts.
fn listed(html: &str) -> Vec<String> {
    let Some((_, list)) = html.split_once("id=\"drafts-heading\"") else {
        return Vec::new();
    };
    let items = tag_texts(list, "li").into_iter();
    let paragraph = |item: &str| unescape(tag_texts(item, "p").last().unwrap());
    items.map(paragraph).collect()
}

async fn change(app: &TestApp, caller: &domain::Caller, id: &str, source: &str) -> UpdateDraft {
    let (slug, id) = (Slug::parse("final").unwrap(), id.parse().unwrap());
    let text = DraftPatch::parse(Some(source), None).unwrap();
    app.newsroom
        .change_draft(caller, &slug, id, None, &text, None)
        .await
        .unwrap();
    app.newsroom.draft(caller, &slug, id).await.unwrap().1
}

async fn caller(app: &TestApp, name: &str) -> domain::Caller {
    let accounts = app.newsroom.accounts().await.unwrap();
    let mut callers = accounts.into_iter().map(|account| account.caller);
    callers.find(|it| it.username.as_str() == name).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_is_saved_continued_and_posted() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let page = author.get(PAGE).await.text();
    assert!(!page.contains("Your drafts"), "{page}");

    // Incomplete: only a headline.
    let saved = submit(&author, "", &[SAVE, ("headline", "1–0")]).await;
    let id = id_in_location(&saved);
    let page = author.get(saved.header("location").to_str().unwrap()).await;
    let page = page.text();
    assert!(page.contains("Draft saved. Only you can see it."), "{page}");
    assert_eq!(field_value(&page, "draft"), id);
    assert_eq!(field_value(&page, "version"), "1");
    assert_eq!(field_value(&page, "headline"), "1–0");
    assert_eq!(textarea_value(&page), "");

    let text = [("draft", &*id), ("version", "1"), ("headline", "1–0")];
    let changed = submit(&author, "A **go", &[&[SAVE][..], &text].concat()).await;
    assert_eq!(id_in_location(&changed), id);
    let page = author.get(&format!("{PAGE}?draft={id}")).await.text();
    assert_eq!(textarea_value(&page), "A **go");
    assert_eq!(field_value(&page, "version"), "2");
    assert_eq!(listed(&page), ["A **go"]);
    assert!(!anonymous.get("/entries/final").await.text().contains("1–0"));

    let text = [("draft", &*id), ("version", "2"), ("headline", "1–0")];
    let posted = submit(&author, "A **goal**", &text).await;
    posted.assert_status_see_other();
    let page = author
        .get(posted.header("location").to_str().unwrap())
        .await;
    assert_eq!(listed(&page.text()), [""; 0]);
    assert_eq!(textarea_value(&page.text()), "");
    let public = anonymous.get("/entries/final").await.text();
    assert!(public.contains("A <strong>goal</strong>") && public.contains("1–0"));
    let gone = author.get(&format!("{PAGE}?draft={id}")).await;
    gone.assert_status_ok();
    gone.assert_text_contains("There is no such draft. It may have been posted or discarded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_saved_twice_is_saved_once_and_can_then_be_posted() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let op_id = op_id();
    let fields = [("op_id", &*op_id), ("source", "A goal"), SAVE];
    let first = author.post(PAGE).form(&fields).await;
    let second = author.post(PAGE).form(&fields).await;
    assert_eq!(id_in_location(&first), id_in_location(&second));
    assert_eq!(listed(&author.get(PAGE).await.text()), ["A goal"]);
    // With the browser's Back button, the same form is posted.
    let posted = author.post(PAGE).form(&fields[..2]).await;
    posted.assert_status_see_other();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflict_shows_both_texts() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = save(&author, "begun").await;
    change(&app, &caller(&app, "author").await, &id, "on the <phone>").await;
    let draft = [("draft", &*id), ("version", "1"), ("headline", "Mine")];
    let refused = submit(&author, "on the <laptop>", &[&[SAVE][..], &draft].concat()).await;
    refused.assert_status(StatusCode::CONFLICT);
    let html = refused.text();
    assert!(
        html.contains("This draft was changed on another device"),
        "{html}"
    );
    let texts: Vec<_> = tag_texts(&html, "textarea")
        .into_iter()
        .map(unescape)
        .collect();
    assert_eq!(texts, ["\non the <laptop>", "\non the <phone>"]);
    assert_eq!(field_value(&html, "headline"), "Mine");
    assert_eq!(listed(&html), ["on the <phone>"]);

    // The author has now seen both.
    assert_eq!(field_value(&html, "version"), "2");
    let draft = [("draft", &*id), ("version", "2"), ("headline", "")];
    let saved = submit(&author, "both", &[&[SAVE][..], &draft].concat()).await;
    assert_eq!(id_in_location(&saved), id);
    assert_eq!(listed(&author.get(PAGE).await.text()), ["both"]);

    // The same text is no conflict, and a missing version is.
    let draft = [("draft", &*id), ("version", "1"), ("headline", "")];
    let same = submit(&author, "both", &[&[SAVE][..], &draft].concat()).await;
    assert_eq!(id_in_location(&same), id);
    let refused = submit(&author, "mine", &[SAVE, ("draft", &*id)]).await;
    refused.assert_status(StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_that_is_gone_keeps_the_text_and_can_be_saved_again() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = save(&author, "begun").await;
    let author_caller = caller(&app, "author").await;
    let draft: DraftId = id.parse().unwrap();
    app.newsroom
        .discard_draft(&author_caller, draft, None)
        .await
        .unwrap();
    let fields = [SAVE, ("draft", &*id), ("version", "1"), ("headline", "H")];
    let refused = submit(&author, "continued", &fields).await;
    refused.assert_status_not_found();
    let html = refused.text();
    assert!(html.contains("There is no such draft."), "{html}");
    assert_eq!(textarea_value(&html), "continued");
    assert_eq!(field_value(&html, "headline"), "H");
    // Pressing the button again saves a new draft.
    assert!(!html.contains("name=\"draft\""), "{html}");
    let again = save(&author, "continued").await;
    assert_ne!(again, id);

    // A post needs no draft.
    let posted = submit(&author, "posted", &[("draft", &*id), ("version", "1")]).await;
    posted.assert_status_see_other();
    assert_eq!(listed(&author.get(PAGE).await.text()), ["continued"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_accounts_drafts_can_neither_be_opened_nor_changed() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = save(&author, "secret").await;
    let owner = app.log_in(Role::Owner).await;
    let page = owner.get(&format!("{PAGE}?draft={id}")).await;
    page.assert_status_ok();
    page.assert_text_contains("There is no such draft.");
    assert!(!page.text().contains("secret"));
    assert!(!owner.get("/desk").await.text().contains("secret"));
    let changed = submit(&owner, "mine", &[SAVE, ("draft", &*id), ("version", "1")]).await;
    changed.assert_status_not_found();
    assert_eq!(textarea_value(&changed.text()), "mine");
    let discard = format!("{id}.1");
    submit(&owner, "", &[("discard", &discard)]).await;
    submit(&owner, "posted", &[("draft", &*id)])
        .await
        .assert_status_see_other();
    assert_eq!(listed(&author.get(PAGE).await.text()), ["secret"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn discarding_a_draft_keeps_the_text_of_the_form() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let (first, second) = (save(&author, "first").await, save(&author, "second").await);
    let page = author.get(&format!("{PAGE}?draft={second}")).await.text();
    let button = format!("form=\"compose\" name=\"discard\" value=\"{first}.1\" formnovalidate");
    assert!(page.contains(&button), "{page}");

    // Another draft is open in the form, with unsaved words.
    let discard = format!("{first}.1");
    let open = [
        ("discard", &*discard),
        ("draft", &*second),
        ("version", "1"),
    ];
    let html = submit(&author, "second, continued", &open).await;
    html.assert_status_ok();
    let html = html.text();
    assert!(html.contains("Draft discarded."), "{html}");
    assert!(!html.contains("form-error"), "{html}");
    assert_eq!(textarea_value(&html), "second, continued");
    assert_eq!(field_value(&html, "draft"), second);
    assert_eq!(listed(&html), ["second"]);

    // Discarding it again changes nothing.
    submit(&author, "new", &open).await.assert_status_ok();
    // A draft that was changed meanwhile is kept.
    change(&app, &caller(&app, "author").await, &second, "changed").await;
    let discard = format!("{second}.1");
    let refused = submit(&author, "my words", &[("discard", &discard)]).await;
    refused.assert_status(StatusCode::CONFLICT);
    assert_eq!(textarea_value(&refused.text()), "my words");
    assert_eq!(listed(&refused.text()), ["changed"]);

    let discard = format!("{second}.2");
    let discarded = submit(&author, " ", &[("discard", &discard)]).await;
    discarded.assert_status_see_other();
    assert_eq!(
        discarded.header("location"),
        format!("{PAGE}?done=discarded")
    );
    for malformed in ["x", "1", "1.x", "", ".", "1.1.1"] {
        let response = submit(&author, "kept words", &[SAVE, ("discard", malformed)]).await;
        assert!(response.status_code().as_u16() < 500, "{malformed}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_refusal_keeps_every_word() {
    let (app, _, author) = TestApp::start().await;
    app.live_entry().await;
    let id = save(&author, "begun").await;
    let long = "A goal! ".repeat(7_000);
    let draft = [("draft", &*id), ("version", "1"), ("headline", "1–0")];
    for button in [&[][..], &[SAVE]] {
        let refused = submit(&author, &long, &[button, &draft].concat()).await;
        refused.assert_status_unprocessable_entity();
        let html = refused.text();
        // The text in the database is another one, and is shown, too.
        let (mine, _) = html.split_once("</textarea>").unwrap();
        assert!(unescape(mine).ends_with(&*long), "{button:?}");
        assert_eq!(field_value(&html, "headline"), "1–0");
        assert_eq!(field_value(&html, "draft"), id);
    }
    let empty = submit(&author, "\u{feff} ", &[SAVE]).await;
    empty.assert_status_unprocessable_entity();
    empty.assert_text_contains("There is nothing to save. Enter a text or a headline.");

    // An entry that ended: it can't be posted to, and the draft stays.
    let author_caller = caller(&app, "author").await;
    let slug = Slug::parse("final").unwrap();
    app.newsroom
        .end_entry(&author_caller, &slug, None)
        .await
        .unwrap();
    let refused = submit(&author, "too late", &draft).await;
    refused.assert_status_forbidden();
    let html = refused.text();
    let texts: Vec<_> = tag_texts(&html, "textarea")
        .into_iter()
        .map(unescape)
        .collect();
    assert_eq!(texts, ["\ntoo late", "\nbegun"][..texts.len()]);
    assert_eq!(listed(&html), ["begun"]);
    submit(&author, "a note", &[SAVE])
        .await
        .assert_status_see_other();

    // The database fails, for the page of the composer, too.
    let mut database = sqlx::SqliteConnection::connect(&app.database_url())
        .await
        .unwrap();
    let broken = "ALTER TABLE entries RENAME COLUMN summary TO broken";
    database.execute(broken).await.unwrap();
    let mut kept = String::new();
    for button in [&[][..], &[SAVE]] {
        let refused = submit(&author, "no <database>", &[button, &draft].concat()).await;
        refused.assert_status_service_unavailable();
        kept = refused.text();
        assert_eq!(textarea_value(&kept), "no <database>");
        assert_eq!(field_value(&kept, "headline"), "1–0");
        assert!(kept.contains("The database can't be reached."), "{kept}");
        assert!(kept.contains("Send again</button>"), "{kept}");
    }
    let repaired = "ALTER TABLE entries RENAME COLUMN broken TO summary";
    database.execute(repaired).await.unwrap();
    let names = ["op_id", "draft", "version", "headline"];
    let mut fields: Vec<_> = names.map(|name| (name, field_value(&kept, name))).into();
    fields.extend([
        ("source", textarea_value(&kept)),
        ("action", "draft".to_owned()),
    ]);
    let saved = author.post(PAGE).form(&fields).await;
    assert_eq!(id_in_location(&saved), id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn account_that_may_no_longer_post_keeps_its_words() {
    let (app, _, author) = TestApp::start().await;
    app.entry("final", EntryState::Draft).await;
    let id = save(&author, "my <words>").await;
    let username = Username::parse("author").unwrap();
    app.newsroom
        .set_role(&username, Role::Reader)
        .await
        .unwrap();
    for button in [&[][..], &[SAVE]] {
        let fields = [button, &[("headline", "H"), ("draft", &id)]].concat();
        let refused = submit(&author, "written meanwhile", &fields).await;
        refused.assert_status_forbidden();
        let html = refused.text();
        assert!(
            html.contains("Your account can read, but not post."),
            "{html}"
        );
        assert_eq!(textarea_value(&html), "written meanwhile");
        assert_eq!(field_value(&html, "headline"), "H");
    }
    assert_eq!(listed(&author.get("/account").await.text()), ["my <words>"]);
    author.get(PAGE).await.assert_status_forbidden();
    let page = author.get(&format!("{PAGE}?draft={id}")).await;
    page.assert_status_ok();
    let page = page.text();
    assert_eq!(textarea_value(&page), "my <words>");
    assert!(!page.contains("Save as draft"), "{page}");
    let discard = format!("{id}.1");
    let discarded = submit(
        &author,
        "my <words>",
        &[("discard", &discard), ("draft", &id)],
    )
    .await;
    discarded.assert_status_see_other();
    assert_eq!(discarded.header("location"), "/account");
    assert_eq!(listed(&author.get("/account").await.text()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn desk_lists_the_drafts_of_all_live_blogs() {
    let (app, _, author) = TestApp::start().await;
    assert!(!author.get("/desk").await.text().contains("Your drafts"));
    app.live_entry().await;
    app.entry("other", EntryState::Ended).await;
    let first = save(&author, "<b>first").await;
    let op_id = op_id();
    let fields = [("op_id", &*op_id), ("source", "\u{200b}"), SAVE];
    author.post("/entries/other/compose").form(&fields).await;
    let desk = author.get("/desk").await.text();
    assert_eq!(listed(&desk), ["No visible text yet", "<b>first"]);
    assert!(
        desk.contains(&format!("href=\"{PAGE}?draft={first}\"")),
        "{desk}"
    );
    assert!(!desk.contains("name=\"discard\""), "{desk}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn draft_is_kept_when_the_session_has_expired() {
    let (app, anonymous, author) = TestApp::start().await;
    app.live_entry().await;
    let id = save(&author, "begun").await;
    let fields = [SAVE, ("draft", &*id), ("version", "1"), ("headline", "")];
    let kept = submit(&anonymous, "continued", &fields).await;
    kept.assert_status_unauthorized();
    let html = kept.text();
    assert_eq!(textarea_value(&html), "continued");
    // Sent again after the login, the form saves the same draft.
    let sent = ["op_id", "draft", "version", "action", "headline"]
        .map(|name| (name, field_value(&html, name)));
    let mut sent = sent.to_vec();
    sent.push(("source", textarea_value(&html)));
    let saved = author.post(PAGE).form(&sent).await;
    assert_eq!(id_in_location(&saved), id);
    assert_eq!(listed(&author.get(PAGE).await.text()), ["continued"]);
}
