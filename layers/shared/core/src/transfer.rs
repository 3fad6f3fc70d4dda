//! Moving rows from one store to another: one form in which both hold the same, and a digest of many.
//!
//! ```
//! use towergate_core::transfer::{Tally, Value};
//!
//! let rows = [[Value::Integer(1), Value::Text("a".into())], [Value::Integer(2), Value::Null]];
//! let (mut here, mut there) = (Tally::of("towergate_things"), Tally::of("towergate_things"));
//! for row in &rows {
//!     here.add(row);
//!     there.add(row);
//! }
//! assert!(here.is(&there) && here.rows() == 2);
//! there.add(&rows[0]);
//! assert!(!here.is(&there));
//! ```

use std::fmt;

use crate::Digest;

/// What a column of a row holds. Identifiers are their bytes, and what is true or false is 1 or 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Nothing.
    Null,
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A row: what the columns of its [`Table`] hold, in their order.
pub type Row = Vec<Value>;

/// A table as its rows are moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Its columns; those of the primary key come first.
    pub columns: Vec<String>,
    /// How many columns the primary key has.
    pub key: usize,
}

impl Table {
    /// The part of a row that is its key.
    pub fn key_of<'r>(&self, row: &'r [Value]) -> &'r [Value] {
        row.get(..self.key).unwrap_or(row)
    }

    /// A row by its key, as people are told which it is.
    pub fn row(&self, row: &[Value]) -> String {
        let key: Vec<_> = self.key_of(row).iter().map(Value::to_string).collect();
        format!("{} ({})", self.name, key.join(", "))
    }
}

impl fmt::Display for Value {
    /// For keys alone, which are no secrets: nothing that comes from outside can move the terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => match uuid::Uuid::from_slice(bytes) {
                Ok(id) => write!(f, "{id}"),
                Err(_) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            },
        }
    }
}

impl fmt::Debug for Value {
    /// Rows hold what is nobody's to read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Integer(_) => "Integer(..)",
            Self::Text(_) => "Text(..)",
            Self::Bytes(_) => "Bytes(..)",
        })
    }
}

/// How many rows of a table there were so far, and a digest that no other rows, and no other order of them, have.
#[derive(Debug, Clone)]
pub struct Tally {
    rows: u64,
    digest: Digest,
}

impl Tally {
    /// No row of this table yet.
    pub fn of(table: &str) -> Self {
        Self { rows: 0, digest: Digest::of(table.as_bytes()) }
    }

    /// A tally that was kept.
    pub const fn kept(rows: u64, digest: Digest) -> Self {
        Self { rows, digest }
    }

    /// One row more; rows come in the order of their keys.
    pub fn add(&mut self, row: &[Value]) {
        let mut bytes = self.digest.as_bytes().to_vec();
        encode_to(&mut bytes, row);
        self.digest = Digest::of(&bytes);
        self.rows += 1;
    }

    /// How many rows there were.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The digest of all of them.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Whether these are the same rows.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.rows == other.rows && self.digest.matches(&other.digest)
    }
}

/// Values as bytes that no other values have.
#[must_use]
pub fn encode(values: &[Value]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_to(&mut bytes, values);
    bytes
}

fn encode_to(bytes: &mut Vec<u8>, values: &[Value]) {
    for value in values {
        let (sign, body): (u8, &[u8]) = match value {
            Value::Null => (0, &[]),
            Value::Integer(number) => {
                bytes.push(1);
                bytes.extend_from_slice(&number.to_be_bytes());
                continue;
            }
            Value::Text(text) => (2, text.as_bytes()),
            Value::Bytes(body) => (3, body),
        };
        bytes.push(sign);
        if sign > 0 {
            bytes.extend_from_slice(&u64::try_from(body.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(body);
        }
    }
}

/// The values that [`encode`] made these bytes of.
#[must_use]
pub fn decode(mut bytes: &[u8]) -> Option<Vec<Value>> {
    let mut values = Vec::new();
    while let Some((sign, rest)) = bytes.split_first() {
        bytes = rest;
        if *sign == 0 {
            values.push(Value::Null);
            continue;
        }
        let (number, rest) = bytes.split_first_chunk::<8>()?;
        bytes = rest;
        if *sign == 1 {
            values.push(Value::Integer(i64::from_be_bytes(*number)));
            continue;
        }
        let length = usize::try_from(u64::from_be_bytes(*number)).ok()?;
        let (body, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        values.push(match sign {
            2 => Value::Text(String::from_utf8(body.to_vec()).ok()?),
            3 => Value::Bytes(body.to_vec()),
            _ => return None,
        });
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Integer),
            any::<String>().prop_map(Value::Text),
            any::<Vec<u8>>().prop_map(Value::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(values in proptest::collection::vec(value(), 0..6)) {
            prop_assert_eq!(decode(&encode(&values)), Some(values));
        }

        #[test]
        fn other_rows_have_another_digest(
            one in proptest::collection::vec(value(), 0..4),
            other in proptest::collection::vec(value(), 0..4),
        ) {
            let (mut left, mut right) = (Tally::of("t"), Tally::of("t"));
            left.add(&one);
            right.add(&other);
            prop_assert_eq!(left.is(&right), one == other);
        }

        #[test]
        fn no_bytes_stop_the_decoder(bytes: Vec<u8>) {
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn the_order_and_the_table_count() {
        let rows = [[Value::Integer(1)], [Value::Integer(2)]];
        let tally = |table: &str, order: [usize; 2]| {
            let mut tally = Tally::of(table);
            order.into_iter().for_each(|at| tally.add(&rows[at]));
            tally
        };
        assert!(tally("t", [0, 1]).is(&tally("t", [0, 1])));
        assert!(!tally("t", [0, 1]).is(&tally("t", [1, 0])));
        assert!(!tally("t", [0, 1]).is(&tally("u", [0, 1])));
    }

    #[test]
    fn a_row_is_told_by_its_key_and_shows_nothing_else() {
        let columns = ["id", "name", "password"].map(String::from).to_vec();
        let table = Table { name: String::from("people"), columns, key: 2 };
        let text = |text: &str| Value::Text(text.into());
        let row = vec![Value::Bytes(vec![0; 16]), text("\x1b["), text("hush")];
        assert_eq!(table.row(&row), r#"people (00000000-0000-0000-0000-000000000000, "\u{1b}[")"#);
        assert!(!format!("{row:?}").contains("hush"));
    }
}
