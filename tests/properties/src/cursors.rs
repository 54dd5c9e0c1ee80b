//! Cursors: a list takes its own, and whatever else is sent is the caller's mistake.
use arbitrary::{Result, Unstructured};
use broadsheet::http::{
    cursor::{self, Page},
    query::Limit,
};
use serde_json::Value;

use crate::given::is_fair;

const LIST: &str = "articles";
/// More than a page holds unless told.
const ROWS: usize = 21;

type Key = (i64, String);

/// Fails by panicking; an error says that the data ran out.
pub fn holds(u: &mut Unstructured<'_>) -> Result<()> {
    let made_up: String = u.arbitrary()?;
    if let Err(refusal) = cursor::read::<Key>(LIST, Some(&made_up)) {
        is_fair(&refusal, &Value::Null);
    }
    let (number, name): (i64, String) = u.arbitrary()?;
    // Names are as long as the resources let them be, and none has a NUL.
    let key: Key = (number, name.chars().filter(|c| *c != '\0').take(200).collect());
    let page = Page::cut(LIST, vec![(); ROWS], Limit::default(), |()| key.clone()).unwrap();
    let own = page.next.unwrap();
    assert_eq!(cursor::read::<Key>(LIST, Some(&own)).unwrap(), Some(key));
    assert!(cursor::read::<Key>("media", Some(&own)).is_err());
    let mut changed = own.into_bytes();
    let at = u.choose_index(changed.len())?;
    changed[at] = u.int_in_range(b' '..=b'~')?;
    if let Err(refusal) = cursor::read::<Key>(LIST, Some(&String::from_utf8(changed).unwrap())) {
        is_fair(&refusal, &Value::Null);
    }
    Ok(())
}
