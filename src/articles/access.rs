//! Rules about a particular article: whose it is, and what a caller may do with it.
use super::{
    approval::Review,
    model::ArticleRow,
    workflow::{Action, Status},
};
use crate::{
    auth::{guard::Caller, roles::Role},
    db::Conn,
    error::{Error, Result},
    ids::{SectionId, UserId},
    sections::scope::Scope,
};

/// What one caller may do with articles.
#[derive(Debug, Clone)]
pub struct Access {
    /// How far they may go.
    pub scope: Scope,
    editor: bool,
    author: bool,
}

impl Access {
    /// The caller's.
    pub fn of(conn: &mut Conn, caller: &Caller) -> Result<Self> {
        Ok(Self {
            scope: Scope::of(conn, caller)?,
            editor: caller.is(Role::Editor),
            author: caller.is(Role::Author),
        })
    }

    fn edits_in(&self, section: Option<SectionId>) -> bool {
        self.scope.edits().is_none_or(|sections| section.is_some_and(|id| sections.contains(&id)))
    }

    /// Whether it is the caller's own: they are one of its authors, or made it.
    fn owns(&self, article: &ArticleRow) -> bool {
        article.authors().contains(&self.scope.user) || article.created_by == Some(self.scope.user)
    }

    /// The article, unless the caller may not even know of it.
    pub fn to(&self, article: ArticleRow) -> Result<ArticleRow> {
        if self.edits_in(article.section_id) || self.owns(&article) {
            return Ok(article);
        }
        Err(Error::NotFound)
    }

    /// Whether the caller has the right to this action, whatever the status.
    fn has_right(&self, action: Action, article: &ArticleRow) -> bool {
        let own = self.owns(article) && (self.author || self.editor);
        match action {
            Action::Edit | Action::Delete | Action::Submit => {
                self.edits_in(article.section_id) || (own && article.status == Status::Draft)
            }
            Action::Recall => self.edits_in(article.section_id) || own,
            Action::Return
            | Action::Approve
            | Action::Publish
            | Action::Unpublish
            | Action::Retract => self.edits_in(article.section_id),
        }
    }

    /// What the caller may do with the article now.
    pub fn allowed(&self, article: &ArticleRow, review: &Review<'_>) -> Vec<Action> {
        let possible = |action: &Action| {
            self.has_right(*action, article)
                && action.leads_to(article.status).is_some()
                && match action {
                    Action::Delete => article.first_published_at.is_none(),
                    Action::Approve => review.check_approval(self.scope.user).is_ok(),
                    Action::Publish => review.check_publishing().is_ok(),
                    Action::Edit
                    | Action::Submit
                    | Action::Recall
                    | Action::Return
                    | Action::Unpublish
                    | Action::Retract => true,
                }
        };
        Action::ALL.into_iter().filter(possible).collect()
    }

    /// The status that the action leads to; 403 where the caller may not take it, 409 where
    /// nobody can just now.
    pub fn take(&self, action: Action, article: &ArticleRow) -> Result<Status> {
        if self.has_right(action, article) {
            return action.take(article.status);
        }
        Err(Error::Forbidden(if self.owns(article) {
            "Authors may change and hand in their own articles while they are drafts.".to_owned()
        } else {
            "This article is in a section outside of yours.".to_owned()
        }))
    }

    /// Refuses what only those may do who edit the article's section, whatever its status.
    pub fn check_desk(&self, article: &ArticleRow) -> Result<()> {
        if self.edits_in(article.section_id) {
            return Ok(());
        }
        Err(Error::Forbidden("This article is in a section outside of yours.".to_owned()))
    }

    /// Refuses to put an article into a section outside of the caller's.
    pub fn check_section(&self, section: Option<SectionId>) -> Result<()> {
        match (self.scope.sections(), section) {
            (Some(limits), Some(id)) if !limits.contains(&id) => {
                Err(Error::Forbidden("You may put articles into your own sections only.".into()))
            }
            _ => Ok(()),
        }
    }

    /// Refuses to leave an author without their own article.
    pub fn check_authors(&self, authors: &[UserId]) -> Result<()> {
        if self.scope.edits() != Some(&[]) || authors.contains(&self.scope.user) {
            return Ok(());
        }
        Err(Error::invalid("/authors", "own", "must name you"))
    }
}
