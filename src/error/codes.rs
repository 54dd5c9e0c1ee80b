//! The codes of single errors: which kinds of problem each comes with, and what it means.
use super::problem::{CONFLICT, INVALID, MALFORMED, OUTCOME_UNKNOWN, ProblemKind, UNAUTHENTICATED};

/// A code of an entry of `errors` or of `warnings`. Stable, for programs.
pub struct Code {
    /// As it stands there.
    pub name: &'static str,
    /// The kinds of problem whose `errors` can have it; none where only `warnings` can.
    pub kinds: &'static [&'static ProblemKind],
    /// What it says, and what to do about it.
    pub meaning: &'static str,
}

macro_rules! codes {
    ($($name:literal [$($kind:ident),*] $meaning:literal;)+) => {
        /// Every code there is, by name. The tests hold every answer that they get, and every
        /// code in the sources, against it.
        pub const CODES: &[Code] =
            &[$(Code { name: $name, kinds: &[$(&$kind),*], meaning: $meaning }),+];
    };
}

codes! {
    "absent" [] "Something that readers expect is not there: a main picture, an author, a lead.";
    "address" [MALFORMED] "Not an IP address.";
    "ascending" [INVALID] "Each entry has to begin at a larger size than the one before it.";
    "author" [CONFLICT] "Named as an author of what nobody else has approved yet: cannot approve it.";
    "banned_word" [INVALID] "The text has a word that the moderators do not let through.";
    "blank" [INVALID] "There is nothing in it that can be seen.";
    "closed" [CONFLICT] "The article takes no comments, or no more of them.";
    "common" [INVALID] "The password would be guessed first. Take one that is longer or less usual.";
    "confirmed" [INVALID] "Has to be `true`: a notice is given in good faith.";
    "contributor" [CONFLICT] "Has written since somebody else approved it last: cannot approve it.";
    "control" [INVALID] "The text has control characters, which are not kept, or ones that turn the direction of writing around.";
    "cursor" [MALFORMED] "Not a cursor of this list with these filters. Begin again without one.";
    "cycle" [CONFLICT] "A section cannot stand below itself.";
    "depth" [INVALID] "Too many levels: sections have four, lists five; footnotes have no footnotes.";
    "distinct" [INVALID] "The same stands there twice.";
    "duplicate" [INVALID, MALFORMED] "The member or parameter was sent twice.";
    "edited_since" [] "The article was edited after it was approved.";
    "email" [INVALID] "Not an email address.";
    "empty" [] "The box has nothing to show, so readers will not see it.";
    "exclusive" [INVALID] "Excludes another member that was sent as well: leave one of them out.";
    "format" [MALFORMED] "Not in the form that the document describes for this parameter or header.";
    "future" [MALFORMED] "The instant lies in the future.";
    "hidden" [INVALID] "The section is hidden, so nothing in it can be published.";
    "in_use" [CONFLICT] "Used by what `resource` or `pointer` names. Take it out there first.";
    "key_reused" [INVALID] "The `Idempotency-Key` was used for another request. Take a new one.";
    "kind" [CONFLICT, INVALID] "The medium is of another kind than is shown at this place, or its file is of another kind.";
    "length" [INVALID] "Too short or too long; lengths count the characters (Unicode scalar values) of a text as it is kept, or items of a list.";
    "missing" [CONFLICT, INVALID] "Refers to something that is not there, or that you may not see.";
    "nfc" [INVALID] "A text of an import is not in Unicode's normal form C, in which texts are kept.";
    "no_alt" [] "The picture has no alternative text for those who cannot see it.";
    "no_content" [INVALID] "There is nothing to read or to see beside the headline.";
    "no_credit" [INVALID] "The medium names nobody to be credited, so it cannot be published.";
    "no_source" [INVALID] "The quotation names no source.";
    "order" [INVALID] "The two instants are not in the order in which they have to be.";
    "outcome_unknown" [OUTCOME_UNKNOWN] "Send the request again with the same `Idempotency-Key`, and you learn what became of it.";
    "own" [INVALID] "Authors have to be among the authors of their own articles.";
    "pattern" [INVALID, MALFORMED] "Does not match the pattern in the document.";
    "permutation" [INVALID] "Has to name everything that is to be put in order, each once.";
    "placement" [INVALID] "Only goes with another `placement` of the slot.";
    "range" [INVALID, MALFORMED] "Too small or too large.";
    "rectangular" [INVALID] "The rows of the table differ in length.";
    "reference" [MALFORMED] "The parameter names something that is not there, or cannot serve here.";
    "repeated" [CONFLICT] "The same was said under this article within a day.";
    "replaces_scheduled" [] "An edition that was scheduled for later will not come.";
    "required" [INVALID, MALFORMED, UNAUTHENTICATED] "Has to be sent, or filled in before this can be done.";
    "rights_expire" [] "The rights to the medium end while the article is public.";
    "rights_expired" [INVALID] "The rights to the medium have ended.";
    "scheduled_lacks_this_change" [] "An edition that is scheduled for later will show its own text, without what is published now.";
    "self" [INVALID] "The article cannot be related to itself.";
    "size" [INVALID] "The text as a whole is larger than 1 MiB of JSON.";
    "staff_name" [INVALID] "The name is that of somebody in the newsroom, or looks like it.";
    "stale" [CONFLICT] "It has changed since you read it. Read it again.";
    "start" [INVALID] "The first entry has to begin at `[0, 0]`.";
    "state" [CONFLICT] "It is in a state in which this cannot be done.";
    "tag" [INVALID, MALFORMED] "A tag has letters, digits or signs that mean something, and at most 50 characters.";
    "taken" [CONFLICT, INVALID] "Belongs to something else already. Choose another.";
    "type" [INVALID] "Not of the JSON type, or none of the values, that the document names.";
    "unknown_member" [INVALID] "There is no such member. Look for a slip of the pen.";
    "unknown_parameter" [MALFORMED] "There is no such parameter here. Look for a slip of the pen.";
    "unresolved" [] "The link leads to an article that is not public yet; until then it is not shown.";
    "url" [INVALID] "Not a URL of the kinds that are taken here.";
    "word" [INVALID] "One to eight words of letters or digits.";
    "wrong" [INVALID, MALFORMED, UNAUTHENTICATED] "Not the password, code or token that it has to be.";
}

impl ProblemKind {
    /// The codes that `errors` of this kind can have.
    pub fn codes(&self) -> impl Iterator<Item = &'static Code> {
        let of_this = |code: &&Code| code.kinds.iter().any(|kind| kind.name == self.name);
        CODES.iter().filter(of_this)
    }
}
