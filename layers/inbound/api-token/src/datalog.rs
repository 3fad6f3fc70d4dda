//! The words of our tokens, as Biscuit's Datalog has them. Nothing here is read from text.

use std::collections::BTreeSet;

use biscuit_auth::builder::{
    Binary, Check, CheckKind, Expression, Fact, Op, Policy, PolicyKind, Rule, Term, fact, pred,
};
use towergate_core::Timestamp;

/// Whose token it is; in the first block.
pub(crate) const USER: &str = "user";
/// Its identifier; in the first block.
pub(crate) const TOKEN: &str = "token";
/// What it may do, one fact each; in the first block.
pub(crate) const PERMISSION: &str = "permission";
/// The time of a request, in whole seconds.
pub(crate) const TIME: &str = "time";
/// Its method.
pub(crate) const METHOD: &str = "method";
/// Its path, if everybody reads it alike.
pub(crate) const PATH: &str = "path";
/// The address that it comes from, if it is known.
pub(crate) const ADDRESS: &str = "address";
/// A permission that is asked for.
pub(crate) const ASKS: &str = "asks";

const VARIABLE: &str = "it";

pub(crate) fn text_fact(name: &str, value: &str) -> Fact {
    fact(name, &[Term::Str(value.to_owned())])
}

pub(crate) fn time_fact(now: Timestamp) -> Fact {
    fact(TIME, &[date(now)])
}

/// `check if name($it), $it OPERATOR value`.
pub(crate) fn compare(name: &str, operator: Binary, value: Term) -> Check {
    any_of([query(name, operator, value)])
}

/// `check if name($it), {values}.contains($it)`.
pub(crate) fn one_of(name: &str, values: impl IntoIterator<Item = String>) -> Check {
    let values: BTreeSet<_> = values.into_iter().map(Term::Str).collect();
    let ops = vec![Op::Value(Term::Set(values)), Op::Value(variable()), Op::Binary(Binary::Contains)];
    any_of([rule(name, vec![Expression { ops }])])
}

/// `check if name($it), $it == base or name($it), $it.starts_with("base/")`.
pub(crate) fn at_or_below(name: &str, base: &str) -> Check {
    any_of([
        query(name, Binary::Equal, Term::Str(base.to_owned())),
        query(name, Binary::Prefix, Term::Str(format!("{base}/"))),
    ])
}

/// `check if time($it), $it < end`.
pub(crate) fn before(end: Timestamp) -> Check {
    compare(TIME, Binary::LessThan, date(end))
}

/// `allow if token($it)`: whatever the checks admit.
pub(crate) fn policy() -> Policy {
    Policy { queries: vec![rule(TOKEN, Vec::new())], kind: PolicyKind::Allow }
}

/// `it($it) <- name($it)`.
pub(crate) fn values_of(name: &str) -> Rule {
    Rule::new(pred(VARIABLE, &[variable()]), vec![pred(name, &[variable()])], Vec::new(), Vec::new())
}

fn date(at: Timestamp) -> Term {
    Term::Date(u64::try_from(at.unix_seconds()).unwrap_or(0))
}

fn variable() -> Term {
    Term::Variable(String::from(VARIABLE))
}

fn query(name: &str, operator: Binary, value: Term) -> Rule {
    rule(name, vec![Expression { ops: vec![Op::Value(variable()), Op::Value(value), Op::Binary(operator)] }])
}

fn rule(name: &str, expressions: Vec<Expression>) -> Rule {
    let nothing: &[Term] = &[];
    Rule::new(pred("query", nothing), vec![pred(name, &[variable()])], expressions, Vec::new())
}

fn any_of(queries: impl Into<Vec<Rule>>) -> Check {
    Check { queries: queries.into(), kind: CheckKind::One }
}
