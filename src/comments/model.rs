//! What a comment is: the row, what readers and moderators send, what each of them sees.
use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::wording;
use crate::{
    db::{journal::Resource, schema::comments},
    http::{
        cursor::Page,
        query::{Bounded, Limit},
    },
    ids::{ArticleId, CommentId, UserId},
    tags::Tag,
    text, text_enum,
    time::Instant,
};

text_enum! {
    /// Where a comment stands with the moderators.
    pub enum CommentStatus {
        /// Waits for a moderator; readers do not see it.
        Pending = "pending",
        /// Readers see it.
        Approved = "approved",
        /// A moderator refused it.
        Rejected = "rejected",
        /// Gone for good.
        Deleted = "deleted",
    }
}

text_enum! {
    /// Why a comment is not fit to be shown.
    pub enum Reason {
        /// Offends.
        Offensive = "offensive",
        /// Attacks someone.
        Abusive = "abusive",
        /// Unwanted mass posting.
        Spam = "spam",
        /// Has a word that the newsroom does not print.
        BannedWord = "banned_word",
        /// Advertises something.
        Advertising = "advertising",
        /// Against the law.
        IllegalContent = "illegal_content",
        /// Harasses someone.
        Harassment = "harassment",
        /// States what is not true.
        Misinformation = "misinformation",
        /// Incites hatred.
        HateSpeech = "hate_speech",
        /// Has nothing to do with the article.
        Irrelevant = "irrelevant",
        /// None of these; say more in the note.
        Other = "other",
    }
}

text_enum! {
    /// Who wrote a comment.
    pub enum AuthorKind {
        /// A reader, under a nickname.
        Guest = "guest",
        /// Someone of the newsroom, under their own name.
        Staff = "staff",
    }
}

/// One comment, as the database keeps it.
#[derive(Debug, Clone, Deserialize, Queryable, Selectable, Insertable)]
#[diesel(table_name = comments)]
pub struct CommentRow {
    pub id: CommentId,
    pub article_id: ArticleId,
    /// What it replies to.
    pub parent_id: Option<CommentId>,
    /// What its thread begins with; `None` where it begins one.
    pub thread_id: Option<CommentId>,
    pub ordinal: i32,
    pub author_kind: AuthorKind,
    pub nickname: String,
    pub user_id: Option<UserId>,
    pub body: String,
    pub body_digest: String,
    pub status: CommentStatus,
    pub reason: Option<Reason>,
    pub note: Option<String>,
    /// How many comments are approved in the thread that it begins; of a reply, how many of those
    /// that reply to it.
    pub replies: i32,
    /// Whether it stands in the thread: approved, or as a stub above approved replies.
    pub shown: bool,
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

impl Resource for CommentRow {
    const TYPE: &'static str = "comment";
    fn id(&self) -> Uuid {
        self.id.0
    }
    fn version(&self) -> i32 {
        self.version
    }
}

impl CommentRow {
    /// Whether readers see it as itself.
    pub fn is_approved(&self) -> bool {
        self.status == CommentStatus::Approved
    }

    /// Those that count it among their replies: the comment that its thread begins with, and the
    /// one that it replies to.
    pub fn counted_by(&self) -> BTreeSet<CommentId> {
        self.thread_id.into_iter().chain(self.parent_id).collect()
    }

    /// What becomes stale when it appears or disappears. What counts it may become a stub, or
    /// cease to be one.
    pub fn tags(&self) -> Vec<Tag> {
        let comments = [self.id].into_iter().chain(self.counted_by()).map(Tag::Comment);
        comments.chain([Tag::Comments(self.article_id)]).collect()
    }

    fn author(&self) -> CommentAuthor {
        CommentAuthor { kind: self.author_kind, nickname: self.nickname.clone() }
    }
}

/// Who a comment is from.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommentAuthor {
    pub kind: AuthorKind,
    pub nickname: String,
}

/// Whom a comment replies to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct InReplyTo {
    /// The comment that it replies to, which may be one that readers do not see.
    pub id: CommentId,
    /// Who wrote that; null where it is gone.
    pub nickname: Option<String>,
}

/// Who wrote the comments that others reply to.
pub type Nicknames = HashMap<CommentId, String>;

impl InReplyTo {
    /// What a comment replies to, if it does.
    pub fn of(row: &CommentRow, nicknames: &Nicknames) -> Option<Self> {
        let id = row.parent_id?;
        Some(Self { id, nickname: nicknames.get(&id).cloned() })
    }
}

/// A comment as readers get it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PublicComment {
    pub id: CommentId,
    pub article_id: ArticleId,
    /// The comment that its thread begins with, below which it is shown; null where it begins a
    /// thread itself.
    pub thread_id: Option<CommentId>,
    /// The comment that it replies to; null where it begins a thread.
    pub in_reply_to: Option<InReplyTo>,
    /// How many comments readers see in the thread that it begins; of a reply, how many of those
    /// that reply to it. Stubs do not count.
    pub reply_count: i32,
    /// Its place among the article's comments: grows, never changes, with gaps.
    pub ordinal: i32,
    /// Null where the comment is gone.
    pub author: Option<CommentAuthor>,
    /// Plain text; paragraphs are separated by an empty line. Null where the comment is gone.
    pub body: Option<String>,
    pub created_at: Instant,
    /// Whether the comment is gone and only its place is kept, for the replies that it has.
    pub deleted: bool,
}

impl PublicComment {
    /// As readers see it, where those who wrote what others reply to are called so.
    pub fn new(row: &CommentRow, nicknames: &Nicknames) -> Self {
        Self {
            id: row.id,
            article_id: row.article_id,
            thread_id: row.thread_id,
            in_reply_to: InReplyTo::of(row, nicknames),
            reply_count: row.replies,
            ordinal: row.ordinal,
            author: row.is_approved().then(|| row.author()),
            body: row.is_approved().then(|| row.body.clone()),
            created_at: row.created_at,
            deleted: !row.is_approved(),
        }
    }
}

/// A comment as its writer gets it back.
#[derive(Debug, Serialize, ToSchema)]
pub struct PostedComment {
    pub id: CommentId,
    pub article_id: ArticleId,
    /// The comment that its thread begins with; null where it begins one.
    pub thread_id: Option<CommentId>,
    /// The comment that it replies to; null where it begins a thread.
    pub in_reply_to: Option<InReplyTo>,
    pub ordinal: i32,
    pub author: CommentAuthor,
    /// As it was tidied.
    pub body: String,
    pub created_at: Instant,
    /// `approved`: everyone sees it. `pending`: a moderator will look at it first. `rejected`: it
    /// was set aside as spam.
    pub status: CommentStatus,
}

impl PostedComment {
    /// As it was taken in.
    pub fn new(row: &CommentRow, nicknames: &Nicknames) -> Self {
        Self {
            id: row.id,
            article_id: row.article_id,
            thread_id: row.thread_id,
            in_reply_to: InReplyTo::of(row, nicknames),
            ordinal: row.ordinal,
            author: row.author(),
            body: row.body.clone(),
            created_at: row.created_at,
            status: row.status,
        }
    }
}

/// A page of the comments under an article.
#[derive(Debug, Serialize, ToSchema)]
pub struct Thread {
    #[serde(flatten)]
    pub page: Page<PublicComment>,
    /// How many comments are shown in the whole thread; those that are gone do not count.
    pub count: i32,
}

/// A comment that begins a thread, and what is said in it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentThread {
    /// What it begins with, or the stub that keeps its place.
    pub comment: PublicComment,
    /// The oldest replies in it, in their order. Send `next` as `cursor` to
    /// `GET /v1/comments/{id}/replies` to get more.
    pub replies: Page<PublicComment>,
}

/// A page of the threads under an article.
#[derive(Debug, Serialize, ToSchema)]
pub struct Threads {
    #[serde(flatten)]
    pub page: Page<CommentThread>,
    /// How many comments are shown under the article in all; those that are gone do not count.
    pub count: i32,
}

/// A comment as moderators see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Comment {
    pub id: CommentId,
    pub article_id: ArticleId,
    /// The comment that it replies to.
    pub parent_id: Option<CommentId>,
    /// The comment that its thread begins with; null where it begins one.
    pub thread_id: Option<CommentId>,
    /// Its place among the article's comments.
    pub ordinal: i32,
    pub author: CommentAuthor,
    /// The user who wrote it, where it was one.
    pub user_id: Option<UserId>,
    pub body: String,
    pub status: CommentStatus,
    /// Why it was decided so.
    pub reason: Option<Reason>,
    /// What was said about it; for the newsroom.
    pub note: Option<String>,
    /// How many comments readers see in the thread that it begins; of a reply, how many of those
    /// that reply to it. It does not move the version.
    pub replies: i32,
    /// Moves with every decision; the `ETag` is made of it.
    pub version: i32,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// A comment in the moderators' list, with what it is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListedComment {
    #[serde(flatten)]
    pub comment: Comment,
    /// The comment that it replies to; `nickname` is null where readers do not see that one.
    pub in_reply_to: Option<InReplyTo>,
    /// The article as readers have it; null while it is not public.
    pub article: Option<CommentedArticle>,
}

/// The article that a comment is about.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommentedArticle {
    pub headline: String,
    pub path: String,
}

impl From<&CommentRow> for Comment {
    fn from(row: &CommentRow) -> Self {
        Self {
            id: row.id,
            article_id: row.article_id,
            parent_id: row.parent_id,
            thread_id: row.thread_id,
            ordinal: row.ordinal,
            author: row.author(),
            user_id: row.user_id,
            body: row.body.clone(),
            status: row.status,
            reason: row.reason,
            note: row.note.clone(),
            replies: row.replies,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What a reader sends.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"nickname": "harbour cat", "body": "I was on the first ferry.\n\nIt was full."})))]
pub struct CommentInput {
    /// One line of which something can be seen; not the name of anyone in the newsroom, nor one that
    /// looks like it.
    #[validate(length(min = 1, max = 40), custom(function = "text::one_line"))]
    #[schema(
        min_length = 1,
        max_length = 40,
        pattern = r"^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*[^\s\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069][^\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
    )]
    pub nickname: String,
    /// Plain text of at least two characters that can be seen. Line ends and empty lines are
    /// kept, runs of empty lines become one.
    #[validate(length(min = 2, max = 4000), custom(function = "wording::plain"))]
    #[schema(
        min_length = 2,
        max_length = 4000,
        pattern = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*[^\s\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069][^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*[^\s\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069][^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
    )]
    pub body: String,
    /// The comment that it replies to: one that readers see, be it a reply itself.
    #[serde(default)]
    pub parent_id: Option<CommentId>,
    /// Leave it out. A form may have a field of this name that people do not see: programs fill
    /// it in, and what comes with it is set aside as spam (202).
    #[serde(default)]
    #[validate(length(max = 2048))]
    #[schema(max_length = 2048)]
    pub website: Option<String>,
}

/// What someone of the newsroom sends.
#[derive(Debug, Clone, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"article_id": "01890a5d-ac96-774b-bcce-b302099a8057", "body": "Thank you: the timetable is corrected."})))]
pub struct StaffCommentInput {
    /// An article that is public and open for comments.
    pub article_id: ArticleId,
    /// Plain text of at least two characters that can be seen. Line ends and empty lines are
    /// kept, runs of empty lines become one.
    #[validate(length(min = 2, max = 4000), custom(function = "wording::plain"))]
    #[schema(
        min_length = 2,
        max_length = 4000,
        pattern = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*[^\s\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069][^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*[^\s\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069][^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]*$"
    )]
    pub body: String,
    /// The comment that it replies to: one that readers see, be it a reply itself.
    #[serde(default)]
    pub parent_id: Option<CommentId>,
}

text_enum! {
    /// The order of a thread.
    #[derive(Default)]
    pub enum CommentSort {
        /// In the order in which they were written.
        #[default]
        Oldest = "oldest",
        /// The last one first.
        Newest = "newest",
    }
}

/// Which part of a thread, in which order.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ThreadFilter {
    /// The order.
    #[serde(default)]
    #[param(required = false)]
    pub sort: CommentSort,
    /// How many at once.
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// How many replies come along with each thread: 1 to 10, 3 unless told.
pub type RepliesShown = Bounded<1, 10, 3>;

/// Which of an article's threads, in which order.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ThreadsFilter {
    /// The order of the threads, by the comments that they begin with. In each the oldest reply
    /// comes first.
    #[serde(default)]
    #[param(required = false)]
    pub sort: CommentSort,
    /// How many threads at once.
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    /// How many replies come along with each.
    #[serde(default)]
    #[param(inline, required = false)]
    pub replies: RepliesShown,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}

/// Which page of the replies to a comment.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RepliesFilter {
    /// How many at once.
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    /// The `next` of the page before, or of the thread's `replies`.
    pub cursor: Option<String>,
}

/// Which comments to list, the newest first.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommentFilter {
    /// Only those with this status.
    pub status: Option<CommentStatus>,
    /// Only those under this article.
    pub article_id: Option<ArticleId>,
    /// Also count what the filters leave, as `total`. Takes the longer the more there is.
    #[serde(default)]
    #[param(required = false, default = false)]
    pub total: bool,
    /// How many at once.
    #[serde(default)]
    #[param(inline, required = false)]
    pub limit: Limit,
    /// The `next` of the page before.
    pub cursor: Option<String>,
}
