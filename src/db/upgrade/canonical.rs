//! Languages and addresses in their canonical forms: `he` for `iw`, hosts in lower case. They were
//! valid before, so what is left is seldom anything.
use serde_json::{Value as Document, value::RawValue};

use crate::{
    db::{
        Conn,
        dialect::rewrite::rewrite,
        tables::{Column, Kind, Table, Value},
        types::Json,
    },
    error::{Error, Result},
    text::{Language, LinkUrl},
};

/// The columns that hold some, or documents in which they stand.
const TABLES: [(&str, &[(&str, Kind)]); 6] = [
    ("articles", &[("language", Kind::Text), ("document", Kind::Document)]),
    ("editions", &[("language", Kind::Text), ("document", Kind::Document)]),
    ("ad_slots", &[("label", Kind::Document)]),
    ("related_links", &[("url", Kind::Text)]),
    ("media", &[("url", Kind::Text)]),
    ("media_credits", &[("license_url", Kind::Text)]),
];

/// Rewrites them wherever they are kept.
pub fn rewrite_languages_and_addresses(conn: &mut Conn) -> Result<()> {
    for (name, columns) in TABLES {
        let described = columns.iter().map(|(name, kind)| Column {
            name,
            kind: *kind,
            nullable: name.ends_with("url"),
        });
        let id = Column { name: "id", kind: Kind::Id, nullable: false };
        let table =
            Table { name, columns: [id].into_iter().chain(described).collect(), order: &["id"] };
        rewrite(conn, &table, |row| {
            let mut changed = false;
            for ((column, _), value) in columns.iter().zip(row.iter_mut().skip(1)) {
                changed |= match value {
                    Value::Text(Some(text)) => mend_text(column, text),
                    Value::Document(Some(document)) => mend_document(document)?,
                    _ => false,
                };
            }
            Ok(changed)
        })?;
    }
    Ok(())
}

fn mend_document(Json(stored): &mut Json<Box<RawValue>>) -> Result<bool> {
    let mut document: Document = serde_json::from_str(stored.get()).map_err(Error::internal)?;
    let changed = mend(&mut document);
    if changed {
        let text = serde_json::to_string(&document).map_err(Error::internal)?;
        *stored = RawValue::from_string(text).map_err(Error::internal)?;
    }
    Ok(changed)
}

/// Mends all that is in a part of a document; whether there was anything to mend.
fn mend(part: &mut Document) -> bool {
    match part {
        // No member is passed over: `any` would stop at the first.
        Document::Array(items) => items.iter_mut().fold(false, |done, item| mend(item) | done),
        Document::Object(members) => members.iter_mut().fold(false, |done, (name, member)| {
            let mended = match member {
                Document::String(text) => mend_text(name, text),
                other => mend(other),
            };
            mended | done
        }),
        _ => false,
    }
}

/// Mends the text of a member or column, if by its name it is a language or an address.
fn mend_text(name: &str, text: &mut String) -> bool {
    let canonical = match name {
        "language" => text.parse::<Language>().ok().map(|language| language.to_string()),
        "url" | "href" | "sponsor_url" | "canonical_url" | "license_url" => {
            text.parse::<LinkUrl>().ok().map(|url| url.to_string())
        }
        _ => None,
    };
    match canonical.filter(|canonical| canonical != text) {
        Some(canonical) => {
            *text = canonical;
            true
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_is_a_language_or_an_address_comes_into_its_form() {
        let mut document = json!({
            "article": {
                "language": "iw", "headline": "https://Example.org", "canonical_url": null,
                "sponsorship": {"sponsor_url": "https://Example.org:443/A"},
                "body": [
                    {"type": "paragraph", "text": [{"text": "iw", "marks": [
                        {"type": "link", "href": "https://Example.org"}, {"type": "bold"}]}]},
                    {"type": "embed", "url": "https://a.example/B"},
                ],
            },
            "related_links": [{"url": "http://B.example/"}, {"url": null}],
        });
        assert!(mend(&mut document));
        let mended = json!({
            "article": {
                "language": "he", "headline": "https://Example.org", "canonical_url": null,
                "sponsorship": {"sponsor_url": "https://example.org/A"},
                "body": [
                    {"type": "paragraph", "text": [{"text": "iw", "marks": [
                        {"type": "link", "href": "https://example.org"}, {"type": "bold"}]}]},
                    {"type": "embed", "url": "https://a.example/B"},
                ],
            },
            "related_links": [{"url": "http://b.example/"}, {"url": null}],
        });
        assert_eq!(document, mended);
        assert!(!mend(&mut document), "what is in its form stays as it is");
    }
}
