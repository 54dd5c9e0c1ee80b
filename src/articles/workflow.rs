//! The workflow of articles: which action leads from which status to which.
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    error::{Error, Result},
    text_enum,
};

text_enum! {
    /// How far an article has come. Whether readers see it is decided by its editions.
    pub enum Status {
        /// Being written.
        Draft = "draft",
        /// Handed in.
        InReview = "in_review",
        /// Ready to be published.
        Approved = "approved",
        /// Has an edition that is or will be public.
        Published = "published",
        /// Taken offline; may be published again.
        Unpublished = "unpublished",
        /// Withdrawn for good; readers get the notice.
        Retracted = "retracted",
    }
}

/// A step of the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Change the working copy.
    Edit,
    /// Delete an article that was never published.
    Delete,
    /// Hand in for review.
    Submit,
    /// Take back what was handed in, before anybody has approved it.
    Recall,
    /// Give back to the author.
    Return,
    /// Find the present version ready for publishing.
    Approve,
    /// Make an edition, now or for later.
    Publish,
    /// Take offline.
    Unpublish,
    /// Withdraw for good.
    Retract,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 9] = [
        Self::Edit,
        Self::Delete,
        Self::Submit,
        Self::Recall,
        Self::Return,
        Self::Approve,
        Self::Publish,
        Self::Unpublish,
        Self::Retract,
    ];

    /// The status that the action leads to; `None` where it cannot be taken.
    pub fn leads_to(self, from: Status) -> Option<Status> {
        use Status::{Approved, Draft, InReview, Published, Retracted, Unpublished};
        match (self, from) {
            (Self::Edit, status) if status != Retracted => Some(status),
            // What is approved again is a version that was edited since the last approval.
            (Self::Delete, Draft | InReview | Approved)
            | (Self::Approve, Approved | Published | Unpublished) => Some(from),
            (Self::Submit, Draft) => Some(InReview),
            (Self::Recall | Self::Return, InReview) => Some(Draft),
            (Self::Approve, InReview) => Some(Approved),
            (Self::Publish, Approved | Published | Unpublished) => Some(Published),
            (Self::Unpublish, Published) => Some(Unpublished),
            (Self::Retract, Published | Unpublished) => Some(Retracted),
            _ => None,
        }
    }

    /// The status that the action leads to, or 409 with what would have to be first.
    pub fn take(self, from: Status) -> Result<Status> {
        self.leads_to(from).ok_or_else(|| {
            let ready: Vec<&str> = Status::ALL
                .iter()
                .filter(|status| self.leads_to(**status).is_some())
                .map(|status| status.as_str())
                .collect();
            Error::conflict(format!(
                "The article is {from}; this can be done when it is {}.",
                ready.join(" or ")
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retracted_article_stays_as_it_is() {
        for action in Action::ALL {
            assert!(action.take(Status::Retracted).is_err(), "{action:?}");
        }
    }

    #[test]
    fn nothing_is_published_without_approval() {
        for from in [Status::Draft, Status::InReview] {
            assert!(Action::Publish.take(from).is_err());
        }
        let submitted = Action::Submit.take(Status::Draft).unwrap();
        let approved = Action::Approve.take(submitted).unwrap();
        assert_eq!(Action::Publish.take(approved).unwrap(), Status::Published);
    }
}
