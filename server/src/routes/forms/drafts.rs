//! Drafts of updates, which the composer's form saves and discards.

use app::SubmittedForm;
use axum::{
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use domain::{DraftId, OpId, Slug};
use newsroom::{DraftPatch, Error};

use super::handler::Desk;
use crate::extract::fields::Fields;

/// Returns the id of the draft that is open in the form, if one is.
pub fn draft_of(fields: &Fields) -> Option<DraftId> {
    fields.get("draft").parse().ok()
}

/// Saves the form's text as a draft, and redirects to the composer in which it is open.
pub async fn save(desk: Desk, slug: &Slug, fields: Fields) -> Response {
    let page = page_of(slug);
    let saved = async {
        let text = DraftPatch::parse(Some(fields.get("source")), Some(fields.get("headline")))?;
        let op_id = save_op_id(&OpId::parse(fields.get("op_id"))?)?;
        let (newsroom, caller) = (&desk.newsroom, desk.caller()?);
        let saved = match draft_of(&fields) {
            None => newsroom.create_draft(caller, slug, &op_id, &text).await?,
            Some(id) => {
                // Without a version, the author has not seen the text. No version is 0.
                let base = Some(fields.get("version").parse().unwrap_or_default());
                newsroom
                    .change_draft(caller, slug, id, base, &text, Some(&op_id))
                    .await?
            }
        };
        Ok::<_, Error>(format!("{page}?done=saved&draft={}", saved.id))
    };
    let saved = saved.await;
    desk.respond(saved, &page, fields).await
}

/// Discards the draft of the button that was pressed. Text in the form is shown again, unless it is
/// the text of that draft.
pub async fn discard(desk: Desk, slug: &Slug, fields: Fields) -> Response {
    let page = page_of(slug);
    let discarded = async {
        let (id, version) = parse_button(fields.get("discard")).ok_or(Error::DraftGone)?;
        let discard = desk
            .newsroom
            .discard_draft(desk.caller()?, id, Some(version));
        match discard.await {
            Ok(()) | Err(Error::DraftGone) => Ok(id),
            Err(error) => Err(error),
        }
    };
    let id = match discarded.await {
        Ok(id) => id,
        Err(error) => return desk.respond(Err(error), &page, fields).await,
    };
    let may_post = desk.caller().is_ok_and(|caller| caller.role.may_post());
    let done = format!("{page}?done=discarded");
    let has_text = ["source", "headline"].map(|name| !fields.get(name).trim().is_empty());
    if !may_post {
        // Where such an account finds its other drafts.
        Redirect::to("/account").into_response()
    } else if draft_of(&fields) == Some(id) || has_text == [false, false] {
        Redirect::to(&done).into_response()
    } else {
        let form = SubmittedForm {
            values: fields.values().clone(),
            ..SubmittedForm::default()
        };
        let caller = desk.request.caller;
        desk.pages
            .render_with_errors(&done, caller, StatusCode::OK, form)
            .await
    }
}

fn page_of(slug: &Slug) -> String {
    format!("/entries/{slug}/compose")
}

/// Returns the operation id of saving a draft. The same form can be posted afterwards, after the
/// browser's Back button for example, which is another operation.
fn save_op_id(form: &OpId) -> Result<OpId, Error> {
    Ok(OpId::parse(&format!("{form}-draft"))?)
}

/// Parses the value of a button that discards a draft: its id and its version.
fn parse_button(value: &str) -> Option<(DraftId, i64)> {
    let (id, version) = value.split_once('.')?;
    Some((id.parse().ok()?, version.parse().ok()?))
}
