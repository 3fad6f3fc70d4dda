//! The `Authorization` header of a client, [RFC 6749 section 2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1).

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use towergate_core::{Secret, form};

use super::{ClientId, MAX_HEADER_LENGTH};

/// The client and its secret; both parts are form-encoded before they are joined.
pub(super) fn read(header: &[u8]) -> Option<(ClientId, Secret<String>)> {
    const LENIENT_PADDING: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    if header.len() > MAX_HEADER_LENGTH {
        return None;
    }
    let (scheme, encoded) = std::str::from_utf8(header).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = Secret::new(LENIENT_PADDING.decode(encoded.trim_matches(' ')).ok()?);
    let colon = decoded.expose().iter().position(|byte| *byte == b':')?;
    let id = form::decode(decoded.expose().get(..colon)?)?;
    let secret = form::decode(decoded.expose().get(colon + 1..)?)?;
    if secret.expose().is_empty() {
        return None;
    }
    Some((ClientId::parse(id.expose()).ok()?, secret))
}
