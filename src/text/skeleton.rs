//! What a text looks like, whatever characters it is written with (UTS #39).
use unicode_security::confusable_detection::skeleton as prototypes;

use super::identity::{fold, letters};

/// The skeleton of a name: names that readers cannot tell from each other have the same, such as
/// `Carla` and one that begins with a Cyrillic letter. It is for comparing alone.
pub fn skeleton(name: &str) -> String {
    // Letters may look like others in one case only, so that both are asked.
    let shapes: String = prototypes(name).collect();
    fold(&prototypes(&fold(&shapes)).collect::<String>())
}

/// The text's letters with each of another script as the Latin one that it looks like, where it
/// looks like one: as small letters, and as they stand where that makes a difference.
pub fn lookalikes(text: &str) -> (String, Option<String>) {
    let small = latin(&letters(text));
    let as_they_stand = letters(&latin(text));
    let differs = as_they_stand != small;
    (small, differs.then_some(as_they_stand))
}

fn latin(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        let before = seen.len();
        if !c.is_ascii() {
            seen.extend(prototypes(c.encode_utf8(&mut [0; 4])));
        }
        if seen.len() == before || !seen[before..].chars().all(|c| c.is_ascii_alphanumeric()) {
            seen.truncate(before);
            seen.push(c);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_have_one_skeleton() {
        for (one, other) in [
            ("Сarla", "Carla"),
            ("САRLA", "Carla"),
            ("CarIa", "Carla"),
            ("Car1a", "Carla"),
            ("НANNA", "Hanna"),
            ("Аnna Lіs", "Anna Lis"),
            ("Ϲarla", "carla"),
            ("rnarta", "Marta"),
            ("𝐂arla", "CARLA"),
            ("Cárla", "Carla"),
            ("0la", "Ola"),
        ] {
            assert_eq!(skeleton(one), skeleton(other), "{one} and {other}");
        }
        for (one, other) in [("Carla", "Karla"), ("Анна", "Anna"), ("汪放", "王芳")] {
            assert_ne!(skeleton(one), skeleton(other), "{one} and {other}");
        }
    }
}
