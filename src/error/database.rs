//! What the databases' refusals and faults mean to the caller.
use diesel::{
    ConnectionError,
    result::{DatabaseErrorKind as Kind, Error as Diesel},
};

use super::{Error, FieldError, Result, Source};

/// A fault, without its cause.
type Fault = fn(Source) -> Error;

/// Faults that have no kind of their own are known by what the databases say of them. PostgreSQL
/// says these in English unless `lc_messages` is set otherwise, SQLite always.
const SAID: [(Fault, &[&str]); 3] = [
    (Error::Contended, &["deadlock detected", "conflict with recovery"]),
    (Error::Full, &["database or disk is full", "No space left on device", "Disk quota exceeded"]),
    (
        Error::Unavailable,
        &[
            // SQLite: another process is at it, or the disk fails.
            "database is locked",
            "disk I/O error",
            "unable to open database file",
            "attempt to write a readonly database",
            // PostgreSQL: going away, gone, starting, or too slow.
            "server closed the connection",
            "terminating connection",
            "no connection to the server",
            "the database system is",
            "could not receive data from server",
            "could not send data to server",
            "due to statement timeout",
            "due to lock timeout",
            "idle-in-transaction timeout",
            "remaining connection slots",
            "too many clients already",
        ],
    ),
];

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
            Diesel::DatabaseError(_, ref info) => match said(info.message()) {
                Some(fault) => fault(err.into()),
                None => Self::internal(err),
            },
            other => Self::internal(other),
        }
    }
}

/// The fault that these words tell of.
fn said(words: &str) -> Option<Fault> {
    let of_these = |(_, known): &&(_, &[&str])| known.iter().any(|known| words.contains(known));
    SAID.iter().find(of_these).map(|(fault, _)| *fault)
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
            (refused(Kind::Unknown, "deadlock detected"), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::Unknown, "database is locked"), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::Unknown, "disk I/O error"), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::SerializationFailure, "no access"), StatusCode::SERVICE_UNAVAILABLE),
            (refused(Kind::ReadOnlyTransaction, "a replica"), StatusCode::SERVICE_UNAVAILABLE),
            (
                refused(Kind::Unknown, "terminating connection due to administrator command"),
                StatusCode::SERVICE_UNAVAILABLE,
            ),
            (refused(Kind::Unknown, "database or disk is full"), StatusCode::INSUFFICIENT_STORAGE),
            (
                refused(Kind::Unknown, "could not extend file: No space left on device"),
                StatusCode::INSUFFICIENT_STORAGE,
            ),
        ] {
            assert!(fault.is_fault());
            let answer = fault.error_response();
            assert_eq!(answer.status(), status, "{fault:?}");
            assert!(answer.headers().contains_key(header::RETRY_AFTER));
        }
        let ours = refused(Kind::Unknown, "no such table");
        assert_eq!(ours.status_code(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn a_commit_that_fails_is_known_by_its_cause_not_by_the_failed_rollback() {
        let said =
            |said: &str| Box::new(Diesel::DatabaseError(Kind::Unknown, Box::new(said.to_owned())));
        let err = Diesel::RollbackErrorOnCommit {
            rollback_error: said("cannot rollback - no transaction is active"),
            commit_error: said("database or disk is full"),
        };
        assert!(matches!(Error::from(err), Error::Full(_)));
    }
}
