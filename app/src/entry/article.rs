//! An entry's article, rendered here for its page and for the feed.

use leptos::prelude::*;
use newsroom::{Entry, SafeHtml};

/// The prefix of the ids of the article's footnotes. Cards have others.
const PLACE: &str = "article";

/// Renders the article above an entry's updates: one element.
pub fn render_article(entry: &Entry, html: &SafeHtml) -> String {
    let render = || {
        let view = view! {
            <div
                id="entry-article"
                class="prose entry-article"
                lang=entry.language.to_string()
                inner_html=html.in_place(PLACE)
            ></div>
        };
        view.to_html()
    };
    Owner::new().with(render)
}

#[cfg(test)]
mod tests {
    use domain::{Article, Language};
    use newsroom::article_to_safe_html;

    use super::*;
    use crate::entry::tests;

    fn article(text: &str) -> String {
        let html = article_to_safe_html(&Article::parse(text).unwrap()).unwrap();
        let entry = Entry {
            language: Language::new_unchecked("ar"),
            ..tests::entry("Europe/Paris", "2026-11-21 13:05")
        };
        render_article(&entry, &html.html)
    }

    #[test]
    fn article_keeps_the_page_contract() {
        insta::assert_snapshot!(
            article("# Why it matters\n\nA **final**.\n\n## Before"),
            @r#"
        <div id="entry-article" lang="ar" class="prose entry-article"><h2 dir="auto">Why it matters</h2>
        <p dir="auto">A <strong>final</strong>.</p>
        <h3 dir="auto">Before</h3></div>
        "#
        );
    }

    #[test]
    fn footnotes_have_ids_of_their_own() {
        let html = article("A final.[^1]\n\n[^1]: Of the cup");
        for part in [
            r##"href="#article-fn-1""##,
            r#"id="article-fn-1""#,
            r#"id="article-fnref-1""#,
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn empty_text_has_no_html() {
        let html = article_to_safe_html(&Article::parse("").unwrap()).unwrap();
        assert_eq!(html.html.as_str(), "");
    }
}
