//! Cache tags: names for what an answer was made of, and for what a change makes stale.
use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::ids::{AdSlotId, ArticleId, CommentId, CreditId, MediaId, SectionId, UserId};

/// One thing that public answers are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tag {
    /// One article: its editions.
    Article(ArticleId),
    /// Whether and where an article is public, for those that link to it. Its name does not give
    /// away the article's id, which may be a draft's.
    Target(ArticleId),
    /// The lists that show a section's articles.
    List(SectionId),
    /// Every list of articles, whatever it is filtered by.
    Lists,
    /// The section tree: names, addresses, order.
    Sections,
    /// One medium.
    Media(MediaId),
    /// One media credit.
    Credit(CreditId),
    /// All ad slots: which are shown where.
    AdSlots,
    /// One ad slot.
    AdSlot(AdSlotId),
    /// The comments under one article.
    Comments(ArticleId),
    /// One comment.
    Comment(CommentId),
    /// A user, as readers see one: the author's name.
    Author(UserId),
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Article(id) => write!(f, "article:{id}"),
            Self::Target(id) => {
                let digest = Sha256::new().chain_update("target").chain_update(id.0).finalize();
                write!(f, "target:{}", URL_SAFE_NO_PAD.encode(&digest[..12]))
            }
            Self::List(id) => write!(f, "list:{id}"),
            Self::Lists => f.write_str("lists"),
            Self::Sections => f.write_str("sections"),
            Self::Media(id) => write!(f, "media:{id}"),
            Self::Credit(id) => write!(f, "credit:{id}"),
            Self::AdSlots => f.write_str("ad-slots"),
            Self::AdSlot(id) => write!(f, "ad-slot:{id}"),
            Self::Comments(id) => write!(f, "comments:{id}"),
            Self::Comment(id) => write!(f, "comment:{id}"),
            Self::Author(id) => write!(f, "author:{id}"),
        }
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
