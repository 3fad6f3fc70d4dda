// The APIs that tokens are for: how a client finds them and asks for them, and what they learn of a token.
// The clients are npm `oauth4webapi`; npm `jose` opens what is encrypted.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import { Browser } from './browser.mjs';
import { secret, startHost } from './host.mjs';
import { decryptionKey, setOf, signingKey } from './keys.mjs';
import { discover, Party } from './party.mjs';

const [mail, files] = ['https://mail.example/api', 'https://files.example'];
const insecure = { [oauth.allowInsecureRequests]: true };

for (const example of ['axum', 'warp']) {
  describe(`APIs around the ${example} example`, () => {
    let host, as, app, opaque, machine, guards, opened;
    const browser = new Browser();

    before(async () => {
      const [opener, signer] = [await decryptionKey('ECDH-ES+A256KW'), await signingKey('ES256')];
      opened = { key: opener.key, alg: 'ECDH-ES+A256KW', enc: 'A256GCM' };
      const guard = { client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [] };
      const clients = {
        app: { client_id: 'app', client_secret: secret, scope: 'openid email offline_access mail.read mail.send' },
        opaque: {
          client_id: 'opaque', client_secret: secret, access_token_format: 'opaque',
          scope: 'openid email offline_access mail.read mail.send',
        },
        machine: {
          client_id: 'machine', client_secret: secret, grant_types: ['client_credentials'], redirect_uris: [],
          scope: 'mail.read reports',
        },
        plain: { ...guard, client_id: 'guard' },
        signed: { ...guard, client_id: 'guard-signed', introspection_signed_response_alg: 'ES256' },
        encrypted: {
          ...guard, client_id: 'guard-encrypted', client_secret: undefined,
          token_endpoint_auth_method: 'private_key_jwt', jwks: setOf(opener, signer),
          introspection_signed_response_alg: 'PS256',
          introspection_encrypted_response_alg: opened.alg, introspection_encrypted_response_enc: opened.enc,
        },
      };
      const toml = [
        [mail, 'guard', 'mail.read mail.send'], [files, 'guard-signed'], ['urn:example:vault', 'guard-encrypted'],
      ].map(([resource, client, scope]) => `
[[resource_servers]]
resource = "${resource}"
client_id = "${client}"
${scope ? `scope = "${scope}"` : ''}
`).join('');
      host = await startHost(example, { clients: Object.values(clients), toml });
      as = await discover(host.issuer);
      const party = (name, options) => new Party(as, clients[name], oauth.ClientSecretBasic(secret), options);
      [app, opaque] = ['app', 'opaque'].map((name) => party(name, { scope: 'openid email offline_access mail.read' }));
      machine = party('machine');
      guards = { plain: party('plain'), signed: party('signed'), encrypted: party('encrypted', { decrypt: opened }) };
      guards.encrypted.proof = oauth.PrivateKeyJwt({ key: signer.key, kid: signer.kid });
    });
    after(() => host?.stop());

    const sign = async (client, resources, more = {}) => {
      const asked = await client.ask(more.authorize ?? {});
      for (const resource of resources) asked.url.searchParams.append('resource', resource);
      return client.redeem(await browser.go(asked.url), asked, { additional: more.token });
    };
    const call = (token, path = '/api/me') => oauth.protectedResourceRequest(
      token, 'GET', new URL(path, host.issuer), undefined, undefined, insecure);

    it('are found by their own description, by whoever knows the API alone', async () => {
      const bare = await fetch(`${host.issuer}/api/me`);
      assert.equal(bare.status, 401);
      const challenge = bare.headers.get('www-authenticate');
      assert.match(challenge, /^Bearer /);
      const [, where] = /resource_metadata="([^"]+)"/.exec(challenge);
      const api = new URL('/api', host.issuer);
      const answer = await oauth.resourceDiscoveryRequest(api, insecure);
      assert.equal(answer.url, where);
      const described = await oauth.processResourceDiscoveryResponse(api, answer);
      assert.deepEqual(described.authorization_servers, [as.issuer]);
      const found = await discover(described.authorization_servers[0]);
      assert.equal(found.token_endpoint, as.token_endpoint);
    });

    it('let a token in that is for them, as a JWT or opaque', async () => {
      for (const client of [app, opaque]) {
        const tokens = await sign(client, []);
        const me = await (await call(tokens.access_token)).json();
        assert.equal(me.subject, tokens.claims.sub);
        const dead = await fetch(`${host.issuer}/api/me`, { headers: { authorization: 'Bearer tga_none' } });
        assert.match(dead.headers.get('www-authenticate'), /error="invalid_token"/);
      }
    });

    it('verify a token by themselves, as RFC 9068 has it', async () => {
      const tokens = await sign(app, [mail]);
      const request = new Request(mail, { headers: { authorization: `Bearer ${tokens.access_token}` } });
      const claims = await oauth.validateJwtAccessToken(as, request, mail, insecure);
      assert.equal(claims.client_id, 'app');
      assert.equal(claims.sub, tokens.claims.sub);
      await assert.rejects(oauth.validateJwtAccessToken(as, request, files, insecure));
      await assert.rejects(call(tokens.access_token));
    });

    it('are named by resource indicators, at both endpoints', async () => {
      const both = await sign(app, [mail, files], { token: { resource: mail } });
      assert.deepEqual([decodeJwt(both.access_token).aud].flat(), [mail]);
      const other = await app.refresh(both.refresh_token, { resource: files });
      assert.deepEqual([decodeJwt(other.access_token).aud].flat(), [files]);
      await assert.rejects(app.refresh(other.refresh_token, { resource: 'https://else.example' }), { error: 'invalid_target' });
      const asked = await app.ask({ resource: 'https://else.example' });
      const { arrived } = await browser.follow(asked.url);
      assert.equal(arrived.searchParams.get('error'), 'invalid_target');
      const alone = await machine.actAlone({ scope: 'mail.read', resource: mail });
      assert.deepEqual([decodeJwt(alone.access_token).aud].flat(), [mail]);
    });

    it('learn of tokens that are for them, and of no other', async () => {
      for (const client of [app, opaque]) {
        const tokens = await sign(client, [mail]);
        const { told } = await guards.plain.introspect(tokens.access_token);
        assert.equal(told.active, true);
        assert.equal(told.sub, tokens.claims.sub);
        assert.equal(told.scope, 'mail.read');
        assert.deepEqual([told.aud].flat(), [mail]);
        assert.equal(told.client_id, client.client.client_id);
        assert.deepEqual((await guards.plain.introspect(tokens.refresh_token)).told, { active: false });
        for (const guard of [guards.signed, guards.encrypted]) {
          assert.deepEqual((await guard.introspect(tokens.access_token)).told, { active: false });
        }
        await client.revoke(tokens.refresh_token);
        assert.deepEqual((await guards.plain.introspect(tokens.access_token)).told, { active: false });
      }
    });

    it('are told in a signed JWT when they ask for one or registered so', async () => {
      const asked = await sign(app, [mail]);
      const jwt = await guards.plain.introspect(asked.access_token, { requestJwtResponse: true });
      assert.match(jwt.type, /^application\/token-introspection\+jwt/);
      assert.equal(jwt.told.active, true);
      const tokens = await sign(app, [files]);
      const registered = await guards.signed.introspect(tokens.access_token);
      assert.match(registered.type, /^application\/token-introspection\+jwt/);
      assert.equal(registered.told.sub, tokens.claims.sub);
    });

    it('are told in an encrypted JWT when they registered so', async () => {
      const tokens = await sign(opaque, ['urn:example:vault']);
      const { told } = await guards.encrypted.introspect(tokens.access_token);
      assert.equal(told.active, true);
      const [header] = guards.encrypted.seen;
      assert.deepEqual([header.alg, header.enc, header.cty], [opened.alg, opened.enc, 'JWT']);
    });

    it('are told in a JWT that is for them and of its own type', async () => {
      const tokens = await sign(app, [files]);
      const response = await oauth.introspectionRequest(
        as, guards.signed.client, guards.signed.proof, tokens.access_token, insecure);
      const { payload } = await jwtVerify(await response.text(), createRemoteJWKSet(new URL(as.jwks_uri)), {
        issuer: as.issuer, audience: 'guard-signed', typ: 'token-introspection+jwt', algorithms: ['ES256'],
      });
      assert.deepEqual(Object.keys(payload).sort(), ['aud', 'iat', 'iss', 'token_introspection']);
    });

    it('ask for a recent sign-in, and are content with one', async () => {
      const tokens = await sign(app, [], { authorize: { max_age: '0' } });
      assert.equal((await call(tokens.access_token, '/api/sensitive')).status, 200);
    });
  });
}
