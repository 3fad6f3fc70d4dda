// Clients that register themselves, with npm `oauth4webapi` and npm `openid-client`; and what they do with what they got.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { Browser } from './browser.mjs';
import { callback, secret, startHost } from './host.mjs';
import { decryptionKey, setOf, signingKey } from './keys.mjs';
import { discover, Party } from './party.mjs';
import { startSite } from './site.mjs';

const insecure = { [oauth.allowInsecureRequests]: true };
const ticket = 'initial-access-token-of-the-interop-tests';
const usual = { redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'] };

for (const [example, mode] of [['axum', 'open'], ['warp', 'token']]) {
  describe(`${mode} registration at the ${example} example`, () => {
    let host, site, as;
    const browser = new Browser();
    before(async () => {
      site = await startSite();
      const token = mode === 'token' ? `initial_access_tokens = ["${ticket}"]` : '';
      const toml = `\n[registration]\nmode = "${mode}"\n${token}\n`;
      const clients = [{
        client_id: 'elsewhere', client_secret: secret, client_name: 'Elsewhere',
        initiate_login_uri: 'https://app.example/start?from=there',
      }];
      host = await startHost(example, { clients, toml });
      as = await discover(host.issuer);
    });
    after(async () => {
      site?.close();
      await host?.stop();
    });

    const register = async (metadata, initialAccessToken = mode === 'token' ? ticket : undefined) => {
      const sent = { ...usual, ...metadata };
      const options = { ...insecure, initialAccessToken };
      return oauth.processDynamicClientRegistrationResponse(
        await oauth.dynamicClientRegistrationRequest(as, sent, options));
    };
    const manage = (client, method, body, token = client.registration_access_token) =>
      fetch(client.registration_client_uri, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: body && JSON.stringify(body),
      });
    const walk = async (party, more) => {
      const asked = await party.ask(more);
      return party.redeem(await browser.go(asked.url), asked);
    };

    it('admits whom it should', async () => {
      if (mode === 'token') {
        for (const wrong of [undefined, 'wrong']) {
          const sent = oauth.dynamicClientRegistrationRequest(as, usual, { ...insecure, initialAccessToken: wrong });
          await assert.rejects(sent.then(oauth.processDynamicClientRegistrationResponse),
            (error) => error.code === oauth.WWW_AUTHENTICATE_CHALLENGE && error.status === 401);
        }
      }
      assert.ok((await register({})).client_id);
    });

    it('lets each kind of client walk the whole way at once', async () => {
      const key = await signingKey('ES256');
      site.publish('/registered', setOf(key));
      const keyed = { token_endpoint_auth_method: 'private_key_jwt' };
      for (const [metadata, proofOf] of [
        [{}, ({ client_secret }) => oauth.ClientSecretBasic(client_secret)],
        [{ token_endpoint_auth_method: 'client_secret_post' }, ({ client_secret }) => oauth.ClientSecretPost(client_secret)],
        [{ token_endpoint_auth_method: 'client_secret_jwt' }, ({ client_secret }) => oauth.ClientSecretJwt(client_secret)],
        [{ token_endpoint_auth_method: 'none' }, () => oauth.None()],
        [{ ...keyed, jwks: setOf(key) }, () => oauth.PrivateKeyJwt({ key: key.key, kid: key.kid })],
        [{ ...keyed, jwks_uri: `${site.address}/registered` }, () => oauth.PrivateKeyJwt({ key: key.key, kid: key.kid })],
      ]) {
        const client = await register({ client_name: 'Registered', ...metadata });
        const tokens = await walk(new Party(as, client, proofOf(client)));
        assert.ok(tokens.refresh_token, JSON.stringify(metadata));
      }
    });

    it('echoes everything that was registered', async () => {
      const opener = await decryptionKey('ECDH-ES');
      const metadata = {
        ...usual,
        application_type: 'web', client_name: 'Full', 'client_name#fr': 'Pleine', contacts: ['ops@app.example'],
        client_uri: 'https://app.example', logo_uri: 'https://app.example/logo.png',
        policy_uri: 'https://app.example/policy', tos_uri: 'https://app.example/tos',
        jwks: setOf(await signingKey('PS256'), opener), scope: 'openid email offline_access',
        token_endpoint_auth_method: 'private_key_jwt', token_endpoint_auth_signing_alg: 'PS256',
        id_token_signed_response_alg: 'ES256', id_token_encrypted_response_alg: 'ECDH-ES',
        id_token_encrypted_response_enc: 'A256GCM', userinfo_signed_response_alg: 'EdDSA',
        userinfo_encrypted_response_alg: 'ECDH-ES', userinfo_encrypted_response_enc: 'A128CBC-HS256',
        introspection_signed_response_alg: 'RS256', request_object_signing_alg: 'PS256',
        subject_type: 'pairwise',
        default_max_age: 3600, require_auth_time: true, default_acr_values: ['1'],
        initiate_login_uri: 'https://app.example/start', post_logout_redirect_uris: ['https://app.example/bye'],
        backchannel_logout_uri: 'https://app.example/back', backchannel_logout_session_required: true,
        frontchannel_logout_uri: 'https://app.example/front', frontchannel_logout_session_required: true,
        software_id: 'full', software_version: '1', response_types: ['code'],
      };
      const client = await register(metadata);
      const read = await (await manage(client, 'GET')).json();
      for (const [name, value] of Object.entries(metadata)) {
        const [stored, sent] = name === 'scope' || name === 'grant_types'
          ? [[...(client[name].split?.(' ') ?? client[name])].sort(), [...(value.split?.(' ') ?? value)].sort()]
          : [client[name], value];
        assert.deepEqual(stored, sent, name);
        assert.deepEqual(read[name], client[name], name);
      }
      assert.equal(client.client_secret, undefined);
    });

    it('is read, changed and ended by its own token alone', async () => {
      const client = await register({ client_name: 'Before' });
      assert.equal((await manage(client, 'GET', undefined, 'wrong')).status, 401);
      const read = await (await manage(client, 'GET')).json();
      assert.equal(read.client_name, 'Before');
      const party = new Party(as, client, oauth.ClientSecretBasic(client.client_secret));
      const tokens = await walk(party);

      const { registration_access_token, registration_client_uri, client_id_issued_at, client_secret_expires_at, ...whole } = read;
      const changed = await manage(client, 'PUT', {
        ...whole, client_id: client.client_id, client_name: 'After', scope: 'openid offline_access',
      });
      assert.equal(changed.status, 200);
      const after = await changed.json();
      assert.equal(after.client_name, 'After');
      assert.notEqual(after.registration_access_token, client.registration_access_token);
      assert.equal((await manage(client, 'GET')).status, 401);
      const now = { ...client, ...after };
      assert.equal((await (await manage(now, 'GET')).json()).client_name, 'After');
      const refreshed = await party.refresh(tokens.refresh_token);
      assert.ok(!refreshed.scope.includes('email'));

      assert.equal((await manage(now, 'DELETE')).status, 204);
      assert.equal((await manage(now, 'GET')).status, 401);
      await assert.rejects(party.refresh(refreshed.refresh_token), (error) => error.status === 401);
      const api = await fetch(`${host.issuer}/api/me`, { headers: { authorization: `Bearer ${refreshed.access_token}` } });
      assert.equal(api.status, 401);
    });

    it('explains what it refuses', async () => {
      for (const [metadata, error, word] of [
        [{ redirect_uris: ['https://app.example/cb#x'] }, 'invalid_redirect_uri', /fragment/],
        [{ redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri', /https/],
        [{ scope: 'openid admin' }, 'invalid_client_metadata', /scope/],
        [{ grant_types: ['password'] }, 'invalid_client_metadata', /grant_types/],
        [{ id_token_signed_response_alg: 'none' }, 'invalid_client_metadata', /id_token_signed_response_alg/],
        [{ token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata', /jwks/],
      ]) await assert.rejects(register(metadata), (refused) => {
        assert.equal(refused.error, error);
        assert.match(refused.error_description, word);
        return true;
      });
    });

    it('gives openid-client a whole configuration', async () => {
      const config = await openid.dynamicClientRegistration(
        new URL(host.issuer), { ...usual, client_name: 'openid-client' }, openid.ClientSecretBasic(),
        { initialAccessToken: mode === 'token' ? ticket : undefined, execute: [openid.allowInsecureRequests] });
      const verifier = openid.randomPKCECodeVerifier();
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: callback, scope: 'openid email', code_challenge_method: 'S256',
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      });
      const tokens = await openid.authorizationCodeGrant(
        config, await browser.go(url), { pkceCodeVerifier: verifier, idTokenExpected: true });
      assert.ok(tokens.claims().sub);
    });

    it('begins a sign-in at a client from elsewhere', async () => {
      const { page } = await browser.follow(host.issuer);
      const [, href] = /class="initiate-login" href="([^"]*)"/.exec(page);
      const url = new URL(href.replaceAll('&amp;', '&').replaceAll('&#38;', '&'));
      assert.equal(`${url.origin}${url.pathname}`, 'https://app.example/start');
      assert.deepEqual([url.searchParams.get('from'), url.searchParams.get('iss')], ['there', host.issuer]);
      // The client finds the server by `iss`, and begins as usual.
      const found = await discover(url.searchParams.get('iss'));
      const party = new Party(found, { client_id: 'elsewhere' }, oauth.ClientSecretBasic(secret));
      assert.ok((await walk(party)).claims.sub);
    });
  });
}
