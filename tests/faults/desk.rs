//! A desk: somebody who writes, and remembers what was acknowledged and what may have been done.
use std::{collections::BTreeMap, thread, time::Duration};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    caller::{Answer, Caller},
    newsroom::id,
    shift::Shift,
};

/// How long to wait after a refusal for a while, as a caller does who was asked to come again.
const PAUSE: Duration = Duration::from_millis(20);

/// Something that the desk has made.
struct Piece {
    /// Where editors find it; `None` while nobody knows whether it was made.
    address: Option<String>,
    made_by: Post,
    /// As it was acknowledged last.
    known: Value,
    /// As it may be instead, since nobody knows what became of the last request.
    doubted: Option<Value>,
    /// The request that would make it so: method, path and body.
    again: Option<(&'static str, String, Value)>,
}

/// A request that makes something.
struct Post {
    path: String,
    body: Value,
    /// Who sends it, and under which key.
    headers: Vec<(&'static str, String)>,
}

/// What all desks share.
#[derive(Clone, Default)]
pub struct Shared {
    /// Their articles are in this section.
    pub section: String,
    /// They all count on in this credit; its address.
    pub credit: String,
    /// They all comment on this article until they have published one of their own.
    pub article: String,
}

pub struct Desk {
    name: String,
    random: Rng,
    caller: Caller,
    shared: Shared,
    /// The article that is commented on.
    talk: String,
    pieces: Vec<Piece>,
    /// How many of the pieces have been checked with nothing left in doubt, and are done with.
    settled: usize,
    made: usize,
    /// How often it has counted one on, and how often it may have.
    pub counted: u64,
    pub perhaps_counted: u64,
    /// How often it got each status, and how often none.
    pub answers: BTreeMap<u16, u64>,
    pub lost: u64,
}

impl Desk {
    pub fn new(at: usize, seed: u64, shared: &Shared, caller: Caller) -> Self {
        Self {
            name: format!("Desk {at}"),
            random: Rng::with_seed(seed ^ at as u64),
            caller,
            shared: shared.clone(),
            talk: shared.article.clone(),
            pieces: Vec::new(),
            settled: 0,
            made: 0,
            counted: 0,
            perhaps_counted: 0,
            answers: BTreeMap::new(),
            lost: 0,
        }
    }

    /// Goes to this server, signed in, with a connection of its own.
    pub fn come_in(&mut self, caller: Caller) {
        self.caller = caller;
    }

    /// Works for a whole shift, through whatever happens to the server.
    pub fn work(&mut self, shift: &Shift) {
        while !shift.is_over() {
            let acknowledged = match self.pieces.last() {
                Some(piece) if piece.doubted.is_some() => self.settle(self.pieces.len() - 1),
                _ => self.step(),
            };
            shift.tell(acknowledged);
            if !acknowledged {
                thread::sleep(PAUSE);
            }
        }
    }

    /// Does one thing; whether it was acknowledged.
    pub fn step(&mut self) -> bool {
        match (self.random.u8(..10), self.pieces.last().map(|piece| piece.known.clone())) {
            (0, _) => self.count(),
            (1, _) => self.make_section(),
            (2, _) => self.comment(),
            (_, Some(last)) if last["headline"].is_string() => self.carry_on(&last),
            _ => self.make_article(),
        }
    }

    /// Counts one on, unless another desk was faster.
    fn count(&mut self) -> bool {
        let credit = self.shared.credit.clone();
        let Some(now) = self.ask("GET", &credit, None, &[]) else { return false };
        if now.status != 200 {
            return false;
        }
        let count: u64 = now.body["usage_terms"].as_str().unwrap().parse().unwrap();
        let next = json!({"usage_terms": (count + 1).to_string()});
        let seen = ("if-match", now.header("etag").unwrap().to_owned());
        match self.ask("PATCH", &credit, Some(&next), &[seen]).map(|answer| answer.status) {
            Some(200) => self.counted += 1,
            Some(412 | 507) => {}
            Some(503) | None => {
                self.perhaps_counted += 1;
                return false;
            }
            Some(other) => panic!("{other} for counting"),
        }
        true
    }

    fn make_section(&mut self) -> bool {
        self.made += 1;
        let name = format!("{} {}", self.name, self.made);
        let body = json!({"name": name});
        let known = json!({"name": name, "version": 1});
        self.make("/manage/v1/sections", body, known)
    }

    fn make_article(&mut self) -> bool {
        self.made += 1;
        let headline = format!("{} {}", self.name, self.made);
        // Enough to fill several pages of the database.
        let text = self.random.alphanumeric().to_string().repeat(self.random.usize(1..8000));
        let known = json!({
            "headline": headline, "lead": "At first.", "tags": ["harbour", "quay"],
            "body": [{"type": "paragraph", "id": "p1", "text": [{"text": text}]}],
            "status": "draft", "version": 1, "last_edition": 0,
        });
        let mut body = known.clone();
        for name in ["status", "version", "last_edition"] {
            body.as_object_mut().unwrap().remove(name);
        }
        body["section_id"] = json!(self.shared.section);
        self.make("/manage/v1/articles", body, known)
    }

    fn comment(&mut self) -> bool {
        self.made += 1;
        let body = format!("{} says {}.", self.name, self.made);
        let path = format!("/v1/articles/{}/comments", self.talk);
        let post = json!({"nickname": self.name.clone(), "body": body});
        self.make(&path, post, json!({"body": body, "version": 1}))
    }

    /// What is to be done next with the article that was made last.
    fn carry_on(&mut self, known: &Value) -> bool {
        let at = self.pieces.len() - 1;
        let Some(address) = self.pieces[at].address.clone() else { return self.make_article() };
        let mut next = known.clone();
        next["version"] = json!(known["version"].as_u64().unwrap() + 1);
        let mut act = |desk: &mut Self, action: &str, status: &str| {
            next["status"] = json!(status);
            let path = format!("{address}/actions/{action}");
            desk.change(at, "POST", &path, &json!({}), next.clone())
        };
        match known["status"].as_str().unwrap() {
            "draft" if self.random.bool() => {
                let lead = format!("Changed {}.", self.random.u32(..));
                next["lead"] = json!(lead);
                self.change(at, "PATCH", &address, &json!({"lead": lead}), next)
            }
            "draft" => act(self, "submit", "in_review"),
            "in_review" => act(self, "approve", "approved"),
            "approved" => {
                next["last_edition"] = json!(1);
                next["status"] = json!("published");
                let path = format!("{address}/actions/publish");
                self.change(at, "POST", &path, &json!({}), next)
            }
            _ => self.make_article(),
        }
    }

    /// Makes something, every other time with a key.
    fn make(&mut self, path: &str, body: Value, known: Value) -> bool {
        // Nobody may comment as often as a desk does.
        let [a, b, c] = [(); 3].map(|()| self.random.u8(1..255));
        let mut headers = vec![("x-forwarded-for", format!("10.{a}.{b}.{c}"))];
        if self.random.bool() {
            let key = format!("{}-{}", self.name.replace(' ', "-"), self.made);
            headers.push(("idempotency-key", key));
        }
        let made_by = Post { path: path.to_owned(), body, headers };
        let doubted = Some(known.clone());
        self.pieces.push(Piece { address: None, made_by, known, doubted, again: None });
        self.post(self.pieces.len() - 1)
    }

    /// Sends the request that makes this piece, perhaps once more.
    fn post(&mut self, at: usize) -> bool {
        let Post { path, body, headers } = &self.pieces[at].made_by;
        let (path, body, headers) = (path.clone(), body.clone(), headers.clone());
        let keyed = headers.iter().any(|(name, _)| *name == "idempotency-key");
        let answer = self.ask("POST", &path, Some(&body), &headers);
        match answer.as_ref().map(|answer| answer.status) {
            Some(201 | 202) => {
                let id = id(&answer.unwrap().body);
                let list = if path.starts_with("/v1/") { "/manage/v1/comments" } else { &path };
                self.pieces[at].address = Some(format!("{list}/{id}"));
                self.pieces[at].doubted = None;
                true
            }
            // Nothing was changed.
            Some(507) => {
                self.pieces.truncate(at);
                false
            }
            Some(503) | None => {
                // Nobody can ask for it: it is there or not, and whole if so.
                if !keyed {
                    self.pieces.truncate(at);
                }
                false
            }
            // The first attempt is under way still.
            Some(409) if keyed => false,
            Some(other) => panic!("{other} for {path}: {}", answer.unwrap().text),
        }
    }

    /// Changes a piece, which becomes as `next` by that.
    fn change(
        &mut self,
        at: usize,
        method: &'static str,
        path: &str,
        body: &Value,
        next: Value,
    ) -> bool {
        let seen = ("if-match", format!("\"{}\"", self.pieces[at].known["version"]));
        let answer = self.ask(method, path, Some(body), &[seen]);
        match answer.as_ref().map(|answer| answer.status) {
            Some(200) => {
                if next["status"] == "published" {
                    let address = self.pieces[at].address.as_ref().unwrap();
                    self.talk = address.rsplit('/').next().unwrap().to_owned();
                }
                self.pieces[at].known = next;
            }
            Some(507) => return false,
            Some(503) | None => {
                self.pieces[at].doubted = Some(next);
                self.pieces[at].again = Some((method, path.to_owned(), body.clone()));
                return false;
            }
            Some(other) => panic!("{other} for {path}: {}", answer.unwrap().text),
        }
        true
    }

    /// Finds out what became of a piece; whether it did.
    fn settle(&mut self, at: usize) -> bool {
        let Some(address) = self.pieces[at].address.clone() else { return self.post(at) };
        // It may be made still. Asked for once more, it is refused if it was made.
        if let Some((method, path, body)) = self.pieces[at].again.take() {
            let next = self.pieces[at].doubted.take().unwrap();
            let seen = ("if-match", format!("\"{}\"", self.pieces[at].known["version"]));
            let answer = self.ask(method, &path, Some(&body), &[seen]);
            match answer.map(|answer| answer.status) {
                Some(200) => self.pieces[at].known = next,
                Some(409 | 412) => self.pieces[at].doubted = Some(next),
                Some(503 | 507) | None => {
                    self.pieces[at].doubted = Some(next);
                    self.pieces[at].again = Some((method, path, body));
                    return false;
                }
                Some(other) => panic!("{other} for {path}"),
            }
        }
        let Some(answer) = self.ask("GET", &address, None, &[]) else { return false };
        if answer.status == 503 {
            return false;
        }
        let is = answer.expect(200);
        let piece = &mut self.pieces[at];
        let as_it = |known: &Value| -> Value {
            known.as_object().unwrap().keys().map(|name| (name.clone(), is[name].clone())).collect()
        };
        if let Some(doubted) = piece.doubted.take()
            && as_it(&doubted) == doubted
        {
            piece.known = doubted;
        }
        assert_eq!(as_it(&piece.known), piece.known, "{address} is not as it was acknowledged");
        true
    }

    /// Everything that was acknowledged is there, exactly so; everything in doubt is settled.
    pub fn check(&mut self) {
        for at in self.settled..self.pieces.len() {
            assert!(self.settle(at), "the server is up");
            let Piece { address, known, .. } = &self.pieces[at];
            if known["status"] == "published" {
                let id = address.as_ref().unwrap().rsplit('/').next().unwrap();
                let page =
                    self.caller.get(&format!("/v1/sparse/articles/{id}?fields=lead")).expect(200);
                assert_eq!(page["lead"], known["lead"], "what readers get of {id}");
            }
        }
        // The last one may be changed again.
        self.settled = self.pieces.len().saturating_sub(1);
    }

    fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&'static str, String)],
    ) -> Option<Answer> {
        let caller = headers
            .iter()
            .fold(self.caller.clone(), |caller, (name, value)| caller.with(name, value.as_str()));
        let answer = caller.try_send(method, path, body);
        match &answer {
            Some(answer) => {
                *self.answers.entry(answer.status).or_default() += 1;
                if answer.status >= 400 {
                    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
                }
                let again = answer.header("retry-after").is_some();
                assert_eq!(again, [503, 507].contains(&answer.status), "{}", answer.text);
            }
            None => self.lost += 1,
        }
        answer
    }
}
