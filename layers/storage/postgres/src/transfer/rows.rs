//! Rows as they are written and read, each value in the type of its column.

use sqlx::{AssertSqlSafe, PgConnection, Row as _, postgres::PgRow};
use towergate_core::{
    id::Uuid,
    transfer::{Row, Table, Value},
};

use super::{
    TargetError,
    plan::{self, Kind, Shape},
};
use crate::params::{Params, params};

/// How many rows one statement writes: an array per column.
#[derive(Debug)]
pub(super) struct Insert {
    table: Table,
    kinds: Vec<Kind>,
    sql: String,
}

impl Insert {
    pub(super) fn of(table: &Table, shapes: &[Shape]) -> Result<Self, TargetError> {
        let kinds = plan::columns(table, shapes)?;
        let arrays: Vec<_> =
            kinds.iter().enumerate().map(|(at, kind)| format!("${}::{}[]", at + 1, kind.name())).collect();
        let sql = format!(
            "INSERT INTO {} ({}) SELECT * FROM unnest({})",
            table.name,
            table.columns.join(", "),
            arrays.join(", ")
        );
        Ok(Self { table: table.clone(), kinds, sql })
    }

    pub(super) async fn run(&self, connection: &mut PgConnection, rows: &[Row]) -> Result<(), TargetError> {
        let mut params = params![];
        for (at, kind) in self.kinds.iter().enumerate() {
            params = self.column(params, rows, at, *kind)?;
        }
        let arguments = params.arguments()?;
        sqlx::query_with(AssertSqlSafe(self.sql.as_str()), arguments).execute(connection).await?;
        Ok(())
    }

    fn column(&self, params: Params, rows: &[Row], at: usize, kind: Kind) -> Result<Params, TargetError> {
        Ok(match kind {
            Kind::Uuid => params.with(self.cells(rows, at, "is not an identifier", |value| match value {
                Value::Bytes(bytes) => Uuid::from_slice(bytes).ok(),
                _ => None,
            })?),
            Kind::Bytes => params.with(self.cells(rows, at, "does not hold bytes", |value| match value {
                Value::Bytes(bytes) => Some(bytes.clone()),
                _ => None,
            })?),
            Kind::Integer => {
                params.with(self.cells(rows, at, "does not hold a number", |value| match value {
                    Value::Integer(number) => Some(*number),
                    _ => None,
                })?)
            }
            Kind::Boolean => {
                params.with(self.cells(rows, at, "is neither 0 nor 1", |value| match value {
                    Value::Integer(0) => Some(false),
                    Value::Integer(1) => Some(true),
                    _ => None,
                })?)
            }
            Kind::Text => params.with(self.cells(
                rows,
                at,
                "holds no text, or one with U+0000, which PostgreSQL has no place for",
                |value| match value {
                    Value::Text(text) if !text.contains('\0') => Some(text.clone()),
                    _ => None,
                },
            )?),
        })
    }

    fn cells<T>(
        &self,
        rows: &[Row],
        at: usize,
        problem: &'static str,
        cell: impl Fn(&Value) -> Option<T>,
    ) -> Result<Vec<Option<T>>, TargetError> {
        let of = |row: &Row| match row.get(at) {
            Some(Value::Null) => Ok(None),
            Some(value) if let Some(cell) = cell(value) => Ok(Some(cell)),
            _ => Err(TargetError::Value {
                row: self.table.row(row),
                column: self.table.columns.get(at).cloned().unwrap_or_default(),
                problem,
            }),
        };
        rows.iter().map(of).collect()
    }
}

/// The next rows after a key, in the order of their keys.
pub(super) async fn read(
    connection: &mut PgConnection,
    table: &Table,
    shapes: &[Shape],
    after: Option<&[Value]>,
    most: u32,
) -> Result<Vec<Row>, TargetError> {
    let kinds = plan::columns(table, shapes)?;
    let after = after.unwrap_or_default();
    let mut params = params![];
    for (value, kind) in after.iter().zip(&kinds) {
        params = match (value, kind) {
            (Value::Integer(number), Kind::Boolean) => params.with(*number == 1),
            (Value::Integer(number), _) => params.with(*number),
            (Value::Text(text), _) => params.with(text),
            (Value::Bytes(bytes), Kind::Uuid) => params.with(Uuid::from_slice(bytes).ok()),
            (Value::Bytes(bytes), _) => params.with(bytes),
            (Value::Null, _) => params.with(None::<i64>),
        };
    }
    let sql = select(table, &kinds, !after.is_empty(), most);
    let arguments = params.arguments()?;
    let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch_all(connection).await?;
    rows.iter().map(|row| kinds.iter().enumerate().map(|(at, kind)| cell(row, at, *kind)).collect()).collect()
}

/// Texts are in the order of their bytes, as everywhere else.
fn select(table: &Table, kinds: &[Kind], after: bool, most: u32) -> String {
    let Table { name, columns, key } = table;
    let order: Vec<_> = columns
        .iter()
        .zip(kinds)
        .take(*key)
        .map(|(column, kind)| match kind {
            Kind::Text => format!("{column} COLLATE \"C\""),
            _ => column.clone(),
        })
        .collect();
    let (order, columns) = (order.join(", "), columns.join(", "));
    let marks: Vec<_> = (1..=*key).map(|at| format!("${at}")).collect();
    let from = if after { format!("WHERE ({order}) > ({})", marks.join(", ")) } else { String::new() };
    format!("SELECT {columns} FROM {name} {from} ORDER BY {order} LIMIT {most}")
}

fn cell(row: &PgRow, at: usize, kind: Kind) -> Result<Value, TargetError> {
    let value = match kind {
        Kind::Uuid => row.try_get::<Option<Uuid>, _>(at)?.map(|id| Value::Bytes(id.as_bytes().to_vec())),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(at)?.map(Value::Bytes),
        Kind::Integer => row.try_get::<Option<i64>, _>(at)?.map(Value::Integer),
        Kind::Text => row.try_get::<Option<String>, _>(at)?.map(Value::Text),
        Kind::Boolean => row.try_get::<Option<bool>, _>(at)?.map(|is| Value::Integer(i64::from(is))),
    };
    Ok(value.unwrap_or(Value::Null))
}
