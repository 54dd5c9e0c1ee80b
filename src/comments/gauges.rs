//! How much waits for the moderators, for whoever watches the server.
use super::{queries, reports};
use crate::operations::metrics::DatabaseGauge;

/// Beyond that many nobody counts: it is too many either way.
const LOOKED_AT: i64 = 1000;

/// What waits.
pub const GAUGES: &[DatabaseGauge] = &[
    DatabaseGauge {
        name: "broadsheet_comments_pending",
        help: "Comments that wait for a moderator; 1000 stands for more, too.",
        read: |conn| queries::pending(conn, LOOKED_AT),
    },
    DatabaseGauge {
        name: "broadsheet_comment_reports_open",
        help: "Reports of comments that nobody has decided about; 1000 stands for more, too.",
        read: |conn| reports::queries::open(conn, LOOKED_AT),
    },
];
