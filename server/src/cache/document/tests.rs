use http_body_util::BodyExt;

use super::*;

/// Such a document is sent when an entry was just created by another process, because its page
/// is not cached.
#[tokio::test]
async fn uncompressed_document_is_sent_with_its_length() {
    let parts = ["<ul>", "", "<li>one</li>", "</ul>"];
    let parts = parts.map(|html| Part::Own(Bytes::from_static(html.as_bytes())));
    let body = Document(parts.to_vec()).into_response().into_body();
    assert_eq!(body.size_hint().exact(), Some(21));
    let body = body.collect().await.unwrap().to_bytes();
    assert_eq!(body, "<ul><li>one</li></ul>");
}
