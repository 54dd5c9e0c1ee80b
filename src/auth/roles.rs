//! The permission table: which role may do what. Roles of one user add up.
use crate::text_enum;

text_enum! {
    /// What a person is in the newsroom.
    pub enum Role {
        /// Everything, users included.
        Admin = "admin",
        /// Edits, publishes and withdraws the articles of their sections; moderates comments.
        Editor = "editor",
        /// Writes articles of their own and hands them in.
        Author = "author",
        /// Decides on readers' comments.
        Moderator = "moderator",
        /// Keeps the ad slots, and nothing else.
        AdManager = "ad_manager",
    }
}

/// A thing that some roles may do. Its marker type stands in a handler's signature.
pub trait Permission: 'static {
    /// Its name in the API document and in refusals; empty where being signed in is enough.
    const NAME: &'static str;
    /// Who may.
    const ROLES: &'static [Role];
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident $text:literal [$($role:ident)+])+) => {
        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub struct $name;
            impl Permission for $name {
                const NAME: &'static str = $text;
                const ROLES: &'static [Role] = &[$(Role::$role),+];
            }
        )+
        /// The whole table: names and the roles that have them.
        pub const TABLE: &[(&str, &[Role])] = &[$(($text, $name::ROLES)),+];
    };
}

permissions! {
    /// Read working copies: an editor those of their sections, an author their own.
    ReadArticles "articles:read" [Admin Editor Author]
    /// Create, edit and hand in: an editor in their sections, an author their own drafts.
    WriteArticles "articles:write" [Admin Editor Author]
    /// Approve, return, publish and schedule: an editor in their sections.
    PublishArticles "articles:publish" [Admin Editor]
    /// Unpublish and retract: an editor in their sections.
    WithdrawArticles "articles:withdraw" [Admin Editor]
    /// Read sections, hidden ones too: who is limited to some sections reads the hidden ones
    /// among theirs. Readers' sections are open to everybody at `/v1`.
    ReadSections "sections:read" [Admin Editor Author]
    /// Arrange the section tree: an editor below their sections.
    WriteSections "sections:write" [Admin Editor]
    /// Read media and credits, whether or not readers see them.
    ReadMedia "media:read" [Admin Editor Author]
    /// Keep media and credits: an author those that they created.
    WriteMedia "media:write" [Admin Editor Author]
    /// Read ad slots, which bodies name by their codes.
    ReadAds "ads:read" [Admin Editor Author AdManager]
    /// Keep ad slots.
    WriteAds "ads:write" [Admin AdManager]
    /// Decide on comments and read reports of them.
    ModerateComments "comments:moderate" [Admin Editor Moderator]
    /// Keep the users.
    ManageUsers "users:manage" [Admin]
    /// Read the journal: an editor that of their sections.
    ReadJournal "journal:read" [Admin Editor]
}

/// Being signed in is enough.
#[derive(Debug)]
pub struct SignedIn;
impl Permission for SignedIn {
    const NAME: &'static str = "";
    const ROLES: &'static [Role] = Role::ALL;
}

/// What these roles may do together.
pub fn permissions_of(roles: &[Role]) -> Vec<&'static str> {
    let granted = |(_, may): &&(&str, &[Role])| roles.iter().any(|role| may.contains(role));
    TABLE.iter().filter(granted).map(|(name, _)| *name).collect()
}
