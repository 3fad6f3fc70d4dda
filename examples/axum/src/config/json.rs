//! A value of the file as JSON, for readers that speak JSON.

use serde_json::{Number, Value};
use toml::de::{DeInteger, DeValue};

/// The value as JSON; a date, or a number that JSON has not, becomes its text.
pub(super) fn of(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Integer(number) => integer(number),
        DeValue::Float(number) => {
            let read = number.as_str().parse().ok().and_then(Number::from_f64);
            read.map_or_else(|| Value::from(number.as_str()), Value::Number)
        }
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(date) => Value::from(date.to_string()),
        DeValue::Array(entries) => entries.iter().map(|entry| of(entry.get_ref())).collect(),
        DeValue::Table(table) => {
            let fields = table.iter().map(|(key, value)| (key.get_ref().to_string(), of(value.get_ref())));
            Value::Object(fields.collect())
        }
    }
}

fn integer(number: &DeInteger<'_>) -> Value {
    match i64::from_str_radix(number.as_str(), number.radix()) {
        Ok(read) => Value::from(read),
        Err(_) => Value::from(number.as_str()),
    }
}
