//! A JWT beside its raw signature, and beside the crate that most people make them with.

use jsonwebtoken::{EncodingKey, Header};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::json;
use towergate::jose::{Algorithm, SigningKey, generate};

use crate::{
    goals,
    measure::{Effort, Rounds},
    row::{Part, Row},
};

pub(super) fn measure(effort: Effort, part: &mut Part) {
    let claims = json!({
        "iss": "https://id.example", "sub": "0191e9a4-6f3c-7c1e-8a55-3b1f0e6d2a77", "aud": ["https://id.example"],
        "client_id": "shop", "scope": "openid email", "iat": 1_800_000_000, "exp": 1_800_000_600,
        "jti": "0191e9a4-6f3c-7c1e-8a55-3b1f0e6d2a78",
    });
    let pkcs8 = generate(Algorithm::ES256).expect("a key");
    let key = SigningKey::from_pkcs8(Algorithm::ES256, pkcs8.expose(), None).expect("a key");
    let signed = key.sign_jwt("at+jwt", &claims).expect("a token");
    let signed = signed.rsplit_once('.').expect("a token").0.to_owned();
    let random = ring::rand::SystemRandom::new();
    let raw =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose(), &random).expect("a key");
    let theirs = EncodingKey::from_ec_der(pkcs8.expose());
    let header = Header {
        typ: Some(String::from("at+jwt")),
        kid: Some(key.public_jwk().kid().map_or_else(String::new, str::to_owned)),
        ..Header::new(jsonwebtoken::Algorithm::ES256)
    };

    let mut rounds = Rounds::new();
    rounds.way("ring", || raw.sign(&random, signed.as_bytes()).expect("a signature"));
    rounds.way("ours", || key.sign_jwt("at+jwt", &claims).expect("a token"));
    rounds.way("jsonwebtoken", || jsonwebtoken::encode(&header, &claims, &theirs).expect("a token"));
    let samples = rounds.measure(effort);
    let [ring, ours, theirs] = ["ring", "ours", "jsonwebtoken"].map(|name| samples.of(name));
    part.rows.push(Row::new(
        goals::JWT_RAW,
        "",
        ours.over(ring),
        format!("{} against {}", ours.micros(), ring.micros()),
    ));
    part.rows.push(Row::new(
        goals::JWT_PEER,
        "",
        theirs.over(ours),
        format!("{} against {} (its aws-lc-rs backend)", ours.micros(), theirs.micros()),
    ));
}
