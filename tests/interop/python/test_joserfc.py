"""PyPI `joserfc` reads every token that the server signs or encrypts, and signs requests."""

import base64
import hashlib
import unittest

import requests
from authlib.oidc.core import CodeIDToken
from joserfc import jwe, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from host import CALLBACK, SECRET, Host
from person import Person
from relying_party import RelyingParty

ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"]
WRAPPINGS = ["RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW"]
ENCODINGS = ["A128GCM", "A256GCM", "A128CBC-HS256"]
PAIRS = [(alg, enc) for alg in WRAPPINGS for enc in ENCODINGS]
DECRYPTION = {
    "RSA-OAEP-256": RSAKey.generate_key(2048, {"kid": "rsa", "use": "enc", "alg": "RSA-OAEP-256"}),
    "ECDH-ES": ECKey.generate_key("P-256", {"kid": "ec", "use": "enc", "alg": "ECDH-ES"}),
    "ECDH-ES+A256KW": ECKey.generate_key("P-256", {"kid": "kw", "use": "enc", "alg": "ECDH-ES+A256KW"}),
}
SIGNING = {
    "ES256": ECKey.generate_key("P-256", {"kid": "sign-ec", "use": "sig", "alg": "ES256"}),
    "RS256": RSAKey.generate_key(2048, {"kid": "sign-rsa", "use": "sig", "alg": "RS256"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "sign-ed", "use": "sig", "alg": "EdDSA"}),
}


def clients():
    keys = KeySet([*DECRYPTION.values(), *SIGNING.values()]).as_dict(private=False)
    common = {"client_secret": SECRET, "jwks": keys}
    for alg in ALGORITHMS:
        yield {
            "client_id": alg,
            "id_token_signed_response_alg": alg,
            "userinfo_signed_response_alg": alg,
            "introspection_signed_response_alg": alg,
            **common,
        }
    for number, (alg, enc) in enumerate(PAIRS):
        said = {"client_id": name(alg, enc), **common}
        for what in ("id_token", "userinfo", "introspection"):
            said[f"{what}_signed_response_alg"] = ALGORITHMS[number % len(ALGORITHMS)]
            said[f"{what}_encrypted_response_alg"] = alg
            said[f"{what}_encrypted_response_enc"] = enc
        yield said


def name(alg, enc):
    # Authlib sends an identifier as it is, where RFC 6749, 2.3.1 would have a plus sign encoded.
    return f"{alg}.{enc}".replace("+", ".")


def half_hash(text, alg):
    """OpenID Connect Core, 3.1.3.6; Ed25519 hashes with SHA-512."""
    digest = (hashlib.sha512 if alg == "EdDSA" else hashlib.sha256)(text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()


class Joserfc:
    @classmethod
    def setUpClass(cls):
        cls.host = Host(cls.example, clients())
        cls.person = Person(cls.host.ca)

    @classmethod
    def tearDownClass(cls):
        cls.host.stop()

    def party(self, client_id):
        party = RelyingParty(self.host.issuer, self.host.ca, client_id)
        party.keys = KeySet.import_key_set(party.fetch_jwk_set())
        return party

    def verified(self, party, text, alg, typ=None):
        registry = JWSRegistry(algorithms=[alg])
        token = jwt.decode(text, party.keys, registry=registry)
        self.assertEqual(token.header["alg"], alg)
        if typ:
            self.assertEqual(token.header["typ"], typ)
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": self.host.issuer},
            aud={"essential": True, "value": party.client_id},
        ).validate(token.claims)
        return token

    def walk(self, client_id, alg, opened=lambda text: text):
        party = self.party(client_id)
        tokens, nonce = party.sign_in(self.person)
        token = self.verified(party, opened(tokens["id_token"]), alg)
        params = {"nonce": nonce, "client_id": client_id, "access_token": tokens["access_token"]}
        CodeIDToken(token.claims, token.header, None, params).validate()
        # Authlib leaves this to others where the algorithm's name holds no hash.
        self.assertEqual(token.claims["at_hash"], half_hash(tokens["access_token"], alg))
        told = party.get(party.server_metadata["userinfo_endpoint"])
        self.assertEqual(told.headers["content-type"], "application/jwt")
        person = self.verified(party, opened(told.text), alg).claims
        self.assertEqual((person["sub"], person["email"]), (token.claims["sub"], "alice@example.com"))
        answer = party.introspect(tokens["access_token"])
        self.assertEqual(answer.headers["content-type"], "application/token-introspection+jwt")
        about = self.verified(party, opened(answer.text), alg, "token-introspection+jwt").claims
        self.assertTrue(about["token_introspection"]["active"])
        self.assertEqual(about["token_introspection"]["sub"], person["sub"])

    def test_each_signature_is_verified(self):
        for alg in ALGORITHMS:
            with self.subTest(alg=alg):
                self.walk(alg, alg)

    def test_each_encryption_is_opened(self):
        for number, (alg, enc) in enumerate(PAIRS):
            with self.subTest(alg=alg, enc=enc):
                def opened(text):
                    key = DECRYPTION[alg]
                    found = jwe.decrypt_compact(text, key, algorithms=[alg, enc])
                    self.assertEqual((found.headers()["alg"], found.headers()["enc"]), (alg, enc))
                    self.assertEqual((found.headers()["kid"], found.headers()["cty"]), (key.kid, "JWT"))
                    return found.plaintext.decode()

                self.walk(name(alg, enc), ALGORITHMS[number % len(ALGORITHMS)], opened)

    def test_what_is_encrypted_to_one_opens_for_no_other(self):
        tokens, _ = self.party(name("ECDH-ES", "A256GCM")).sign_in(self.person)
        other = ECKey.generate_key("P-256")
        with self.assertRaises(JoseError):
            jwe.decrypt_compact(tokens["id_token"], other, algorithms=["ECDH-ES", "A256GCM"])

    def test_requests_may_be_signed(self):
        party = self.party("RS256")
        for alg, key in SIGNING.items():
            with self.subTest(alg=alg):
                inside = {
                    "iss": "RS256", "aud": self.host.issuer, "response_type": "code", "client_id": "RS256",
                    "redirect_uri": CALLBACK, "scope": "openid", "state": "inside",
                    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                    "code_challenge_method": "S256",
                    "claims": {"id_token": {"email": {"essential": True}}},
                }
                header = {"alg": alg, "kid": key.kid}
                signed = jwt.encode(
                    header, inside, key, algorithms=[alg], default_type="oauth-authz-req+jwt"
                )
                query = {"client_id": "RS256", "response_type": "code", "scope": "openid", "request": signed}
                start = requests.Request("GET", party.server_metadata["authorization_endpoint"], params=query)
                back = self.person.go(start.prepare().url)
                tokens = party.session.fetch_token(
                    authorization_response=back, state="inside",
                    code_verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                )
                claims = self.verified(party, tokens["id_token"], "RS256").claims
                self.assertEqual(claims["email"], "alice@example.com")

    def test_the_key_set_says_what_each_key_is_for(self):
        keys = self.party("RS256").fetch_jwk_set()["keys"]
        self.assertEqual({key["alg"] for key in keys}, set(ALGORITHMS))
        for key in keys:
            self.assertEqual(key["use"], "sig")
            self.assertTrue(key["kid"])
            self.assertFalse({"d", "p", "q", "k"} & key.keys())


class AgainstAxum(Joserfc, unittest.TestCase):
    example = "axum"


class AgainstWarp(Joserfc, unittest.TestCase):
    example = "warp"
