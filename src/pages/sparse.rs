//! Sparse answers: only the members that a client asked for.
use std::{collections::BTreeSet, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        schema::{AnyOfBuilder, Type},
    },
};

use super::model::{ArticleCard, ArticleDocument, PageDocument};
use crate::{
    error::{Error, Result},
    http::{
        cache::{Delivered, Made},
        cursor::Page,
    },
    ids::ArticleId,
};

/// What can be answered in part.
pub trait Sparse: PartialSchema {
    /// Members that are answered whatever is asked for.
    const ALWAYS: &[&str];
}

impl Sparse for ArticleDocument {
    const ALWAYS: &[&str] = &["id", "kind"];
}

impl Sparse for ArticleCard {
    const ALWAYS: &[&str] = &["id"];
}

/// The members of `T` that are wanted.
#[derive(Debug)]
pub struct Fields<T> {
    names: BTreeSet<String>,
    of: PhantomData<T>,
}

// Derived, it would ask the same of the document.
impl<T> Clone for Fields<T> {
    fn clone(&self) -> Self {
        Self { names: self.names.clone(), of: PhantomData }
    }
}

impl<'de, T: Sparse> Deserialize<'de> for Fields<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = members::<T>();
        let names: BTreeSet<String> = text.split(',').map(str::to_owned).collect();
        match names.iter().find(|name| !known.contains(*name)) {
            None => Ok(Self { names, of: PhantomData }),
            Some(name) => Err(de::Error::custom(format!(
                "there is no `{name}`; there are {}",
                known.into_iter().collect::<Vec<_>>().join(", ")
            ))),
        }
    }
}

/// The names of the members, as the API document has them.
fn members<T: Sparse>() -> BTreeSet<String> {
    let always = T::ALWAYS.iter().map(|name| (*name).to_owned());
    match T::schema() {
        RefOr::T(Schema::Object(object)) => {
            always.chain(object.properties.keys().cloned()).collect()
        }
        _ => always.collect(),
    }
}

impl<T: Sparse> Fields<T> {
    /// How the API document has them, as a parameter.
    pub fn named() -> RefOr<Schema> {
        let any = members::<T>().into_iter().collect::<Vec<_>>().join("|");
        let pattern = format!("^({any})(,({any}))*$");
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(pattern))
            .description(Some(format!(
                "Only these members of each article, separated by commas; each that is named \
                 comes. Always comes: `{}`.",
                T::ALWAYS.join("`, `")
            )))
            .examples(["id,path,headline"])
            .into()
    }
}

impl<T: Sparse> Fields<T> {
    /// Whether this member was asked for by name.
    pub fn name(&self, member: &str) -> bool {
        self.names.contains(member)
    }

    /// Only the wanted members of a JSON object.
    fn pick(&self, whole: Value) -> Value {
        match whole {
            Value::Object(members) => {
                let wanted = |name: &str| T::ALWAYS.contains(&name) || self.names.contains(name);
                members.into_iter().filter(|(name, _)| wanted(name)).collect::<Map<_, _>>().into()
            }
            other => other,
        }
    }
}

/// One article, whole or only the wanted members.
pub fn article(
    document: &PageDocument,
    fields: Option<&Fields<ArticleDocument>>,
    made: Made,
) -> Result<Delivered> {
    let Some(fields) = fields else { return Delivered::new(document, made) };
    let whole = serde_json::to_value(document).map_err(Error::internal)?;
    Delivered::new(&fields.pick(whole), made)
}

/// A page of articles, whole or only the wanted members of each.
pub fn list(
    page: &Page<ArticleCard>,
    fields: Option<&Fields<ArticleCard>>,
    made: Made,
) -> Result<Delivered> {
    let Some(fields) = fields else { return Delivered::new(page, made) };
    let mut whole = serde_json::to_value(page).map_err(Error::internal)?;
    for item in whole["data"].as_array_mut().into_iter().flatten() {
        *item = fields.pick(item.take());
    }
    Delivered::new(&whole, made)
}

/// An article of which only some members were asked for.
#[derive(Serialize, ToSchema)]
pub struct SparseArticle {
    pub id: ArticleId,
    /// The members that were asked for, as they are in the whole article.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

/// Declares what an operation with `fields` answers: the whole, or a sparse one.
macro_rules! whole_or_sparse {
    ($(#[$doc:meta])* $name:ident: $whole:ty as $whole_name:literal | $sparse:ty as $sparse_name:literal) => {
        $(#[$doc])*
        pub struct $name;
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let reference = |name: &str| utoipa::openapi::Ref::from_schema_name(name);
                AnyOfBuilder::new()
                    .item(reference($whole_name))
                    .item(reference($sparse_name))
                    .into()
            }
        }
        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                schemas.push(($whole_name.into(), <$whole>::schema()));
                schemas.push(($sparse_name.into(), <$sparse>::schema()));
                <$whole as ToSchema>::schemas(schemas);
                <$sparse as ToSchema>::schemas(schemas);
            }
        }
    };
}

whole_or_sparse! {
    /// An article, or of it what `fields` names.
    ArticleAnswer: ArticleDocument as "ArticleDocument" | SparseArticle as "SparseArticle"
}

whole_or_sparse! {
    /// A page of articles, or of each what `fields` names.
    ArticleList: Page<ArticleCard> as "Page_ArticleCard" | Page<SparseArticle> as "Page_SparseArticle"
}
