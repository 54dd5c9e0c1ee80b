//! What the databases' refusals and faults mean to the caller.
use diesel::{
    ConnectionError,
    result::{DatabaseErrorKind as Kind, Error as Diesel},
};

use super::{Error, FieldError, Result};

/// What SQLite says of a full disk (`sqlite3_errstr(SQLITE_FULL)`): always in these words, and
/// diesel hides its code. PostgreSQL's words depend on its settings, so they are never looked at.
const SQLITE_FULL: &str = "database or disk is full";

impl From<Diesel> for Error {
    fn from(err: Diesel) -> Self {
        match err {
            Diesel::NotFound => Self::NotFound,
            Diesel::DatabaseError(Kind::SerializationFailure, _) => Self::Contended(err.into()),
            // A server that has become a replica refuses to write; its successor will not.
            Diesel::DatabaseError(Kind::ClosedConnection | Kind::ReadOnlyTransaction, _)
            | Diesel::BrokenTransactionManager => Self::Unavailable(err.into()),
            Diesel::DatabaseError(Kind::UniqueViolation, _) => {
                Self::conflict("Another resource has one of these values already.")
            }
            Diesel::DatabaseError(Kind::ForeignKeyViolation, _) => {
                Self::conflict("It refers to something that is not there, or is still in use.")
            }
            Diesel::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            Diesel::DatabaseError(Kind::Unknown, ref info) if info.message() == SQLITE_FULL => {
                Self::Full(err.into())
            }
            // Whatever this is, nobody's request can have caused it.
            Diesel::DatabaseError(Kind::Unknown | Kind::UnableToSendCommand, _) => {
                Self::Unrecognised(err.into())
            }
            // Nor this: what a request can get wrong is checked before it comes here, and a row
            // that cannot be read was there before. A newer version has written it, or somebody by
            // hand.
            Diesel::DatabaseError(..) | Diesel::DeserializationError(_) => Self::Unfit(err.into()),
            other => Self::internal(other),
        }
    }
}

/// What the failure of a commit means. Where the transaction may have changed something and the
/// database has not said that it was undone, nobody knows.
pub fn commit_failed(err: Diesel, may_have_changed: bool) -> Error {
    match Error::from(err) {
        Error::Unavailable(why) | Error::Unrecognised(why) if may_have_changed => {
            Error::OutcomeUnknown(why)
        }
        other => other,
    }
}

impl From<ConnectionError> for Error {
    fn from(err: ConnectionError) -> Self {
        Self::Unavailable(err.into())
    }
}

/// What a statement's refusal means to the caller.
pub trait Refused<T> {
    /// A unique index refused the value at `pointer`.
    fn or_taken(self, pointer: &str, detail: &str) -> Result<T>;
    /// A foreign key refused the reference at `pointer`.
    fn or_missing(self, pointer: &str, detail: &str) -> Result<T>;
}

impl<T> Refused<T> for Result<T, Diesel> {
    fn or_taken(self, pointer: &str, detail: &str) -> Result<T> {
        self.map_err(|err| match err {
            Diesel::DatabaseError(Kind::UniqueViolation, _) => Error::taken(pointer, detail),
            other => other.into(),
        })
    }

    fn or_missing(self, pointer: &str, detail: &str) -> Result<T> {
        self.map_err(|err| match err {
            Diesel::DatabaseError(Kind::ForeignKeyViolation, _) => {
                Error::Invalid(vec![FieldError::at(pointer, "missing", detail)])
            }
            other => other.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{
        ResponseError,
        http::{StatusCode, header},
    };

    use super::*;

    fn refused(kind: Kind, said: &str) -> Error {
        Diesel::DatabaseError(kind, Box::new(said.to_owned())).into()
    }

    #[test]
    fn faults_that_pass_ask_to_try_again() {
        for (fault, status) in [
            (refused(Kind::Unknown, "Verklemmung entdeckt"), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::Unknown, "database is locked"), StatusCode::SERVICE_UNAVAILABLE),
            (
                refused(Kind::Unknown, "database disk image is malformed"),
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            (refused(Kind::UnableToSendCommand, ""), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::CheckViolation, "version"), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::NotNullViolation, "slug"), StatusCode::SERVICE_UNAVAILABLE),
            (
                Diesel::DeserializationError("not one of draft, published".into()).into(),
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            (refused(Kind::SerializationFailure, "no access"), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::ReadOnlyTransaction, "a replica"), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::ClosedConnection, ""), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::Unknown, SQLITE_FULL), StatusCode::INSUFFICIENT_STORAGE),
        ] {
            assert!(fault.is_fault());
            let answer = fault.error_response();
            assert_eq!(answer.status(), status, "{fault:?}");
            assert!(answer.headers().contains_key(header::RETRY_AFTER));
        }
        assert_eq!(
            Error::from(Diesel::AlreadyInTransaction).status_code(),
            StatusCode::INTERNAL_SERVER_ERROR
        );
    }

    #[test]
    fn a_commit_that_fails_is_known_by_its_cause_not_by_the_failed_rollback() {
        let said =
            |said: &str| Box::new(Diesel::DatabaseError(Kind::Unknown, Box::new(said.to_owned())));
        let err = Diesel::RollbackErrorOnCommit {
            rollback_error: said("cannot rollback - no transaction is active"),
            commit_error: said(SQLITE_FULL),
        };
        assert!(matches!(commit_failed(err, true), Error::Full(_)));
    }

    #[test]
    fn a_commit_that_was_not_confirmed_may_have_come_through() {
        let failed = |kind, wrote| {
            commit_failed(Diesel::DatabaseError(kind, Box::new(String::new())), wrote)
        };
        for kind in [Kind::Unknown, Kind::ClosedConnection] {
            assert!(matches!(failed(kind, true), Error::OutcomeUnknown(_)));
        }
        assert!(matches!(failed(Kind::ClosedConnection, false), Error::Unavailable(_)));
        assert!(matches!(failed(Kind::SerializationFailure, true), Error::Contended(_)));
        assert!(matches!(failed(Kind::UniqueViolation, true), Error::Conflict { .. }));
    }
}
