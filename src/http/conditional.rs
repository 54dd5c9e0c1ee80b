//! Conditional requests (RFC 9110, 13.1): no change without saying which version it was made for
//! (`IfMatch`), no body for who has it already (`is_known`).
use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
};
use utoipa::IntoParams;
use uuid::Uuid;

use super::answer::etag;
use crate::{
    db::{
        Conn, Tx,
        journal::{self, Change, Resource},
    },
    error::{Error, Result},
};

/// Handler argument: the entity tags that the caller's change was made for.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The `ETag` of the version that you have read, such as `"3"`. Without it: 428; when someone
    /// else has changed the resource since: 412; when it is no list of entity tags: 400. A tag
    /// that something on the way has made weak, such as `W/"3"`, counts as the strong one: what
    /// counts here is the version, the number that the tag begins with.
    #[param(rename = "If-Match", value_type = String, example = "\"3\"", max_length = 1000,
        pattern = r#"^(W/)?"[^"]*"([ \t]*,[ \t]*(W/)?"[^"]*")*$"#)]
    tags: Vec<String>,
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req))
    }
}

fn read(req: &HttpRequest) -> Result<IfMatch> {
    let mut tags = Vec::new();
    for value in req.headers().get_all(header::IF_MATCH) {
        let mut rest = value.to_str().map_err(|_| no_tag())?.trim_start_matches(BETWEEN);
        while !rest.is_empty() {
            if rest.starts_with('*') {
                return Err(Error::PreconditionRequired);
            }
            let (tag, behind) = quoted(rest).ok_or_else(no_tag)?;
            tags.push(tag.to_owned());
            rest = behind.trim_start_matches(BETWEEN);
        }
    }
    if tags.is_empty() { Err(Error::PreconditionRequired) } else { Ok(IfMatch { tags }) }
}

/// What stands between the entries of a list (RFC 9110, section 5.6.1); entries may be empty.
const BETWEEN: [char; 3] = [' ', '\t', ','];

fn no_tag() -> Error {
    let detail = "must list entity tags in their quotation marks, as `ETag` gives them";
    Error::parameter("If-Match", "format", detail)
}

/// The entity tag that the text begins with, in its quotation marks, and what comes behind.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix("W/").unwrap_or(text);
    let length = text.strip_prefix('"')?.find('"')? + 2;
    let (tag, behind) = text.split_at_checked(length)?;
    let ends = behind.trim_start_matches([' ', '\t']);
    (ends.is_empty() || ends.starts_with(',')).then_some((tag, behind))
}

/// Whether the client has the answer with this entity tag already (RFC 9110, 13.1.2): weak
/// comparison, any of a list, or `*`.
pub(super) fn is_known(headers: &HeaderMap, etag: &[u8]) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH);
    let mut tags = given.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    tags.any(|tag| {
        let tag = tag.trim_ascii();
        tag == b"*" || tag.strip_prefix(b"W/").unwrap_or(tag) == etag
    })
}

impl IfMatch {
    /// Holds back other writers of this resource, finds it, and refuses if it has moved on.
    pub fn current<R: Resource>(
        &self,
        tx: &mut Tx<'_>,
        id: impl Into<Uuid>,
        find: impl FnOnce(&mut Conn) -> Result<R>,
    ) -> Result<R> {
        tx.lock(id)?;
        let resource = find(tx)?;
        self.check(tx, &resource)?;
        Ok(resource)
    }

    /// Refuses if the resource has moved on, saying who moved it and when.
    pub fn check<R: Resource>(&self, conn: &mut Conn, resource: &R) -> Result<()> {
        let etag = etag(resource.version());
        if self.tags.iter().any(|tag| version_of(tag) == etag.trim_matches('"')) {
            return Ok(());
        }
        let detail = match journal::last_change(conn, resource.id())? {
            Some(change) => format!(
                "{} changed it at {} ({}); it is at version {} now.",
                change.actor_name,
                change.at,
                done(&change),
                resource.version()
            ),
            None => format!("It is at version {} now.", resource.version()),
        };
        Err(Error::Stale { detail, etag })
    }
}

/// The version in an entity tag, whether a change was answered with it or a reading.
fn version_of(tag: &str) -> &str {
    let tag = tag.trim_matches('"');
    tag.split_once('-').map_or(tag, |(version, _)| version)
}

/// What a change did, and to which members.
fn done(change: &Change) -> String {
    match change.summary.0.join(", ") {
        nothing if nothing.is_empty() => change.action.clone(),
        members => format!("{}: {members}", change.action),
    }
}
