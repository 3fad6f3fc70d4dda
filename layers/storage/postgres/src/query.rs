//! The four shapes of a statement, each prepared once per connection.
//!
//! A statement is never put together from parts that come from outside: each is a constant of the program.

use sqlx::{
    PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{failure::Failure, fields::Fields, params::Params};

/// The first row, if there is one.
pub(crate) async fn one<T>(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
    read: impl FnOnce(&mut Fields<'_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let row = first(connection, sql, params).await?;
    row.map(|row| read(&mut Fields::of(&row))).transpose()
}

/// Every row.
pub(crate) async fn all<T>(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
    mut read: impl FnMut(&mut Fields<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let rows = rows(connection, sql, params).await?;
    rows.iter().map(|row| read(&mut Fields::of(row))).collect()
}

/// Whether there is a row.
pub(crate) async fn exists(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
) -> Result<bool, Failure> {
    Ok(first(connection, sql, params).await?.is_some())
}

/// Changes rows; answers how many.
pub(crate) async fn change(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
) -> Result<u64, Failure> {
    Ok(prepared(sql, params)?.execute(connection).await?.rows_affected())
}

/// A value as the JSON text of its column.
pub(crate) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value)
        .map_err(|error| Failure::Store(towergate_core::StoreError::Refused(error.to_string())))
}

/// The first row as PostgreSQL tells it.
pub(crate) async fn first(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
) -> Result<Option<PgRow>, Failure> {
    Ok(prepared(sql, params)?.fetch_optional(connection).await?)
}

/// Every row as PostgreSQL tells it.
pub(crate) async fn rows(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params,
) -> Result<Vec<PgRow>, Failure> {
    Ok(prepared(sql, params)?.fetch_all(connection).await?)
}

fn prepared(sql: &'static str, params: Params) -> Result<Query<'static, Postgres, PgArguments>, Failure> {
    Ok(sqlx::query_with(sql, params.arguments()?))
}
