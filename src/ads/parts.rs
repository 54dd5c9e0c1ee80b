//! What an ad slot is put together from: its label, sizes, provider, targeting and rule.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{
        ArrayBuilder, KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, schema::Type,
    },
};
use validator::{Validate, ValidationError};

use crate::{
    text::{self, Language},
    text_enum,
};

/// The word that tells readers that this is an advertisement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdLabel {
    #[validate(length(min = 1, max = 40), custom(function = "text::not_blank"))]
    #[schema(min_length = 1, max_length = 40, pattern = r"\S", examples("Reklama"))]
    pub text: String,
    /// The language of the text.
    pub language: Language,
}

impl Default for AdLabel {
    fn default() -> Self {
        Self { text: "Advertisement".to_owned(), language: Language::english() }
    }
}

const SIZE_MAX: u16 = 10_000;
const MAPPED_MAX: usize = 20;
const SIZES_MAX: usize = 20;

/// Which sizes fit from a viewport of this size on (a line of Google Publisher Tag's size
/// mapping).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MappedSizes {
    /// Width and height of the smallest viewport for which this holds, in CSS pixels, 0 to
    /// 10000 each.
    #[schema(schema_with = viewport)]
    pub min_viewport: [u16; 2],
    /// Width and height of every ad that fits, in CSS pixels, 1 to 10000 each (IAB sizes such as
    /// `[300, 250]`). None, where `fluid` is not set either, switches the slot off here.
    #[schema(schema_with = sizes)]
    pub sizes: Vec<[u16; 2]>,
    /// Whether an ad fits that takes the slot's width and is as high as it needs to be (Google
    /// Publisher Tag's size `fluid`).
    #[serde(default)]
    #[schema(default = false)]
    pub fluid: bool,
}

/// What a slot fits that says nothing of sizes: whatever takes its width.
pub fn any_width() -> Vec<MappedSizes> {
    vec![MappedSizes { min_viewport: [0, 0], sizes: Vec::new(), fluid: true }]
}

fn pair(smallest: u16) -> ArrayBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int32);
    let side = ObjectBuilder::new().schema_type(Type::Integer).format(Some(format));
    let side = side.minimum(Some(smallest)).maximum(Some(SIZE_MAX));
    ArrayBuilder::new().items(side).min_items(Some(2)).max_items(Some(2))
}

fn viewport() -> RefOr<Schema> {
    pair(0)
        .description(Some(
            "Width and height of the smallest viewport for which this holds, in CSS pixels.",
        ))
        .into()
}

fn sizes() -> RefOr<Schema> {
    ArrayBuilder::new()
        .items(pair(1))
        .max_items(Some(SIZES_MAX))
        .description(Some(
            "Width and height of every ad that fits, in CSS pixels (IAB sizes such as \
             `[300, 250]`). None, where `fluid` is not set either, switches the slot off here.",
        ))
        .into()
}

/// Starts at the smallest viewport there is and ascends, so that one line is right for each.
pub fn ascending(mapping: &[MappedSizes]) -> Result<(), ValidationError> {
    if !(1..=MAPPED_MAX).contains(&mapping.len()) {
        return Err(text::broken("length", "must have 1 to 20 entries"));
    }
    let mut below = None;
    for (line, MappedSizes { min_viewport, sizes, fluid: _ }) in mapping.iter().enumerate() {
        let at = format!("/{line}/min_viewport");
        within(&at, *min_viewport, 0, "must be 0 to 10000")?;
        match below {
            None if *min_viewport != [0, 0] => {
                return Err(text::broken_at(&at, "start", "must be [0, 0] in the first entry"));
            }
            Some(below) if below >= min_viewport => {
                let message = "must be wider than the one before, or as wide and higher";
                return Err(text::broken_at(&at, "ascending", message));
            }
            _ => below = Some(min_viewport),
        }
        if sizes.len() > SIZES_MAX {
            return Err(text::broken_at(
                &format!("/{line}/sizes"),
                "length",
                "must be 20 at the most",
            ));
        }
        for (index, size) in sizes.iter().enumerate() {
            within(&format!("/{line}/sizes/{index}"), *size, 1, "must be 1 to 10000")?;
        }
    }
    Ok(())
}

fn within(
    at: &str,
    pair: [u16; 2],
    smallest: u16,
    message: &'static str,
) -> Result<(), ValidationError> {
    match pair.iter().position(|side| !(smallest..=SIZE_MAX).contains(side)) {
        Some(side) => Err(text::broken_at(&format!("{at}/{side}"), "range", message)),
        None => Ok(()),
    }
}

text_enum! {
    /// Who fills a slot.
    pub enum ProviderKind {
        /// Google Ad Manager.
        Gam = "gam",
        /// Header bidding by Prebid.
        Prebid = "prebid",
        /// Sold and served by the newsroom itself.
        Direct = "direct",
        /// No one: the place is kept free.
        None = "none",
    }
}

/// Who fills a slot, and under which name they know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdProvider {
    pub kind: ProviderKind,
    /// The slot's name there (Google Publisher Tag `adUnitPath`): network code, then one to five
    /// ad unit codes.
    #[serde(default)]
    #[validate(custom(function = "gpt_path"))]
    #[schema(
        max_length = 606,
        pattern = r"^(/[A-Za-z0-9_.,*!<:()\\-]{1,100}){2,6}$",
        examples("/1234567/news/article_top")
    )]
    pub ad_unit_path: Option<String>,
}

impl Default for AdProvider {
    fn default() -> Self {
        Self { kind: ProviderKind::None, ad_unit_path: None }
    }
}

fn gpt_path(path: &str) -> Result<(), ValidationError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.,*!<:()\\-".contains(c);
    let codes: Vec<&str> = path.strip_prefix('/').unwrap_or_default().split('/').collect();
    let code = |code: &&str| (1..=100).contains(&code.len()) && code.chars().all(allowed);
    if (2..=6).contains(&codes.len()) && codes.iter().all(code) {
        return Ok(());
    }
    Err(text::broken("pattern", "must be a network code and ad unit codes: /1234567/news/top"))
}

/// Key-values for whoever fills the slot (Google Publisher Tag `setTargeting`).
pub type Targeting = BTreeMap<String, Vec<String>>;

const KEYS_MAX: usize = 20;
const VALUES_MAX: usize = 20;

/// The schema of [`Targeting`].
pub fn targeting() -> RefOr<Schema> {
    let text = |most| {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.min_length(Some(1)).max_length(Some(most)).pattern(Some(r"\S"))
    };
    let values = ArrayBuilder::new().items(text(40));
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property_names(Some(text(20)))
        .additional_properties(Some(values.min_items(Some(1)).max_items(Some(VALUES_MAX))))
        .max_properties(Some(KEYS_MAX))
        .description(Some(
            "Key-values for whoever fills the slot (Google Publisher Tag `setTargeting`): keys of \
             at most 20 characters, values of at most 40.",
        ))
        .examples([serde_json::json!({"section": ["world"], "page": ["article"]})])
        .into()
}

/// What Google Ad Manager takes: keys of at most 20 characters, values of at most 40.
pub fn targetable(targeting: &Targeting) -> Result<(), ValidationError> {
    let fits = |text: &str, most| text.chars().count() <= most && text::not_blank(text).is_ok();
    if targeting.len() > KEYS_MAX {
        return Err(text::broken("length", "must have 20 keys at the most"));
    }
    for (key, values) in targeting {
        let at = format!("/{}", key.replace('~', "~0").replace('/', "~1"));
        if !fits(key, 20) {
            return Err(text::broken_at(&at, "length", "must be a key of 1 to 20 characters"));
        }
        if !(1..=VALUES_MAX).contains(&values.len()) {
            return Err(text::broken_at(&at, "length", "must have 1 to 20 values"));
        }
        if let Some(bad) = values.iter().position(|value| !fits(value, 40)) {
            return Err(text::broken_at(
                &format!("{at}/{bad}"),
                "length",
                "must be 1 to 40 characters",
            ));
        }
    }
    Ok(())
}

/// How a slot places itself in the body of an article, beside where it is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdRule {
    /// After every so many blocks of the body, 1 to 500, counted anew from each pinned ad: there,
    /// or at the next place where nothing is torn apart. No rule puts an ad between a heading and
    /// its text, an introduction and its list, next to another ad, first, or from the last
    /// paragraph on.
    #[validate(range(min = 1, max = 500))]
    #[schema(minimum = 1, maximum = 500)]
    pub after_every: u16,
    /// How many times in one article at the most, 1 to 100.
    #[validate(range(min = 1, max = 100))]
    #[schema(minimum = 1, maximum = 100)]
    pub max: u16,
}
