//! What has to be there before articles are generated: authors, sections, credits and ad slots,
//! made over the API.
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::Section;
use crate::{
    cli::demo::{
        caller::Refusal,
        fill::Filler,
        newsroom::{Item, PASSWORD, Person},
    },
    error::{Error, Result},
    ids::{CreditId, UserId},
    text::Language,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    authors: Vec<Author>,
    sections: Vec<SharedSection>,
    credits: Vec<Item>,
    ad_slots: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Author {
    key: String,
    email: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SharedSection {
    key: String,
    language: Language,
    /// How many of a thousand articles; a handful of all where it is 0.
    share: u64,
    input: Value,
}

/// What articles are made with.
pub struct Made {
    pub authors: Vec<UserId>,
    pub credits: Vec<CreditId>,
    pub sections: Vec<Section>,
}

/// Makes it all, as those of the demo newsroom whose work it is.
pub async fn make(filler: &mut Filler, people: &[Person]) -> Result<Made> {
    let setting: Setting =
        serde_json::from_str(include_str!("setting.json")).map_err(Error::internal)?;
    for person in people {
        filler.sign_in(person).await?;
    }
    let mut made = Made { authors: Vec::new(), credits: Vec::new(), sections: Vec::new() };
    for author in &setting.authors {
        let input = json!({
            "email": author.email, "name": author.name, "roles": ["author"],
            "password": PASSWORD,
        });
        let item = Item { key: author.key.clone(), input };
        made.authors.push(one(filler, "user", "users", "admin", &item).await?);
    }
    for SharedSection { key, language, share, input } in setting.sections {
        let item = Item { key, input };
        let id = one(filler, "section", "sections", "editor", &item).await?;
        made.sections.push(Section { id, language, share });
    }
    for credit in &setting.credits {
        made.credits.push(one(filler, "credit", "media-credits", "editor", credit).await?);
    }
    for slot in &setting.ad_slots {
        let _: Value = one(filler, "ad_slot", "ad-slots", "ads", slot).await?;
    }
    Ok(made)
}

async fn one<T: serde::de::DeserializeOwned>(
    filler: &mut Filler,
    kind: &str,
    collection: &str,
    by: &str,
    item: &Item,
) -> Result<T> {
    let failed = |why: &Refusal| {
        Error::internal(format!(
            "the articles could not be prepared, at {kind} `{}`: {why}",
            item.key
        ))
    };
    let path = format!("/manage/v1/{collection}");
    let id = filler.make(kind, &path, by, item).await.map_err(|why| failed(&why))?;
    serde_json::from_value(id).map_err(Error::internal)
}
