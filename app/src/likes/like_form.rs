//! The form that likes an update, or takes the like back.

use leptos::prelude::*;

use crate::layout::ENGLISH;

/// A button that sets or removes a like.
#[component]
pub fn LikeForm(
    /// The path of the update's page.
    update_path: String,
    /// Whether the button removes the like.
    #[prop(optional)]
    liked: bool,
) -> impl IntoView {
    let action = update_path + "/like";
    let label = if liked { "Remove like" } else { "Like" };
    view! {
        <form class="like-form" method="post" action=action lang=ENGLISH>
            <button class="button" type="submit" name="liked" value=(!liked).to_string()>
                {label}
            </button>
        </form>
    }
}
