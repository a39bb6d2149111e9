//! Forms, which work without JavaScript.

mod account;
mod accounts;
mod compose;
mod conflicts;
mod desk;
mod drafts;
mod injection;
mod marks;
mod one_time_links;
mod permissions;
mod refused;
mod setup;

use axum_test::{TestResponse, TestServer};
use domain::UpdateId;

use crate::http::support::op_id;

/// Submits the composer of the entry `final`.
async fn send(browser: &TestServer, op_id: &str, source: &str, headline: &str) -> TestResponse {
    let fields = [("op_id", op_id), ("source", source), ("headline", headline)];
    browser.post("/entries/final/compose").form(&fields).await
}

/// Posts `source` to the entry `final`, and returns the update's id.
async fn post(browser: &TestServer, source: &str, headline: &str) -> UpdateId {
    let posted = send(browser, &op_id(), source, headline).await;
    posted.assert_status_see_other();
    let location = posted.header("location");
    let (_, id) = location.to_str().unwrap().split_once("?posted=").unwrap();
    id.parse().unwrap()
}

/// Submits a form that consists of a button only.
async fn press_button(browser: &TestServer, path: &str) -> TestResponse {
    browser.post(path).form(&[("", "")]).await
}
