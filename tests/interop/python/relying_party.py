"""An application that signs people in with PyPI `Authlib`, and knows the server by its issuer alone."""

from authlib.common.security import generate_token
from authlib.integrations.base_client.sync_openid import OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from authlib.oidc import rpinitiated
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url

from host import CALLBACK, SECRET, web


class RelyingParty(OpenIDMixin):
    def __init__(
        self, issuer, ca, client_id, *, secret=SECRET, method="client_secret_basic", alg=None,
        audience=None, scope="openid profile email offline_access", redirect_uri=CALLBACK,
    ):
        self.issuer, self.ca, self.client_id = issuer, ca, client_id
        self.server_metadata = discover(issuer, ca)
        self.session = OAuth2Session(
            client_id,
            secret,
            token_endpoint_auth_method=method,
            revocation_endpoint_auth_method=method,
            scope=scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint=self.server_metadata["token_endpoint"],
        )
        # As `web` does.
        self.session.verify, self.session.trust_env = ca, False
        if method in ("client_secret_jwt", "private_key_jwt"):
            kind = ClientSecretJWT if method == "client_secret_jwt" else PrivateKeyJWT
            # Its audience is the address that it is sent to, unless said otherwise (RFC 7523, 3).
            self.session.register_client_auth_method(kind(audience or issuer, alg=alg))

    # What `OpenIDMixin` asks of an application.
    def load_server_metadata(self):
        return self.server_metadata

    def _get_session(self):
        return self.session

    def get(self, url, **more):
        return self.session.get(url, **more)

    def sign_in(self, person, **more):
        """Tokens for whom the person is, and what their ID token says."""
        verifier, nonce = generate_token(48), generate_token()
        url, state = self.session.create_authorization_url(
            self.server_metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce, **more
        )
        back = person.go(url, stop_at=self.session.redirect_uri)
        assert isinstance(back, str), back.text
        tokens = self.session.fetch_token(authorization_response=back, state=state, code_verifier=verifier)
        return tokens, nonce

    def sign_in_and_check(self, person, **more):
        tokens, nonce = self.sign_in(person, **more)
        return tokens, self.parse_id_token(tokens, nonce)

    def refresh(self, token, **more):
        return self.session.refresh_token(refresh_token=token, **more)

    def revoke(self, token, hint=None):
        answer = self.session.revoke_token(
            self.server_metadata["revocation_endpoint"], token=token, token_type_hint=hint
        )
        answer.raise_for_status()

    def introspect(self, token, **more):
        answer = self.session.introspect_token(
            self.server_metadata["introspection_endpoint"], token=token, **more
        )
        answer.raise_for_status()
        return answer


def discover(issuer, ca):
    answer = web(ca).get(get_well_known_url(issuer, external=True), timeout=60)
    answer.raise_for_status()
    metadata = OpenIDProviderMetadata(answer.json())
    metadata.validate(metadata_classes=[rpinitiated.OpenIDProviderMetadata])
    assert metadata["issuer"] == issuer
    return metadata
