//! Whether a second person has to approve what is published.
use std::str::FromStr;

/// `FOUR_EYES`: what a version of an article needs before it may be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FourEyes {
    /// Any approval; whoever publishes is told of edits after it.
    Off,
    /// The approval of somebody who wrote none of it. Every edit takes it back.
    On,
    /// The same, but what editors change after the approval passes, and is told of.
    ExceptCorrections,
}

impl FromStr for FourEyes {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" | "false" => Ok(Self::Off),
            "on" | "true" => Ok(Self::On),
            "except-corrections" => Ok(Self::ExceptCorrections),
            _ => Err("is none of off, on, except-corrections"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_former_versions_are_understood() {
        assert_eq!("true".parse(), Ok(FourEyes::On));
        assert_eq!("false".parse(), Ok(FourEyes::Off));
        assert_eq!("except-corrections".parse(), Ok(FourEyes::ExceptCorrections));
        assert!("strict".parse::<FourEyes>().is_err());
    }
}
