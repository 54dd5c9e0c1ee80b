//! What is asked for: articles from all years, lists of full length, and the deepest page there is.
use broadsheet::{
    cli::demo,
    time::{Clock, Instant},
};
use serde_json::Value;

use super::client::{Connection, get};

/// How many instants of the past are looked at for articles.
const INSTANTS: i64 = 200;
/// For how long articles were published, in seconds: what `broadsheet demo` generates.
const SPAN: i64 = 8 * 365 * 24 * 60 * 60;
/// Where page 5,000 begins.
const DEEPEST: usize = 99_980;

/// A public article.
pub struct Piece {
    pub id: String,
    pub path: String,
    /// Of its page.
    pub etag: String,
    /// How long its page is, in bytes.
    pub length: usize,
}

/// A section without others below it, whose first page is full.
pub struct Leaf {
    pub id: String,
    pub path: String,
    /// How long its first page is, in bytes.
    pub length: usize,
}

/// A page of a list, and which one it is.
pub struct Deep {
    pub number: usize,
    pub address: String,
}

/// What is asked for in one newsroom.
pub struct Sample {
    pub pieces: Vec<Piece>,
    pub leaves: Vec<Leaf>,
    /// The deepest page of the largest section and of the smallest, at most the 5,000th.
    pub deep: [Deep; 2],
}

/// The address of a page.
pub fn page(path: &str) -> String {
    format!("/v1/page?path={path}")
}

/// The address of a section's list.
pub fn list(section: &str) -> String {
    format!("/v1/articles?section={section}&limit=20")
}

impl Sample {
    /// Looks around.
    pub async fn take(port: u16) -> Self {
        let mut reader = Connection::open(port).await;
        let now = Clock::system().now();
        let mut pieces: Vec<Piece> = Vec::new();
        for number in 0..INSTANTS {
            let to = now.plus_seconds(-SPAN * number / INSTANTS);
            pieces.extend(before(&mut reader, to).await);
        }
        pieces.sort_by(|one, other| one.id.cmp(&other.id));
        pieces.dedup_by(|one, other| one.id == other.id);
        // By the hash of their paths: in no order that a database could have.
        pieces.sort_by_key(|piece| {
            piece
                .path
                .bytes()
                .fold(7_u64, |sum, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte))
        });
        let sections = reader.json("/v1/sections").await;
        let mut leaves = Vec::new();
        for section in sections["data"].as_array().unwrap() {
            leaves_of(section, &mut leaves);
        }
        let mut full = Vec::new();
        for (id, path) in leaves {
            let body = reader.get(&list(&path)).await;
            let articles: Value = serde_json::from_slice(&body).unwrap();
            if articles["data"].as_array().unwrap().len() == 20 {
                full.push(Leaf { id, path, length: body.len() });
            }
        }
        assert!(!full.is_empty(), "take more articles: no section fills a page");
        let deep =
            [deepest(&mut reader, demo::LARGEST).await, deepest(&mut reader, demo::SMALLEST).await];
        Self { pieces, leaves: full, deep }
    }
}

/// A few articles that were published before an instant.
async fn before(reader: &mut Connection, to: Instant) -> Vec<Piece> {
    let cards = reader.json(&format!("/v1/sparse/articles?limit=5&fields=id,path&to={to}")).await;
    let mut pieces = Vec::new();
    for card in cards["data"].as_array().unwrap() {
        let (id, path) = (text(&card["id"]), text(&card["path"]));
        let answer = reader.ask(&get(&page(&path), &[])).await;
        assert_eq!(answer.status, 200, "{path}");
        pieces.push(Piece { id, path, etag: answer.etag.unwrap(), length: answer.body.len() });
    }
    pieces
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn leaves_of(section: &Value, found: &mut Vec<(String, String)>) {
    let children = section["children"].as_array().unwrap();
    if children.is_empty() {
        found.push((text(&section["id"]), text(&section["path"])));
    }
    for child in children {
        leaves_of(child, found);
    }
}

/// Walks down a list, a hundred at a time, to where its last page of 20 begins.
async fn deepest(reader: &mut Connection, section: &str) -> Deep {
    let address = |limit: usize, cursor: &Option<String>| {
        let cursor = cursor.as_ref().map(|cursor| format!("&cursor={cursor}"));
        let cursor = cursor.unwrap_or_default();
        format!("/v1/sparse/articles?section={section}&limit={limit}&fields=id{cursor}")
    };
    let (mut cursor, mut passed) = (None, 0);
    let total = loop {
        let page = reader.json(&address(100, &cursor)).await;
        let length = page["data"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(next) if passed + length <= DEEPEST => {
                cursor = Some(next.to_owned());
                passed += length;
            }
            _ => break passed + length,
        }
    };
    let start = ((total - 1) / 20 * 20).min(DEEPEST);
    while passed < start {
        let page = reader.json(&address(20, &cursor)).await;
        cursor = Some(text(&page["next"]));
        passed += 20;
    }
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    Deep { number: start / 20 + 1, address: format!("{}{cursor}", list(section)) }
}
