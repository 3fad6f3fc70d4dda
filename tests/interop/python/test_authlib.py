"""PyPI `Authlib` over HTTPS: as a client, and as an API that verifies tokens."""

import contextlib
import sqlite3
import unittest
from urllib.parse import parse_qs, urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.oauth2.rfc6750.errors import InvalidTokenError
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oauth2.rfc8414 import get_well_known_url as oauth_well_known
from authlib.oauth2.rfc9068 import JWTBearerTokenValidator
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from client_site import ClientSite
from host import CALLBACK, SECRET, Host, folder_with_certificate
from person import Person
from relying_party import RelyingParty, discover

KEYS = {
    "ES256": ECKey.generate_key("P-256", {"kid": "ec", "alg": "ES256"}),
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa", "alg": "RS256"}),
    "PS256": RSAKey.generate_key(2048, {"kid": "pss", "alg": "PS256"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "ed", "alg": "EdDSA"}),
}
API = "https://mail.example/api"


def public(*keys):
    return KeySet(list(keys)).as_dict(private=False)


class Authlib:
    @classmethod
    def setUpClass(cls):
        folder = folder_with_certificate()
        cls.site = ClientSite(folder)
        cls.site.published["/keys"] = public(*KEYS.values())
        by_key = {"token_endpoint_auth_method": "private_key_jwt"}
        clients = [
            {"client_id": "basic", "client_secret": SECRET},
            {"client_id": "post", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_post"},
            {"client_id": "hmac", "client_secret": SECRET, "token_endpoint_auth_method": "client_secret_jwt"},
            {"client_id": "public", "token_endpoint_auth_method": "none"},
            *({"client_id": f"key-{alg}", "jwks": public(key), **by_key} for alg, key in KEYS.items()),
            {"client_id": "site", "jwks_uri": f"{cls.site.address}/keys", **by_key},
            {"client_id": "mail", "client_secret": SECRET, "scope": "openid mail.read offline_access"},
        ]
        toml = f'\n[[resource_servers]]\nresource = "{API}"\nclient_id = "basic"\n[registration]\nmode = "open"\n'
        cls.host = Host(cls.example, clients, toml, folder)
        cls.person = Person(cls.host.ca)

    @classmethod
    def tearDownClass(cls):
        cls.site.stop()
        cls.host.stop()

    def party(self, client_id, **more):
        return RelyingParty(self.host.issuer, self.host.ca, client_id, **more)

    def test_the_metadata_is_clean_by_both_specifications(self):
        discover(self.host.issuer, self.host.ca)
        where = oauth_well_known(self.host.issuer, external=True)
        AuthorizationServerMetadata(self.host.web().get(where, timeout=60).json()).validate()

    def test_each_kind_of_client_walks_the_whole_way(self):
        kinds = [
            ("basic", {}),
            ("post", {"method": "client_secret_post"}),
            ("hmac", {"method": "client_secret_jwt"}),
            ("public", {"method": "none", "secret": None}),
            *((f"key-{alg}", {"method": "private_key_jwt", "secret": key, "alg": alg}) for alg, key in KEYS.items()),
            *(("site", {"method": "private_key_jwt", "secret": KEYS[alg], "alg": alg}) for alg in KEYS),
        ]
        for client_id, how in kinds:
            with self.subTest(client_id=client_id, alg=how.get("alg")):
                party = self.party(client_id, **how)
                tokens, claims = party.sign_in_and_check(self.person)
                told = party.userinfo()
                self.assertEqual((told["sub"], told["email"]), (claims["sub"], "alice@example.com"))
                refreshed = party.refresh(tokens["refresh_token"])
                self.assertNotEqual(refreshed["refresh_token"], tokens["refresh_token"])
                again = party.parse_id_token(refreshed, None)
                self.assertEqual((again["sub"], again["auth_time"]), (claims["sub"], claims["auth_time"]))
                if client_id != "public":
                    self.assertTrue(party.introspect(refreshed["access_token"]).json()["active"])
                party.revoke(refreshed["refresh_token"], "refresh_token")
                with self.assertRaises(OAuthError) as refused:
                    party.refresh(refreshed["refresh_token"])
                self.assertEqual(refused.exception.error, "invalid_grant")

    def test_a_refresh_may_ask_for_less(self):
        party = self.party("basic")
        tokens, _ = party.sign_in_and_check(self.person)
        less = party.refresh(tokens["refresh_token"], scope="openid")
        self.assertEqual(less["scope"], "openid")
        self.assertEqual(list(party.userinfo()), ["sub"])
        with self.assertRaises(OAuthError) as refused:
            party.refresh(less["refresh_token"], scope="openid address")
        self.assertEqual(refused.exception.error, "invalid_scope")

    def test_an_assertion_may_be_for_the_token_endpoint_and_for_nobody_else(self):
        def party(audience):
            return self.party("hmac", method="client_secret_jwt", audience=audience)

        party(discover(self.host.issuer, self.host.ca)["token_endpoint"]).sign_in_and_check(self.person)
        with self.assertRaises(OAuthError) as refused:
            party("https://other.example").refresh("tgr_none")
        self.assertEqual(refused.exception.error, "invalid_client")

    def test_a_wrong_secret_is_told_as_such(self):
        for how in ({"secret": "wrong"}, {"method": "client_secret_post"}, {"method": "none", "secret": None}):
            with self.assertRaises(OAuthError) as refused:
                self.party("basic", **how).refresh("tgr_none")
            self.assertEqual(refused.exception.error, "invalid_client")

    def test_an_api_verifies_tokens_as_rfc_9068_has_it(self):
        party = self.party("mail", scope="openid mail.read offline_access")
        tokens, claims = party.sign_in_and_check(self.person, resource=API)
        keys = KeySet.import_key_set(party.fetch_jwk_set())

        class Validator(JWTBearerTokenValidator):
            def get_jwks(self):
                return keys

        ours = Validator(self.host.issuer, API)
        token = ours.authenticate_token(tokens["access_token"])
        ours.validate_token(token, ["mail.read"], None)
        self.assertEqual((token["sub"], token["client_id"]), (claims["sub"], "mail"))
        with self.assertRaises(InvalidTokenError):
            other = Validator(self.host.issuer, "https://other.example")
            other.validate_token(other.authenticate_token(tokens["access_token"]), None, None)

    def test_an_api_asks_for_a_recent_sign_in_and_gets_one(self):
        party = self.party("basic")
        party.sign_in_and_check(self.person)
        self.make_every_sign_in_older(600)
        party.sign_in_and_check(self.person)
        sensitive = f"{self.host.issuer}/api/sensitive"
        refused = party.get(sensitive)
        challenge = refused.headers["www-authenticate"]
        self.assertEqual(refused.status_code, 401)
        self.assertIn('error="insufficient_user_authentication"', challenge)
        self.assertIn("resource_metadata=", challenge)
        wanted = challenge.split("max_age=")[1].split(",")[0].strip('" ')
        party.sign_in_and_check(self.person, max_age=wanted)
        self.assertEqual(party.get(sensitive).status_code, 200)

    def test_addresses_of_several_hosts_need_a_sector_that_lists_them(self):
        listed = [CALLBACK, "https://one.example/callback"]
        self.site.published["/sector"] = listed
        for addresses, sector, is_taken in [
            (listed, "/sector", True),
            ([*listed, "https://two.example/callback"], "/sector", False),
            (listed, "/nothing", False),
            (listed, None, False),
        ]:
            sent = {"redirect_uris": addresses, "subject_type": "pairwise"}
            if sector:
                sent["sector_identifier_uri"] = self.site.address + sector
            where = discover(self.host.issuer, self.host.ca)["registration_endpoint"]
            answer = self.host.web().post(where, json=sent, timeout=60)
            said = answer.json()
            if not is_taken:
                self.assertEqual((answer.status_code, said["error"]), (400, "invalid_client_metadata"))
                continue
            self.assertEqual(answer.status_code, 201, answer.text)
            subjects = []
            for address in addresses:
                party = self.party(
                    said["client_id"], secret=said["client_secret"], scope="openid", redirect_uri=address
                )
                subjects.append(party.sign_in_and_check(self.person)[1]["sub"])
            self.assertEqual(subjects[0], subjects[1])
            self.assertNotEqual(subjects[0], self.party("basic").sign_in_and_check(self.person)[1]["sub"])

    def test_a_refusal_comes_back_to_the_client(self):
        party = self.party("basic")
        url, state = party.session.create_authorization_url(
            party.server_metadata["authorization_endpoint"],
            code_verifier="v" * 43, prompt="none",
        )
        back = Person(self.host.ca).go(url)
        said = parse_qs(urlsplit(back).query)
        self.assertEqual((said["error"], said["iss"]), (["login_required"], [self.host.issuer]))
        with self.assertRaises(OAuthError):
            party.session.fetch_token(authorization_response=back, state=state)

    def make_every_sign_in_older(self, seconds):
        """Nobody waits that long in a test, and the clock is the machine's."""
        with contextlib.closing(sqlite3.connect(self.host.database)) as database, database:
            ago = "UPDATE towergate_sessions SET authenticated_at = authenticated_at - ?"
            database.execute(ago, (seconds * 1000,))


class AgainstAxum(Authlib, unittest.TestCase):
    example = "axum"


class AgainstWarp(Authlib, unittest.TestCase):
    example = "warp"
