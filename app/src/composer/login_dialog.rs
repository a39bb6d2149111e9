//! A dialog to log in again without leaving the page.

use leptos::{html, prelude::*, reactive::spawn_local, web_sys};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, RequestInit, RequestRedirect, Response, ResponseType};

use super::modal::show_while;

/// The dialog. It is open while `open` is true.
#[component]
pub fn LoginDialog(
    /// The account that wrote the texts.
    username: String,
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Called after a login, of whichever account.
    on_login: Callback<()>,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let password = RwSignal::new(String::new());
    let name = RwSignal::new(username);
    let error = RwSignal::new(None::<&'static str>);
    let busy = RwSignal::new(false);
    show_while(dialog, open);
    let log_in = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        spawn_local(async move {
            let result = log_in(&name.get_untracked(), &password.get_untracked()).await;
            if busy.is_disposed() {
                return;
            }
            busy.set(false);
            match result {
                Ok(()) => {
                    password.set(String::new());
                    open.set(false);
                    on_login.run(());
                }
                Err(sentence) => error.set(Some(sentence)),
            }
        });
    };
    view! {
        <dialog
            class="dialog"
            aria-labelledby="composer-login-title"
            node_ref=dialog
            on:close=move |_| open.set(false)
        >
            <h2 id="composer-login-title">"Log in again"</h2>
            <p>"Your session has expired. Your texts are kept in this browser."</p>
            <form on:submit=log_in>
                <p class="form-error" role="alert" hidden=move || error.get().is_none()>
                    {move || error.get()}
                </p>
                <div class="field">
                    <label for="composer-login-username">"Username"</label>
                    <input
                        id="composer-login-username"
                        autocomplete="username"
                        required
                        prop:value=name
                        on:input:target=move |event| name.set(event.target().value())
                    />
                </div>
                <div class="field">
                    <label for="composer-login-password">"Password"</label>
                    <input
                        id="composer-login-password"
                        type="password"
                        autocomplete="current-password"
                        required
                        autofocus
                        prop:value=password
                        on:input:target=move |event| password.set(event.target().value())
                    />
                </div>
                <div class="dialog-actions">
                    <button
                        class="button primary"
                        type="submit"
                        aria-disabled=move || busy.get().then_some("true")
                    >
                        "Log in"
                    </button>
                    <button class="button" type="button" on:click=move |_| open.set(false)>
                        "Not now"
                    </button>
                </div>
            </form>
        </dialog>
    }
}

/// Submits the form of the login page. The server redirects after a login.
async fn log_in(username: &str, password: &str) -> Result<(), &'static str> {
    const UNREACHABLE: &str = "The server can't be reached. Try again.";
    let response = async {
        let encode = |text: &str| String::from(js_sys::encode_uri_component(text));
        let body = format!(
            "username={}&password={}",
            encode(username),
            encode(password)
        );
        let headers = Headers::new().ok()?;
        let form = "application/x-www-form-urlencoded";
        headers.set("Content-Type", form).ok()?;
        let options = RequestInit::new();
        options.set_method("POST");
        options.set_redirect(RequestRedirect::Manual);
        options.set_headers(&headers);
        options.set_body(&body.into());
        let response = JsFuture::from(window().fetch_with_str_and_init("/login", &options));
        response.await.ok()?.dyn_into::<Response>().ok()
    };
    let response = response.await.ok_or(UNREACHABLE)?;
    match response.status() {
        _ if response.type_() == ResponseType::Opaqueredirect => Ok(()),
        401 | 422 => Err("The username or the password is wrong."),
        429 => Err("Too many attempts. Wait a few minutes, then try again."),
        _ => Err(UNREACHABLE),
    }
}
