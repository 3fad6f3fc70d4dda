//! Why a registration was refused, in a sentence that names the field and the bound.
//! [RFC 7591 section 3.2.2](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.2)

use towergate_oauth::rules::client::{InvalidMetadata, MetadataProblem, statement::StatementProblem};
use towergate_oauth_types::ErrorCode;

/// The longest sentence, in bytes.
const MAX_LENGTH: usize = 2048;

/// Why a registration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {description}")]
pub(in super::super) struct Refusal {
    /// The registered code.
    pub(in super::super) code: ErrorCode,
    /// What is wrong, in the characters that [RFC 6749 section 5.2](https://www.rfc-editor.org/rfc/rfc6749#section-5.2)
    /// allows.
    pub(in super::super) description: String,
}

impl Refusal {
    pub(in super::super) fn new(code: ErrorCode, description: &str) -> Self {
        let allowed = description.chars().map(|letter| match letter {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => letter,
            _ => '?',
        });
        Self { code, description: allowed.take(MAX_LENGTH).collect() }
    }
}

/// All that is wrong, under the code of what is wrong with the redirect URIs, if anything is.
pub(super) fn refused(invalid: &InvalidMetadata) -> Refusal {
    let redirect = invalid.problems.iter().any(MetadataProblem::blames_redirect_uris);
    let code = if redirect { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
    Refusal::new(code, &invalid.to_string())
}

impl From<StatementProblem> for Refusal {
    fn from(problem: StatementProblem) -> Self {
        let code = match problem {
            StatementProblem::Issuer => ErrorCode::UnapprovedSoftwareStatement,
            _ => ErrorCode::InvalidSoftwareStatement,
        };
        Self::new(code, &problem.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_5_2_a_sentence_keeps_to_its_characters_and_to_a_bound() {
        let refusal = Refusal::new(ErrorCode::InvalidClientMetadata, "a \"b\" \\ é\n");
        assert_eq!(refusal.description, "a 'b' / ??");
        let long = Refusal::new(ErrorCode::InvalidClientMetadata, &"x".repeat(MAX_LENGTH + 1));
        assert_eq!(long.description.len(), MAX_LENGTH);
    }
}
