//! The `OpenAPI` document.

use axum::http::Method;
use domain::{Headline, RoomName, Slug, Source, Summary, Title};
use insta::assert_snapshot;
use serde_json::Value;

use super::start;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_lists_every_route() {
    let (app, _) = start().await;
    let response = app.browser().get("/api/v1/openapi.json").await;
    response.assert_status_ok();
    response.assert_header("content-type", "application/json");
    let document: Value = response.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let statuses: Vec<_> = operation["responses"]
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            operations.push(format!("{method} {path}: {}", statuses.join(" ")));
            // The document is served at the path that it lists, and needs the token.
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let path = path.replace("{slug}", "final").replace("{id}", "1");
            let path = path.replace("{room}", "lobby");
            let refused = app.browser().method(method, &path).await;
            refused.assert_status_unauthorized();
        }
    }
    assert_snapshot!(operations.join("\n"), @"
    get /api/v1/entries: 200 400 401 403 404 405 408 410 413 415 422 503
    post /api/v1/entries: 201 400 401 403 404 405 408 410 413 415 422 503
    get /api/v1/entries/{slug}: 200 400 401 403 404 405 408 410 413 415 422 503
    patch /api/v1/entries/{slug}: 200 400 401 403 404 405 408 410 412 413 415 422 503
    get /api/v1/entries/{slug}/drafts: 200 400 401 403 404 405 408 410 413 415 422 503
    post /api/v1/entries/{slug}/drafts: 201 400 401 403 404 405 408 410 413 415 422 503
    delete /api/v1/entries/{slug}/drafts/{id}: 204 400 401 403 404 405 408 410 412 413 415 422 503
    get /api/v1/entries/{slug}/drafts/{id}: 200 400 401 403 404 405 408 410 413 415 422 503
    patch /api/v1/entries/{slug}/drafts/{id}: 200 400 401 403 404 405 408 410 412 413 415 422 503
    post /api/v1/entries/{slug}/updates: 201 400 401 403 404 405 408 410 413 415 422 503
    delete /api/v1/entries/{slug}/updates/{id}: 200 400 401 403 404 405 408 410 412 413 415 422 503
    get /api/v1/entries/{slug}/updates/{id}: 200 400 401 403 404 405 408 410 413 415 422 503
    patch /api/v1/entries/{slug}/updates/{id}: 200 400 401 403 404 405 408 410 412 413 415 422 503
    post /api/v1/entries/{slug}/updates/{id}/restore: 200 400 401 403 404 405 408 410 413 415 422 503
    post /api/v1/moderation/held/{id}: 200 400 401 403 404 405 408 410 413 415 422 503
    get /api/v1/moderation/log: 200 400 401 403 404 405 408 410 413 415 422 503
    post /api/v1/moderation/messages/{id}: 200 400 401 403 404 405 408 410 413 415 422 503
    get /api/v1/moderation/queue: 200 400 401 403 404 405 408 410 413 415 422 503
    post /api/v1/moderation/removals/{id}/undo: 200 400 401 403 404 405 408 410 413 415 422 503
    get /api/v1/moderation/rules: 200 400 401 403 404 405 408 410 413 415 422 503
    patch /api/v1/moderation/rules: 200 400 401 403 404 405 408 410 413 415 422 503
    get /api/v1/moderation/sanctions: 200 400 401 403 404 405 408 410 413 415 422 503
    delete /api/v1/moderation/sanctions/{id}: 204 400 401 403 404 405 408 410 413 415 422 503
    post /api/v1/rooms: 201 400 401 403 404 405 408 410 413 415 422 503
    get /api/v1/rooms/{room}: 200 400 401 403 404 405 408 410 413 415 422 503
    patch /api/v1/rooms/{room}: 200 400 401 403 404 405 408 410 413 415 422 503
    ");
    assert_eq!(document["security"], serde_json::json!([{"token": []}]));
    assert_eq!(
        document["components"]["securitySchemes"]["token"]["scheme"],
        "bearer"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_referenced_schema_exists() {
    let (app, _) = start().await;
    let text = app.browser().get("/api/v1/openapi.json").await.text();
    let document: Value = serde_json::from_str(&text).unwrap();
    let named: Vec<_> = text.split("\"$ref\":\"#").skip(1).collect();
    assert!(named.len() > 10, "{text}");
    for named in named {
        let pointer = named.split('"').next().unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} is not in {text}"
        );
    }
    let update = &document["components"]["schemas"]["UpdateToPost"];
    assert_eq!(update["required"], serde_json::json!(["source"]));
    assert_eq!(update["additionalProperties"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_names_the_limits_of_every_text() {
    let (app, _) = start().await;
    let document: Value = app.browser().get("/api/v1/openapi.json").await.json();
    let schemas = &document["components"]["schemas"];
    for (schema, field, least, most) in [
        ("EntryToCreate", "title", 1, Title::MAX),
        ("EntryToCreate", "slug", 0, Slug::MAX),
        ("EntryToCreate", "summary", 0, Summary::MAX),
        ("EntryToChange", "title", 1, Title::MAX),
        ("EntryToChange", "slug", 1, Slug::MAX),
        ("EntryToChange", "summary", 0, Summary::MAX),
        ("RoomToCreate", "name", 1, RoomName::MAX),
        ("RoomToCreate", "title", 1, Title::MAX),
        ("RoomToChange", "title", 1, Title::MAX),
        ("UpdateToPost", "source", 1, Source::MAX),
        ("UpdateToPost", "headline", 0, Headline::MAX),
        ("UpdateToEdit", "source", 1, Source::MAX),
        ("UpdateToEdit", "headline", 0, Headline::MAX),
    ] {
        let text = &schemas[schema]["properties"][field];
        assert_eq!(text["minLength"], least, "{schema}.{field}");
        assert_eq!(text["maxLength"], most, "{schema}.{field}");
        assert!(text["pattern"].is_string(), "{schema}.{field}");
    }
    // A draft may be incomplete.
    for (field, most) in [("source", Source::MAX), ("headline", Headline::MAX)] {
        let text = &schemas["DraftToSave"]["properties"][field];
        assert_eq!(text["maxLength"], most, "{field}");
        assert_eq!(text["minLength"], Value::Null, "{field}");
    }
    for (path, methods) in document["paths"].as_object().unwrap() {
        let operations = methods.as_object().unwrap().values();
        for parameter in operations.flat_map(|it| it["parameters"].as_array().into_iter().flatten())
        {
            let schema = &parameter["schema"];
            match parameter["name"].as_str().unwrap() {
                "slug" => assert_eq!(schema["maxLength"], Slug::MAX, "{path}"),
                "room" => assert_eq!(schema["maxLength"], RoomName::MAX, "{path}"),
                "id" => assert_eq!(schema["minimum"], 1, "{path}"),
                "before" => assert_eq!(schema["format"], "int64", "{path}"),
                "limit" => assert_eq!(schema["maximum"], 1_000, "{path}"),
                "If-Match" => assert!(schema["pattern"].is_string(), "{path}"),
                name => assert_eq!(
                    (name, &schema["maxLength"]),
                    ("Idempotency-Key", &255.into())
                ),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn document_specifies_which_fields_are_nullable() {
    let (app, _) = start().await;
    let document: Value = app.browser().get("/api/v1/openapi.json").await.json();
    let schemas = &document["components"]["schemas"];
    let may_be_null = |schema: &str, field: &str| {
        let types = &schemas[schema]["properties"][field]["type"];
        types
            .as_array()
            .is_some_and(|types| types.contains(&"null".into()))
    };
    for field in [
        "title",
        "slug",
        "summary",
        "time_zone",
        "language",
        "default_order",
        "state",
    ] {
        assert!(may_be_null("EntryToChange", field), "{field}");
        assert!(!may_be_null("EntryToCreate", field), "{field}");
    }
    assert!(may_be_null("UpdateToPost", "headline") && may_be_null("UpdateToEdit", "headline"));
    assert!(!may_be_null("UpdateToPost", "source") && may_be_null("UpdateToEdit", "source"));
}
