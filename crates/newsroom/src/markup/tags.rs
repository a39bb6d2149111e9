//! Splits an author's HTML into tags, comments and text.

use std::cell::RefCell;

use html5ever::{
    tendril::StrTendril,
    tokenizer::{
        BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
    },
};

/// A piece of HTML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'h> {
    /// Text without `<`; it may contain escapes.
    Text(&'h str),
    /// A `<` that begins neither a tag nor a comment.
    LessThan,
    /// What looks like a tag, from `<` to `>`.
    Tag(&'h str),
    /// A comment, a processing instruction, a declaration or CDATA.
    Comment(&'h str),
}

/// Returns the first piece of `html` and the rest; `None` at the end. With `may_search` unset, a
/// `<` is always text: searching for its end would take quadratic time in a text with many of them.
pub fn next_piece(html: &str, may_search: bool) -> Option<(Piece<'_>, &str)> {
    if html.is_empty() {
        return None;
    }
    let Some(from_bracket) = html.strip_prefix('<') else {
        let (text, rest) = html.split_at(html.find('<').unwrap_or(html.len()));
        return Some((Piece::Text(text), rest));
    };
    let end = match from_bracket.as_bytes().first() {
        _ if !may_search => None,
        Some(b'!' | b'?') => comment_end(html),
        Some(b'/') if from_bracket[1..].starts_with(|c: char| c.is_ascii_alphabetic()) => {
            tag_end(html)
        }
        Some(c) if c.is_ascii_alphabetic() => tag_end(html),
        _ => None,
    };
    Some(match end {
        Some(end) if from_bracket.starts_with(['!', '?']) => {
            (Piece::Comment(&html[..end]), &html[end..])
        }
        Some(end) => (Piece::Tag(&html[..end]), &html[end..]),
        None => (Piece::LessThan, from_bracket),
    })
}

fn comment_end(html: &str) -> Option<usize> {
    let (start, end) = if html.starts_with("<!--") {
        (4, "-->")
    } else if html.starts_with("<![CDATA[") {
        (9, "]]>")
    } else if html.starts_with("<?") {
        (2, "?>")
    } else if is_doctype(html) {
        (2, ">")
    } else {
        return None;
    };
    html[start..].find(end).map(|at| start + at + end.len())
}

/// Returns whether `html` begins with a document type declaration. Other declarations are text.
pub fn is_doctype(html: &str) -> bool {
    const DOCTYPE: &str = "<!doctype";
    html.get(..DOCTYPE.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(DOCTYPE))
}

/// Returns the end of the tag at the beginning of `html`. A `>` in a quoted value doesn't end it.
fn tag_end(html: &str) -> Option<usize> {
    enum State {
        Names,
        BeforeValue,
        Unquoted,
        Quoted(u8),
    }
    let mut state = State::Names;
    for (at, byte) in html.bytes().enumerate() {
        state = match (state, byte) {
            (State::Quoted(quote), _) if byte == quote => State::Names,
            (quoted @ State::Quoted(_), _) => quoted,
            (_, b'>') => return Some(at + 1),
            (State::BeforeValue, b'"' | b'\'') => State::Quoted(byte),
            (State::BeforeValue, b' ' | b'\t' | b'\n') | (State::Names, b'=') => State::BeforeValue,
            (State::Unquoted, b' ' | b'\t' | b'\n') | (State::Names, _) => State::Names,
            (State::BeforeValue | State::Unquoted, _) => State::Unquoted,
        };
    }
    None
}

/// Parses the tag `raw`: its lowercase name, whether it is an end tag, and its attributes.
pub fn read(raw: &str) -> Option<Tag> {
    let tokenizer = Tokenizer::new(FirstTag::default(), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(raw));
    // The sink never pauses the tokenizer.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// Returns the lowercase name of the tag `raw`.
pub fn name_of(raw: &str) -> String {
    let name = raw.trim_start_matches(['<', '/']);
    let end = name.find(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
    name[..end.unwrap_or(name.len())].to_ascii_lowercase()
}

/// Returns whether the tag is an end tag.
pub fn is_end(tag: &Tag) -> bool {
    tag.kind == TagKind::EndTag
}

#[derive(Default)]
struct FirstTag(RefCell<Option<Tag>>);

impl TokenSink for FirstTag {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token {
            self.0.borrow_mut().get_or_insert(tag);
        }
        TokenSinkResult::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(mut html: &str) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        while let Some((piece, rest)) = next_piece(html, true) {
            pieces.push(piece);
            html = rest;
        }
        pieces
    }

    #[test]
    fn html_is_cut_into_its_pieces() {
        use Piece::{Comment, LessThan, Tag, Text};
        for (html, expected) in [
            (
                "a <b>c</b>",
                &[Text("a "), Tag("<b>"), Text("c"), Tag("</b>")][..],
            ),
            ("A<B, C>D", &[Text("A"), Tag("<B, C>"), Text("D")]),
            ("1 < 2", &[Text("1 "), LessThan, Text(" 2")]),
            ("<p title='a > b'>x", &[Tag("<p title='a > b'>"), Text("x")]),
            ("<p it's>x", &[Tag("<p it's>"), Text("x")]),
            ("<a href=x'y>z", &[Tag("<a href=x'y>"), Text("z")]),
            ("<a", &[LessThan, Text("a")]),
            ("</ >", &[LessThan, Text("/ >")]),
            ("<!-- > -->x", &[Comment("<!-- > -->"), Text("x")]),
            ("<!-- x", &[LessThan, Text("!-- x")]),
            ("<?php 1 > 0 ?>x", &[Comment("<?php 1 > 0 ?>"), Text("x")]),
            ("<![CDATA[x>y]]>", &[Comment("<![CDATA[x>y]]>")]),
            ("<!>", &[LessThan, Text("!>")]),
            ("<!Note to all>", &[LessThan, Text("!Note to all>")]),
            ("<!DOCTYPE html>x", &[Comment("<!DOCTYPE html>"), Text("x")]),
        ] {
            assert_eq!(pieces(html), expected, "{html}");
        }
    }

    #[test]
    fn tag_is_parsed() {
        let tag = read("<IMG alt='A &amp; B' src=x>").unwrap();
        assert_eq!((&*tag.name, is_end(&tag)), ("img", false));
        assert_eq!(&*tag.attrs[0].value, "A & B");
        assert!(is_end(&read("</b >").unwrap()));
        assert_eq!(name_of("<Firstname Lastname>"), "firstname");
        assert_eq!(name_of("</b>"), "b");
    }
}
