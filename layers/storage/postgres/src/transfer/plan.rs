//! Which tables there are, whether each has its counterpart, and in which order they can be filled.

use sqlx::PgConnection;
use towergate_core::transfer::Table;

use super::{TargetError, text};
use crate::{params::params, query};

const COLUMNS: &str = "SELECT c.relname::text, a.attname::text, a.atttypid::regtype::text, a.attnotnull AND NOT a.atthasdef
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND c.relname LIKE 'towergate\\_%'
        AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY c.relname, a.attnum";

const REFERENCES: &str = "SELECT c.relname::text, r.relname::text
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid JOIN pg_class AS r ON r.oid = k.confrelid
    WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace AND c.oid <> r.oid";

/// Tables that are of PostgreSQL alone: which stores beside it are trusted, a gate without rows, its own migrations, and how far
/// a copy has come.
const OWN: [&str; 4] = ["towergate_births", "towergate_copied", "towergate_gate", "towergate_migrations"];

/// A table of the target.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) table: String,
    pub(super) columns: Vec<Column>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// None for a type that nothing is converted to.
    pub(super) kind: Option<Kind>,
    must_be_given: bool,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Uuid,
    Bytes,
    Integer,
    Text,
    Boolean,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        [Self::Uuid, Self::Bytes, Self::Integer, Self::Text, Self::Boolean]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Uuid => "uuid",
            Self::Bytes => "bytea",
            Self::Integer => "bigint",
            Self::Text => "text",
            Self::Boolean => "boolean",
        }
    }
}

/// The tables of the target, by name.
pub(super) async fn shapes(connection: &mut PgConnection) -> Result<Vec<Shape>, TargetError> {
    let columns = query::all(connection, COLUMNS, params![], |fields| {
        let table = text(fields, "relname")?;
        let name = text(fields, "attname")?;
        let kind = Kind::of(&text(fields, "atttypid")?);
        Ok((table, Column { name, kind, must_be_given: fields.get("must_be_given")? }))
    })
    .await?;
    let mut shapes: Vec<Shape> = Vec::new();
    for (table, column) in columns {
        match shapes.last_mut().filter(|shape| shape.table == table) {
            Some(shape) => shape.columns.push(column),
            None => shapes.push(Shape { table, columns: vec![column] }),
        }
    }
    Ok(shapes)
}

/// The tables of the source, once each is known to have its counterpart, and the other way round.
pub(super) fn checked(shapes: &[Shape], tables: &[Table]) -> Result<Vec<Table>, TargetError> {
    for shape in shapes {
        let source = tables.iter().find(|table| table.name == shape.table);
        let Some(source) = source else {
            if OWN.contains(&shape.table.as_str()) {
                continue;
            }
            return Err(TargetError::NoSource(shape.table.clone()));
        };
        for column in &shape.columns {
            if column.must_be_given && !source.columns.contains(&column.name) {
                return Err(TargetError::NoSource(format!("{}.{}", shape.table, column.name)));
            }
        }
    }
    for table in tables {
        columns(table, shapes)?;
    }
    Ok(tables.to_vec())
}

/// The kinds of a table's columns.
pub(super) fn columns(table: &Table, shapes: &[Shape]) -> Result<Vec<Kind>, TargetError> {
    let shape = shapes.iter().find(|shape| shape.table == table.name && !OWN.contains(&table.name.as_str()));
    let shape = shape.ok_or_else(|| TargetError::NoCounterpart(table.name.clone()))?;
    let kind = |name: &String| {
        let shown = || format!("{}.{name}", table.name);
        let column = shape.columns.iter().find(|column| column.name == *name);
        column
            .ok_or_else(|| TargetError::NoCounterpart(shown()))?
            .kind
            .ok_or_else(|| TargetError::Type(shown()))
    };
    table.columns.iter().map(kind).collect()
}

/// The tables in an order in which each comes after all that it refers to.
pub(super) async fn order(
    connection: &mut PgConnection,
    mut waiting: Vec<Table>,
) -> Result<Vec<Table>, TargetError> {
    let references = query::all(connection, REFERENCES, params![], |fields| {
        Ok((text(fields, "from")?, text(fields, "to")?))
    })
    .await?;
    let mut ordered: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let there = |name: &String| ordered.iter().any(|table| table.name == *name);
        let (ready, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|table| references.iter().all(|(from, to)| *from != table.name || there(to)));
        if let (true, Some(table)) = (ready.is_empty(), rest.first()) {
            return Err(TargetError::NoSource(table.name.clone()));
        }
        ordered.extend(ready);
        waiting = rest;
    }
    Ok(ordered)
}
