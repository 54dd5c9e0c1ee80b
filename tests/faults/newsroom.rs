//! A newsroom that is served from the command line, and taken up again after it was ended.
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    caller::Caller,
    desk::{Desk, Shared},
    engines::{Database, Engine},
    process::Process,
    whole,
};

const ADMIN: &str = "admin@example.org";
const PASSWORD: &str = "correct horse battery staple";

pub struct Newsroom {
    pub server: Process,
    pub home: TempDir,
    settings: Vec<(String, String)>,
    token: String,
    pub shared: Shared,
    // Last, so that it goes when nothing uses it any more.
    _database: Option<Database>,
}

impl Newsroom {
    pub fn open(engine: Engine) -> Self {
        Self::open_with(engine, &[])
    }

    /// With settings beside those that every test has.
    pub fn open_with(engine: Engine, settings: &[(&str, &str)]) -> Self {
        let database = engine.database();
        Self::start(&database.url.clone(), Some(database), settings)
    }

    /// On this empty database.
    pub fn at(url: &str, settings: &[(&str, &str)]) -> Self {
        Self::start(url, None, settings)
    }

    fn start(url: &str, database: Option<Database>, settings: &[(&str, &str)]) -> Self {
        let usual = [
            ("DATABASE_URL", url),
            ("JWT_SECRET", "a secret for tests, long enough to sign"),
            // Says for each comment that it comes from somebody else.
            ("TRUSTED_PROXIES", "127.0.0.1"),
            ("SITE_URL", "https://news.example.org"),
            ("ADMIN_EMAIL", ADMIN),
            ("ADMIN_PASSWORD", PASSWORD),
        ];
        let all = usual.iter().chain(settings);
        let settings: Vec<_> =
            all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let home = tempfile::tempdir().unwrap();
        let server = serve(&home, &settings);
        let (token, shared) = Default::default();
        let mut newsroom = Self { server, home, settings, token, shared, _database: database };
        let who = json!({"email": ADMIN, "password": PASSWORD});
        let tokens = newsroom.reader().post("/manage/v1/session", &who).expect(200);
        newsroom.token = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        newsroom.furnish();
        newsroom
    }

    /// Makes what all desks share.
    fn furnish(&mut self) {
        let editor = self.editor();
        let world = json!({"name": "World", "comments_mode": "post"});
        self.shared.section = id(&editor.post("/manage/v1/sections", &world).expect(201));
        let credit = json!({"credit_line": "Everybody", "usage_terms": "0"});
        let credit = editor.post("/manage/v1/media-credits", &credit).expect(201);
        self.shared.credit = format!("/manage/v1/media-credits/{}", id(&credit));
        let article = json!({
            "headline": "What do you say?", "lead": "Say it.", "tags": ["harbour", "quay"],
            "body": [{"type": "paragraph", "text": [{"text": "Everybody is asked."}]}],
            "section_id": self.shared.section,
        });
        self.shared.article = id(&editor.post("/manage/v1/articles", &article).expect(201));
        for (version, action) in (1..).zip(["submit", "approve", "publish"]) {
            let path = format!("/manage/v1/articles/{}/actions/{action}", self.shared.article);
            let editor = editor.with("if-match", format!("\"{version}\""));
            editor.post(&path, &json!({})).expect(200);
        }
    }

    /// Whatever readers can ask for is what a server without a cache answers.
    pub fn reads_are_right(&self) {
        let uncached = self.another(&[("CACHE", "off")]);
        let (kept, made) = (self.reader(), Caller::new(&uncached.address));
        let list = "/v1/articles?limit=100";
        let mut paths = ["/v1/sections", "/v1/page?path=/world", list].map(String::from).to_vec();
        for article in made.get(list).expect(200)["data"].as_array().unwrap() {
            let path = format!("/v1/articles/{}", id(article));
            paths.extend([format!("{path}/comments?sort=newest"), path]);
        }
        for path in paths {
            assert_eq!(kept.get(&path).text, made.get(&path).text, "{path}");
        }
    }

    pub fn url(&self) -> &str {
        &self.settings[0].1
    }

    /// Ends the server without a word, and starts another on what it leaves.
    pub fn restart(&mut self) {
        self.server.kill();
        let panicked = self.server.log.iter().find(|line| line.contains("panicked"));
        assert_eq!(panicked, None);
        self.server = serve(&self.home, &self.settings);
    }

    /// One more server on the same database, with other settings.
    pub fn another(&self, settings: &[(&str, &str)]) -> Process {
        let mut all = self.settings.clone();
        all.extend(settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        serve(&self.home, &all)
    }

    /// A caller without a token.
    pub fn reader(&self) -> Caller {
        Caller::new(&self.server.address)
    }

    /// Somebody who may do everything.
    pub fn editor(&self) -> Caller {
        self.editor_at(&self.server)
    }

    pub fn editor_at(&self, server: &Process) -> Caller {
        Caller::new(&server.address).with("authorization", &self.token)
    }

    /// So many desks, all come in.
    pub fn desks(&self, count: usize, seed: u64) -> Vec<Desk> {
        let desk = |at| Desk::new(at, seed, &self.shared, self.editor());
        (0..count).map(desk).collect()
    }

    /// Nothing acknowledged is lost, nothing is half done, nothing is done twice.
    pub fn is_whole(&self, desks: &mut [Desk]) {
        for desk in &mut *desks {
            desk.come_in(self.editor());
            desk.check();
        }
        let counted = self.editor().get(&self.shared.credit).expect(200);
        let count: u64 = counted["usage_terms"].as_str().unwrap().parse().unwrap();
        assert_eq!(counted["version"], json!(count + 1), "a change of it that was no count");
        let sure: u64 = desks.iter().map(|desk| desk.counted).sum();
        let perhaps: u64 = desks.iter().map(|desk| desk.perhaps_counted).sum();
        assert!(
            (sure..=sure + perhaps).contains(&count),
            "{sure} to {} are {count}",
            sure + perhaps
        );
        whole::check(self.url());
    }
}

fn serve(home: &TempDir, settings: &[(String, String)]) -> Process {
    let settings: Vec<_> = settings.iter().map(|(name, value)| (&**name, &**value)).collect();
    Process::start(home.path(), &["serve"], &settings)
}

pub fn id(of: &Value) -> String {
    of["id"].as_str().unwrap().to_owned()
}
