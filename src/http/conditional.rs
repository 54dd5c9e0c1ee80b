//! `IfMatch`: no change without saying which version it was made for (RFC 9110, 13.1.1).
use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use utoipa::IntoParams;
use uuid::Uuid;

use super::answer::etag;
use crate::{
    db::{
        Conn, Tx,
        journal::{self, Resource},
    },
    error::{Error, Result},
};

/// Handler argument: the entity tags that the caller's change was made for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IfMatch {
    /// The `ETag` of the version that you have read, such as `"3"`. Without it: 428; when someone
    /// else has changed the resource since: 412.
    #[param(rename = "If-Match", value_type = String, example = "\"3\"", max_length = 1000)]
    tags: Vec<String>,
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let given: Vec<&str> = req
            .headers()
            .get_all(header::IF_MATCH)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|list| list.split(','))
            .map(str::trim)
            .filter(|tag| !tag.is_empty())
            .collect();
        ready(if given.is_empty() || given.contains(&"*") {
            Err(Error::PreconditionRequired)
        } else {
            Ok(Self { tags: given.into_iter().map(str::to_owned).collect() })
        })
    }
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
        if self.tags.contains(&etag) {
            return Ok(());
        }
        let detail = match journal::last_change(conn, resource.id())? {
            Some(change) => format!(
                "{} changed it at {} ({}); it is at version {} now.",
                change.actor_name,
                change.at,
                change.action,
                resource.version()
            ),
            None => format!("It is at version {} now.", resource.version()),
        };
        Err(Error::Stale { detail, etag })
    }
}
