//! Tagged unions that know where in a member a fault is.

/// Declares a union told apart by one member, each variant a struct of the same name: how it is
/// written, read, checked and described. Reading is by hand, since a derived reader of an
/// internally tagged enum forgets the place of what it refuses.
#[macro_export]
macro_rules! tagged_union {
    ($(#[$meta:meta])* $vis:vis enum $name:ident by $tag:tt {
        $($(#[$doc:meta])* $variant:ident($content:ident) = $value:tt,)+
    }) => {
        #[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
        $(#[$meta])*
        #[serde(tag = $tag)]
        $vis enum $name {
            $($(#[$doc])* #[serde(rename = $value)] $variant($content),)+
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                use serde::de::Error;
                use $crate::http::body::{nested, nested_at};
                let serde_json::Value::Object(mut members) =
                    serde_json::Value::deserialize(deserializer)?
                else {
                    return Err(D::Error::custom("expected an object"));
                };
                let tag = members.remove($tag).ok_or_else(|| D::Error::missing_field($tag))?;
                let content = $crate::http::strict::Strict(serde_json::Value::Object(members));
                match tag.as_str() {
                    $(Some($value) => serde_path_to_error::deserialize(content)
                        .map(Self::$variant)
                        .map_err(|err| D::Error::custom(nested(&err))),)+
                    _ => Err(D::Error::custom(nested_at(
                        concat!("/", $tag),
                        concat!("expected one of" $(, " `", $value, "`")+),
                    ))),
                }
            }
        }

        impl validator::Validate for $name {
            fn validate(&self) -> Result<(), validator::ValidationErrors> {
                match self { $(Self::$variant(content) => content.validate(),)+ }
            }
        }
    };
}
