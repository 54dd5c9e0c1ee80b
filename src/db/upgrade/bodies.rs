//! Bodies of articles: a mark becomes an object with a `type`, which each span has once at the most,
//! and lines end as they do on Unix.
use serde_json::{Value as Document, json, value::RawValue};

use crate::{
    db::{
        Conn,
        dialect::rewrite::rewrite,
        tables::{Column, Kind, Table, Value},
        types::Json,
    },
    error::{Error, Result},
};

/// Rewrites the bodies of all working copies and editions.
pub fn rewrite_bodies(conn: &mut Conn) -> Result<()> {
    for (name, body) in [("articles", "/body"), ("editions", "/article/body")] {
        let column = |name, kind| Column { name, kind, nullable: false };
        let columns = vec![column("id", Kind::Id), column("document", Kind::Document)];
        rewrite(conn, &Table { name, columns, order: &["id"] }, |row| {
            let Some(Value::Document(Some(Json(stored)))) = row.get_mut(1) else {
                return Err(Error::internal(format!("a row of {name} without a document")));
            };
            let mut document: Document =
                serde_json::from_str(stored.get()).map_err(Error::internal)?;
            let changed = document.pointer_mut(body).is_some_and(mend);
            if changed {
                let text = serde_json::to_string(&document).map_err(Error::internal)?;
                *stored = RawValue::from_string(text).map_err(Error::internal)?;
            }
            Ok(changed)
        })?;
    }
    Ok(())
}

/// Mends all that is in a part of a body; whether there was anything to mend.
fn mend(part: &mut Document) -> bool {
    match part {
        // No member is passed over: `any` would stop at the first.
        Document::Array(items) => items.iter_mut().fold(false, |done, item| mend(item) | done),
        Document::Object(members) => members.iter_mut().fold(false, |done, (name, member)| {
            let mended = match (name.as_str(), member) {
                ("marks", Document::Array(marks)) => mend_marks(marks),
                ("text", Document::String(text)) => mend_lines(text),
                (_, other) => mend(other),
            };
            mended | done
        }),
        _ => false,
    }
}

fn mend_marks(marks: &mut Vec<Document>) -> bool {
    let before = marks.clone();
    marks.iter_mut().for_each(mend_mark);
    let types: Vec<Document> = marks.iter().map(|mark| mark["type"].clone()).collect();
    let mut at = 0..;
    marks.retain(|mark| at.next().is_none_or(|at: usize| !types[..at].contains(&mark["type"])));
    *marks != before
}

fn mend_mark(mark: &mut Document) {
    let name = match mark.as_str() {
        Some("strong") => "bold",
        Some("em") => "italic",
        Some("sub") => "subscript",
        Some("sup") => "superscript",
        Some(_) => return,
        None => {
            if let Some(href) = mark.get("link") {
                *mark = json!({"type": "link", "href": href});
            }
            return;
        }
    };
    *mark = json!({"type": name});
}

fn mend_lines(text: &mut String) -> bool {
    let foreign = text.contains('\r');
    if foreign {
        *text = text.replace("\r\n", "\n").replace('\r', "\n");
    }
    foreign
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_become_objects_with_a_type_that_stands_once() {
        let link = json!({"link": "https://example.org/"});
        let mut body = json!([
            {"type": "paragraph", "text": [
                {"text": "strong"},
                {"text": "a", "marks": ["strong", "em", "strong", link, {"link": "https://b.example/"}]},
            ]},
            {"type": "list", "items": [{"text": [{"text": "b", "marks": ["sub"]}]}]},
            {"type": "table", "rows": [{"cells": [{"text": [{"text": "c", "marks": ["sup"]}]}]}]},
        ]);
        assert!(mend(&mut body));
        let new = json!([
            {"type": "paragraph", "text": [
                {"text": "strong"},
                {"text": "a", "marks": [{"type": "bold"}, {"type": "italic"},
                    {"type": "link", "href": "https://example.org/"}]},
            ]},
            {"type": "list", "items": [{"text": [{"text": "b", "marks": [{"type": "subscript"}]}]}]},
            {"type": "table",
                "rows": [{"cells": [{"text": [{"text": "c", "marks": [{"type": "superscript"}]}]}]}]},
        ]);
        assert_eq!(body, new);
        assert!(!mend(&mut body), "what is in the new form stays as it is");
        assert_eq!(body, new);
    }

    #[test]
    fn lines_end_as_they_do_on_unix() {
        let text = |text: &str| json!([{"type": "paragraph", "text": [{"text": text}]}]);
        let mut body = text("one\r\ntwo\rthree\nfour");
        assert!(mend(&mut body));
        assert_eq!(body, text("one\ntwo\nthree\nfour"));
    }
}
