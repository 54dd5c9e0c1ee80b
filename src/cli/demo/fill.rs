//! Fills the demo newsroom over the public API: everyone does their own part of the work.
use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    caller::{Caller, Refusal},
    newsroom::{Comment, Decision, Item, Newsroom, PASSWORD, Person, Piece, Publication, Step},
};
use crate::{
    app::State,
    error::{Error, Result},
    time::Instant,
    users,
};

const ARTICLES: &str = "/manage/v1/articles";
const COMMENTS: &str = "/manage/v1/comments";

/// Fills the newsroom, unless there is a user already. Says line by line what is done, and
/// returns whether anything was.
pub async fn fill(state: &State, newsroom: &Newsroom, say: impl Fn(&str)) -> Result<bool> {
    if state.db.read(|conn| users::queries::any(conn)).await? {
        return Ok(false);
    }
    let mut filler = Filler::new(state).await;
    filler.employ(state, &newsroom.users).await?;
    say(&format!("{} users", newsroom.users.len()));
    for (kind, path, by, items) in [
        ("section", "sections", "editor", &newsroom.sections),
        ("credit", "media-credits", "editor", &newsroom.credits),
        ("media", "media", "editor", &newsroom.media),
        ("ad_slot", "ad-slots", "ads", &newsroom.ad_slots),
    ] {
        for item in items {
            let path = format!("/manage/v1/{path}");
            filler
                .make(kind, &path, by, item)
                .await
                .map_err(|why| failed(kind, &item.key, &why))?;
        }
        say(&format!("{} {}", items.len(), path.replace('-', " ")));
    }
    // All articles are there before any of them links to another.
    for step in [Stage::Draft, Stage::Body, Stage::Workflow, Stage::Comments] {
        for piece in &newsroom.articles {
            let done = match step {
                Stage::Draft => filler.draft(piece).await,
                Stage::Body => filler.write(piece).await,
                Stage::Workflow => filler.hand_on(piece).await,
                Stage::Comments => filler.discuss(piece).await,
            };
            done.map_err(|why| failed("article", &piece.key, &why))?;
        }
    }
    let comments: usize = newsroom.articles.iter().map(|piece| piece.comments.len()).sum();
    say(&format!("{} articles, {comments} comments", newsroom.articles.len()));
    Ok(true)
}

enum Stage {
    Draft,
    Body,
    Workflow,
    Comments,
}

fn failed(kind: &str, key: &str, why: &Refusal) -> Error {
    Error::internal(format!("the demo newsroom could not be filled, at {kind} `{key}`: {why}"))
}

/// Fills a newsroom as its people would, and remembers what came of it.
pub struct Filler {
    stranger: Caller,
    /// Who has signed in, by their keys.
    people: HashMap<String, Caller>,
    /// `@kind:key` and the id that the API gave it.
    ids: HashMap<String, Value>,
    now: Instant,
}

impl Filler {
    /// Nobody has signed in yet.
    pub async fn new(state: &State) -> Self {
        let stranger = Caller::of(state).await;
        let (people, ids) = (HashMap::new(), HashMap::new());
        Self { stranger, people, ids, now: state.clock.now() }
    }

    /// Signs in someone who has an account, to work under their key.
    pub async fn sign_in(&mut self, person: &Person) -> Result<()> {
        let caller = self.stranger.signed_in(&person.email, PASSWORD).await;
        let caller = caller.map_err(|why| failed("user", &person.key, &why))?;
        self.people.insert(person.key.clone(), caller);
        Ok(())
    }

    /// Makes everyone's account and signs them in. The API is closed until somebody has an
    /// account, so the first one is made as `broadsheet user add` makes it.
    async fn employ(&mut self, state: &State, users: &[Person]) -> Result<()> {
        let mut first = None;
        for person in users {
            let refused = |why: &Refusal| failed("user", &person.key, why);
            let input = json!({
                "email": person.email, "name": person.name, "roles": person.roles,
                "password": PASSWORD,
            });
            let id = match first {
                None => {
                    let input = serde_json::from_value(input).map_err(Error::internal)?;
                    json!(users::first::add_user(&state.db, input, self.now).await?.id)
                }
                Some(key) => {
                    let made = self.post(key, "/manage/v1/users", &input).await;
                    made.map_err(|why| refused(&why))?["id"].clone()
                }
            };
            self.sign_in(person).await?;
            self.ids.insert(format!("@user:{}", person.key), id);
            first.get_or_insert(person.key.as_str());
        }
        Ok(())
    }

    fn person(&self, key: &str) -> Result<&Caller, Refusal> {
        self.people.get(key).ok_or_else(|| Refusal::new(format!("there is no user `{key}`")))
    }

    async fn post(&self, by: &str, path: &str, body: &Value) -> Result<Value, Refusal> {
        Ok(self.person(by)?.post(path, body).await?.body)
    }

    /// Makes something by one request; returns its id, by which others can name it.
    pub async fn make(
        &mut self,
        kind: &str,
        path: &str,
        by: &str,
        item: &Item,
    ) -> Result<Value, Refusal> {
        let made = self.post(by, path, &self.resolved(&item.input)?).await?;
        self.ids.insert(format!("@{kind}:{}", item.key), made["id"].clone());
        Ok(made["id"].clone())
    }

    /// The article without its body, whose boxes name links that are not there yet.
    async fn draft(&mut self, piece: &Piece) -> Result<(), Refusal> {
        let mut input = piece.input.clone();
        input.remove("body");
        let item = Item { key: piece.key.clone(), input: Value::Object(input) };
        self.make("article", ARTICLES, &piece.by, &item).await.map(drop)
    }

    async fn write(&mut self, piece: &Piece) -> Result<(), Refusal> {
        let at = self.address(piece)?;
        // Some lead to what a colleague is still writing, which an author may not know of.
        for link in &piece.links {
            self.make("link", &format!("{at}/related-links"), "admin", link).await?;
        }
        if let Some(body) = piece.input.get("body") {
            let body = json!({"body": self.resolved(body)?});
            self.person(&piece.by)?.patch(&at, &body).await?;
        }
        Ok(())
    }

    /// The author hands it in; what follows is the editor's part.
    async fn hand_on(&self, piece: &Piece) -> Result<(), Refusal> {
        let at = self.address(piece)?;
        let (author, editor) = (self.person(&piece.by)?, self.person("editor")?);
        for step in &piece.steps {
            let (by, action, body) = match step {
                Step::Submit => (author, "submit", json!({})),
                Step::Approve => (editor, "approve", json!({})),
                Step::Return => (editor, "return", json!({"note": piece.return_note})),
                Step::Publish => (editor, "publish", self.when(&piece.publish)),
                Step::Unpublish => (editor, "unpublish", json!({})),
                Step::Retract => (editor, "retract", json!({"notice": piece.retraction_notice})),
            };
            by.act(&at, &format!("actions/{action}"), &body).await?;
        }
        if let Some(patch) = &piece.edited_after {
            editor.patch(&at, &self.resolved(patch)?).await?;
        }
        if piece.published_again {
            editor.act(&at, "actions/publish", &json!({"significant": false})).await?;
        }
        Ok(())
    }

    fn when(&self, publish: &Publication) -> Value {
        let at = |seconds: Option<i64>| seconds.map(|seconds| self.now.plus_seconds(seconds));
        json!({
            "valid_from": at(publish.valid_from_in),
            "valid_to": at(publish.valid_to_in),
            "published_at": at(publish.published_ago.map(|ago| -ago)),
        })
    }

    /// One after the other, since a reply needs a comment that is shown.
    async fn discuss(&mut self, piece: &Piece) -> Result<(), Refusal> {
        let thread = format!("/v1/articles/{}/comments", self.id("article", &piece.key)?);
        for comment in &piece.comments {
            let mut body = json!({"nickname": comment.nickname, "body": comment.body});
            if let Some(key) = &comment.reply_to {
                body["parent_id"] = json!(self.id("comment", key)?);
            }
            let posted = self.stranger.post(&thread, &body).await?.body;
            self.ids.insert(format!("@comment:{}", comment.key), posted["id"].clone());
            self.moderate(comment).await?;
        }
        Ok(())
    }

    async fn moderate(&self, comment: &Comment) -> Result<(), Refusal> {
        let decision = match comment.decision {
            Decision::None => return Ok(()),
            Decision::Approve => "approve",
            Decision::Reject => "reject",
        };
        let decision = json!({"decision": decision, "reason": comment.reason});
        let at = format!("{COMMENTS}/{}", self.id("comment", &comment.key)?);
        self.person("moderator")?.act(&at, "decisions", &decision).await.map(drop)
    }

    fn address(&self, piece: &Piece) -> Result<String, Refusal> {
        Ok(format!("{ARTICLES}/{}", self.id("article", &piece.key)?))
    }

    fn id(&self, kind: &str, key: &str) -> Result<&str, Refusal> {
        let name = format!("@{kind}:{key}");
        let id = self.ids.get(&name).and_then(Value::as_str);
        id.ok_or_else(|| Refusal::new(format!("{name} is not there yet")))
    }

    /// The same with ids in the place of `@kind:key`.
    fn resolved(&self, value: &Value) -> Result<Value, Refusal> {
        Ok(match value {
            Value::String(text) if is_reference(text) => {
                let known = self.ids.get(text).cloned();
                known.ok_or_else(|| Refusal::new(format!("{text} is not there yet")))?
            }
            Value::Array(values) => {
                values.iter().map(|value| self.resolved(value)).collect::<Result<_, _>>()?
            }
            Value::Object(members) => {
                let members = members.iter();
                let resolved =
                    members.map(|(name, value)| Ok((name.clone(), self.resolved(value)?)));
                Value::Object(resolved.collect::<Result<Map<_, _>, Refusal>>()?)
            }
            other => other.clone(),
        })
    }
}

fn is_reference(text: &str) -> bool {
    let key = text.strip_prefix('@').and_then(|text| text.split_once(':'));
    key.is_some_and(|(kind, key)| {
        [kind, key].iter().all(|part| part.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()))
    })
}
