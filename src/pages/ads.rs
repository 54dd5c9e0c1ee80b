//! Ads in place: pinned ones stay where they are, the others are placed by rule and placement.
use super::{
    blocks::{BodyBlock, PageBlock},
    parts::{AdPlace, PageAds},
};
use crate::{
    ads::{
        model::{AdSlotRow, Placement, PublicAdSlot},
        queries::Showing,
    },
    articles::blocks::BlockId,
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

    /// Puts the slots that have a rule into the body: after every so many blocks of content, at
    /// most so often, never at its end and never beside another ad.
    pub fn spread(&self, blocks: Vec<BodyBlock>, made: &mut Made) -> Vec<BodyBlock> {
        let mut spread = blocks;
        for slot in self.showing.slots.iter().filter(|slot| slot.applies_to(&self.above)) {
            let Some(rule) = &slot.rule else { continue };
            let (every, most) = (usize::from(rule.0.after_every), usize::from(rule.0.max));
            let is_ad = |block: Option<&BodyBlock>| matches!(block, Some(BodyBlock::Placed(block)) if matches!(**block, PageBlock::AdSlot(_)));
            let mut placed = Vec::with_capacity(spread.len() + most);
            let (mut content, mut turns) = (0, 0);
            let mut rest = spread.into_iter().peekable();
            while let Some(block) = rest.next() {
                content += usize::from(!is_ad(Some(&block)));
                let free = rest.peek().is_some() && !is_ad(rest.peek()) && !is_ad(Some(&block));
                placed.push(block);
                if free && turns < most && content >= every {
                    turns += 1;
                    content = 0;
                    let id = BlockId::of_turn(&slot.code, turns);
                    let ad = PageBlock::AdSlot(AdPlace { id, slot: Self::show(slot, made) });
                    placed.push(BodyBlock::Placed(ad.into()));
                }
            }
            spread = placed;
        }
        spread
    }
}
