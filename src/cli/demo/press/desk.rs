//! The desk: what lies within reach while articles are written, and the next batch of them.
use std::collections::VecDeque;

use super::{dice::Dice, piece, words::Words};
use crate::{
    articles::importing::Finished,
    comments::model::CommentInput,
    ids::{ArticleId, CreditId, MediaId, SectionId, UserId},
    media::model::{FocalPoint, MediaInput, MediaKind},
    text::Language,
    time::Instant,
};

/// How many articles go into one transaction.
pub const BATCH: u64 = 200;
/// How many batches may be on their way into the database at once: an article refers to what is
/// in its own batch or further back than that.
pub const SETTLED: usize = 2;
/// How many pictures, and articles of one language, are kept in reach.
const REACH: usize = 4_000;
/// How long ago the first article was published, in seconds: eight years.
const SPAN: u64 = 8 * 365 * 24 * 60 * 60;
/// How many articles the smallest section gets.
const HANDFUL: u64 = 5;

/// A section and how many of a thousand articles it gets.
pub struct Section {
    pub id: SectionId,
    pub language: Language,
    pub share: u64,
}

/// A comment under an article of the batch.
#[derive(Clone)]
pub struct Remark {
    pub article: ArticleId,
    pub input: CommentInput,
}

/// Articles that are published together, and what has to be there before and comes after.
pub struct Batch {
    pub media: Vec<(MediaId, MediaInput)>,
    pub articles: Vec<Finished>,
    pub remarks: Vec<Remark>,
}

/// Where articles are written: one after the other, from the oldest to the newest.
pub struct Desk {
    pub words: Words,
    pub authors: Vec<UserId>,
    pub credits: Vec<CreditId>,
    pub sections: Vec<Section>,
    seed: u64,
    count: u64,
    written: u64,
    now: Instant,
    /// Pictures of the batch that is being written.
    shot: Vec<MediaId>,
    /// Pictures that are surely stored.
    pictures: VecDeque<MediaId>,
    /// Articles that are surely published, with their languages.
    earlier: VecDeque<(ArticleId, &'static str)>,
    /// What is not surely there yet, by batch.
    fresh: VecDeque<Fresh>,
}

/// What a batch brings.
#[derive(Default)]
struct Fresh {
    pictures: Vec<MediaId>,
    articles: Vec<(ArticleId, &'static str)>,
}

impl Desk {
    /// An empty desk for so many articles, the last of them published just before `now`.
    pub fn new(
        words: Words,
        authors: Vec<UserId>,
        credits: Vec<CreditId>,
        sections: Vec<Section>,
        (seed, count): (u64, u64),
        now: Instant,
    ) -> Self {
        let (shot, pictures, earlier, fresh) = Default::default();
        Self {
            words,
            authors,
            credits,
            sections,
            seed,
            count,
            written: 0,
            now,
            shot,
            pictures,
            earlier,
            fresh,
        }
    }

    /// A picture within reach: a new one, or one that was used before.
    pub fn picture(&self, dice: &mut Dice) -> Option<MediaId> {
        let place = dice.place(self.shot.len() + self.pictures.len());
        self.shot.get(place).or_else(|| self.pictures.get(place - self.shot.len())).copied()
    }

    /// Some articles in this language that are published already.
    pub fn earlier(&self, language: &str, dice: &mut Dice, count: u64) -> Vec<ArticleId> {
        if self.earlier.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<ArticleId> = Vec::new();
        for _ in 0..count * 2 {
            let (id, its) = self.earlier[dice.place(self.earlier.len())];
            if its == tongue(language) && !found.contains(&id) && found.len() as u64 != count {
                found.push(id);
            }
        }
        found
    }

    /// The next articles; `None` when all are written.
    pub fn next_batch(&mut self) -> Option<Batch> {
        let end = (self.written + BATCH).min(self.count);
        if self.written == end {
            return None;
        }
        let media = self.shoot(end - self.written);
        let mut batch = Batch { media, articles: Vec::new(), remarks: Vec::new() };
        let mut articles = Vec::new();
        for number in self.written..end {
            let mut dice = Dice::of(self.seed, number);
            let section = &self.sections[self.section_of(number, &mut dice)];
            let at = self.published_at(number, &mut dice);
            let article = piece::write(number, at, self, section, &mut dice);
            if dice.chance(4) {
                batch.remarks.extend(self.remarks(
                    article.id,
                    section.language.as_str(),
                    &mut dice,
                ));
            }
            articles.push((article.id, tongue(section.language.as_str())));
            batch.articles.push(article);
        }
        self.written = end;
        self.settle(articles);
        Some(batch)
    }

    /// A new picture for every other article.
    fn shoot(&mut self, articles: u64) -> Vec<(MediaId, MediaInput)> {
        let mut dice = Dice::of(!self.seed, self.written);
        let count = articles.div_ceil(2);
        let media: Vec<_> = (0..count).map(|_| (MediaId::new(), self.medium(&mut dice))).collect();
        self.shot = media.iter().map(|(id, _)| *id).collect();
        media
    }

    fn medium(&self, dice: &mut Dice) -> MediaInput {
        let words = if dice.chance(80) { &self.words.pl } else { &self.words.en };
        let (width, height) = *dice.one(&[(1600, 1067), (1920, 1280), (2400, 1600), (1280, 853)]);
        MediaInput {
            credit_id: Some(*dice.one(&self.credits)),
            kind: MediaKind::Image,
            url: format!("https://media.example.org/press/{:07}.jpg", dice.below(10_000_000))
                .parse()
                .ok(),
            mime: Some("image/jpeg".to_owned()),
            width: Some(width),
            height: Some(height),
            alt: Some(dice.one(&words.alts).clone()),
            decorative: false,
            caption: dice.chance(70).then(|| dice.one(&words.captions).clone()),
            focal_point: dice.chance(50).then_some(FocalPoint { x: 0.5, y: 0.4 }),
            rights_expires_at: None,
        }
    }

    fn section_of(&self, number: u64, dice: &mut Dice) -> usize {
        // The smallest section gets its few at even distances.
        let step = self.count / (HANDFUL + 1);
        let handful = step > 0 && number % step == step - 1 && number / step < HANDFUL;
        if let Some(smallest) = self.sections.iter().position(|it| it.share == 0)
            && handful
        {
            return smallest;
        }
        let mut left = dice.below(self.sections.iter().map(|it| it.share).sum());
        let fits = |section: &Section| match left.checked_sub(section.share) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        };
        self.sections.iter().position(fits).unwrap_or_default()
    }

    /// Evenly over the years, in the order of the numbers.
    fn published_at(&self, number: u64, dice: &mut Dice) -> Instant {
        let step = SPAN * 1_000_000 / self.count;
        let ago = (self.count - number) * step - dice.below(step.max(1));
        let ago = i64::try_from(ago).unwrap_or(i64::MAX);
        Instant::from_micros(self.now.micros() - ago).unwrap_or(self.now)
    }

    fn remarks(&self, article: ArticleId, language: &str, dice: &mut Dice) -> Vec<Remark> {
        let words = self.words.of(language);
        let count = dice.between(1, 4);
        let said = dice.some(&words.remarks, count);
        let remark = |body: &String, dice: &mut Dice| CommentInput {
            nickname: dice.one(&words.nicknames).clone(),
            body: body.clone(),
            parent_id: None,
            website: None,
        };
        said.into_iter().map(|body| Remark { article, input: remark(body, dice) }).collect()
    }

    fn settle(&mut self, articles: Vec<(ArticleId, &'static str)>) {
        let pictures = std::mem::take(&mut self.shot);
        self.fresh.push_back(Fresh { pictures, articles });
        // The next batch is stored beside one at the most that is on its way still.
        while self.fresh.len() >= SETTLED {
            let settled = self.fresh.pop_front().unwrap_or_default();
            self.pictures.extend(settled.pictures);
            self.earlier.extend(settled.articles);
        }
        trim(&mut self.pictures);
        trim(&mut self.earlier);
    }
}

fn tongue(language: &str) -> &'static str {
    if language == "pl" { "pl" } else { "en" }
}

fn trim<T>(reach: &mut VecDeque<T>) {
    reach.drain(..reach.len().saturating_sub(REACH));
}
