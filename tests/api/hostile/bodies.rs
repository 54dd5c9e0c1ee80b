//! Bodies, queries and headers that no honest client sends.
use actix_web::http::Method;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{JSON, MERGE_PATCH, SECTIONS, at, is_refusal, sections};
use crate::{
    articles,
    support::{TestApp, on_both_engines},
};

on_both_engines! {
    bodies_that_are_no_json_are_refused_and_leave_nothing_behind,
    bodies_that_say_the_wrong_thing_are_refused_at_the_member,
    what_only_surrounds_a_body_or_a_text_is_taken_off,
    a_whole_number_may_have_a_point,
    a_member_that_stands_twice_is_refused,
    a_nul_character_is_refused_wherever_it_hides,
    a_body_beyond_the_limit_is_refused,
    the_media_type_decides_whether_a_body_is_read,
    broken_queries_are_refused,
    a_cursor_is_good_for_its_own_list_alone,
    an_if_match_that_names_no_version_of_it_is_refused,
    patches_that_are_no_objects_are_refused,
    a_refusal_costs_no_more_than_finding_out_who_asks,
}

async fn bodies_that_are_no_json_are_refused_and_leave_nothing_behind(app: TestApp) {
    let admin = app.admin().await;
    let deep = |open: &str, close: &str| {
        [open.repeat(10_000), "1".to_owned(), close.repeat(10_000)].concat().into_bytes()
    };
    let bodies: [(&str, Vec<u8>); 15] = [
        ("nothing", Vec::new()),
        ("white space", b" \n ".to_vec()),
        ("broken UTF-8", b"{\"name\": \"\xff\xfe\"}".to_vec()),
        ("an overlong form", b"{\"name\": \"\xc0\x80\"}".to_vec()),
        ("half a surrogate pair", br#"{"name": "\ud800"}"#.to_vec()),
        ("a byte order mark alone", b"\xef\xbb\xbf".to_vec()),
        ("a byte order mark inside", b"{\xef\xbb\xbf\"name\": \"World\"}".to_vec()),
        ("UTF-16", "{\"name\": \"World\"}".encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ("half of it", br#"{"name": "Wor"#.to_vec()),
        ("more than one", br#"{"name": "World"}{"name": "Asia"}"#.to_vec()),
        ("a comment", br#"{"name": "World" /* */}"#.to_vec()),
        ("ten thousand lists", deep("[", "]")),
        ("ten thousand objects", deep("{\"a\":", "}")),
        ("a number beyond all", br#"{"name": "World", "position": 1e999}"#.to_vec()),
        ("not a number", br#"{"name": "World", "position": NaN}"#.to_vec()),
    ];
    for (case, body) in bodies {
        let answer = admin.send_bytes(Method::POST, SECTIONS, Some((JSON, body))).await;
        is_refusal(&answer, case);
        assert_eq!(answer.status, 400, "{case}");
    }
    assert_eq!(sections(&admin).await, json!([]));
}

async fn bodies_that_say_the_wrong_thing_are_refused_at_the_member(app: TestApp) {
    let admin = app.admin().await;
    let cases = [
        (r#"{"name": "World", "position": 99999999999999999999999}"#, "/position"),
        (r#"{"name": "World", "position": -2147483649}"#, "/position"),
        (r#"{"name": "World", "position": 1.5}"#, "/position"),
        (r#"{"name": ["World"]}"#, "/name"),
        (r#"{"name": {"$ne": 1}}"#, "/name"),
        (r#"{"name": "World", "parent_id": "0"}"#, "/parent_id"),
        (r#"{"name": "World", "a/b~c": 1}"#, "/a~1b~0c"),
        (r#"{"name": "World", "__proto__": {}}"#, "/__proto__"),
        (r#"{"name": "\u2003\u3000"}"#, "/name"),
    ];
    for (body, place) in cases {
        let sent = Some((JSON, body.to_owned()));
        let refusal = admin.send(Method::POST, SECTIONS, sent).await.expect(422);
        assert_eq!(refusal["errors"][0]["pointer"], place, "{body}: {refusal}");
    }
    assert_eq!(sections(&admin).await, json!([]));
}

async fn what_only_surrounds_a_body_or_a_text_is_taken_off(app: TestApp) {
    let admin = app.admin().await;
    let body = b"\xef\xbb\xbf{\"name\": \"\xef\xbb\xbfWorld\\u0000\\u0000\"}".to_vec();
    let world = admin.send_bytes(Method::POST, SECTIONS, Some((JSON, body))).await.expect(201);
    assert_eq!((&world["name"], &world["slug"]), (&json!("World"), &json!("world")));
    let patch = b"\xef\xbb\xbf{\"description\": \"All of it\\u0000\"}".to_vec();
    let fresh = admin.freshly(&at(&world)).await;
    let changed = fresh.send_bytes(Method::PATCH, &at(&world), Some((MERGE_PATCH, patch))).await;
    assert_eq!(changed.expect(200)["description"], "All of it");
    // A camera fills its fields up.
    let credit = json!({"credit_line": format!("Jan Lis{}", "\0".repeat(400)), "source": "\0\0"});
    let refused = admin.post("/manage/v1/media-credits", credit).await;
    refused.refused(422, "/source", "length");
    let credit = json!({"credit_line": format!("Jan Lis{}", "\0".repeat(400))});
    let credit = admin.post("/manage/v1/media-credits", credit).await.expect(201);
    assert_eq!(credit["credit_line"], "Jan Lis");
}

/// JSON Schema, and so the API document, calls 3.0 an integer.
async fn a_whole_number_may_have_a_point(app: TestApp) {
    let admin = app.admin().await;
    for (name, number, position) in [("A", "3.0", 3), ("B", "-2.50e1", -25), ("C", "-0.0", 0)] {
        let sent = format!(r#"{{"name": "{name}", "position": {number}}}"#);
        let made = admin.send(Method::POST, SECTIONS, Some((JSON, sent))).await.expect(201);
        assert_eq!(made["position"], position, "{number}");
    }
    for number in ["0.5", "9007199254740993.0", "1e300"] {
        let sent = format!(r#"{{"name": "D", "position": {number}}}"#);
        let answer = admin.send(Method::POST, SECTIONS, Some((JSON, sent))).await;
        assert_eq!(answer.status, 422, "{number}: {}", answer.text);
    }
}

async fn a_member_that_stands_twice_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let twice = r#"{"name": "World", "slug": "world", "name": "Asia"}"#;
    let answer = admin.send(Method::POST, SECTIONS, Some((JSON, twice.to_owned()))).await;
    answer.refused(422, "/name", "duplicate");
    let deeper = r#"{"name": "World", "description": [{"a": 1, "a": 2}]}"#;
    let answer = admin.send(Method::POST, SECTIONS, Some((JSON, deeper.to_owned()))).await;
    answer.refused(422, "/description/0/a", "duplicate");

    let world = admin.post(SECTIONS, json!({"name": "World"})).await.expect(201);
    let twice = r#"{"hidden": true, "hidden": false}"#.to_owned();
    let fresh = admin.freshly(&at(&world)).await;
    let answer = fresh.send(Method::PATCH, &at(&world), Some((MERGE_PATCH, twice))).await;
    answer.refused(422, "/hidden", "duplicate");
    assert_eq!(sections(&admin).await, json!([world]));
}

async fn a_nul_character_is_refused_wherever_it_hides(app: TestApp) {
    let admin = app.admin().await;
    for (body, place) in [
        (json!({"name": "Wo\0rld"}), "/name"),
        (json!({"name": "World", "description": "\0a"}), "/description"),
        (json!({"name": "World", "na\0me": 1}), "/na\0me"),
    ] {
        admin.post(SECTIONS, body).await.refused(422, place, "control");
    }
    for query in ["?limit=%00", "?cursor=a%00b", "?%00=1"] {
        is_refusal(&admin.get(&format!("{SECTIONS}{query}")).await, query);
    }
    for path in ["%00", "a%00b", "0190c0de-0000-7000-8000-00000000%0000"] {
        let answer = admin.get(&format!("{SECTIONS}/{path}")).await;
        assert_eq!(answer.status, 400, "{path}");
    }
    let sign_in = json!({"email": "admin@example.org\0", "password": "\0"});
    let refused = app.anyone().post("/manage/v1/session", sign_in).await;
    assert_eq!(refused.status, 422);
    assert_eq!(sections(&admin).await, json!([]));
}

async fn a_body_beyond_the_limit_is_refused(app: TestApp) {
    const LIMIT: usize = 2 * 1024 * 1024;
    let admin = app.admin().await;
    let of_size = |size: usize| {
        let frame = r#"{"name": "World", "description": ""}"#.len();
        format!(r#"{{"name": "World", "description": "{}"}}"#, "x".repeat(size - frame))
    };
    let just = admin.send(Method::POST, SECTIONS, Some((JSON, of_size(LIMIT)))).await;
    just.refused(422, "/description", "length");
    let over = admin.send(Method::POST, SECTIONS, Some((JSON, of_size(LIMIT + 1)))).await;
    is_refusal(&over, "one byte too many");
    assert_eq!(over.status, 413);
    let stranger =
        app.anyone().send(Method::POST, SECTIONS, Some((JSON, of_size(LIMIT + 1)))).await;
    assert_eq!(stranger.status, 401, "who comes before what");
    assert_eq!(sections(&admin).await, json!([]));
}

async fn the_media_type_decides_whether_a_body_is_read(app: TestApp) {
    let admin = app.admin().await;
    let body = || json!({"name": "World"}).to_string();
    for other in ["", "json", "text/json", "application/json+x", "application/merge-patch+json"] {
        let answer = admin.send(Method::POST, SECTIONS, Some((other, body()))).await;
        assert_eq!(answer.status, 415, "{other}");
    }
    assert_eq!(sections(&admin).await, json!([]));
    let world = admin
        .send(Method::POST, SECTIONS, Some(("Application/JSON ; charset=utf-8", body())))
        .await
        .expect(201);
    let fresh = admin.freshly(&at(&world)).await;
    let answer = fresh.send(Method::PATCH, &at(&world), Some((JSON, "{}".to_owned()))).await;
    assert_eq!((answer.status.as_u16(), answer.header("accept-patch")), (415, MERGE_PATCH));
}

async fn broken_queries_are_refused(app: TestApp) {
    let admin = app.admin().await;
    for query in [
        "limit=%FF",
        "limit=%C0%80",
        "%FF=1",
        "limit=1&limit=2",
        "limit=-1",
        "limit=101",
        "limit=1e1",
        "limit=%2B1",
        "limit=+1",
        "limit=1.5",
        "limit=",
        "limit",
        "LIMIT=1",
        "limit[]=1",
        "=1",
        "limit=18446744073709551617",
        "parent_id=null",
        "cursor=%20",
    ] {
        let answer = admin.get(&format!("{SECTIONS}?{query}")).await;
        is_refusal(&answer, query);
        assert_eq!(answer.status, 400, "{query}");
    }
    for (query, said) in [
        ("total=1", "total: expected true or false"),
        ("limit=x", "limit: expected a whole number from 1 to 100"),
        ("surprise=1", "surprise: unknown parameter `surprise`"),
    ] {
        let refusal = admin.get(&format!("{SECTIONS}?{query}")).await.expect(400);
        assert!(refusal["detail"].as_str().unwrap().starts_with(said), "{refusal}");
    }
    for harmless in ["", "&", "limit=%31", "limit=5&"] {
        admin.get(&format!("{SECTIONS}?{harmless}")).await.expect(200);
    }
}

async fn a_cursor_is_good_for_its_own_list_alone(app: TestApp) {
    let admin = app.admin().await;
    for name in ["A", "B"] {
        admin.post(SECTIONS, json!({"name": name})).await.expect(201);
    }
    let page = admin.get(&format!("{SECTIONS}?limit=1")).await.expect(200);
    let good = page["next"].as_str().unwrap();
    admin.get(&format!("{SECTIONS}?cursor={good}")).await.expect(200);
    let other = admin.get(&format!("/manage/v1/users?cursor={good}")).await;
    other.refused(400, "cursor", "cursor");
    let forged =
        ["x", "%F0%9F%98%80", "e30", "bnVsbA", &good[1..], &format!("{good}A"), "' or 1=1 --"];
    for cursor in forged {
        let address = format!("{SECTIONS}?cursor={}", cursor.replace(' ', "%20"));
        admin.get(&address).await.refused(400, "cursor", "cursor");
    }
    let of_users = |key: &Value| {
        let place = json!({"of": "users", "key": key}).to_string();
        format!("/manage/v1/users?cursor={}", URL_SAFE_NO_PAD.encode(place))
    };
    admin.get(&of_users(&json!("a"))).await.expect(200);
    for key in [json!("a\0b"), json!(["a"]), json!("a".repeat(2_000))] {
        admin.get(&of_users(&key)).await.refused(400, "cursor", "cursor");
    }
}

async fn an_if_match_that_names_no_version_of_it_is_refused(app: TestApp) {
    let admin = app.admin().await;
    let world = admin.post(SECTIONS, json!({"name": "World"})).await.expect(201);
    for garbage in ["1", "\"1", "null", "w/\"1\"", "W/1", "\"1\" \"2\"", "\"7\", 1", "\"1\"x"] {
        let client = admin.with("if-match", garbage);
        let patch = Some((MERGE_PATCH, r#"{"hidden": true}"#.to_owned()));
        let answer = client.send(Method::PATCH, &at(&world), patch).await;
        answer.refused(400, "If-Match", "format");
        client.send(Method::DELETE, &at(&world), None).await.refused(400, "If-Match", "format");
    }
    for garbage in ["\"0\"", "\"2\"", "\"\"", "\"x\", \"y\"", "\"01\"", "\"2,1\"", "W/\"2\""] {
        let client = admin.with("if-match", garbage);
        let patch = Some((MERGE_PATCH, r#"{"hidden": true}"#.to_owned()));
        let answer = client.send(Method::PATCH, &at(&world), patch).await;
        assert_eq!(answer.status, 412, "{garbage}");
        assert_eq!(answer.header("etag"), "\"1\"", "{garbage}");
        let answer = client.send(Method::DELETE, &at(&world), None).await;
        assert_eq!(answer.status, 412, "{garbage}");
    }
    assert_eq!(sections(&admin).await, json!([world]));
    let patch = Some((MERGE_PATCH, r#"{"hidden": true}"#.to_owned()));
    let weak = admin.with("if-match", "W/\"1\"");
    weak.send(Method::PATCH, &at(&world), patch.clone()).await.expect(200);
    let late = weak.send(Method::PATCH, &at(&world), patch).await.expect(412);
    assert!(late["detail"].as_str().unwrap().contains("(section.changed: hidden)"), "{late}");
    let several = admin.with("if-match", "\"7\", ,\"2\"");
    several.send(Method::DELETE, &at(&world), None).await.expect(204);
}

async fn patches_that_are_no_objects_are_refused(app: TestApp) {
    let admin = app.admin().await;
    let world = admin.post(SECTIONS, json!({"name": "World"})).await.expect(201);
    for patch in [json!(null), json!([]), json!([{"op": "remove", "path": "/name"}]), json!("x")] {
        admin.patch(&at(&world), patch).await.refused(422, "", "type");
    }
    admin.patch(&at(&world), json!({"name": null})).await.refused(422, "/name", "required");
    for unknown in ["foo", "id", "na/me"] {
        let place = format!("/{}", unknown.replace('/', "~1"));
        let patch = json!({unknown: null});
        admin.patch(&at(&world), patch).await.refused(422, &place, "unknown_member");
    }
    let article = articles::draft(&admin, &world, "The ferry sails").await;
    let deeper = json!({"seo": {"foo": null}});
    let refused = admin.patch(&articles::at(&article), deeper).await;
    refused.refused(422, "/seo/foo", "unknown_member");
    admin.delete(&articles::at(&article)).await.expect(204);
    admin.patch(&at(&world), json!({"id": "x"})).await.refused(422, "/id", "unknown_member");
    admin.patch(&at(&world), json!({"version": 9})).await.refused(
        422,
        "/version",
        "unknown_member",
    );
    assert_eq!(sections(&admin).await, Value::from(vec![world.clone()]));
    for other in [json!([]), json!(null), json!("x")] {
        let refusal = admin.put(&at(&world), other).await.expect(422);
        assert_eq!(refusal["errors"][0]["pointer"], "");
        assert_eq!(refusal["detail"], "expected an object");
    }
    admin.act(&at(&world), "publish", json!({})).await.expect(404);
}

async fn a_refusal_costs_no_more_than_finding_out_who_asks(app: TestApp) {
    let admin = app.admin().await;
    let (finding_out, refused) = app.statements(admin.get("/manage/v1/nowhere")).await;
    refused.expect(404);
    for body in ["", "[", "{\"name\": \"\"}", "{\"name\": 1}", "{\"a\": 1, \"a\": 2}"] {
        let asking = admin.send(Method::POST, SECTIONS, Some((JSON, body.to_owned())));
        let (spent, refused) = app.statements(asking).await;
        is_refusal(&refused, body);
        assert_eq!(spent, finding_out, "{body}");
    }
    let (spent, refused) = app.statements(app.with_token("x.y.z").get(SECTIONS)).await;
    refused.expect(401);
    assert_eq!(spent, 0, "a forged token reaches the database");
}
