//! The page on which owners manage accounts, and editors invite people.

use domain::{Caller, Role};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_router::hooks::use_query_map;
use newsroom::{Account, Invitation, ListPage};

use crate::{
    in_utc::in_utc,
    isolate::isolated,
    layout::{Audience, Done, FormError, PageLayout, page_or_error},
    request::{NewLink, PageRequest, newsroom},
};

/// The accounts, for owners, with the forms that change them; the open invitations, and the form
/// for a new one. With `?name=`, only the accounts whose names begin so; with `?after=`, those
/// after that name.
#[component]
pub fn DeskAccountsPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let request = PageRequest::current();
    let (done, name, after) = use_query_map().with(|query| {
        let text = |name| query.get(name).unwrap_or_default();
        (query.get("done"), text("name"), text("after"))
    });
    Suspend::new(async move {
        let found = async {
            let caller = request.caller()?.clone();
            let invitations = newsroom().invitations(&caller).await?;
            let accounts = if caller.role.may_manage_accounts() {
                Some(newsroom().accounts_page(&caller, &name, &after).await?)
            } else {
                None
            };
            Ok((caller, invitations, accounts))
        };
        let page = found.await.map(|(caller, invitations, accounts)| {
            let done = done
                .as_deref()
                .filter(|_| request.submitted.is_none() && request.new_link.is_none())
                .and_then(done_message);
            let own = caller.clone();
            view! {
                <PageLayout title="Accounts · Ringside" audience=Audience::Member(caller.clone())>
                    <p class="from-entry">
                        <a href="/desk">"Your desk"</a>
                    </p>
                    <h1>"Accounts"</h1>
                    <Done sentence=done />
                    {request.new_link.as_deref().map(new_link)}
                    <FormError />
                    {accounts.map(|accounts| view! { <Accounts accounts own name /> })}
                    <Invitations invitations />
                    <InviteForm caller />
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}

/// Returns the success message for the `done` parameter, which a form of this page redirects with.
fn done_message(done: &str) -> Option<&'static str> {
    Some(match done {
        "role" => "The role is changed. It applies at once.",
        "disabled" => {
            "The account is disabled. Its sessions have ended, and its tokens are revoked."
        }
        "enabled" => "The account is enabled, with its previous password.",
        "withdrawn" => "The invitation is withdrawn. Its link is no longer valid.",
        _ => return None,
    })
}

fn new_link(link: &NewLink) -> impl IntoView + use<> {
    let (what, url) = match link {
        NewLink::Invitation { url, role } => (
            format!(
                "Send this link to the person whom you invite with the role {role}. It works once, for seven days."
            ),
            url.clone(),
        ),
        NewLink::Reset { url, username } => (
            format!(
                "Send this link to {}. It works once, for one day, and sets a new password.",
                isolated(username.as_str())
            ),
            url.clone(),
        ),
    };
    view! {
        <div class="done" role="status">
            <p>{what} " Copy it now: it cannot be displayed again."</p>
            <p>
                <code class="new-link">{url}</code>
            </p>
        </div>
    }
}

/// The list of accounts.
#[component]
fn Accounts(
    accounts: ListPage<Account, domain::Username>,
    own: Caller,
    name: String,
) -> impl IntoView {
    let next = accounts.next.map(|after| {
        let query = [("name", name.as_str()), ("after", after.as_str())];
        format!(
            "/desk/accounts?{}",
            form_urlencoded::Serializer::new(String::new())
                .extend_pairs(query)
                .finish()
        )
    });
    view! {
        <form class="one-field" method="get" action="/desk/accounts" role="search">
            <div class="field">
                <label for="name">"Names that begin with"</label>
                <input
                    id="name"
                    name="name"
                    value=name
                    autocomplete="off"
                    autocapitalize="off"
                    dir="auto"
                />
            </div>
            <button class="button" type="submit">
                "Find accounts"
            </button>
        </form>
        {if accounts.items.is_empty() {
            view! { <p class="empty">"No account has such a name."</p> }.into_any()
        } else {
            view! {
                <ul class="desk-list">
                    {accounts
                        .items
                        .into_iter()
                        .map(|account| {
                            let is_own = account.caller.id == own.id;
                            view! { <AccountItem account is_own /> }
                        })
                        .collect_view()}
                </ul>
            }
                .into_any()
        }}
        {next
            .map(|next| {
                view! {
                    <p>
                        <a href=next>"More accounts"</a>
                    </p>
                }
            })}
    }
}

/// An account, with the forms that change it.
#[component]
fn AccountItem(account: Account, is_own: bool) -> impl IntoView {
    let Account {
        caller,
        created_at,
        disabled_at,
    } = account;
    let (id, name) = (caller.id, caller.username.to_string());
    let path = |action| format!("/desk/accounts/{id}/{action}");
    let is_disabled = disabled_at.is_some();
    let state = if is_disabled { " · disabled" } else { "" };
    let when = format!("{} · since {}{state}", caller.role, in_utc(created_at));
    let field = format!("role-{id}");
    let of = format!(" of {}", isolated(&name));
    let (toggle, toggle_label) = if is_disabled {
        (path("enable"), "Enable")
    } else {
        (path("disable"), "Disable")
    };
    let roles = Role::ALL
        .iter()
        .map(|&role| {
            view! {
                <option value=role.as_str() selected=role == caller.role>
                    {role.as_str()}
                </option>
            }
        })
        .collect_view();
    view! {
        <li>
            <p>
                <strong dir="auto">{name}</strong>
                {is_own.then_some(" (you)")}
            </p>
            <p class="entry-when">{when}</p>
            <div class="desk-actions">
                <form class="one-field" method="post" action=path("role")>
                    <div class="field">
                        <label class="visually-hidden" for=field.clone()>
                            {format!("Role{of}")}
                        </label>
                        <select id=field name="role">
                            {roles}
                        </select>
                    </div>
                    <button class="button" type="submit">
                        "Change role" <span class="visually-hidden">{of.clone()}</span>
                    </button>
                </form>
                <form method="post" action=toggle>
                    <button class="button" type="submit">
                        {toggle_label}
                        " account"
                        <span class="visually-hidden">{of.clone()}</span>
                    </button>
                </form>
                {(!is_disabled)
                    .then(|| {
                        view! {
                            <form method="post" action=path("reset")>
                                <button class="button" type="submit">
                                    "Create reset link"
                                    <span class="visually-hidden">{of}</span>
                                </button>
                            </form>
                        }
                    })}
            </div>
        </li>
    }
}

#[component]
fn Invitations(invitations: Vec<Invitation>) -> impl IntoView {
    let items = invitations
        .into_iter()
        .map(|invitation| {
            let by = match &invitation.invited_by {
                Some(name) => format!("invited by {}", isolated(name.as_str())),
                None => "created on the command line".to_owned(),
            };
            let until = in_utc(invitation.expires_at);
            let action = format!("/desk/accounts/invitations/{}/withdraw", invitation.id);
            view! {
                <li>
                    <p>{format!("An invitation with the role {}", invitation.role)}</p>
                    <p class="entry-when">{format!("{by} · until {until}")}</p>
                    <div class="desk-actions">
                        <form method="post" action=action>
                            <button class="button" type="submit">
                                "Withdraw invitation"
                            </button>
                        </form>
                    </div>
                </li>
            }
        })
        .collect::<Vec<_>>();
    (!items.is_empty()).then(|| {
        view! {
            <h2>"Open invitations"</h2>
            <ul class="desk-list">{items}</ul>
        }
    })
}

#[component]
fn InviteForm(caller: Caller) -> impl IntoView {
    let roles = Role::ALL
        .iter()
        .rev()
        .filter(|&&role| caller.role.may_invite_to(role))
        .map(|&role| {
            view! {
                <option value=role.as_str() selected=role == Role::Author>
                    {role_label(role)}
                </option>
            }
        })
        .collect_view();
    view! {
        <section class="panel">
            <h2 id="invite">"Invite somebody"</h2>
            <form method="post" action="/desk/accounts/invitations">
                <div class="field">
                    <label for="role">"Role"</label>
                    <select id="role" name="role">
                        {roles}
                    </select>
                    <p class="hint">
                        "You get a link to send to the person, who chooses a username and a password."
                    </p>
                </div>
                <button class="button primary" type="submit">
                    "Create invitation"
                </button>
            </form>
        </section>
    }
}

const fn role_label(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner: everything, accounts and the site too",
        Role::Editor => "Editor: edits all updates, moderates rooms",
        Role::Author => "Author: posts, and edits own updates",
        Role::Reader => "Reader: follows and chats",
    }
}
