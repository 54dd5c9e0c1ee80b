//! What readers can see of a text.
use validator::ValidationError;

use super::broken;

/// At least one character that is not white space (as ECMA-262 counts it).
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    let blank = |c: char| (c.is_whitespace() && c != '\u{85}') || c == '\u{feff}';
    if text.chars().all(blank) {
        return Err(broken("blank", "must not be blank"));
    }
    Ok(())
}
