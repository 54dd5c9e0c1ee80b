//! Random work in a random newsroom: after every change, whatever readers can ask for is what
//! an uncached server answers, and what the change did not touch is still ready.
use std::collections::{BTreeSet, HashMap};

use actix_web::http::Method;
use broadsheet::{auth::roles::Role, db::journal};
use fastrand::Rng;
use serde_json::{Value, json};

use crate::{
    articles::{ARTICLES, paragraph},
    support::{Answer, Client, TestApp, on_both_engines},
};

on_both_engines! {
    readers_get_what_an_uncached_server_would_answer,
    the_same_in_another_newsroom,
}

async fn readers_get_what_an_uncached_server_would_answer(app: TestApp) {
    Newsroom::open(app, 0x5eed).await.work(30).await;
}

async fn the_same_in_another_newsroom(app: TestApp) {
    Newsroom::open(app, 0xfeed).await.work(30).await;
}

const TAGS: [&str; 3] = ["harbour", "night buses", "żegluga"];
const GENRES: [&str; 3] = ["news", "opinion", "report"];

/// How an answer of the cached server is to be known again.
struct Seen {
    tags: BTreeSet<String>,
    /// Whether it can change by itself before the next look.
    restless: bool,
}

pub struct Newsroom {
    pub app: TestApp,
    uncached: TestApp,
    random: Rng,
    sections: Vec<String>,
    articles: Vec<String>,
    people: Vec<String>,
    credits: Vec<String>,
    media: Vec<String>,
    slots: Vec<String>,
    comments: Vec<String>,
    /// Every address there ever was.
    pub paths: BTreeSet<String>,
    /// Instants to ask about.
    past: Vec<String>,
    seen: HashMap<String, Seen>,
    pub log: Vec<String>,
}

fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}

impl Newsroom {
    /// One with some of everything, published.
    pub async fn open(app: TestApp, seed: u64) -> Self {
        let uncached = app.another(|name| (name == "CACHE").then(|| "off".to_owned())).await;
        let mut room = Self {
            app,
            uncached,
            random: Rng::with_seed(seed),
            sections: Vec::new(),
            articles: Vec::new(),
            people: Vec::new(),
            credits: Vec::new(),
            media: Vec::new(),
            slots: Vec::new(),
            comments: Vec::new(),
            paths: ["/".to_owned()].into(),
            past: Vec::new(),
            seen: HashMap::new(),
            log: Vec::new(),
        };
        room.furnish().await;
        room
    }

    async fn furnish(&mut self) {
        let admin = self.app.admin().await;
        for (name, below) in
            [("World", None), ("Asia", Some(0)), ("Sport", None), ("Port", Some(1))]
        {
            let parent = below.map(|at: usize| self.sections[at].clone());
            let input = json!({"name": name, "parent_id": parent, "comments_mode": "post"});
            self.sections.push(id(&admin.post("/manage/v1/sections", input).await.expect(201)));
        }
        for name in ["ada", "ben"] {
            let user =
                self.app.add_user(&format!("{name}@example.org"), &[Role::Author], &[]).await;
            self.people.push(id(&user));
        }
        for line in ["Ada Lis", "North Agency"] {
            let input = json!({"credit_line": line});
            self.credits.push(id(&admin.post("/manage/v1/media-credits", input).await.expect(201)));
        }
        for name in ["ferry", "bridge", "quay"] {
            let url = format!("https://media.example.org/{name}.jpg");
            let credit = self.random.choice(&self.credits).cloned();
            let input = json!({"kind": "image", "url": url, "credit_id": credit});
            self.media.push(id(&admin.post("/manage/v1/media", input).await.expect(201)));
        }
        for (code, placement) in [("top", "before_headline"), ("middle", "in_body")] {
            let input = json!({
                "code": code, "name": code, "placement": placement,
                "label": {"text": "Ad", "language": "en"},
                "size_mapping": [{"min_viewport": [0, 0], "sizes": [[300, 250]]}],
                "provider": {"kind": "none"},
            });
            self.slots.push(id(&admin.post("/manage/v1/ad-slots", input).await.expect(201)));
        }
        for number in 0..6 {
            let mut input = self.article();
            input["headline"] = json!(format!("Article {number}"));
            let article = admin.post(ARTICLES, input).await.expect(201);
            self.articles.push(id(&article));
        }
        for article in self.articles.clone() {
            let target = self.random.choice(&self.articles).cloned();
            let link = json!({"kind": "internal", "target_article_id": target});
            // An article does not link to itself, so one or the other stays without.
            let links = format!("{ARTICLES}/{article}/related-links");
            self.app.admin().await.post(&links, link).await;
            self.publish(&article, json!({})).await;
        }
    }

    fn pick(&mut self, list: fn(&Self) -> &Vec<String>) -> String {
        let at = self.random.usize(..list(self).len());
        list(self)[at].clone()
    }

    /// What an article could be like.
    fn article(&mut self) -> Value {
        let number = self.random.u32(..1000);
        let tags: Vec<&str> = TAGS.into_iter().filter(|_| self.random.bool()).collect();
        let medium = self.random.bool().then(|| self.pick(|room| &room.media));
        // Now and then to itself, which is refused as a whole.
        let target = self.random.choice(&self.articles).cloned();
        let marks = target.map(|id| json!([{"type": "article_link", "article_id": id}]));
        let more = json!([{"text": "More.", "marks": marks.unwrap_or(json!([]))}]);
        json!({
            "section_id": self.pick(|room| &room.sections),
            "lead": format!("Lead {number}."),
            "genre": self.random.choice(GENRES),
            "language": self.random.choice(["en", "en-GB", "pl"]),
            "tags": tags,
            "authors": [self.pick(|room| &room.people)],
            "main_media": medium.map(|id| json!({"media_id": id})),
            "body": [
                paragraph(&format!("Words {number}.")),
                {"type": "image", "media_id": self.pick(|room| &room.media)},
                {"type": "paragraph", "text": more},
                {"type": "ad_slot", "code": "middle"}, paragraph("The end."),
            ],
        })
    }

    async fn publish(&mut self, article: &str, when: Value) {
        let at = format!("{ARTICLES}/{article}");
        for (step, body) in [("submit", json!({})), ("approve", json!({})), ("publish", when)] {
            self.act(&at, &format!("actions/{step}"), body).await;
        }
        let path = self.app.admin().await.get(&at).await.body["path"].clone();
        self.paths.extend(path.as_str().map(str::to_owned));
    }

    /// Does it if it can be done now; a refusal changes nothing, which is to be seen as well.
    async fn act(&mut self, at: &str, action: &str, body: Value) -> Answer {
        let answer = self.app.admin().await.act(at, action, body).await;
        self.log.push(format!("{} {at}/{action}", answer.status));
        answer
    }

    async fn patch(&mut self, at: &str, body: Value) {
        let answer = self.app.admin().await.patch(at, body.clone()).await;
        self.log.push(format!("{} {at} {body}", answer.status));
    }

    async fn work(mut self, steps: u32) {
        self.past.push(self.app.in_seconds(0));
        self.look(None).await;
        for step in 0..steps {
            if step == steps / 3 {
                self.past.push(self.app.in_seconds(0));
            }
            let last = self.app.state.db.read(|conn| journal::last(conn)).await.unwrap();
            let time_passes = self.change().await;
            let entries = self.app.state.db.read(move |conn| journal::tags_after(conn, last, 1000));
            let moved = entries.await.unwrap().into_iter().flat_map(|(_, tags)| tags).collect();
            self.look((!time_passes).then_some(moved)).await;
            if time_passes {
                self.set_the_clock_back().await;
            }
        }
    }

    /// The clock turns out to have been ahead for a while.
    async fn set_the_clock_back(&mut self) {
        let seconds = self.random.i64(1..200);
        for (by, what) in [(-seconds, "back"), (seconds, "forward")] {
            self.app.advance(by);
            self.log.push(format!("the clock is set {what} by {seconds} s"));
            self.look(None).await;
        }
    }

    /// One change; returns whether time was what changed.
    pub async fn change(&mut self) -> bool {
        let article = self.pick(|room| &room.articles);
        let at = format!("{ARTICLES}/{article}");
        match self.random.u32(..21) {
            0..=2 => {
                let mut edit = self.article();
                if self.random.bool() {
                    edit["slug"] = json!(format!("slug-{}", self.random.u32(..4)));
                }
                self.patch(&at, edit).await;
                self.publish(&article, json!({})).await;
            }
            3 => {
                let lead = json!({"lead": "Not yet for readers."});
                self.patch(&at, lead).await;
            }
            4 => {
                let (from, replace) = (self.app.in_seconds(200), self.random.bool());
                let when = json!({"valid_from": from, "replace_scheduled": replace});
                self.publish(&article, when).await;
            }
            5 => {
                let when = json!({"valid_to": self.app.in_seconds(300)});
                self.publish(&article, when).await;
            }
            6 => drop(self.act(&at, "actions/unpublish", json!({})).await),
            7 if self.random.bool() => {
                let notice = json!({"notice": "It was not so."});
                self.act(&at, "actions/retract", notice).await;
            }
            8 => {
                let at = format!("/manage/v1/sections/{}", self.pick(|room| &room.sections));
                let change = match self.random.u32(..3) {
                    0 => json!({"hidden": self.random.bool()}),
                    1 => json!({"slug": format!("part-{}", self.random.u32(..9))}),
                    _ => json!({"name": format!("Part {}", self.random.u32(..9))}),
                };
                self.patch(&at, change).await;
            }
            9 => {
                let at = format!("/manage/v1/media/{}", self.pick(|room| &room.media));
                let change = match self.random.u32(..3) {
                    0 => json!({"rights_expires_at": self.app.in_seconds(150)}),
                    1 => json!({"rights_expires_at": null}),
                    _ => json!({"caption": format!("Seen {} times", self.random.u32(..9))}),
                };
                self.patch(&at, change).await;
            }
            10 => {
                let at = format!("/manage/v1/media-credits/{}", self.pick(|room| &room.credits));
                let line = json!({"credit_line": format!("Agency {}", self.random.u32(..9))});
                self.patch(&at, line).await;
            }
            11 => {
                let at = format!("/manage/v1/ad-slots/{}", self.pick(|room| &room.slots));
                let change = match self.random.u32(..3) {
                    0 => json!({"active": self.random.bool()}),
                    1 => json!({"ends_at": self.app.in_seconds(250)}),
                    _ => json!({"sections": [self.pick(|room| &room.sections)]}),
                };
                self.patch(&at, change).await;
            }
            12 | 13 => self.comment(&article).await,
            14 if !self.comments.is_empty() => {
                let at = format!("/manage/v1/comments/{}", self.pick(|room| &room.comments));
                let decision = self.random.choice(["approve", "reject"]);
                let decision = json!({"decision": decision, "reason": "spam"});
                self.act(&at, "decisions", decision).await;
            }
            16 => self.dismiss().await,
            17 => self.merge().await,
            20 => self.change_schedule(&at).await,
            18 | 19 => {
                let number = self.random.u32(1..4);
                let reason = json!({"reason": "It named a witness."});
                self.act(&at, &format!("editions/{number}/withdraw"), reason).await;
            }
            15 if self.random.bool() => {
                let at = format!("/manage/v1/users/{}", self.pick(|room| &room.people));
                let name = json!({"name": format!("Author {}", self.random.u32(..9))});
                self.patch(&at, name).await;
            }
            _ => {
                let seconds = self.random.i64(1..200);
                self.app.advance(seconds);
                self.log.push(format!("{seconds} s pass"));
                return true;
            }
        }
        false
    }

    /// Says something under an article, in reply to another where that is shown there.
    async fn comment(&mut self, article: &str) {
        let thread = format!("/v1/articles/{article}/comments");
        let body = format!("I say {}.", self.random.u32(..));
        let known = self.random.choice(&self.comments).cloned();
        let parent = known.filter(|_| self.random.bool());
        let comment = json!({"nickname": "Reader", "body": body, "parent_id": parent});
        let said = self.app.anyone().post(&thread, comment).await;
        if said.status.is_success() {
            self.comments.push(id(&said.body));
        }
        self.log.push(format!("{} {thread}", said.status));
    }

    /// Cancels or moves the last edition or the one before it, where that is scheduled.
    async fn change_schedule(&mut self, at: &str) {
        let article = self.app.admin().await.get(at).await.body;
        let number = article["last_edition"].as_i64().unwrap_or_default();
        let edition = format!("{at}/editions/{}", (number - self.random.i64(0..2)).max(1));
        let admin = self.app.admin().await.freshly(at).await;
        let answer = if self.random.bool() {
            admin.send(Method::DELETE, &edition, None).await
        } else {
            let from = self.app.in_seconds(self.random.i64(-50..250));
            let times = json!({"valid_from": from, "valid_to": null}).to_string();
            let body = ("application/merge-patch+json", times);
            admin.send(Method::PATCH, &edition, Some(body)).await
        };
        self.log.push(format!("{} {edition} cancelled or moved", answer.status));
    }

    /// Deletes someone whose articles are public no more, if there is such a one.
    async fn dismiss(&mut self) {
        let id = self.pick(|room| &room.people);
        let at = format!("/manage/v1/users/{id}");
        let gone = self.app.admin().await.delete(&at).await;
        self.log.push(format!("{} {at} deleted", gone.status));
        if gone.status.is_success() && self.people.len() > 1 {
            self.people.retain(|other| *other != id);
        }
    }

    /// Merges a section into another.
    async fn merge(&mut self) {
        let (from, to) = (self.pick(|room| &room.sections), self.pick(|room| &room.sections));
        let at = format!("/manage/v1/sections/{from}");
        let admin = self.app.admin().await.freshly(&at).await;
        let whole = format!("{at}?reassign_to={to}");
        let gone = admin.send(Method::DELETE, &whole, None).await;
        self.log.push(format!("{} {whole} deleted", gone.status));
        if gone.status.is_success() {
            self.sections.retain(|id| *id != from);
        }
    }

    /// Everything that readers can ask for.
    pub fn addresses(&self) -> Vec<String> {
        let queries = [
            "",
            "?limit=2",
            "?include=comment_count",
            "?sort=oldest&total=true",
            "?language=pl",
            "?language=en&limit=2",
            "?language=en-gb",
            "?limit=1&total=true",
        ];
        let mut all: Vec<String> =
            queries.iter().map(|query| format!("/v1/articles{query}")).collect();
        all.extend(
            ["/v1/sections", "/v1/ad-slots", "/v1/ad-slots?placement=in_body"].map(String::from),
        );
        for tag in TAGS {
            let tag = url::form_urlencoded::byte_serialize(tag.as_bytes()).collect::<String>();
            all.push(format!("/v1/articles?tag={tag}"));
        }
        all.extend(GENRES.map(|genre| format!("/v1/articles?genre={genre}")));
        for path in &self.paths {
            all.push(format!("/v1/page?path={path}"));
            all.push(format!("/v1/articles/by-path?path={path}&body=html"));
            all.push(format!("/v1/sparse/articles/by-path?path={path}&fields=path,tags"));
        }
        // As it was when the newsroom opened, and some time later.
        for past in &self.past {
            all.push(format!("/v1/articles?as_of={past}&limit=3"));
            all.extend(self.articles.iter().map(|id| format!("/v1/articles/{id}?as_of={past}")));
            all.extend(self.paths.iter().map(|path| format!("/v1/page?path={path}&as_of={past}")));
            for section in &self.sections {
                all.push(format!("/v1/articles?section={section}&as_of={past}"));
            }
        }
        for person in &self.people {
            all.push(format!("/v1/sparse/articles?author={person}&fields=id,authors"));
        }
        for section in &self.sections {
            all.push(format!("/v1/sections/{section}"));
            all.push(format!("/v1/articles?section={section}"));
            all.push(format!("/v1/articles?section={section}&genre=news"));
            all.push(format!("/v1/ad-slots?section={section}"));
        }
        for article in &self.articles {
            all.push(format!("/v1/articles/{article}"));
            all.push(format!("/v1/articles/{article}?include=ads,comments"));
            all.push(format!("/v1/sparse/articles/{article}?fields=headline,comments,body_text"));
            all.push(format!("/v1/articles/{article}/comments?sort=newest"));
            all.push(format!("/v1/articles/{article}/threads?replies=1&limit=2"));
        }
        all.extend(self.media.iter().map(|id| format!("/v1/media/{id}")));
        all.extend(self.credits.iter().map(|id| format!("/v1/media-credits/{id}")));
        all.extend(self.comments.iter().map(|id| format!("/v1/comments/{id}")));
        all.extend(self.comments.iter().map(|id| format!("/v1/comments/{id}/replies?limit=1")));
        all
    }

    /// Asks for everything, twice; `moved` are the tags that the last change moved, unless time
    /// has passed.
    async fn look(&mut self, moved: Option<BTreeSet<String>>) {
        let (cached, uncached) = (self.app.anyone(), self.uncached.anyone());
        let mut addresses = self.addresses();
        let mut at = 0;
        while let Some(address) = addresses.get(at).cloned() {
            at += 1;
            let answer = same(&uncached, &cached, &address, &self.log).await;
            if let Some(next) = answer.body["next"].as_str().filter(|_| at < 10) {
                let joint = if address.contains('?') { '&' } else { '?' };
                addresses.push(format!("{address}{joint}cursor={next}"));
            }
            if answer.status != 200 {
                self.seen.remove(&address);
                continue;
            }
            if let (Some(moved), Some(seen)) = (&moved, self.seen.get(&address)) {
                let untouched = seen.tags.is_disjoint(moved) && !seen.restless;
                let ready = answer.was_ready() || !untouched;
                assert!(ready, "{address} was dropped for nothing: {moved:?}; {:#?}", self.log);
            }
            let tags = answer.header("cache-tag").split(',').map(str::to_owned).collect();
            let restless = !answer.header("cache-control").contains("max-age=60");
            self.seen.insert(address, Seen { tags, restless });
        }
    }
}

/// The answer, which is the same from both servers.
pub async fn same(made: &Client, kept: &Client, address: &str, log: &[String]) -> Answer {
    let made = made.get_unchecked(address).await;
    let kept = kept.get_unchecked(address).await;
    assert_eq!(kept.status, made.status, "{address}: {log:#?}");
    if made.status == 200 {
        assert_eq!(kept.text, made.text, "{address}: {log:#?}");
        for name in ["etag", "last-modified", "link"] {
            assert_eq!(kept.headers.get(name), made.headers.get(name), "{address}: {log:#?}");
        }
    }
    kept
}
