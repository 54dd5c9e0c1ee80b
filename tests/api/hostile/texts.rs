//! Texts that break careless programs: each is kept and answered as it was sent, in normal form C.
use broadsheet::text::nfc;
use serde_json::json;

use super::{SECTIONS, is_refusal};
use crate::{
    articles::{self, ARTICLES, paragraph},
    comments::thread,
    support::{TestApp, on_both_engines},
};

on_both_engines! {
    every_text_is_read_as_it_was_written,
}

const TEXTS: &[&str] = &[
    // What programs take for something else.
    "null",
    "undefined",
    "NaN",
    "-0",
    "1e309",
    "0x7fffffffffffffff",
    "99999999999999999999999999999999",
    "true",
    "[object Object]",
    "{\"a\": [1}",
    "0190c0de-0000-7000-8000-000000000000",
    "2026-02-30T25:61:61Z",
    // What is code elsewhere.
    "<script>alert(1)</script>",
    "</p><img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "&lt;b&gt; &amp; &#0; &nbsp",
    "]]><!-- <?php ?> -->",
    "javascript:alert(1)",
    "'; drop table articles; --",
    "\" or \"\"=\"",
    "% _ \\% \\_ [a-z]* (?R)",
    "$(reboot) `reboot` | reboot & reboot",
    "%s %n %d %x {0} {{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "=1+1 +1 @sum(a1) \t-1",
    "../../../etc/passwd",
    "C:\\con\\nul\\..",
    "https://example.org/?a=b&c=%00#d",
    "one\r\nSet-Cookie: two=three",
    "a\\u0000b \\ud800 \\x00",
    // What is hard to see, or sees itself differently.
    "zero\u{200b}width\u{200c}joined\u{200d}here\u{2060}and\u{feff}there",
    "soft\u{ad}hyphen, no\u{a0}break, thin\u{2009}space",
    "turned \u{202e}round\u{202c}, isolated \u{2067}here\u{2069}, marked \u{200e}\u{200f}",
    "lines\u{2028}parted\u{2029}so\u{85}too",
    "delete \u{7f}",
    "C1: \u{80}\u{9b}\u{9f}",
    "private \u{e000}\u{f8ff}\u{10fffd}, never a character: \u{1fffe}\u{10ffff}",
    "replaced: \u{fffd}\u{fffc}",
    "tagged \u{e0001}\u{e0065}\u{e006e}\u{e007f}, chosen \u{fe0f}\u{fe0e}\u{e0100}",
    // What is one sign to people and many to programs.
    "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466} \u{1f3f4}\u{e0067}\u{e0062}\u{e007f}",
    "\u{1f1f5}\u{1f1f1}\u{1f1f5} \u{1f44d}\u{1f3ff}",
    "z\u{335}\u{322}\u{327}a\u{321}\u{328}\u{301}\u{301}\u{301}\u{301}l\u{334}g\u{489}o\u{360}",
    "e\u{301} \u{e9} \u{212b} \u{1e9b}\u{323} \u{fb01} \u{2126}",
    // Other scripts, and what case and order do in them.
    "ı İ i I ß ẞ ſ ς σ Σ ǆ ǅ Ǆ",
    "Zażółć gęślą jaźń",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} abc \u{645}\u{631}\u{62d}\u{628}\u{627}",
    "\u{fdfa}\u{fdfd}",
    "\u{4e2d}\u{6587} \u{20000}\u{2a6d6} \u{d55c}\u{1112}\u{1161}\u{11ab}",
    "\u{e01}\u{e33}\u{e49}\u{e49} \u{1780}\u{17d2}\u{1781} \u{928}\u{94d}\u{926}\u{940}",
    "\u{1d518}\u{1d52b} \u{24d0} \u{ff41}\u{ff42} \u{2460} \u{bd}",
];

async fn every_text_is_read_as_it_was_written(app: TestApp) {
    let (admin, anyone) = (app.admin().await, app.anyone());
    let world = json!({"name": "World", "comments_mode": "post"});
    let world = admin.post(SECTIONS, world).await.expect(201);
    for (number, text) in TEXTS.iter().enumerate() {
        let (kept, slug) = (nfc((*text).to_owned()), format!("text-{number}"));
        // Lines of a body end as they do on Unix.
        let lines = kept.replace("\r\n", "\n");
        let article = json!({
            "headline": text, "kicker": text, "lead": text, "slug": slug, "section_id": world["id"],
            "body": [paragraph(text), {"type": "divider"}],
        });
        let made = admin.post(ARTICLES, article).await.expect(201);
        let again = admin.get(&articles::at(&made)).await.expect(200);
        for article in [&made, &again] {
            for member in ["headline", "kicker", "lead"] {
                assert_eq!(article[member], kept, "{member} of {text:?}");
            }
            assert_eq!(article["body"][0]["text"][0]["text"], lines, "{text:?}");
        }

        articles::publish(&admin, &made).await;
        let page = anyone.get(&format!("/v1/page?path=/world/{slug}")).await.expect(200);
        for member in ["headline", "kicker", "lead"] {
            assert_eq!(page[member], kept, "{member} of {text:?}, for readers");
        }
        assert_eq!(page["blocks"][0]["text"][0]["text"], lines, "{text:?}, for readers");

        // What readers send is tidied: spaces at most, or it is refused at its place.
        let comment = json!({"nickname": "gull", "body": format!("So: {text}")});
        let reader = anyone.with("x-forwarded-for", &format!("203.0.113.{number}"));
        let said = reader.post(&thread(&made), comment).await;
        if said.status.is_success() {
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            let held = said.body["body"].as_str();
            let expected = solid(&format!("So:{kept}"));
            assert!(held.is_none_or(|body| solid(body) == expected), "{text:?} became {held:?}");
        } else {
            is_refusal(&said, text);
            assert_eq!(said.body["errors"][0]["pointer"], "/body", "{text:?}");
        }
    }
}
