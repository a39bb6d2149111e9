use super::*;

fn times(text: &str, n: usize) -> String {
    text.repeat(n)
}

#[test]
fn html_within_the_limits_passes() {
    for html in [
        String::new(),
        "text".to_owned(),
        "<p>a <b>b</b></p><table><tr><td>c</td></tr></table>".to_owned(),
        // These don't nest: each closes the one before it.
        times("<p>a", 1_000),
        format!("<ul>{}</ul>", times("<li>a", 1_000)),
        format!("<table>{}</table>", times("<tr><td>a<td>b", 1_000)),
        times("<div>", MAX_DEPTH),
        times("<br>", MAX_ELEMENTS),
        "<script>a</script>".to_owned(),
        "<template><p>a</template><plaintext><p>".to_owned(),
    ] {
        assert_eq!(check(&html), Ok(()), "{}", &html[..html.len().min(80)]);
    }
}

#[test]
fn exceeded_limit_is_named() {
    let formatting = (0..40).fold("<p>".to_owned(), |html, n| format!("{html}<b a{n}>"));
    for (html, bound) in [
        (times("<div>", MAX_DEPTH + 1), Exceeded::Depth),
        (times("<ul><li>", 30), Exceeded::Depth),
        (times("<table><td>", 60), Exceeded::Depth),
        (times("<template>", 60), Exceeded::Depth),
        (times("<svg>", 60), Exceeded::Depth),
        (times("<br>", MAX_ELEMENTS + 1), Exceeded::Elements),
        (
            format!("{formatting}{}", times("<p>x", 200)),
            Exceeded::Elements,
        ),
        // Every paragraph gets its own link.
        (
            format!(
                "<p><a href=\"{}\">{}",
                times("x", 10_000),
                times("<p>x", 100)
            ),
            Exceeded::Bytes,
        ),
        (times("x", MAX_BYTES + 1), Exceeded::Bytes),
    ] {
        let start = &html[..html.len().min(80)];
        assert_eq!(check(&html), Err(bound), "{start}");
    }
}

#[test]
fn counting_stops_at_the_limit() {
    let formatting = (0..40).fold("<p>".to_owned(), |html, n| format!("{html}<b a{n}>"));
    let html = format!("{formatting}{}", times("<p>x", 10_000));
    let tree = CountedTree::default();
    let name = QualName::new(None, ns!(html), local_name!("div"));
    let context = tree.add(Some(name));
    let builder = TreeBuilder::new_for_fragment(tree, context, None, TreeBuilderOpts::default());
    let tokenizer = Tokenizer::new(StopAtBudget(builder), TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(&html));
    while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
    // One token opens at most 50 elements.
    assert!(tokenizer.sink.0.sink.elements.get() <= MAX_ELEMENTS + 2 * MAX_DEPTH);
}
