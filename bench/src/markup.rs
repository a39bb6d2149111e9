//! The time to render a realistic update, compared with the Markdown parsers alone, and the slowest
//! Markdown that an author can send, compared with a plain update.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use domain::Source;
use newsroom::{markdown_options, to_safe_html};

use crate::harness::{Error, Result, Table, heading, median, note};

/// How many times each of the slow texts is rendered; the median counts.
const ROUNDS: usize = 7;
/// How many times each renderer renders the realistic update, in turns.
const TURNS: usize = 501;
/// The length of the plain text, in characters: a long update.
const PLAIN: usize = 2_000;

/// The name of an input, and a function that returns a text of a given length.
type Input = (&'static str, fn(usize) -> String);

/// The name of a renderer, and a function that returns the size of its HTML in bytes.
type Renderer = (&'static str, fn(&Source) -> usize);

/// Inputs that make parsers do more than a proportional amount of work.
const INPUTS: &[Input] = &[
    ("plain words", plain),
    ("ampersands", |n| filled("", "&", n)),
    ("lists in lists on one line", |n| {
        filled("", "+ ", n - 1) + "x"
    }),
    ("quotes in quotes on one line", |n| filled("", ">", n)),
    ("100 lists, then blank lines", |n| {
        filled(&format!("{}x\n", "- ".repeat(100)), "\n", n - 1) + "x"
    }),
    ("lists with growing indentation", indented),
    ("16 lists, then lines below them", |n| {
        filled(&"- ".repeat(16), &format!("x\n\n{}", " ".repeat(32)), n)
    }),
    ("elements in elements", |n| filled("", "<div>", n)),
    ("4,000 formatting elements, then paragraphs", |n| {
        filled(&formatting(4_000), "<p>x", n)
    }),
    ("48 formatting elements, then paragraphs", |n| {
        filled(&formatting(48), "<p>x", n)
    }),
    ("48 formatting elements, 100 paragraphs", |n| {
        filled(&filled(&formatting(48), "<p>x", 800), "x", n)
    }),
    ("formatting elements that overlap", |n| {
        filled("", "<b><i><u><s></b></i></u></s>x", n)
    }),
    ("closing tags without elements", |n| {
        filled(&formatting(48), "</i>", n)
    }),
    ("empty paragraphs", |n| filled("", "</p>", n)),
    ("a long link, then paragraphs", |n| {
        filled(&format!("<a href=\"{}\">", "x".repeat(20_000)), "<p>x", n)
    }),
    ("one element of many attributes", |n| {
        numbered("<p", |text, at| write!(text, " a{at}"), n - 1) + ">"
    }),
    ("tables in tables", |n| filled("", "<table><tr><td>", n)),
    ("text in a table, outside its cells", |n| {
        filled("<table>", "x<b>", n)
    }),
    ("a wide table with short rows", |n| {
        let wide = "a|".repeat(2_000) + "\n" + &"-|".repeat(2_000) + "\n";
        filled(&wide, "a|\n", n)
    }),
    ("a table of 3,000 cells", |n| {
        filled("a|b|c\n-|-|-\n", "a|b|c\n", n.min(6_000))
    }),
    ("short list items", |n| filled("", "- a long one\n", n)),
    ("links of links", |n| filled("", "[a](b) ", n)),
    ("brackets", |n| filled("", "[", n)),
    ("emphasis that overlaps", |n| filled("", "*a_", n)),
    ("backticks", |n| {
        numbered(
            "",
            |text, at| write!(text, "{} ", "`".repeat(at % 300 + 1)),
            n,
        )
    }),
    ("references", |n| {
        filled(&filled("[a]: /b\n\n", "[a]", n / 2), "[a]", n)
    }),
    ("quotation marks", |n| filled("", "\"", n)),
    ("comments", |n| filled("", "<!--", n)),
    ("tags without an end", |n| filled("<p>", "<b a=", n)),
    ("tags of unknown elements, one per line", |n| {
        filled("", "<x>\n\n", n)
    }),
    ("code elements without an end", |n| filled("a ", "<svg>", n)),
    ("code elements without an end, in a block", |n| {
        filled("<p>", "<svg></a>", n)
    }),
    ("footnotes", |n| {
        numbered("", |text, at| write!(text, "a[^{at}]\n\n[^{at}]: b\n\n"), n)
    }),
    ("addresses", |n| filled("", "www.a.b/(", n)),
    ("mail addresses", |n| filled("", "a@", n)),
    ("line ends", |n| filled("", "a\n", n)),
    ("overlapping links and tables", |n| {
        filled("", "<table><a href=/x><td>", n)
    }),
];

/// Measures each input.
pub fn run() -> Result<()> {
    realistic_update()?;
    heading("The slowest Markdown, compared with a plain update");
    note(format!(
        "In this process, on one core; medians of {ROUNDS}. A text has at most {} characters, its HTML at most 256 KB.",
        Source::MAX
    ));
    let mut table = Table::new(["what", "characters", "HTML bytes", "ms"]);
    table.row(row("plain words", &plain(PLAIN))?);
    for (name, text) in INPUTS {
        table.row(row(name, &text(Source::MAX))?);
    }
    table.print();
    Ok(())
}

/// Measures a realistic update.
fn realistic_update() -> Result<()> {
    let text = realistic(PLAIN);
    let source = Source::parse(&text).map_err(|error| Error::Unexpected(error.to_string()))?;
    let rendered = to_safe_html(&source).map_err(|error| Error::Unexpected(error.to_string()))?;
    heading("A realistic update of 2 KB");
    note(format!(
        "In this process, on one core; medians of {TURNS} turns. {} bytes of Markdown become {} bytes of HTML.",
        text.len(),
        rendered.html.as_str().len()
    ));
    let renderers: [Renderer; 3] = [
        ("a posted update, rendered and sanitized", |source| {
            to_safe_html(source).map_or(0, |rendered| rendered.html.as_str().len())
        }),
        ("of that: comrak alone", |source| {
            comrak::markdown_to_html(source.as_str(), &markdown_options()).len()
        }),
        ("for comparison: pulldown-cmark alone", |source| {
            let parser = pulldown_cmark::Parser::new_ext(source.as_str(), similar_extensions());
            let mut html = String::new();
            pulldown_cmark::html::push_html(&mut html, parser);
            html.len()
        }),
    ];
    let mut times = [const { Vec::new() }; 3];
    for _ in 0..TURNS {
        for ((_, render), times) in renderers.iter().zip(&mut times) {
            let start = Instant::now();
            std::hint::black_box(render(std::hint::black_box(&source)));
            times.push(milliseconds(start.elapsed()));
        }
    }
    let mut table = Table::new(["what", "ms"]);
    for ((name, _), times) in renderers.iter().zip(&times) {
        table.row([(*name).to_owned(), format!("{:.3}", median(times))]);
    }
    table.print();
    Ok(())
}

/// Returns the extensions of pulldown-cmark that correspond to ours.
fn similar_extensions() -> pulldown_cmark::Options {
    use pulldown_cmark::Options;

    Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_TASKLISTS
}

/// Returns a realistic update, repeated up to `length` characters.
fn realistic(length: usize) -> String {
    const UPDATE: &str = "\
## 61' Penalty to the home side

*Baker* goes down in the box, and the referee points to the spot. **Able takes it himself.**
The keeper guesses right, and still can't reach it: 2–1.

> We practised that all week, adds the captain.

- Shots on goal: 7 to 4
- Corners: 3 to 5
- Possession: 52 per cent

More on [the board](https://example.org/final?half=2) and at https://example.org/live.[^1]

| Minute | Home | Away |
|-------:|:----:|:----:|
| 12 | 1 | 0 |
| 40 | 1 | 1 |
| 61 | 2 | 1 |

[^1]: Figures by the league, <b>unofficial</b>.

";
    filled("", UPDATE, length)
}

fn row(name: &str, text: &str) -> Result<[String; 4]> {
    let source = Source::parse(text).map_err(|error| Error::Unexpected(error.to_string()))?;
    let mut times = Vec::new();
    let mut bytes = String::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let rendered = to_safe_html(&source);
        times.push(milliseconds(start.elapsed()));
        bytes = rendered.map_or_else(
            |_| "rejected".to_owned(),
            |rendered| rendered.html.as_str().len().to_string(),
        );
    }
    let characters = source.as_str().chars().count().to_string();
    let time = format!("{:.2}", median(&times));
    Ok([name.to_owned(), characters, bytes, time])
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Returns `start`, followed by `piece` repeated up to `length` characters.
pub fn filled(start: &str, piece: &str, length: usize) -> String {
    let pieces = std::iter::repeat(piece).take_while(|piece| !piece.is_empty());
    let text = start.chars().chain(pieces.flat_map(str::chars));
    text.take(length).collect()
}

/// Returns `start`, followed by the output of `write` for each number, up to `length` characters.
fn numbered(
    start: &str,
    write: impl Fn(&mut String, usize) -> std::fmt::Result,
    length: usize,
) -> String {
    let mut text = start.to_owned();
    let mut at = 0;
    while text.len() < length && write(&mut text, at).is_ok() {
        at += 1;
    }
    text.chars().take(length).collect()
}

fn plain(length: usize) -> String {
    filled(
        "",
        "Forty-five minutes gone, and *still* no goal; [the board](https://example.org) adds two more.\n\n",
        length,
    )
}

/// Returns formatting elements that are all different, so that a parser reopens each in every
/// paragraph.
pub fn formatting(count: usize) -> String {
    (0..count).fold(String::from("<p>"), |mut text, at| {
        // Writing to a String can't fail.
        let _ = write!(text, "<b title={at}>");
        text
    })
}

fn indented(length: usize) -> String {
    numbered(
        "",
        |text, at| writeln!(text, "{}- x", "  ".repeat(at)),
        length,
    )
}
