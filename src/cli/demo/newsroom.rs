//! The demo newsroom as its file describes it; `@kind:key` stands for the id of what that names.
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    auth::roles::Role,
    error::{Error, Result},
};

/// The password of everyone in the demo newsroom.
pub const PASSWORD: &str = "demo-newsroom";

/// Everything in it, in the order in which it is made.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Newsroom {
    pub users: Vec<Person>,
    pub sections: Vec<Item>,
    pub credits: Vec<Item>,
    pub media: Vec<Item>,
    pub ad_slots: Vec<Item>,
    pub articles: Vec<Piece>,
    pub addresses: Vec<Address>,
}

/// Someone who works there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub key: String,
    pub email: String,
    pub name: String,
    pub roles: Vec<Role>,
}

/// Something that one request makes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub key: String,
    pub input: Value,
}

/// An article and what becomes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    pub key: String,
    /// Who writes it and hands it in.
    pub by: String,
    pub input: Map<String, Value>,
    #[serde(default)]
    pub links: Vec<Item>,
    #[serde(default)]
    pub steps: Vec<Step>,
    #[serde(default)]
    pub publish: Publication,
    pub return_note: Option<String>,
    pub retraction_notice: Option<String>,
    /// A merge patch of the working copy, after the steps.
    pub edited_after: Option<Value>,
    /// Whether what was edited then is published as well, as a change of no significance.
    #[serde(default)]
    pub published_again: bool,
    #[serde(default)]
    pub comments: Vec<Comment>,
}

/// A step of the workflow.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Submit,
    Approve,
    Return,
    Publish,
    Unpublish,
    Retract,
}

/// When an article is published, in seconds from the filling of the newsroom.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Publication {
    pub valid_from_in: Option<i64>,
    pub valid_to_in: Option<i64>,
    pub published_ago: Option<i64>,
}

/// What a reader says, and what a moderator says to that.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comment {
    pub key: String,
    pub nickname: String,
    pub body: String,
    pub reply_to: Option<String>,
    pub decision: Decision,
    pub reason: Option<String>,
}

/// What a moderator decides.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Approve,
    Reject,
    None,
}

/// An address worth opening.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    pub label: String,
    /// As readers see it; where it stands is asked of `GET /v1/page`.
    pub path: String,
}

impl Newsroom {
    /// Reads the file that is compiled in.
    pub fn read() -> Result<Self> {
        serde_json::from_str(include_str!("newsroom.json")).map_err(Error::internal)
    }
}
