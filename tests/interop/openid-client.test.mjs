// npm openid-client v6, which knows towergate only by its issuer URL.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as client from 'openid-client';
import { Browser } from './browser.mjs';
import { callback, password, secret, startHost } from './host.mjs';
import { decryptionKey, setOf, signingKey } from './keys.mjs';
import { startSite } from './site.mjs';

const allow = { decision: 'allow' };
const credentials = { email: 'alice@example.com', password };
const key = await signingKey('ES256');
const opener = await decryptionKey('ECDH-ES');
const sealed = {
  id_token_signed_response_alg: 'PS256',
  id_token_encrypted_response_alg: 'ECDH-ES', id_token_encrypted_response_enc: 'A256GCM',
  userinfo_signed_response_alg: 'ES256',
  userinfo_encrypted_response_alg: 'ECDH-ES', userinfo_encrypted_response_enc: 'A256GCM',
  introspection_signed_response_alg: 'PS256',
  introspection_encrypted_response_alg: 'ECDH-ES', introspection_encrypted_response_enc: 'A256GCM',
};
const registered = (site) => [
  { client_id: 'basic', client_secret: secret },
  { client_id: 'post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
  { client_id: 'public', token_endpoint_auth_method: 'none' },
  { client_id: 'es256', client_secret: secret, id_token_signed_response_alg: 'ES256' },
  { client_id: 'opaque', client_secret: secret, access_token_format: 'opaque' },
  { client_id: 'secret-jwt', client_secret: secret, token_endpoint_auth_method: 'client_secret_jwt' },
  { client_id: 'key-jwt', token_endpoint_auth_method: 'private_key_jwt', jwks: setOf(key) },
  { client_id: 'key-uri', token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${site.address}/keys` },
  {
    client_id: 'sealed', token_endpoint_auth_method: 'private_key_jwt', jwks: setOf(key, opener),
    require_signed_request_object: true, ...sealed,
  },
  {
    client_id: 'pusher', client_secret: secret, jwks: setOf(key),
    require_pushed_authorization_requests: true,
  },
  {
    client_id: 'machine', client_secret: secret, scope: 'reports',
    grant_types: ['client_credentials'], redirect_uris: [],
  },
];

for (const example of ['axum', 'warp']) {
  describe(`openid-client against the ${example} example`, () => {
    let host, site;
    before(async () => {
      site = await startSite();
      site.publish('/keys', setOf(key));
      host = await startHost(example, { clients: registered(site) });
    });
    after(async () => {
      site?.close();
      await host?.stop();
    });

    const discover = (id, authentication, metadata = secret) =>
      client.discovery(new URL(host.issuer), id, metadata, authentication, {
        execute: [client.allowInsecureRequests],
      });

    async function request(config, more = {}) {
      const verifier = client.randomPKCECodeVerifier();
      const expected = { state: client.randomState(), nonce: client.randomNonce() };
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: callback,
        scope: 'openid profile email offline_access',
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...expected,
        ...more,
      });
      const checks = {
        pkceCodeVerifier: verifier,
        expectedState: expected.state,
        expectedNonce: expected.nonce,
        idTokenExpected: true,
      };
      return { url, checks };
    }

    async function signInAndAllow(browser, url) {
      return browser.go(url);
    }

    const clients = [
      ['basic', () => discover('basic', client.ClientSecretBasic(secret))],
      ['post', () => discover('post', client.ClientSecretPost(secret))],
      ['public', () => discover('public', client.None(), undefined)],
      ['es256', () => discover('es256', client.ClientSecretBasic(secret), {
        client_secret: secret, id_token_signed_response_alg: 'ES256',
      })],
      ['opaque', () => discover('opaque', client.ClientSecretBasic(secret))],
      ['secret-jwt', () => discover('secret-jwt', client.ClientSecretJwt(secret))],
      ['key-jwt', () => discover('key-jwt', client.PrivateKeyJwt({ key: key.key, kid: key.kid }), undefined)],
      ['key-uri', () => discover('key-uri', client.PrivateKeyJwt({ key: key.key, kid: key.kid }), undefined)],
    ];
    for (const [name, configure] of clients) {
      it(`walks the whole way as the ${name} client`, async () => {
        const config = await configure();
        const { url, checks } = await request(config);
        const back = await signInAndAllow(new Browser(), url);
        const tokens = await client.authorizationCodeGrant(config, back, checks);
        const { sub, auth_time, sid } = tokens.claims();
        assert.ok(sub && !sub.includes('@') && auth_time && sid);
        const person = await client.fetchUserInfo(config, tokens.access_token, sub);
        assert.equal(person.email, 'alice@example.com');
        assert.equal(person.name, 'Alice Example');
        const api = await client.fetchProtectedResource(
          config, tokens.access_token, new URL(`${host.issuer}/api/me`), 'GET');
        assert.equal(api.status, 200);
        const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
        assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
        assert.equal(refreshed.claims().auth_time, auth_time);
      });
    }

    it('sees access_denied when the person refuses', async () => {
      const config = await clients[0][1]();
      const { url, checks } = await request(config);
      const browser = new Browser();
      const consent = await browser.submit(await browser.follow(url, callback), credentials, callback);
      const { arrived } = await browser.submit(consent, { decision: 'deny' }, callback);
      await assert.rejects(client.authorizationCodeGrant(config, arrived, checks), { error: 'access_denied' });
    });

    it('goes straight through once the consent is remembered', async () => {
      const config = await clients[0][1]();
      const browser = new Browser();
      const first = await request(config);
      const consent = await browser.submit(await browser.follow(first.url, callback), credentials, callback);
      await browser.submit(consent, { ...allow, remember: 'on' }, callback);
      const second = await request(config, { prompt: 'none' });
      const { arrived } = await browser.follow(second.url, callback);
      await client.authorizationCodeGrant(config, arrived, second.checks);
    });

    it('is told login_required when nothing may be shown and nobody is signed in', async () => {
      const config = await clients[0][1]();
      const { url, checks } = await request(config, { prompt: 'none' });
      const { arrived } = await new Browser().follow(url, callback);
      await assert.rejects(client.authorizationCodeGrant(config, arrived, checks), { error: 'login_required' });
    });

    it('cannot redeem a code twice, and loses what the first gave', async () => {
      const config = await clients[0][1]();
      const { url, checks } = await request(config);
      const back = await signInAndAllow(new Browser(), url);
      const tokens = await client.authorizationCodeGrant(config, back, checks);
      await assert.rejects(client.authorizationCodeGrant(config, back, checks), { error: 'invalid_grant' });
      await assert.rejects(client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck));
      await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
    });

    it('gives a refresh token back, and with it all that came of the grant', async () => {
      for (const configure of [clients[0][1], clients[2][1]]) {
        const config = await configure();
        const { url, checks } = await request(config);
        const back = await signInAndAllow(new Browser(), url);
        const tokens = await client.authorizationCodeGrant(config, back, checks);
        await client.tokenRevocation(config, tokens.refresh_token, { token_type_hint: 'access_token' });
        await client.tokenRevocation(config, tokens.refresh_token);
        await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: 'invalid_grant' });
        await assert.rejects(client.fetchUserInfo(config, tokens.access_token, client.skipSubjectCheck));
      }
    });

    it('asks about its tokens, and hears no more of one that it gave back', async () => {
      for (const configure of [clients[0][1], clients[4][1]]) {
        const config = await configure();
        const { url, checks } = await request(config);
        const back = await signInAndAllow(new Browser(), url);
        const tokens = await client.authorizationCodeGrant(config, back, checks);
        const told = await client.tokenIntrospection(config, tokens.access_token);
        assert.equal(told.active, true);
        assert.equal(told.sub, tokens.claims().sub);
        assert.equal(told.iss, host.issuer);
        await client.tokenRevocation(config, tokens.access_token);
        assert.deepEqual({ ...await client.tokenIntrospection(config, tokens.access_token) }, { active: false });
        const api = client.fetchProtectedResource(
          config, tokens.access_token, new URL(`${host.issuer}/api/me`), 'GET');
        await assert.rejects(api);
        assert.equal((await client.tokenIntrospection(config, tokens.refresh_token)).active, true);
      }
    });

    it('signs its requests, and opens what is signed and encrypted to it', async () => {
      const config = await discover('sealed', client.PrivateKeyJwt({ key: key.key, kid: key.kid }), sealed);
      client.enableNonRepudiationChecks(config);
      client.enableDecryptingResponses(config, ['A256GCM'], { key: opener.key, kid: opener.kid });
      const { url, checks } = await request(config);
      const parameters = Object.fromEntries([...url.searchParams].filter(([name]) => name !== 'client_id'));
      const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, { key: key.key, kid: key.kid });
      const back = await signInAndAllow(new Browser(), signed);
      const tokens = await client.authorizationCodeGrant(config, back, checks);
      assert.equal(tokens.id_token.split('.').length, 5);
      const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
      assert.equal(person.email, 'alice@example.com');
      assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);
      const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
      assert.equal(refreshed.claims().sub, tokens.claims().sub);
    });

    it('pushes its requests, and gets one answer to each', async () => {
      const pushing = [
        ['pusher', client.ClientSecretBasic(secret), secret],
        ['public', client.None(), undefined],
        ['key-jwt', client.PrivateKeyJwt({ key: key.key, kid: key.kid }), undefined],
      ];
      for (const [id, authentication, metadata] of pushing) {
        const config = await discover(id, authentication, metadata);
        const { url, checks } = await request(config, { max_age: '600' });
        const parameters = Object.fromEntries(url.searchParams);
        const pushed = await client.buildAuthorizationUrlWithPAR(config, parameters);
        assert.deepEqual([...pushed.searchParams.keys()].sort(), ['client_id', 'request_uri']);
        const back = await signInAndAllow(new Browser(), pushed);
        const tokens = await client.authorizationCodeGrant(config, back, { ...checks, maxAge: 600 });
        assert.ok(tokens.claims().auth_time, id);
        const again = await new Browser().follow(pushed, callback);
        assert.equal(again.status, 400, id);
      }
    });

    it('pushes what it signed', async () => {
      const config = await discover('pusher', client.ClientSecretBasic(secret));
      const { url, checks } = await request(config);
      const parameters = Object.fromEntries(url.searchParams);
      const signed = await client.buildAuthorizationUrlWithJAR(config, parameters, { key: key.key, kid: key.kid });
      const { request: inside } = Object.fromEntries(signed.searchParams);
      const pushed = await client.buildAuthorizationUrlWithPAR(config, { request: inside });
      const back = await signInAndAllow(new Browser(), pushed);
      await client.authorizationCodeGrant(config, back, checks);
    });

    it('is told so when it must push and does not, or pushes what is not allowed', async () => {
      const config = await discover('pusher', client.ClientSecretBasic(secret));
      const { url, checks } = await request(config);
      const { arrived } = await new Browser().follow(url, callback);
      await assert.rejects(client.authorizationCodeGrant(config, arrived, checks), { error: 'invalid_request' });
      const elsewhere = { ...Object.fromEntries(url.searchParams), redirect_uri: 'https://evil.example/' };
      await assert.rejects(client.buildAuthorizationUrlWithPAR(config, elsewhere), { error: 'invalid_request' });
    });

    it('acts for itself with client credentials', async () => {
      const config = await discover('machine', client.ClientSecretBasic(secret));
      const tokens = await client.clientCredentialsGrant(config, { scope: 'reports' });
      assert.equal(tokens.token_type, 'bearer');
      assert.equal(tokens.refresh_token, undefined);
    });
  });
}
