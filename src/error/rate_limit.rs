//! The limits on how much one party may do: which of them a request has met.

/// What refuses with 429. Its name is a label of the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateLimit {
    /// `RATE_LIMIT_READS`
    Reads,
    /// `RATE_LIMIT_POSTS`
    Posts,
    /// `RATE_LIMIT_SIGN_IN`
    SignIn,
    /// `RATE_LIMIT_MANAGEMENT`
    Management,
    /// `CONNECTIONS_PER_ADDRESS`
    Connections,
    /// Waits that grow with every failure to sign in.
    Guesses,
    /// How many comments one party may post.
    Comments,
}

impl RateLimit {
    /// Every limit, in the order of the declaration.
    pub const ALL: [Self; 7] = [
        Self::Reads,
        Self::Posts,
        Self::SignIn,
        Self::Management,
        Self::Connections,
        Self::Guesses,
        Self::Comments,
    ];

    /// What it is called in `RateLimit-Policy` and in the figures.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reads => "reads",
            Self::Posts => "posts",
            Self::SignIn => "sign-in",
            Self::Management => "management",
            Self::Connections => "connections",
            Self::Guesses => "guesses",
            Self::Comments => "comments",
        }
    }
}
