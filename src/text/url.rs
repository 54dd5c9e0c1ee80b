//! Addresses on the web, as URIs (RFC 3986), whatever form they were pasted in.
use std::{fmt, ops::Deref, str::FromStr, sync::LazyLock};

use diesel::{
    backend::Backend,
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use fluent_uri::{Uri, UriRef};
use percent_encoding::{AsciiSet, utf8_percent_encode};
use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, de};
use url::Url;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type};

use super::pattern;
use crate::error::coded;

/// The longest address, in characters of the URI.
const URL_MAX: usize = 2048;

/// What people write into addresses and no URI may hold: percent-encoded along with all that is not
/// ASCII (RFC 3987, 3.1). An escape that is there already stays; control characters are refused.
const UNSAFE: AsciiSet = AsciiSet::EMPTY
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// A fragment ends with the address, so a second `#` is a part of it.
const UNSAFE_IN_FRAGMENT: AsciiSet = UNSAFE.add(b'#');

/// The form of links to a block of the same text, by its id.
static PLACE: LazyLock<Regex> = LazyLock::new(|| pattern("^#[A-Za-z0-9_-]{1,64}$"));
/// The form of telephone numbers in links.
static TEL: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^tel:\+?[().*-]*[0-9][0-9().*-]*(;[A-Za-z0-9-]+(=[^;]+)?)*$"));

/// An absolute http or https address: a URI, its scheme and host in lower case, the host as DNS has
/// it. What was sent as an IRI (RFC 3987) is kept as the URI that browsers ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct WebUrl(String);

impl WebUrl {
    /// As it is kept and answered.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for WebUrl {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<WebUrl> for String {
    fn from(url: WebUrl) -> Self {
        url.0
    }
}

impl FromStr for WebUrl {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        web(text).map(Self).ok_or(
            "must be an absolute http or https URL, of at most 2048 characters once it is \
             percent-encoded",
        )
    }
}

impl<'de> Deserialize<'de> for WebUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|why| de::Error::custom(coded("url", why)))
    }
}

/// Where a link in a text leads: to a web page, a mailbox, a telephone, an address of the site
/// itself, or a place in the same text. The same canonical form, without the site's own host where none was sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct LinkUrl(String);

impl Deref for LinkUrl {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl FromStr for LinkUrl {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let canonical = if text.trim().starts_with('/') {
            site_path(text)
        } else if text.trim().starts_with('#') {
            place(text)
        } else {
            web(text).or_else(|| mailbox(text)).or_else(|| telephone(text))
        };
        canonical.map(Self).ok_or(
            "must be an http, https, mailto or tel URL, begin with one slash, or be # and the id \
             of a heading; of at most 2048 characters once it is percent-encoded",
        )
    }
}

impl<'de> Deserialize<'de> for LinkUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|why| de::Error::custom(coded("url", why)))
    }
}

/// The canonical form of an http or https address.
fn web(text: &str) -> Option<String> {
    let (scheme, rest) = without_controls(text)?.split_once("://")?;
    let web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    // Browsers take a backslash for a slash: what it parts would be read in two ways.
    if !web || authority.contains('\\') {
        return None;
    }
    // Who is asked, as browsers read it: the host in lower case and in ASCII, no usual port.
    let origin = Url::parse(&format!("{scheme}://{authority}")).ok()?;
    let origin = origin.as_str().strip_suffix('/')?;
    finished(format!("{origin}{}", encoded(rest)))
}

/// The canonical form of a `mailto` address (RFC 6068).
fn mailbox(text: &str) -> Option<String> {
    let rest = behind(text, "mailto")?;
    finished(format!("mailto:{}", encoded(rest)))
}

/// A telephone number (RFC 3966): digits with a plus before them, `-`, `.`, `*` and brackets
/// between them, and parameters behind them. A space between digits becomes a hyphen. Short numbers
/// such as `tel:112` need no context here, since everybody writes them so.
fn telephone(text: &str) -> Option<String> {
    let number = behind(text, "tel")?.trim().replace(' ', "-");
    finished(format!("tel:{number}")).filter(|uri| TEL.is_match(uri))
}

/// An address of the site itself: its path, and what may stand behind a path. Two slashes, and a
/// backslash in the place of one, would lead to another host.
fn site_path(text: &str) -> Option<String> {
    let text = without_controls(text)?;
    let other_host = text.get(1..2).is_some_and(|second| second == "/" || second == "\\");
    let path = encoded(text);
    let fits = path.len() <= URL_MAX && UriRef::parse(path.as_str()).is_ok();
    (text.starts_with('/') && !other_host && fits).then_some(path)
}

/// A block of the same text, by its id.
fn place(text: &str) -> Option<String> {
    let place = text.trim();
    PLACE.is_match(place).then(|| place.to_owned())
}

/// Without the white space around it; browsers would drop control characters inside, and see
/// another address.
fn without_controls(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.contains(char::is_control)).then_some(text)
}

/// What follows this scheme, where it is the text's.
fn behind<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (given, rest) = without_controls(text)?.split_once(':')?;
    given.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// What follows the host, with everything escaped that a URI cannot hold.
fn encoded(rest: &str) -> String {
    let (before, fragment) = rest.split_once('#').map_or((rest, None), |(b, f)| (b, Some(f)));
    let mut encoded = utf8_percent_encode(before, &UNSAFE).to_string();
    if let Some(fragment) = fragment {
        encoded.push('#');
        encoded.extend(utf8_percent_encode(fragment, &UNSAFE_IN_FRAGMENT));
    }
    encoded
}

fn finished(uri: String) -> Option<String> {
    (uri.len() <= URL_MAX && Uri::parse(uri.as_str()).is_ok()).then_some(uri)
}

impl utoipa::PartialSchema for WebUrl {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uri".to_owned())))
            .max_length(Some(URL_MAX))
            .pattern(Some("^https?://"))
            .description(Some(
                "An absolute http or https URL. An IRI such as `https://pl.wikipedia.org/wiki/Łódź` \
                 is taken, and kept and answered as the URI: percent-encoded, scheme and host in \
                 lower case, the host as DNS has it. Its length counts in that form.",
            ))
            .examples(["https://pl.wikipedia.org/wiki/%C5%81%C3%B3d%C5%BA"])
            .into()
    }
}
impl utoipa::ToSchema for WebUrl {}

impl utoipa::PartialSchema for LinkUrl {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("uri-reference".to_owned())))
            .max_length(Some(URL_MAX))
            .pattern(Some("^(https?://|mailto:|tel:|/([^/]|$)|#[A-Za-z0-9_-])"))
            .description(Some(
                "A web page (`https:`, `http:`), a mailbox (`mailto:`), a telephone (`tel:`, RFC \
                 3966), an address of the site itself, which begins with a slash, or `#` and the \
                 `id` of a heading of the same body. An IRI is taken, and kept and answered as the \
                 URI; its length counts in that form.",
            ))
            .examples(["https://example.org/timetable"])
            .into()
    }
}
impl utoipa::ToSchema for LinkUrl {}

impl<DB: Backend> ToSql<Text, DB> for WebUrl
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.as_str().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for WebUrl
where
    String: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        String::from_sql(value).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for (sent, kept) in [
            ("https://example.org/a?b#c", "https://example.org/a?b#c"),
            ("http://example.org", "http://example.org"),
            ("HTTPS://Example.ORG/Path", "https://example.org/Path"),
            (" https://a.b\n", "https://a.b"),
            (
                "https://pl.wikipedia.org/wiki/Łódź",
                "https://pl.wikipedia.org/wiki/%C5%81%C3%B3d%C5%BA",
            ),
            (
                "https://pl.wikipedia.org/wiki/%C5%81%c3%b3d",
                "https://pl.wikipedia.org/wiki/%C5%81%c3%b3d",
            ),
            ("https://żółw.example/", "https://xn--w-uga1v8h.example/"),
            ("https://ŻÓŁW.example?ó=ł#ń", "https://xn--w-uga1v8h.example?%C3%B3=%C5%82#%C5%84"),
            ("https://中国.中国/北京", "https://xn--fiqs8s.xn--fiqs8s/%E5%8C%97%E4%BA%AC"),
            (
                "https://example.org/a b|c[1]?q={x}^",
                "https://example.org/a%20b%7Cc%5B1%5D?q=%7Bx%7D%5E",
            ),
            ("https://example.org/#a#b", "https://example.org/#a%23b"),
            ("https://example.org:443/a/../b", "https://example.org/a/../b"),
            ("http://example.org:8080?x", "http://example.org:8080?x"),
            ("http://[::1]:80/", "http://[::1]/"),
            ("https://ex.org/\u{1f6b2}", "https://ex.org/%F0%9F%9A%B2"),
        ] {
            assert_eq!(web(sent).as_deref(), Some(kept), "{sent}");
            assert_eq!(web(kept).as_deref(), Some(kept));
        }
    }

    #[test]
    fn links_lead_to_pages_mailboxes_telephones_and_addresses_of_the_site() {
        for (sent, kept) in [
            ("HTTPS://example.org/ó", "https://example.org/%C3%B3"),
            ("MAILTO:desk@example.org", "mailto:desk@example.org"),
            ("mailto:ł@example.org?subject=a b", "mailto:%C5%82@example.org?subject=a%20b"),
            ("tel:+48-22-555-01-00", "tel:+48-22-555-01-00"),
            ("Tel: +48 22 555", "tel:+48-22-555"),
            ("tel:112", "tel:112"),
            ("tel:(22)555.01.00;phone-context=+48", "tel:(22)555.01.00;phone-context=+48"),
            ("/", "/"),
            ("#times", "#times"),
            ("/world/łódź?from=links#times", "/world/%C5%82%C3%B3d%C5%BA?from=links#times"),
            ("/a b", "/a%20b"),
        ] {
            let link = sent.parse::<LinkUrl>().unwrap();
            assert_eq!(&*link, kept, "{sent}");
            assert_eq!(kept.parse(), Ok(link));
        }
        for bad in [
            "",
            "tel:",
            "tel:+",
            "tel:help",
            "//evil.example/",
            " //evil.example/",
            "/\\evil.example/",
            "/\t/evil.example",
            "world/ferry",
            "#",
            "#two words",
            "ftp://example.org/",
            "data:text/html,x",
            "javascript:alert(1)",
        ] {
            assert!(bad.parse::<LinkUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for bad in [
            "",
            "javascript:alert(1)",
            "javascript://example.org/%0Aalert(1)",
            "https://",
            "https:///example.org",
            "https:example.org",
            "//a.b",
            "ftp://a.b",
            "https://a b.example/",
            "https://a.example\\@b.example/",
            "https://example.org/100%",
            "https://example.org/%zz",
            "https://example.org:65536/",
            "https://example.org/a\nb",
            "https://example.org/a\tb",
            "https://example.org/\u{7}",
            "java\nscript:alert(1)",
            "https://a\tb.example/",
        ] {
            assert_eq!(web(bad), None, "{bad}");
        }
    }

    #[test]
    fn its_length_counts_as_it_is_kept() {
        let longest = format!("https://a.b/{}", "x".repeat(URL_MAX - 12));
        assert_eq!(web(&longest).unwrap().len(), URL_MAX);
        assert_eq!(web(&format!("{longest}x")), None);
        assert!(web(&format!("  {longest}  ")).is_some(), "what is trimmed does not count");
        let letters = (URL_MAX - 12) / 6;
        assert!(web(&format!("https://a.b/{}", "ł".repeat(letters))).is_some());
        assert!(web(&format!("https://a.b/{}", "ł".repeat(letters + 1))).is_none());
    }
}
