//! The page with which a reader reports a message.

use domain::MessageId;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use newsroom::Error;

use crate::{
    layout::{Audience, ENGLISH, PageLayout, TextField, page_or_error},
    params::update_param,
    request::newsroom,
};

/// A message, and the form to report it.
#[component]
pub fn ReportPage() -> impl IntoView {
    let response = expect_context::<ResponseOptions>();
    let id = update_param().map(|id| MessageId(id.0));
    let id = id.map_err(|_| Error::NotFound("message"));
    Suspend::new(async move {
        let found = async { newsroom().message_to_report(id?).await };
        let page = found.await.map(|(room, message)| {
            let path = format!("/rooms/{}", room.name);
            let action = format!("{path}/messages/{}/report", message.id);
            view! {
                <PageLayout title="Report message · Ringside" audience=Audience::Public>
                    <p class="from-entry" dir="auto">
                        <a href=path>{room.title.to_string()}</a>
                    </p>
                    <h1 lang=ENGLISH>"Report message"</h1>
                    <p>
                        <strong>
                            <bdi>{message.nick.to_string()}</bdi>
                        </strong>
                    </p>
                    <p class="message-text" dir="auto">
                        {message.text.to_string()}
                    </p>
                    <section class="panel" lang=ENGLISH>
                        <form method="post" action=action>
                            <TextField
                                name="reason"
                                label="Reason"
                                hint="Only moderators read it."
                                required=false
                            />
                            <button class="button primary" type="submit">
                                "Report message"
                            </button>
                        </form>
                    </section>
                </PageLayout>
            }
        });
        page_or_error(&response, page)
    })
}
