//! Which members are wanted: the parameter `fields`.
use std::{collections::BTreeSet, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, RefOr, Required, Schema,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::Type,
    },
};

use super::model::{ALWAYS, Whole};
use crate::{
    error::{Error, Result},
    http::query::OfItsOwn,
};

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

impl<'de, T: Whole> Deserialize<'de> for Fields<T> {
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
fn members<T: Whole>() -> BTreeSet<String> {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object.properties.into_keys().collect(),
        _ => BTreeSet::new(),
    }
}

impl<T: Whole> Fields<T> {
    /// Whether this member is wanted.
    pub fn name(&self, member: &str) -> bool {
        self.names.contains(member)
    }

    /// Only the wanted members of what is answered whole elsewhere.
    pub fn of(&self, whole: &impl Serialize) -> Result<Value> {
        let mut whole = serde_json::to_value(whole).map_err(Error::internal)?;
        if let Some(members) = whole.as_object_mut() {
            members.retain(|name, _| name == ALWAYS || self.names.contains(name));
        }
        Ok(whole)
    }
}

/// The parameter that names them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, bound = "T: Whole")]
pub struct Wanted<T> {
    /// The members.
    pub fields: Fields<T>,
}

impl<T: Whole> OfItsOwn for Wanted<T> {
    const NAME: &'static str = "fields";
}

impl<T: Whole> IntoParams for Wanted<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let any = members::<T>().into_iter().collect::<Vec<_>>().join("|");
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!("^({any})(,({any}))*$")))
            .examples(["id,path,headline"]);
        let parameter = ParameterBuilder::new()
            .name(Self::NAME)
            .parameter_in(ParameterIn::Query)
            .required(Required::True)
            .description(Some(format!(
                "Only these members of each article, separated by commas; each that is named \
                 comes. `{ALWAYS}` always comes."
            )))
            .schema(Some(text));
        vec![parameter.build()]
    }
}
