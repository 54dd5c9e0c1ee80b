//! What can be answered in part, and the types of such answers: every member is as it is in the
//! whole, and may be missing.
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

use crate::pages::model::{ArticleCard, ArticleDocument};

/// The member that is answered whatever is asked for.
pub const ALWAYS: &str = "id";

/// What can be answered in part.
pub trait Whole: ToSchema {}

impl Whole for ArticleDocument {}
impl Whole for ArticleCard {}

/// An article of which only some members were asked for.
pub struct SparseArticle;

/// An article in a list, of which only some members were asked for.
pub struct SparseArticleCard;

/// Declares the schema of a sparse answer: that of the whole, with one member required.
macro_rules! sparse {
    ($name:ident of $whole:ty, $description:literal) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let mut schema = <$whole>::schema();
                if let RefOr::T(Schema::Object(object)) = &mut schema {
                    object.required = vec![ALWAYS.to_owned()];
                    object.description = Some($description.to_owned());
                }
                schema
            }
        }
        impl ToSchema for $name {
            fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
                <$whole as ToSchema>::schemas(schemas);
            }
        }
    };
}

sparse! {
    SparseArticle of ArticleDocument,
    "An article of which only some members were asked for: each is as it is in `ArticleDocument`, \
     and those that were not asked for are missing."
}

sparse! {
    SparseArticleCard of ArticleCard,
    "An article in a list, of which only some members were asked for: each is as it is in \
     `ArticleCard`, and those that were not asked for are missing."
}
