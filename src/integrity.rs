//! All that an import has to keep: the rules of every module, put together.
use crate::{
    ads::integrity::AdSlots,
    articles::{
        editions::integrity::Editions,
        integrity::{Articles, Others},
        tags::integrity::Tags,
    },
    auth::integrity::Factors,
    comments::integrity::Comments,
    journal::integrity::Journal,
    media::integrity::Media,
    sections::integrity::Sections,
    time::Instant,
    transfer::integrity::{Checks, Line, Problems},
    users::integrity::Users,
};

/// What is known of an export so far.
pub struct Newsroom {
    users: Users,
    sections: Sections,
    media: Media,
    ad_slots: AdSlots,
    articles: Articles,
    tags: Tags,
    editions: Editions,
    comments: Comments,
    factors: Factors,
    journal: Journal,
}

impl Newsroom {
    /// Nothing. The export is of `exported`; `now` is when it is taken in.
    pub fn new(exported: Instant, now: Instant) -> Self {
        Self {
            users: Users::default(),
            sections: Sections::default(),
            media: Media::default(),
            ad_slots: AdSlots::default(),
            articles: Articles::default(),
            tags: Tags::default(),
            editions: Editions::at(exported.max(now)),
            comments: Comments::default(),
            factors: Factors::default(),
            journal: Journal::default(),
        }
    }
}

/// What articles refer to. No method: the articles themselves change meanwhile.
macro_rules! others {
    ($of:ident) => {
        &Others {
            users: &$of.users.ids,
            sections: &$of.sections.ids,
            media: &$of.media.ids,
            ad_slots: &$of.ad_slots.codes,
            tags: &$of.tags,
        }
    };
}

impl Checks for Newsroom {
    fn users(&mut self, line: &mut Line<'_>) {
        self.users.user(line);
    }
    fn sections(&mut self, line: &mut Line<'_>) {
        self.sections.section(line);
    }
    fn section_redirects(&mut self, line: &mut Line<'_>) {
        self.sections.redirect(line);
    }
    fn media_credits(&mut self, line: &mut Line<'_>) {
        self.media.credit(line, &self.users.ids);
    }
    fn media(&mut self, line: &mut Line<'_>) {
        self.media.medium(line, &self.users.ids);
    }
    fn ad_slots(&mut self, line: &mut Line<'_>) {
        self.ad_slots.slot(line, &self.sections.ids);
    }
    fn articles(&mut self, line: &mut Line<'_>) {
        self.articles.article(line, others!(self));
    }
    fn article_authors(&mut self, line: &mut Line<'_>) {
        self.articles.author(line);
    }
    fn article_contributors(&mut self, line: &mut Line<'_>) {
        self.articles.contributor(line, &self.users.ids);
    }
    fn article_uses(&mut self, line: &mut Line<'_>) {
        self.articles.in_use(line);
    }
    fn related_links(&mut self, line: &mut Line<'_>) {
        self.articles.link(line);
    }
    fn tag_slugs(&mut self, line: &mut Line<'_>) {
        self.tags.slug(line);
    }
    fn editions(&mut self, line: &mut Line<'_>) {
        self.editions.edition(line, &self.articles, others!(self));
    }
    fn edition_keys(&mut self, line: &mut Line<'_>) {
        self.editions.key(line);
    }
    fn edition_uses(&mut self, line: &mut Line<'_>) {
        self.editions.in_use(line);
    }
    fn comment_threads(&mut self, line: &mut Line<'_>) {
        self.comments.thread(line, &self.articles.ids);
    }
    fn comments(&mut self, line: &mut Line<'_>) {
        self.comments.comment(line, &self.users.ids);
    }
    fn comment_reports(&mut self, line: &mut Line<'_>) {
        self.comments.report(line);
    }
    fn comment_words(&mut self, line: &mut Line<'_>) {
        self.comments.word(line);
    }
    fn second_factors(&mut self, line: &mut Line<'_>) {
        self.factors.factor(line, &self.users.ids);
    }
    fn recovery_codes(&mut self, line: &mut Line<'_>) {
        self.factors.recovery_code(line);
    }
    fn journal(&mut self, line: &mut Line<'_>) {
        self.journal.change(line);
    }
    fn journal_readers(&mut self, line: &mut Line<'_>) {
        self.journal.reader(line);
    }

    fn finish(&mut self, problems: &mut Problems) {
        self.users.finish(&self.sections.ids, problems);
        self.articles.finish(problems);
        self.editions.finish(&self.articles, &self.sections, problems);
        self.comments.finish(problems);
    }
}
