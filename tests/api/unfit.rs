//! What is in the database does not fit: a row that this version cannot read, or a rule that it does
//! not know. No request has caused that, so none is blamed; others go on.
use serde_json::{Value, json};

use crate::{
    comments::id,
    support::{Answer, Engine, TestApp, execute, on_both_engines},
};

on_both_engines! {
    a_row_that_cannot_be_read_is_no_fault_of_whoever_asks,
    a_rule_of_the_database_alone_is_no_fault_of_whoever_asks,
}

async fn section(app: &TestApp) -> (Value, String) {
    let section = json!({"name": "World"});
    let section = app.admin().await.post("/manage/v1/sections", section).await.expect(201);
    let at = format!("/manage/v1/sections/{}", id(&section));
    (section, at)
}

#[track_caller]
fn is_unavailable(answer: Answer) {
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.expect(503)["type"], "/problems/unavailable");
}

async fn a_row_that_cannot_be_read_is_no_fault_of_whoever_asks(app: TestApp) {
    let (admin, (_, at)) = (app.admin().await, section(&app).await);
    let mode = |mode: &str| {
        execute(app.url(), &format!("update sections set comments_mode = '{mode}'"));
    };
    mode("by-moonlight");
    is_unavailable(admin.get(&at).await);
    is_unavailable(admin.get("/manage/v1/sections").await);
    is_unavailable(app.anyone().get("/v1/sections").await);
    is_unavailable(admin.patch(&at, json!({"name": "Asia"})).await);
    admin.get("/manage/v1/media").await.expect(200);
    mode("pre");
    assert_eq!(admin.get(&at).await.expect(200)["name"], "World");
    app.anyone().get("/v1/sections").await.expect(200);
}

async fn a_rule_of_the_database_alone_is_no_fault_of_whoever_asks(app: TestApp) {
    let (admin, (_, at)) = (app.admin().await, section(&app).await);
    let (rule, none) = match app.engine() {
        Engine::Sqlite => (
            "create trigger short before update on sections when length(new.name) > 9 begin \
             select raise(abort, 'too long'); end",
            "drop trigger short",
        ),
        Engine::Postgres => (
            "alter table sections add constraint short check (length(name) <= 9)",
            "alter table sections drop constraint short",
        ),
    };
    let longer = json!({"name": "The whole world"});
    execute(app.url(), rule);
    is_unavailable(admin.patch(&at, longer.clone()).await);
    admin.patch(&at, json!({"name": "Asia"})).await.expect(200);
    execute(app.url(), none);
    admin.patch(&at, longer).await.expect(200);
}
