//! The page of one's own account: the display name, the password and the sessions.

use domain::{Caller, DisplayName, Password, SessionId};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::OpenSession;

use super::hidden_username::HiddenUsername;
use crate::{
    drafts::DraftList,
    in_utc::in_utc,
    layout::{Audience, Done, FormError, PageLayout, TextField, page_or_error},
    request::{PageRequest, newsroom},
};

/// Forms to change the display name and the password, and the open sessions with a button to end
/// each.
#[component]
pub fn AccountPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let done = use_query_map().with(|query| query.get("done"));
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let sessions = newsroom().own_sessions(&caller).await?;
            let name = newsroom().display_name(&caller).await?;
            // The desk lists the drafts of those who may use it.
            let drafts = if caller.role.may_post() {
                Vec::new()
            } else {
                newsroom().drafts(&caller).await?
            };
            Ok((caller, name, sessions, drafts))
        };
        let page = found.await.map(|(caller, name, sessions, drafts)| {
            let who = format!(
                "You are logged in as {}, with the role {}.",
                caller.username, caller.role
            );
            // No success message beside an error message.
            let done = done
                .as_deref()
                .filter(|_| request.submitted.is_none())
                .and_then(done_message);
            let desk = caller.role.may_post().then(|| {
                view! {
                    <p class="from-entry">
                        <a href="/desk">"Your desk"</a>
                    </p>
                }
            });
            view! {
                <PageLayout title="Your account · Ringside" audience=Audience::Member(caller.clone())>
                    {desk}
                    <h1>"Your account"</h1>
                    <p class="hint">{who}</p>
                    <Done sentence=done />
                    <FormError />
                    <NameForm name />
                    <PasswordForm caller />
                    <Sessions sessions current=request.session />
                    {(!drafts.is_empty()).then(|| view! { <DraftList drafts /> })}
                    <p class="desk-links">
                        <a href="/account/delete">"Delete your account"</a>
                    </p>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// Returns the success message for the `done` parameter, which a form of this page redirects with.
fn done_message(done: &str) -> Option<&'static str> {
    Some(match done {
        "welcome" => "Welcome. Your account is ready, and you are logged in.",
        "name" => "Your display name is saved.",
        "password" => "Your password is changed. All your other sessions have ended.",
        "session" => "The session has ended.",
        "sessions" => "All your other sessions have ended.",
        _ => return None,
    })
}

#[component]
fn NameForm(name: Option<DisplayName>) -> impl IntoView {
    let name = name.map_or(String::new(), String::from);
    view! {
        <section class="panel" aria-labelledby="name-heading">
            <h2 id="name-heading">"Display name"</h2>
            <form method="post" action="/account/name">
                <TextField
                    name="display_name"
                    label="Display name"
                    value=name
                    required=false
                    hint="Readers see it below your updates instead of your username, if the owner of the site shows display names. In rooms, nobody else can use it."
                />
                <button class="button" type="submit">
                    "Save name"
                </button>
            </form>
        </section>
    }
}

#[component]
fn PasswordForm(caller: Caller) -> impl IntoView {
    view! {
        <section class="panel" aria-labelledby="password-heading">
            <h2 id="password-heading">"Change your password"</h2>
            <form method="post" action="/account/password">
                <HiddenUsername username=caller.username />
                <TextField
                    name="current_password"
                    label="Current password"
                    kind="password"
                    autocomplete="current-password"
                />
                <TextField
                    name="password"
                    label="New password"
                    kind="password"
                    autocomplete="new-password"
                    hint=format!(
                        "At least {} characters. All your other sessions end.",
                        Password::MIN,
                    )
                />
                <button class="button primary" type="submit">
                    "Change password"
                </button>
            </form>
        </section>
    }
}

#[component]
fn Sessions(sessions: Vec<OpenSession>, current: Option<SessionId>) -> impl IntoView {
    let others = sessions.iter().any(|session| Some(session.id) != current);
    view! {
        <h2>"Your sessions"</h2>
        <ul class="desk-list">
            {sessions
                .into_iter()
                .map(|session| {
                    let is_current = Some(session.id) == current;
                    view! { <SessionItem session is_current /> }
                })
                .collect_view()}
        </ul>
        {others
            .then(|| {
                view! {
                    <form class="desk-actions" method="post" action="/account/sessions/end-others">
                        <button class="button" type="submit">
                            "Log out other sessions"
                        </button>
                    </form>
                }
            })}
    }
}

#[component]
fn SessionItem(session: OpenSession, is_current: bool) -> impl IntoView {
    let began = in_utc(session.created_at);
    let seen = in_utc(session.last_seen_at);
    let times = format!("Logged in {began} · last seen {seen}");
    let action = if is_current {
        "/logout".to_owned()
    } else {
        format!("/account/sessions/{}/end", session.id)
    };
    view! {
        <li>
            {is_current
                .then(|| {
                    view! {
                        <p>
                            <strong>"This session"</strong>
                        </p>
                    }
                })}
            <p class="entry-when">{times}</p>
            <div class="desk-actions">
                <form method="post" action=action>
                    <button class="button" type="submit">
                        "Log out" <span class="visually-hidden">{format!(" the session of {began}")}</span>
                    </button>
                </form>
            </div>
        </li>
    }
}
