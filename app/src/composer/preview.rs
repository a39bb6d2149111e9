//! A preview of the text, rendered by the server.

use domain::{Article, not_shown};
use gloo_timers::callback::Timeout;
use leptos::{either::EitherOf3, prelude::*, reactive::spawn_local};

use super::{
    api::{Preview, preview_text},
    fields::{Fields, language},
    storage::texts::Text,
};
use crate::AppError;

/// How long typing rests before the preview is rendered again, in milliseconds.
const RENDER_AFTER_MS: u32 = 400;

/// The text as it will be published, and what is removed from it. Follows what is typed.
#[component]
pub fn PreviewPane(fields: Fields) -> impl IntoView {
    let shown = RwSignal::new(None::<Result<Preview, AppError>>);
    let timer = StoredValue::new_local(None::<Timeout>);
    let number = StoredValue::new(0_u32);
    let render = move |source: String, headline: String| {
        let is_article = fields.is_article.get_untracked();
        number.update_value(|number| *number += 1);
        let current = number.get_value();
        let text = Text {
            source,
            headline,
            ..Text::default()
        };
        let checked = if is_article {
            Article::parse(&text.source).map(drop)
        } else {
            text.check_length()
        };
        if let Err(invalid) = checked {
            shown.set(Some(Err(AppError::Refused(invalid.to_string()))));
            return;
        }
        spawn_local(async move {
            let preview = preview_text(text.source, text.headline, is_article).await;
            // A later text may have been rendered meanwhile.
            if number.try_get_value() == Some(current) {
                shown.set(Some(preview));
            }
        });
    };
    let is_first = StoredValue::new(true);
    Effect::new(move || {
        let (source, headline) = (fields.source.get(), fields.headline.get());
        if source.trim().is_empty() && headline.trim().is_empty() {
            timer.set_value(None);
            number.update_value(|number| *number += 1);
            shown.set(None);
        } else if is_first.try_update_value(std::mem::take) == Some(true) {
            render(source, headline);
        } else {
            let later = move || render(source, headline);
            timer.set_value(Some(Timeout::new(RENDER_AFTER_MS, later)));
        }
    });
    view! {
        <section class="preview" aria-label="Preview">
            {move || match shown.get() {
                None => EitherOf3::A(view! { <p class="hint">"Nothing to preview yet."</p> }),
                Some(Err(error)) => {
                    EitherOf3::B(view! { <p class="form-error">{error.to_string()}</p> })
                }
                Some(Ok(Preview { html, removed })) => {
                    EitherOf3::C(view! {
                        // The server has sanitized it.
                        <div class="preview-content" lang=language() inner_html=html></div>
                        {not_shown(&removed).map(|sentence| view! { <p class="hint">{sentence}</p> })}
                    })
                }
            }}
        </section>
    }
}
