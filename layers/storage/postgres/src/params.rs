//! The values of a statement, in the order of their numbers.

use sqlx::{Arguments, error::BoxDynError, postgres::PgArguments};
use towergate_core::{Digest, Timestamp, id::Uuid};

/// The values of a statement; made by [`params!`](crate::params::params).
#[derive(Debug, Default, Clone)]
pub(crate) struct Params {
    arguments: PgArguments,
    unsendable: Option<String>,
}

impl Params {
    /// The values with one more.
    pub(crate) fn with(mut self, value: impl Param) -> Self {
        if let Err(error) = value.add_to(&mut self.arguments) {
            self.unsendable.get_or_insert(error.to_string());
        }
        self
    }

    /// What the driver sends.
    pub(crate) fn arguments(self) -> Result<PgArguments, sqlx::Error> {
        self.unsendable.map_or(Ok(self.arguments), |error| Err(sqlx::Error::Encode(error.into())))
    }
}

/// The values of `$1`, `$2` and so on.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        $crate::params::Params::default()$(.with($value))*
    };
}
pub(crate) use params;

/// What can stand in a statement's place: identifiers as `uuid`, times as milliseconds in a `bigint`, digests as `bytea`.
pub(crate) trait Param: Sized {
    fn add_to(self, arguments: &mut PgArguments) -> Result<(), BoxDynError>;

    /// Nothing, of this type.
    fn add_none_to(arguments: &mut PgArguments) -> Result<(), BoxDynError>;
}

impl<P: Param> Param for Option<P> {
    fn add_to(self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        match self {
            Some(value) => value.add_to(arguments),
            None => P::add_none_to(arguments),
        }
    }

    fn add_none_to(arguments: &mut PgArguments) -> Result<(), BoxDynError> {
        P::add_none_to(arguments)
    }
}

macro_rules! sent_as {
    ($([$($life:lifetime)?] $kind:ty => $sent:ty, |$value:ident| $how:expr;)*) => {
        $(
            impl<$($life)?> Param for $kind {
                fn add_to(self, arguments: &mut PgArguments) -> Result<(), BoxDynError> {
                    let $value = self;
                    arguments.add::<$sent>($how)
                }

                fn add_none_to(arguments: &mut PgArguments) -> Result<(), BoxDynError> {
                    arguments.add::<Option<$sent>>(None)
                }
            }
        )*
    };
}

sent_as! {
    [] bool => bool, |value| value;
    [] i32 => i32, |value| value;
    [] i64 => i64, |value| value;
    [] u16 => i64, |value| i64::from(value);
    [] u32 => i64, |value| i64::from(value);
    ['s] &'s str => &'s str, |value| value;
    ['s] &'s String => &'s str, |value| value;
    [] String => String, |value| value;
    ['s] &'s [u8] => &'s [u8], |value| value;
    ['s] &'s Vec<u8> => &'s [u8], |value| value;
    [] Vec<u8> => Vec<u8>, |value| value;
    ['s] &'s [u8; 32] => &'s [u8], |value| value;
    [] Uuid => Uuid, |value| value;
    ['s] &'s Uuid => Uuid, |value| *value;
    [] Vec<Uuid> => Vec<Uuid>, |value| value;
    [] Vec<i64> => Vec<i64>, |value| value;
    [] Vec<String> => Vec<String>, |value| value;
    [] Vec<Vec<u8>> => Vec<Vec<u8>>, |value| value;
    [] Vec<Option<Uuid>> => Vec<Option<Uuid>>, |value| value;
    [] Vec<Option<i64>> => Vec<Option<i64>>, |value| value;
    [] Vec<Option<bool>> => Vec<Option<bool>>, |value| value;
    [] Vec<Option<Vec<u8>>> => Vec<Option<Vec<u8>>>, |value| value;
    [] Vec<Option<String>> => Vec<Option<String>>, |value| value;
    [] Timestamp => i64, |value| value.unix_millis();
    ['s] &'s Digest => &'s [u8], |value| value.as_bytes();
}
