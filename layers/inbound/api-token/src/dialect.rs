//! What a narrowed token may say, read before anything of it is believed or run.
//!
//! A block that a holder appended holds nothing but checks, each of the form "if one fact, and one comparison of it", or a few
//! of those of which one must hold. In Biscuit's own words: `check if` (neither `check all` nor `reject if`) with at most four
//! queries; in each one predicate of two terms at most, and at most one expression of three operations, whose operator compares
//! (`<`, `<=`, `>`, `>=`, `==`, `!=`, `contains`, `starts_with`, `ends_with`). No facts, rules, scopes, keys or context.
//!
//! That is all that [`Attenuation`](crate::Attenuation) writes, and what other tools write in that form is taken too. What runs is
//! then at most as many comparisons as there are checks and facts: a join over the facts of a token, which no limit of time
//! interrupts while it runs, cannot be written, nor a rule that makes facts, nor a regular expression.

use biscuit_auth::format::schema::{
    Biscuit, Block, Check, Expression, Op, PublicKey, Rule, SignedBlock, check, op, op_binary, public_key,
    term,
};
use prost::Message;
use towergate_identity::rules::api_token::ApiTokenFailure;

/// How many blocks may be appended.
pub const MAX_BLOCKS: usize = 8;

/// How many checks an appended block has at most.
pub const MAX_CHECKS: usize = 8;

const MAX_QUERIES: usize = 4;

/// Whether the bytes of a token, of which nothing is believed yet, say no more than a narrowed token may.
///
/// # Errors
/// [`ApiTokenFailure::Unreadable`] where they are no token, [`ApiTokenFailure::TooMuch`] where it says more.
pub fn admit(bytes: &[u8]) -> Result<(), ApiTokenFailure> {
    let token = Biscuit::decode(bytes).map_err(|_| ApiTokenFailure::Unreadable)?;
    if token.blocks.len() > MAX_BLOCKS || !is_ours_in_form(&token.authority) {
        return Err(ApiTokenFailure::TooMuch);
    }
    for signed in &token.blocks {
        let block = Block::decode(signed.block.as_slice()).map_err(|_| ApiTokenFailure::Unreadable)?;
        if !is_ours_in_form(signed) || !only_narrows(&block) {
            return Err(ApiTokenFailure::TooMuch);
        }
    }
    Ok(())
}

/// Signed by the one before it alone, for a key of the one kind.
fn is_ours_in_form(signed: &SignedBlock) -> bool {
    let ed25519 = |key: &PublicKey| key.algorithm == public_key::Algorithm::Ed25519 as i32;
    signed.external_signature.is_none() && ed25519(&signed.next_key)
}

fn only_narrows(block: &Block) -> bool {
    let Block { context, facts, rules, checks, scope, public_keys, symbols: _, version: _ } = block;
    context.is_none()
        && facts.is_empty()
        && rules.is_empty()
        && scope.is_empty()
        && public_keys.is_empty()
        && checks.len() <= MAX_CHECKS
        && checks.iter().all(is_plain_check)
}

fn is_plain_check(check: &Check) -> bool {
    let kind = check.kind.unwrap_or(check::Kind::One as i32);
    kind == check::Kind::One as i32
        && (1..=MAX_QUERIES).contains(&check.queries.len())
        && check.queries.iter().all(is_plain_query)
}

fn is_plain_query(query: &Rule) -> bool {
    let [predicate] = query.body.as_slice() else { return false };
    let is_compared = match query.expressions.as_slice() {
        [] => true,
        [expression] => is_comparison(expression),
        _ => false,
    };
    is_compared
        && query.scope.is_empty()
        && query.head.terms.is_empty()
        && predicate.terms.len() <= 2
        && predicate.terms.iter().all(|term| term.content.as_ref().is_some_and(is_plain_term))
}

fn is_comparison(expression: &Expression) -> bool {
    let [
        Op { content: Some(op::Content::Value(left)) },
        Op { content: Some(op::Content::Value(right)) },
        operator,
    ] = expression.ops.as_slice()
    else {
        return false;
    };
    let Some(op::Content::Binary(operator)) = &operator.content else { return false };
    let compares = op_binary::Kind::from_i32(operator.kind).is_some_and(|kind| {
        use op_binary::Kind;
        matches!(
            kind,
            Kind::LessThan
                | Kind::GreaterThan
                | Kind::LessOrEqual
                | Kind::GreaterOrEqual
                | Kind::Equal
                | Kind::NotEqual
                | Kind::HeterogeneousEqual
                | Kind::HeterogeneousNotEqual
                | Kind::Contains
                | Kind::Prefix
                | Kind::Suffix
        )
    });
    let plain = |term: &biscuit_auth::format::schema::Term| match &term.content {
        Some(term::Content::Set(set)) => {
            set.set.iter().all(|item| item.content.as_ref().is_some_and(is_plain_term))
        }
        Some(content) => is_plain_term(content),
        None => false,
    };
    compares && operator.ffi_name.is_none() && plain(left) && plain(right)
}

const fn is_plain_term(term: &term::Content) -> bool {
    matches!(
        term,
        term::Content::Variable(_)
            | term::Content::Integer(_)
            | term::Content::String(_)
            | term::Content::Date(_)
            | term::Content::Bool(_)
    )
}
