//! Cache tags: names for what an answer was made of, and for what a change makes stale.
use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::ids::{AdSlotId, ArticleId, CommentId, CreditId, MediaId, SectionId, UserId};

/// What would part one cache tag from the next in a header.
const APART: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%').add(b',');

/// One of the lists that an article stands in: of a section, an author, a subject, and so on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Facet(String);

impl Facet {
    /// The list of everything.
    pub fn all() -> Self {
        Self("all".to_owned())
    }

    /// A section's own articles, without those below it.
    pub fn section(id: SectionId) -> Self {
        Self(format!("section:{id}"))
    }

    /// What this author has written.
    pub fn author(id: UserId) -> Self {
        Self(format!("author:{id}"))
    }

    /// What has this tag, by its identity ([`crate::text::fold`]), which has no hyphens.
    pub fn tag(identity: &str) -> Self {
        Self(format!("tag:{}", utf8_percent_encode(&identity.replace(' ', "-"), APART)))
    }

    /// What is of this genre.
    pub fn genre(genre: impl fmt::Display) -> Self {
        Self(format!("genre:{genre}"))
    }

    /// What is in this language, or in a special case of it.
    pub fn language(language: &str) -> Self {
        Self(format!("language:{language}"))
    }

    /// The list of this name, as the database keeps it.
    pub fn stored(name: String) -> Self {
        Self(name)
    }

    /// Its name, as the database keeps it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One thing that public answers are made of.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tag {
    /// One article: its editions.
    Article(ArticleId),
    /// Whether and where an article is public, for those that link to it.
    Target(Target),
    /// One list of articles.
    List(Facet),
    /// Which tags there are, and by what slugs.
    Tags,
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

/// An article's name among tags that does not give away its id, which may be a draft's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Target([u8; 12]);

impl From<ArticleId> for Target {
    fn from(id: ArticleId) -> Self {
        let digest = Sha256::new().chain_update("target").chain_update(id.0).finalize();
        let mut name = [0; 12];
        name.copy_from_slice(&digest[..12]);
        Self(name)
    }
}

impl Tag {
    /// Whether and where this article is public.
    pub fn target(id: ArticleId) -> Self {
        Self::Target(id.into())
    }

    /// How many bytes it takes beside its own size.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::List(Facet(name)) => name.capacity(),
            Self::Article(_)
            | Self::Target(_)
            | Self::Tags
            | Self::Sections
            | Self::Media(_)
            | Self::Credit(_)
            | Self::AdSlots
            | Self::AdSlot(_)
            | Self::Comments(_)
            | Self::Comment(_)
            | Self::Author(_) => 0,
        }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Article(id) => write!(f, "article:{id}"),
            Self::Target(Target(name)) => write!(f, "target:{}", URL_SAFE_NO_PAD.encode(name)),
            Self::List(Facet(name)) => write!(f, "list:{name}"),
            Self::Tags => f.write_str("tags"),
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

/// Reads a tag as the journal keeps it; another server may be newer and know tags of its own.
impl FromStr for Tag {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, name) = text.split_once(':').unwrap_or((text, ""));
        Ok(match kind {
            "article" => Self::Article(name.parse()?),
            "target" => {
                let name = URL_SAFE_NO_PAD.decode(name).ok().and_then(|name| name.try_into().ok());
                Self::Target(Target(name.ok_or("expected twelve bytes")?))
            }
            "list" => Self::List(Facet(name.to_owned())),
            "tags" => Self::Tags,
            "sections" => Self::Sections,
            "media" => Self::Media(name.parse()?),
            "credit" => Self::Credit(name.parse()?),
            "ad-slots" => Self::AdSlots,
            "ad-slot" => Self::AdSlot(name.parse()?),
            "comments" => Self::Comments(name.parse()?),
            "comment" => Self::Comment(name.parse()?),
            "author" => Self::Author(name.parse()?),
            _ => return Err("not a tag that this version knows"),
        })
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tag_is_read_as_it_is_written() {
        let tags = [
            Tag::Article(ArticleId::new()),
            Tag::target(ArticleId::new()),
            Tag::List(Facet::all()),
            Tag::List(Facet::section(SectionId::new())),
            Tag::List(Facet::tag("night buses")),
            Tag::List(Facet::tag("c++, 北京")),
            Tag::Tags,
            Tag::Sections,
            Tag::Media(MediaId::new()),
            Tag::Credit(CreditId::new()),
            Tag::AdSlots,
            Tag::AdSlot(AdSlotId::new()),
            Tag::Comments(ArticleId::new()),
            Tag::Comment(CommentId::new()),
            Tag::Author(UserId::new()),
        ];
        for tag in tags {
            assert_eq!(tag.to_string().parse(), Ok(tag));
        }
        assert_eq!(Facet::tag("night buses").as_str(), "tag:night-buses");
        assert_eq!(Facet::tag("c#").as_str(), "tag:c#");
        let several = Facet::tag("c++, 北京").as_str().to_owned();
        assert!(several.is_ascii() && !several.contains([' ', ',']), "{several}");
        assert!("weather:today".parse::<Tag>().is_err());
    }
}
