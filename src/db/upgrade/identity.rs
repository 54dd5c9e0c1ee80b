//! Texts compared as they are and not as they are spelled: names, comments, listed words, tags.
use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use serde_json::{Value as Document, value::RawValue};

use crate::{
    db::{
        Conn,
        dialect::{
            rewrite::{pages, rewrite},
            rows,
        },
        schema::comment_words,
        tables::{Column, Kind, Row, Table, Value},
        types::Json,
    },
    error::{Error, Result},
    ids::AnyId,
    tags::Facet,
    text::{self, likeness},
};

/// The texts of each table, by the names of their columns.
const TEXTS: &[(&str, &[&str])] = &[
    ("users", &["name"]),
    ("sections", &["name", "description"]),
    (
        "media_credits",
        &["label", "credit_line", "creator_name", "source", "copyright_notice", "usage_terms"],
    ),
    ("media", &["caption", "alt"]),
    ("ad_slots", &["name"]),
    ("articles", &["headline", "note"]),
    ("related_links", &["title"]),
    ("editions", &["headline", "notice", "withdrawal_reason"]),
    ("comments", &["nickname", "body", "note"]),
    ("comment_words", &["word"]),
];
/// Names among them, which stay in one line.
const NAMES: &[(&str, &[&str])] = &[
    ("users", &["name"]),
    ("sections", &["name"]),
    ("media_credits", &["credit_line", "creator_name"]),
];
/// The documents with texts in them.
const DOCUMENTS: &[(&str, &[&str])] = &[
    ("ad_slots", &["label", "targeting"]),
    ("articles", &["document"]),
    ("editions", &["document", "summary"]),
    ("comment_reports", &["notice"]),
];

fn table(name: &'static str, kind: Kind, columns: impl IntoIterator<Item = &'static str>) -> Table {
    // Documents are always there, and texts not.
    let column = |name| Column { name, kind, nullable: kind == Kind::Text };
    let id = Column { name: "id", kind: Kind::Id, nullable: false };
    let columns = std::iter::once(id).chain(columns.into_iter().map(column)).collect();
    Table { name, columns, order: &["id"] }
}

/// Takes out of texts what no text may hold, and makes anew what they are compared by.
pub fn compare_as_they_are(conn: &mut Conn) -> Result<()> {
    for (name, columns) in TEXTS {
        rewrite(conn, &table(name, Kind::Text, columns.iter().copied()), |row| {
            Ok(texts(row).fold(false, |done, text| clean(text) | done))
        })?;
    }
    for (name, columns) in NAMES {
        rewrite(conn, &table(name, Kind::Text, columns.iter().copied()), |row| {
            Ok(texts(row).fold(false, |done, name| straighten(name) | done))
        })?;
    }
    for (name, columns) in DOCUMENTS {
        rewrite(conn, &table(name, Kind::Document, columns.iter().copied()), |row| {
            row.iter_mut().try_fold(false, |done, value| match value {
                Value::Document(Some(stored)) => Ok(change(stored, clean_all)? | done),
                _ => Ok(done),
            })
        })?;
    }
    let names = ["name", "name_folded", "name_skeleton"];
    rewrite(conn, &table("users", Kind::Text, names), |row| {
        match &mut texts(row).collect::<Vec<_>>()[..] {
            [name, folded, skeleton] => {
                **folded = text::fold(name);
                **skeleton = text::skeleton(name);
                Ok(true)
            }
            _ => Err(Error::internal("a user without a name")),
        }
    })?;
    rewrite(
        conn,
        &table("comments", Kind::Text, ["body", "body_digest"]),
        |row| match &mut texts(row).collect::<Vec<_>>()[..] {
            [body, digest] => {
                **digest = text::fingerprint(body);
                Ok(true)
            }
            _ => Ok(false),
        },
    )?;
    compare_words(conn)
}

/// What cannot be compared any more, or not be told from an earlier word, goes.
fn compare_words(conn: &mut Conn) -> Result<()> {
    let (mut seen, mut gone) = (HashSet::new(), Vec::new());
    rewrite(conn, &table("comment_words", Kind::Text, ["word", "likeness"]), |row| {
        let id = id_of(row)?;
        let mut texts = texts(row);
        let (Some(word), Some(stored)) = (texts.next(), texts.next()) else { return Ok(false) };
        match likeness::of_listed(word) {
            Some(likeness) if seen.insert(likeness.clone()) => {
                *stored = likeness;
                Ok(true)
            }
            _ => {
                gone.push(id);
                Ok(false)
            }
        }
    })?;
    diesel::delete(comment_words::table.filter(comment_words::id.eq_any(gone))).execute(conn)?;
    Ok(())
}

/// Gives tags their slugs, and their articles the places in their lists.
pub fn give_tags_slugs(conn: &mut Conn) -> Result<()> {
    for (name, column, place) in [
        ("articles", "document", "/tags"),
        ("editions", "document", "/article/tags"),
        ("editions", "summary", "/tags"),
    ] {
        rewrite(conn, &table(name, Kind::Document, [column]), |row| match row.get_mut(1) {
            Some(Value::Document(Some(stored))) => change(stored, |document| {
                document.pointer_mut(place).and_then(Document::as_array_mut).is_some_and(one_each)
            }),
            _ => Err(Error::internal(format!("a row of {name} without a {column}"))),
        })?;
    }
    let mut slugs = Slugs::default();
    pages(conn, &editions(), |conn, editions| {
        let mut keys = Vec::new();
        for edition in editions {
            slugs.take(edition, &mut keys)?;
        }
        rows::insert(conn, &edition_keys(), &keys)
    })?;
    let text = |text: String| Value::Text(Some(text));
    let given = slugs.of.into_iter().map(|(tag, slug)| vec![text(tag), text(slug)]);
    let columns = ["identity", "slug"];
    let columns = columns.map(|name| Column { name, kind: Kind::Text, nullable: false });
    let table = Table { name: "tag_slugs", columns: columns.into(), order: &["identity"] };
    rows::insert(conn, &table, &given.collect::<Vec<Row>>())
}

const KEY: [(&str, Kind); 6] = [
    ("edition_id", Kind::Id),
    ("retired", Kind::Bool),
    ("published_at", Kind::Instant),
    ("article_id", Kind::Id),
    ("valid_from", Kind::Instant),
    ("valid_until", Kind::Instant),
];

fn edition_keys() -> Table {
    let column = |(name, kind)| Column { name, kind, nullable: false };
    let columns = KEY.into_iter().chain([("facet", Kind::Text)]).map(column).collect();
    Table { name: "edition_keys", columns, order: &["edition_id", "facet"] }
}

/// What a key is made of, as the edition has it, and then what says whether it has one.
fn editions() -> Table {
    let others = [
        ("language", Kind::Text),
        ("kind", Kind::Text),
        ("document", Kind::Document),
        ("withdrawn_at", Kind::Instant),
    ];
    let column = |(name, kind)| Column {
        name: if name == "edition_id" { "id" } else { name },
        kind,
        nullable: name == "withdrawn_at",
    };
    let columns = KEY.into_iter().chain(others).map(column).collect();
    Table { name: "editions", columns, order: &["id"] }
}

/// The slugs that have been given.
#[derive(Default)]
struct Slugs {
    of: HashMap<String, String>,
    given: Vec<String>,
}

impl Slugs {
    /// Gives the tags of an edition their slugs, and the edition its keys.
    fn take(&mut self, edition: &Row, keys: &mut Vec<Row>) -> Result<()> {
        let Some((
            key,
            [
                Value::Text(Some(language)),
                Value::Text(Some(kind)),
                Value::Document(Some(Json(document))),
                Value::Instant(withdrawn),
            ],
        )) = edition.split_at_checked(KEY.len())
        else {
            return Err(Error::internal("an edition of another form"));
        };
        let document: Document = serde_json::from_str(document.get()).map_err(Error::internal)?;
        let tags = document.pointer("/article/tags").and_then(Document::as_array);
        for name in tags.into_iter().flatten().filter_map(Document::as_str) {
            let identity = text::fold(name);
            if !self.of.contains_key(&identity) {
                let slug = text::first_free(text::tag_slug(name, language), &self.given);
                self.given.push(slug.clone());
                self.of.insert(identity.clone(), slug);
            }
            if kind == "live" && withdrawn.is_none() {
                let facet = Value::Text(Some(Facet::tag(&identity).as_str().to_owned()));
                keys.push(key.iter().map(copy).chain([facet]).collect());
            }
        }
        Ok(())
    }
}

fn copy(value: &Value) -> Value {
    match value {
        Value::Id(id) => Value::Id(*id),
        Value::Instant(at) => Value::Instant(*at),
        Value::Bool(is) => Value::Bool(*is),
        Value::Text(text) => Value::Text(text.clone()),
        Value::Integer(number) => Value::Integer(*number),
        Value::Long(number) => Value::Long(*number),
        Value::Document(document) => {
            Value::Document(document.as_ref().map(|Json(document)| Json(document.clone())))
        }
    }
}

fn id_of(row: &Row) -> Result<AnyId> {
    match row.first() {
        Some(Value::Id(Some(id))) => Ok(*id),
        _ => Err(Error::internal("a row without an id")),
    }
}

fn texts(row: &mut Row) -> impl Iterator<Item = &mut String> {
    row.iter_mut().filter_map(|value| match value {
        Value::Text(text) => text.as_mut(),
        _ => None,
    })
}

/// Stores the document if it changes; whether it did.
fn change(
    Json(stored): &mut Json<Box<RawValue>>,
    how: impl FnOnce(&mut Document) -> bool,
) -> Result<bool> {
    let mut document: Document = serde_json::from_str(stored.get()).map_err(Error::internal)?;
    let changed = how(&mut document);
    if changed {
        let text = serde_json::to_string(&document).map_err(Error::internal)?;
        *stored = RawValue::from_string(text).map_err(Error::internal)?;
    }
    Ok(changed)
}

fn clean(text: &mut String) -> bool {
    let found = text.chars().any(text::is_forbidden);
    if found {
        text.retain(|c| !text::is_forbidden(c));
    }
    found
}

/// Puts a name into one line, in its own direction of writing.
fn straighten(name: &mut String) -> bool {
    let turned = name.chars().any(text::is_deceptive);
    if turned {
        let lines = name.split(|c: char| text::is_deceptive(c) && c.is_whitespace());
        let lines: Vec<String> = lines.map(|line| line.replace(text::is_deceptive, "")).collect();
        *name = lines.join(" ");
    }
    turned
}

fn clean_all(part: &mut Document) -> bool {
    match part {
        Document::String(text) => clean(text),
        // No member is passed over: `any` would stop at the first.
        Document::Array(items) => items.iter_mut().fold(false, |done, item| clean_all(item) | done),
        Document::Object(members) => {
            members.iter_mut().fold(false, |done, (_, member)| clean_all(member) | done)
        }
        Document::Null | Document::Bool(_) | Document::Number(_) => false,
    }
}

/// Leaves of each tag its first name, and no name that is no tag's.
fn one_each(names: &mut Vec<Document>) -> bool {
    let (before, mut seen) = (names.clone(), HashSet::new());
    for name in names.iter_mut() {
        if let Document::String(name) = name {
            straighten(name);
        }
    }
    names.retain(|name| {
        name.as_str().is_some_and(|name| {
            let identity = text::fold(name);
            text::is_tag(name) && seen.insert(identity)
        })
    });
    *names != before
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_text_may_hold_is_taken_out_wherever_it_is() {
        let mut document = json!({"a": ["b\u{1}c", 1], "d": {"e": "\u{fffe}"}, "f": "g\th"});
        assert!(clean_all(&mut document));
        assert_eq!(document, json!({"a": ["bc", 1], "d": {"e": ""}, "f": "g\th"}));
        assert!(!clean_all(&mut document));
    }

    #[test]
    fn a_tag_stands_once_in_a_list() {
        let mut names = vec![json!("Ёлка"), json!("елка"), json!("…"), json!("C#"), json!("C++")];
        assert!(one_each(&mut names));
        assert_eq!(names, [json!("Ёлка"), json!("C#"), json!("C++")]);
        assert!(!one_each(&mut names));
        let mut turned = vec![json!("night\nbuses\u{202e}")];
        assert!(one_each(&mut turned));
        assert_eq!(turned, [json!("night buses")]);
    }
}
