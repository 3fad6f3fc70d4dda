"""A client sees in the browser, without asking the server, that the sign-in changed.

The page that answers it is a script, which Node.js runs; cookies that scripts read need HTTPS."""

import json
import subprocess
import unittest
from urllib.parse import parse_qs, urlencode, urlsplit

from host import SECRET, Host
from person import Person
from relying_party import RelyingParty

FRAME = "../session-frame.mjs"
ORIGIN = "https://app.example"
BYE = "https://app.example/bye"


class SessionManagement:
    @classmethod
    def setUpClass(cls):
        clients = [
            {"client_id": name, "client_secret": SECRET, "post_logout_redirect_uris": [BYE]}
            for name in ("app", "other")
        ]
        cls.host = Host(cls.example, clients)

    @classmethod
    def tearDownClass(cls):
        cls.host.stop()

    def sign_in(self, person, client_id):
        """Tokens, and the state that came with the code."""
        party = RelyingParty(self.host.issuer, self.host.ca, client_id, scope="openid")
        where = []

        class Watched:
            def go(self, url, **more):
                where.append(person.go(url, **more))
                return where[0]

        tokens, _ = party.sign_in(Watched())
        return party, tokens, parse_qs(urlsplit(where[0]).query)["session_state"][0]

    def ask(self, person, party, *messages):
        page = person.browser.get(party.server_metadata["check_session_iframe"], timeout=60)
        self.assertEqual(page.status_code, 200)
        policy = page.headers["content-security-policy"]
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("x-frame-options", page.headers)
        # Only what scripts may read.
        held = [cookie for cookie in person.browser.cookies if not cookie.has_nonstandard_attr("HttpOnly")]
        told = {
            "page": page.text,
            "cookie": "; ".join(f"{cookie.name}={cookie.value}" for cookie in held),
            "messages": [{"data": data, "origin": origin} for data, origin in messages],
        }
        ran = subprocess.run(
            ["node", FRAME], cwd=__file__.rsplit("/", 1)[0], input=json.dumps(told),
            capture_output=True, text=True, check=True,
        )
        answers = json.loads(ran.stdout)
        self.assertEqual([answer["to"] for answer in answers], [origin for _, origin in messages])
        return [answer["said"] for answer in answers]

    def test_a_client_sees_that_the_sign_in_changed(self):
        person = Person(self.host.ca)
        party, tokens, state = self.sign_in(person, "app")
        _, _, others = self.sign_in(person, "other")
        messages = [
            (f"app {state}", ORIGIN), (f"other {others}", ORIGIN), (f"app {others}", ORIGIN),
            (f"app {state}", "https://evil.example"), ("nonsense", ORIGIN), (f"app{state}", ORIGIN),
        ]
        expected = ["unchanged", "unchanged", "changed", "changed", "error", "error"]
        self.assertEqual(self.ask(person, party, *messages), expected)

        query = urlencode({"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BYE})
        out = f"{party.server_metadata['end_session_endpoint']}?{query}"
        self.assertEqual(person.follow("GET", out, None, stop_at=BYE), BYE)
        self.assertEqual(self.ask(person, party, (f"app {state}", ORIGIN)), ["changed"])
        _, _, anew = self.sign_in(person, "app")
        messages = [(f"app {state}", ORIGIN), (f"app {anew}", ORIGIN)]
        self.assertEqual(self.ask(person, party, *messages), ["changed", "unchanged"])


class AgainstAxum(SessionManagement, unittest.TestCase):
    example = "axum"


class AgainstWarp(SessionManagement, unittest.TestCase):
    example = "warp"
