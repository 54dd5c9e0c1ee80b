//! Ads in place: pinned ones stay where they are, the others are placed by rule and placement.
use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    blocks::{BodyBlock, PageBlock},
    parts::{AdPlace, PageAds},
};
use crate::{
    ads::{
        model::{AdSlotRow, Placement, PublicAdSlot},
        parts::AdRule,
        placing::{self, BlockKind, ends_in_colon},
        queries::Showing,
    },
    articles::blocks::BlockId,
    error::{Error, Result},
    http::cache::Made,
    ids::SectionId,
    tags::Tag,
};

/// The ads of one page.
pub struct Ads<'a> {
    showing: &'a Showing,
    /// The page's section and those that it stands in.
    above: Vec<SectionId>,
}

impl<'a> Ads<'a> {
    /// Those that are shown in this section.
    pub fn new(showing: &'a Showing, above: Vec<SectionId>) -> Self {
        Self { showing, above }
    }

    fn show(slot: &AdSlotRow, made: &mut Made) -> PublicAdSlot {
        made.of([Tag::AdSlot(slot.id)]);
        made.modified(slot.updated_at);
        slot.into()
    }

    /// The slots outside of the body.
    pub fn around(&self, made: &mut Made) -> PageAds {
        let mut ads = PageAds::default();
        for slot in self.showing.slots.iter().filter(|slot| slot.applies_to(&self.above)) {
            let places = match slot.placement {
                Placement::BeforeHeadline => &mut ads.before_headline,
                Placement::AfterLead => &mut ads.after_lead,
                Placement::AfterBody => &mut ads.after_body,
                Placement::Sidebar => &mut ads.sidebar,
                Placement::AfterComments => &mut ads.after_comments,
                Placement::InBody => continue,
            };
            places.push(Self::show(slot, made));
        }
        ads
    }

    /// The slot pinned by an editor at a place of the body, if it is shown at all.
    pub fn pinned(&self, id: BlockId, code: &str, made: &mut Made) -> Option<PageBlock> {
        let slot = self.showing.slots.iter().find(|slot| slot.code == code)?;
        Some(PageBlock::AdSlot(AdPlace { id, slot: Self::show(slot, made) }))
    }

    /// Puts the slots that have a rule into the body, where [`placing::turns`] says.
    pub fn spread(&self, body: Vec<BodyBlock>, made: &mut Made) -> Result<Vec<BodyBlock>> {
        let applying = self.showing.slots.iter().filter(|slot| slot.applies_to(&self.above));
        let with_rules = applying.filter_map(|slot| Some((&**slot, slot.rule.as_ref()?.0)));
        let (slots, rules): (Vec<&AdSlotRow>, Vec<AdRule>) = with_rules.unzip();
        if rules.is_empty() {
            return Ok(body);
        }
        let kinds = body.iter().map(BodyBlock::kind).collect::<Result<Vec<_>>>()?;
        let mut turns = placing::turns(&kinds, &rules).into_iter().peekable();
        let mut spread = Vec::with_capacity(body.len() + turns.len());
        for (at, block) in body.into_iter().enumerate() {
            if let Some(turn) = turns.next_if(|turn| turn.before == at) {
                let slot = slots[turn.rule];
                let id = BlockId::of_turn(&slot.code, turn.number);
                let ad = PageBlock::AdSlot(AdPlace { id, slot: Self::show(slot, made) });
                spread.push(BodyBlock::Placed(ad.into()));
            }
            spread.push(block);
        }
        Ok(spread)
    }
}

impl BodyBlock {
    /// What the block is to those who place ads.
    fn kind(&self) -> Result<BlockKind> {
        match self {
            Self::Stored(stored) => stored_kind(stored).map_err(Error::internal),
            Self::Placed(block) => Ok(placed_kind(block)),
        }
    }
}

/// Of a block that is passed on as it is stored, no more is read than is needed.
fn stored_kind(stored: &RawValue) -> serde_json::Result<BlockKind> {
    #[derive(Deserialize)]
    struct Tag<'a> {
        r#type: &'a str,
    }
    #[derive(Deserialize)]
    struct Text<'a> {
        #[serde(borrow)]
        text: Vec<Piece<'a>>,
    }
    #[derive(Deserialize)]
    struct Piece<'a> {
        #[serde(borrow, default)]
        text: Cow<'a, str>,
    }
    let Tag { r#type } = serde_json::from_str(stored.get())?;
    Ok(match r#type {
        "paragraph" => {
            let Text { text } = serde_json::from_str(stored.get())?;
            let pieces = text.iter().map(|piece| &*piece.text);
            BlockKind::Paragraph { announces: ends_in_colon(pieces) }
        }
        "heading" => BlockKind::Heading,
        "list" => BlockKind::List,
        _ => BlockKind::Other,
    })
}

fn placed_kind(block: &PageBlock) -> BlockKind {
    match block {
        PageBlock::AdSlot(_) => BlockKind::Ad,
        PageBlock::Heading(_) => BlockKind::Heading,
        PageBlock::Paragraph(block) => {
            let pieces = block.text.iter().map(|span| span.text.as_str());
            BlockKind::Paragraph { announces: ends_in_colon(pieces) }
        }
        PageBlock::List(_) => BlockKind::List,
        PageBlock::Quote(_)
        | PageBlock::Image(_)
        | PageBlock::Gallery(_)
        | PageBlock::Video(_)
        | PageBlock::Audio(_)
        | PageBlock::Embed(_)
        | PageBlock::Related(_)
        | PageBlock::Table(_)
        | PageBlock::Code(_)
        | PageBlock::Footnotes(_)
        | PageBlock::Divider(_) => BlockKind::Other,
    }
}
