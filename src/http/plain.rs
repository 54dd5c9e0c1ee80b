//! What the messages of serde mean to people who have never met its types.

/// The message in the API's own words; `noun` is what the API calls a field here.
pub fn plain(message: &str, noun: &str) -> String {
    if message.starts_with("missing field") {
        return "is required".to_owned();
    }
    if message.starts_with("duplicate field") {
        return "stands there more than once".to_owned();
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let known = rest.replace("there are no fields", "there are none");
        return format!("unknown {noun} {known}");
    }
    if message.starts_with("unknown variant ") {
        // The value comes first, and may hold anything.
        let expected = message.rfind("`, expected ").map(|at| &message[at + 3..]);
        return expected.unwrap_or("expected another value").to_owned();
    }
    match message {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            return "expected a whole number".to_owned();
        }
        "number too large to fit in target type" => return "expected a smaller number".to_owned(),
        "number too small to fit in target type" => return "expected a larger number".to_owned(),
        "provided string was not `true` or `false`" => return "expected true or false".to_owned(),
        _ => {}
    }
    if let Some((_, expected)) = message.rsplit_once(", expected ")
        && message.starts_with("invalid ")
    {
        return format!("expected {}", named(expected, message.starts_with("invalid value")));
    }
    message.to_owned()
}

/// What a type is called outside of Rust; of numbers also how far they go, where that is what
/// was wrong.
fn named(expected: &str, beyond: bool) -> String {
    let whole = |from: &dyn std::fmt::Display, to: &dyn std::fmt::Display| {
        if beyond { format!("a whole number from {from} to {to}") } else { "a whole number".into() }
    };
    match expected {
        "u8" => whole(&u8::MIN, &u8::MAX),
        "u16" => whole(&u16::MIN, &u16::MAX),
        "u32" => whole(&u32::MIN, &u32::MAX),
        "u64" | "usize" => whole(&u64::MIN, &u64::MAX),
        "i32" => whole(&i32::MIN, &i32::MAX),
        "i64" => whole(&i64::MIN, &i64::MAX),
        "f32" | "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        "string or map" => "a string".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other if other.starts_with("enum ") || other.starts_with("variant ") => {
            "a string".to_owned()
        }
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_do_not_speak_rust() {
        for (message, expected) in [
            ("invalid type: null, expected struct ArticleInput", "expected an object"),
            ("invalid type: string \"a, expected b\", expected i32", "expected a whole number"),
            ("invalid value: integer `256`, expected u8", "expected a whole number from 0 to 255"),
            ("invalid digit found in string", "expected a whole number"),
            ("provided string was not `true` or `false`", "expected true or false"),
            ("invalid type: map, expected a sequence", "expected a list"),
            ("unknown variant `a, b`, expected `x` or `y`", "expected `x` or `y`"),
            ("unknown field `x`, expected `y`", "unknown member `x`, expected `y`"),
            ("missing field `x`", "is required"),
            ("expected an RFC 3339 instant", "expected an RFC 3339 instant"),
        ] {
            assert_eq!(plain(message, "member"), expected);
        }
    }
}
