//! `column in (…)` for ids, as a statement that stays prepared. Diesel's own `eq_any` is made
//! anew for SQLite each time, which costs more than running it.
use diesel::{
    AppearsOnTable, Expression, QueryResult, SelectableExpression,
    expression::ValidGrouping,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::Bool,
};
use uuid::Uuid;

use super::MultiBackend;
use crate::ids::{AnyId, Uid};

/// Whether the column is one of some ids.
#[derive(Debug, Clone)]
pub struct AnyOf<C> {
    column: C,
    ids: Vec<AnyId>,
}

/// Whether the column is one of these ids. There are as many forms of the statement as powers of
/// two: the last id stands for those that are missing.
pub fn any_of<C>(column: C, ids: impl IntoIterator<Item = impl Into<Uuid>>) -> AnyOf<C>
where
    C: Expression<SqlType = Uid>,
{
    let mut ids: Vec<AnyId> = ids.into_iter().map(|id| AnyId(id.into())).collect();
    // The nil id is nobody's.
    let last = ids.last().copied().unwrap_or(AnyId(Uuid::nil()));
    ids.resize(ids.len().next_power_of_two(), last);
    AnyOf { column, ids }
}

impl<C> Expression for AnyOf<C> {
    type SqlType = Bool;
}
impl<C: AppearsOnTable<QS>, QS> AppearsOnTable<QS> for AnyOf<C> {}
impl<C: SelectableExpression<QS>, QS> SelectableExpression<QS> for AnyOf<C> {}
impl<C: ValidGrouping<G>, G> ValidGrouping<G> for AnyOf<C> {
    type IsAggregate = C::IsAggregate;
}

/// The statement's form depends on how many ids there are, which the type does not say.
impl<C> QueryId for AnyOf<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C: QueryFragment<MultiBackend>> QueryFragment<MultiBackend> for AnyOf<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        for (number, id) in self.ids.iter().enumerate() {
            out.push_sql(if number == 0 { " in (" } else { ", " });
            out.push_bind_param::<Uid, _>(id)?;
        }
        out.push_sql(")");
        Ok(())
    }
}
