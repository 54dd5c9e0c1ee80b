//! Body blocks: what is taken is kept as it was sent, and no text leaves its element.
use arbitrary::{Result, Unstructured};
use broadsheet::{
    articles::{blocks::Block, input::ArticleInput},
    http::body::Body,
    pages::{blocks::PageBlock, html, plain},
};
use serde_json::{Value, json};

use crate::given::{is_fair, list, object, read, sent, text, usually};

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let article = json!({"body": body(u)?});
    let request = sent("application/json", article.to_string());
    match read::<Body<ArticleInput>>(request) {
        Err(refusal) => is_fair(&refusal, &article),
        Ok(Body(input)) => {
            let kept = serde_json::to_string(&input).unwrap();
            let Body(again) = read::<Body<ArticleInput>>(sent("application/json", kept)).unwrap();
            assert_eq!(again, input);
            for block in input.body.into_iter().filter_map(as_shown) {
                stays_inside(&[block]);
            }
        }
    }
    Ok(())
}

/// A body of blocks that are mostly well formed.
pub fn body(u: &mut Unstructured<'_>) -> Result<Value> {
    usually(u, |u| list(u, 4, block))
}

fn block(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut block = match u.int_in_range(0..=14)? {
        0 => with("paragraph", object(u, &[("text", spans)])?),
        1 => with("heading", object(u, &[("level", level), ("text", spans)])?),
        2 => with("list", object(u, &[("style", style), ("items", items)])?),
        3 => with("quote", object(u, &[("text", spans), ("attribution", words)])?),
        4 => with("image", linked(u)?),
        5 => with("gallery", object(u, &[("items", media)])?),
        6 => with("video", object(u, &[("url", url), ("role", role), ("title", words)])?),
        7 => with("embed", object(u, &[("provider", words), ("url", url)])?),
        8 => with("related", object(u, &[("title", words), ("link_ids", ids)])?),
        9 => with("ad_slot", object(u, &[("slot", words)])?),
        10 => with("table", object(u, &[("rows", rows), ("header", flag), ("caption", words)])?),
        11 => with("code", object(u, &[("language", words), ("code", words)])?),
        12 => with("footnotes", object(u, &[("items", notes)])?),
        13 => with("audio", object(u, &[("media_id", id), ("title", words)])?),
        _ => with("divider", object(u, &[])?),
    };
    if u.ratio(1, 4)? && block.is_object() {
        block["id"] = usually(u, |u| Ok(text(u, &["a", "b", "intro-1"])?.into()))?;
    }
    Ok(block)
}

fn with(kind: &str, mut block: Value) -> Value {
    if block.is_object() {
        block["type"] = kind.into();
    }
    block
}

fn words(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(text(u, &["<b>", "\"&'", "Łódź", "a\u{301}", "\u{202e}flip", "youtube"])?.into())
}

fn spans(u: &mut Unstructured<'_>) -> Result<Value> {
    list(u, 3, |u| object(u, &[("text", words), ("marks", marks)]))
}

fn marks(u: &mut Unstructured<'_>) -> Result<Value> {
    list(u, 2, |u| {
        if u.ratio(1, 3)? {
            return link(u);
        }
        if u.ratio(1, 5)? {
            return Ok(with("footnote", object(u, &[("note_id", note_id)])?));
        }
        let kind = text(u, &["bold", "italic", "subscript", "superscript", "code"])?;
        Ok(json!({"type": kind}))
    })
}

fn link(u: &mut Unstructured<'_>) -> Result<Value> {
    if u.ratio(1, 3)? {
        return Ok(with("article_link", object(u, &[("article_id", id)])?));
    }
    Ok(with("link", object(u, &[("href", url)])?))
}

fn linked(u: &mut Unstructured<'_>) -> Result<Value> {
    let mut image = medium(u)?;
    if u.ratio(1, 3)? && image.is_object() {
        image["link"] = link(u)?;
    }
    Ok(image)
}

fn note_id(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(text(u, &["n1", "n2"])?.into())
}

fn notes(u: &mut Unstructured<'_>) -> Result<Value> {
    list(u, 2, |u| object(u, &[("id", note_id), ("text", spans)]))
}

/// Items with lists in them, often deeper than lists may stand.
fn items(u: &mut Unstructured<'_>) -> Result<Value> {
    list(u, 3, |u| {
        let mut item = object(u, &[("text", spans)])?;
        if u.ratio(1, 2)? && item.is_object() {
            item["list"] = object(u, &[("style", style), ("items", items)])?;
        }
        Ok(item)
    })
}

fn url(u: &mut Unstructured<'_>) -> Result<Value> {
    let known = [
        "https://a.example/?q=\"<",
        "https://a.example/x",
        "mailto:a@b.example",
        "tel:+48-22-5550100",
        "/a",
        "#a",
        "//a",
    ];
    Ok(text(u, &known)?.into())
}

fn lines(u: &mut Unstructured<'_>) -> Result<Value> {
    list(u, 3, |u| object(u, &[("text", spans)]))
}

fn rows(u: &mut Unstructured<'_>) -> Result<Value> {
    list(u, 3, |u| object(u, &[("cells", lines)]))
}

fn media(u: &mut Unstructured<'_>) -> Result<Value> {
    list(u, 3, medium)
}

fn medium(u: &mut Unstructured<'_>) -> Result<Value> {
    object(u, &[("media_id", id), ("caption", words), ("alt", words)])
}

fn ids(u: &mut Unstructured<'_>) -> Result<Value> {
    list(u, 3, id)
}

fn id(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(uuid::Uuid::from_bytes(u.arbitrary()?).to_string().into())
}

fn level(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(u.int_in_range(1..=5)?.into())
}

fn style(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(text(u, &["ordered", "unordered"])?.into())
}

fn role(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(text(u, &["main", "promo"])?.into())
}

fn flag(u: &mut Unstructured<'_>) -> Result<Value> {
    Ok(u.arbitrary::<bool>()?.into())
}

/// As readers get it, for those blocks that refer to nothing.
fn as_shown(block: Block) -> Option<PageBlock> {
    Some(match block {
        Block::Paragraph(block) => PageBlock::Paragraph(block),
        Block::Heading(block) => PageBlock::Heading(block),
        Block::List(block) => PageBlock::List(block),
        Block::Quote(block) => PageBlock::Quote(block),
        Block::Embed(block) => PageBlock::Embed(block),
        Block::Table(block) => PageBlock::Table(block),
        Block::Code(block) => PageBlock::Code(block),
        Block::Footnotes(block) => PageBlock::Footnotes(block),
        _ => return None,
    })
}

/// Every element of the HTML is one of ours, closed in its place, and around them stand the words
/// of the block.
fn stays_inside(block: &[PageBlock]) {
    let html = html::render(block, "pl");
    let (mut open, mut said) = (Vec::new(), String::new());
    let mut rest = html.as_str();
    while let Some((words, tag)) = rest.split_once('<') {
        said.push_str(words);
        let (tag, after) = tag.split_once('>').unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None if tag == "br" => {}
            None => {
                let name = tag.split(' ').next().unwrap();
                assert!(name != "a" || !open.contains(&"a"), "links nest: {html}");
                open.push(name);
            }
        }
        rest = after;
    }
    said.push_str(rest);
    assert!(open.is_empty(), "{html}");
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let said = entities.iter().fold(said, |said, (entity, sign)| said.replace(entity, sign));
    let seen = |c: &char| {
        let noncharacter = u32::from(*c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
        !c.is_whitespace() && !c.is_control() && !noncharacter
    };
    let solid = |text: &str| text.chars().filter(seen).collect::<String>();
    let (said, plain) = (solid(&said), solid(&plain::render(block)));
    for text in texts(&serde_json::to_value(block).unwrap()) {
        let text = solid(&text);
        assert!(said.contains(&text), "{said:?} lacks {text:?}");
        assert!(plain.contains(&text), "{plain:?} lacks {text:?}");
    }
}

/// The words of every span and line of code.
fn texts(block: &Value) -> Vec<String> {
    match block {
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, member)| match member {
                Value::String(text) if name == "text" || name == "code" => vec![text.clone()],
                other => texts(other),
            })
            .collect(),
        _ => Vec::new(),
    }
}
