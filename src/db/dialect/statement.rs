//! A statement that is put together from pieces of SQL, with its parameters.
use std::{marker::PhantomData, mem};

use diesel::{
    QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types,
};

use crate::{
    db::{Conn, MultiBackend},
    ids::{AnyId, Uid},
    time::{Instant, Ts},
};

/// A value for one of the statement's parameters.
pub enum Bind {
    Text(String),
    Bool(bool),
    At(Instant),
    Id(AnyId),
    Count(i64),
}

/// A statement in pieces, each with the parameter behind it. Stays prepared, unlike diesel's own
/// raw statements, where its form is an ordinary one.
pub struct Statement<T> {
    pieces: Vec<(String, Bind)>,
    pub end: String,
    /// One of too many forms to keep them all.
    rare: bool,
    of: PhantomData<T>,
}

impl<T> Statement<T> {
    /// Nothing yet. What is `rare` is prepared anew each time.
    pub fn new(rare: bool) -> Self {
        Self { pieces: Vec::new(), end: String::new(), rare, of: PhantomData }
    }

    /// Goes on with `sql` and a parameter.
    pub fn push(&mut self, sql: &str, bind: Bind) {
        let mut piece = mem::take(&mut self.end);
        piece.push_str(sql);
        self.pieces.push((piece, bind));
    }

    /// Goes on with `sql`.
    pub fn push_sql(&mut self, sql: &str) {
        self.end.push_str(sql);
    }
}

impl<T> QueryFragment<MultiBackend> for Statement<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        for (piece, bind) in &self.pieces {
            out.push_sql(piece);
            match bind {
                Bind::Text(value) => out.push_bind_param::<sql_types::Text, _>(value)?,
                Bind::Bool(value) => out.push_bind_param::<sql_types::Bool, _>(value)?,
                Bind::At(value) => out.push_bind_param::<Ts, _>(value)?,
                Bind::Id(value) => out.push_bind_param::<Uid, _>(value)?,
                Bind::Count(value) => out.push_bind_param::<sql_types::BigInt, _>(value)?,
            }
        }
        out.push_sql(&self.end);
        if self.rare {
            out.unsafe_to_cache_prepared();
        }
        Ok(())
    }
}

impl<T> QueryId for Statement<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T> Query for Statement<T> {
    type SqlType = T;
}

impl<T> RunQueryDsl<Conn> for Statement<T> {}
