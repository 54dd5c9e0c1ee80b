//! Canonical forms: what is taken is kept in a form that is its own, and is read as the same again.
use std::{fmt::Debug, str::FromStr};

use arbitrary::{Result, Unstructured};
use broadsheet::{
    text::{Language, WebUrl, kept},
    time::Instant,
};

use crate::given::text;

const LANGUAGES: [&str; 8] =
    ["EN", "en-us", "sr-latn-rs", "ca-VALENCIA", "zh-yue-HK", "de-1996-1901", "i-klingon", "iw"];
const ADDRESSES: [&str; 8] = [
    "HTTPS://Example.ORG",
    "https://żółw.example:443/Łódź?ó#ń#",
    " http://user:pass@a.b:8080/a b|c ",
    "https://a.b/%C5%82%zz",
    "https://[::1]/",
    "https://a.b\\c@d.e",
    "https://0x7f.1/",
    "http://a.b/../c/./d",
];
const INSTANTS: [&str; 8] = [
    "2026-01-31T12:00:00Z",
    "2016-12-31T23:59:60.999999Z",
    "1969-12-31T23:59:59.9999Z",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59.998Z",
    "2026-06-01t12:00:00 02:00",
    "2026-06-01T12:00:00.123456789-11:59",
    "10000-01-01T00:00:00Z",
];

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let language = spelled(u, &LANGUAGES)?;
    if let Some(language) = is_its_own::<Language>(&language, |it| it.as_str().to_owned()) {
        let ranges: Vec<&str> = language.ranges().collect();
        assert_eq!(ranges.last(), Some(&language.as_str()));
        assert!(ranges.iter().all(|range| language.as_str().starts_with(range)));
    }
    let address = spelled(u, &ADDRESSES)?;
    if let Some(url) = is_its_own::<WebUrl>(&address, |it| it.as_str().to_owned()) {
        assert!(url.is_ascii() && (url.starts_with("http://") || url.starts_with("https://")));
        let browser = url::Url::parse(&address).unwrap();
        assert_eq!(browser.host_str(), url::Url::parse(&url).unwrap().host_str(), "{address:?}");
    }
    let instant = spelled(u, &INSTANTS)?;
    if let Some(instant) = is_its_own::<Instant>(&instant, ToString::to_string) {
        assert_eq!(Instant::from_micros(instant.micros()), Some(instant));
        assert!(instant.to_string().ends_with('Z') && instant.to_string().len() == 24);
    }
    // Milliseconds from the year 1 to 9999, in the order of time.
    let millis =
        |u: &mut Unstructured<'_>| u.int_in_range(-62_135_596_800_000..=253_402_300_799_998);
    let (one, other): (i64, i64) = (millis(u)?, millis(u)?);
    let [one_at, other_at] = [one, other].map(|it| Instant::from_micros(it * 1_000).unwrap());
    assert_eq!(one.cmp(&other), one_at.cmp(&other_at));
    assert_eq!(one.cmp(&other), one_at.to_string().cmp(&other_at.to_string()));
    assert_eq!(one_at.to_string().parse(), Ok(one_at));
    let words = text(u, &["\u{feff}Jan\0\0", "e\u{301}", "a\0b", "\u{958}"])?;
    let first = kept(words);
    assert_eq!(kept(first.clone()), first);
    Ok(())
}

/// One of these, now and then with one character of it replaced by any.
fn spelled(u: &mut Unstructured<'_>, known: &[&str]) -> Result<String> {
    let mut spelled: Vec<char> = text(u, known)?.chars().collect();
    if u.ratio(1, 2)? && !spelled.is_empty() {
        let at = u.choose_index(spelled.len())?;
        spelled[at] = u.arbitrary()?;
    }
    Ok(spelled.into_iter().collect())
}

/// What the text is read as, if it is: its own form is read as the same.
fn is_its_own<T: FromStr<Err: Debug> + PartialEq + Debug>(
    text: &str,
    form: impl Fn(&T) -> String,
) -> Option<T> {
    let read = text.parse::<T>().ok()?;
    let form = form(&read);
    assert_eq!(form.parse::<T>().unwrap(), read, "{text:?} became {form:?}");
    Some(read)
}
