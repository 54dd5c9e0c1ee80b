//! Reports over HTTP: what readers hold against comments, and how it is resolved.
use broadsheet::{auth::roles::Role, db::journal};
use serde_json::{Value, json};

use crate::{
    articles,
    comments::{at, decide, id, open_article, read, say},
    support::{TestApp, on_both_engines},
};

on_both_engines! {
    reports_wait_until_someone_decides,
    a_notice_of_illegal_content_says_who_and_why,
    only_moderators_read_reports,
    reports_are_dismissed_by_leaving_the_comment_as_it_is,
}

const REPORTS: &str = "/manage/v1/reports";

async fn reports_wait_until_someone_decides(app: TestApp) {
    let article = open_article(&app, "post").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let comment = say(&app, &article, "Buy this").await.expect(201);
    let other = say(&app, &article, "Nonsense").await.expect(201);
    let reports = |comment: &Value| format!("/v1/comments/{}/reports", id(comment));
    let flag = json!({"kind": "flag", "reason": "advertising", "note": "again"});
    let reader = app.anyone().with("idempotency-key", "flag");
    let receipt = reader.post(&reports(&comment), flag.clone()).await.expect(202);
    assert_eq!(reader.post(&reports(&comment), flag).await.expect(202), receipt);
    app.anyone().post(&reports(&other), json!({"kind": "flag"})).await.expect(202);
    app.anyone().post(&reports(&comment), json!({"kind": "flag"})).await.expect(202);

    let listed = |filter: &str| {
        let (moderator, path) = (moderator.clone(), format!("{REPORTS}{filter}"));
        async move { moderator.get(&path).await.expect(200) }
    };
    let all = listed("").await;
    assert_eq!(all["data"].as_array().unwrap().len(), 3);
    assert_eq!(all["data"][0]["id"], receipt["id"], "the oldest first");
    assert_eq!(all["data"][0]["notice"]["reason"], "advertising");
    assert_eq!(all["data"][0]["comment"]["body"], "Buy this");

    decide(&moderator, &comment, "reject").await.expect(200);
    let mut seen = Vec::new();
    let mut page = listed("?limit=1").await;
    loop {
        let report = &page["data"][0];
        seen.push((report["comment"]["id"].clone(), report["resolved"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        page = listed(&format!("?limit=1&cursor={next}")).await;
    }
    let (comment_id, other_id) = (comment["id"].clone(), other["id"].clone());
    let expected =
        [(other_id, json!(false)), (comment_id.clone(), json!(true)), (comment_id, json!(true))];
    assert_eq!(seen, expected, "open ones first");
    assert_eq!(listed("?resolved=false").await["data"].as_array().unwrap().len(), 1);
    assert_eq!(listed("?resolved=true").await["data"].as_array().unwrap().len(), 2);
    assert_eq!(listed("?kind=illegal_content").await["data"], json!([]));
    // Not shown, not to be reported.
    app.anyone().post(&reports(&comment), json!({"kind": "flag"})).await.expect(404);
    moderator.delete(&at(&other)).await.expect(204);
    assert_eq!(listed("?resolved=false").await["data"], json!([]));
    let last = say(&app, &article, "One more").await.expect(201);
    let retracted = json!({"notice": "It was wrong."});
    let admin = app.admin().await;
    admin.act(&articles::at(&article), "actions/retract", retracted).await.expect(200);
    app.anyone().post(&reports(&last), json!({"kind": "flag"})).await.expect(410);

    let changes = app.state.db.read(|conn| journal::page(conn, 0, None, 1000)).await.unwrap();
    let received = changes.iter().filter(|change| change.action == "report.received");
    assert_eq!(received.count(), 3, "once for each report");
    let rejected = changes.iter().find(|change| change.action == "comment.rejected").unwrap();
    assert_eq!(rejected.summary.0, ["spam", "reports resolved: 2"]);
}

async fn a_notice_of_illegal_content_says_who_and_why(app: TestApp) {
    let article = open_article(&app, "post").await;
    let comment = say(&app, &article, "A libel").await.expect(201);
    let path = format!("/v1/comments/{}/reports", id(&comment));
    let notice = json!({
        "kind": "illegal_content", "explanation": "It accuses my sister of a theft.",
        "reporter_name": "Ewa Lis", "reporter_email": "ewa@example.org", "good_faith": true,
    });
    for (member, value, code) in [
        ("explanation", Value::Null, "type"),
        ("explanation", json!(" "), "blank"),
        ("reporter_name", json!(""), "length"),
        ("reporter_email", json!("nobody"), "email"),
        ("good_faith", json!(false), "confirmed"),
        ("reason", json!("spam"), "unknown_member"),
    ] {
        let mut bad = notice.clone();
        bad[member] = value;
        app.anyone().post(&path, bad).await.refused(422, &format!("/{member}"), code);
    }
    app.anyone().post(&path, json!({"kind": "grumble"})).await.expect(422);
    let receipt = app.anyone().post(&path, notice.clone()).await.expect(202);
    assert_eq!(receipt["kind"], "illegal_content");
    assert!(receipt.get("reporter_email").is_none());
    let admin = app.admin().await;
    let listed = admin.get(&format!("{REPORTS}?kind=illegal_content")).await.expect(200);
    assert_eq!(listed["data"][0]["notice"], notice);
}

async fn only_moderators_read_reports(app: TestApp) {
    app.anyone().get(REPORTS).await.expect(401);
    for role in [Role::Author, Role::AdManager] {
        app.signed_in(role).await.get(REPORTS).await.expect(403);
    }
    for role in [Role::Editor, Role::Moderator] {
        assert_eq!(app.signed_in(role).await.get(REPORTS).await.expect(200)["next"], Value::Null);
    }
}

async fn reports_are_dismissed_by_leaving_the_comment_as_it_is(app: TestApp) {
    let article = open_article(&app, "post").await;
    let moderator = app.signed_in(Role::Moderator).await;
    let comment = say(&app, &article, "I disagree").await.expect(201);
    let other = say(&app, &article, "So do I").await.expect(201);
    decide(&moderator, &comment, "approve").await.expect(409);
    let report = |comment: &Value| {
        let path = format!("/v1/comments/{}/reports", id(comment));
        let anyone = app.anyone();
        async move { anyone.post(&path, json!({"kind": "flag"})).await.expect(202) }
    };
    report(&comment).await;
    report(&comment).await;
    let decided = decide(&moderator, &comment, "approve").await.expect(200);
    assert_eq!((&decided["status"], &decided["version"]), (&json!("approved"), &json!(2)));
    assert_eq!(read(&app, &article).await["count"], 2);
    decide(&moderator, &comment, "approve").await.expect(409);

    report(&other).await;
    let both = json!({"items": [
        {"comment_id": other["id"], "version": 1, "decision": "approve"},
        {"comment_id": comment["id"], "version": 2, "decision": "approve"},
    ]});
    let refused = moderator.post("/manage/v1/comments/decisions", both.clone()).await;
    refused.refused(409, "/items/1", "state");
    report(&comment).await;
    moderator.post("/manage/v1/comments/decisions", both).await.expect(200);
    let open = moderator.get(&format!("{REPORTS}?resolved=false")).await.expect(200);
    assert_eq!(open["data"], json!([]));
    assert_eq!(read(&app, &article).await["count"], 2);
    let changes = app.state.db.read(|conn| journal::page(conn, 0, None, 1000)).await.unwrap();
    let approved = changes.iter().filter(|change| change.action == "comment.approved");
    let said: Vec<_> = approved.map(|change| change.summary.0.join(", ")).collect();
    assert_eq!(said, ["reports resolved: 2", "reports resolved: 1", "reports resolved: 1"]);
}
