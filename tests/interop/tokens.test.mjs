// What a client gets: ID tokens and userinfo in each signature and encryption, pairwise subjects, refreshed tokens.
// The client is npm `oauth4webapi`; npm `jose` opens what is encrypted.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import { Browser } from './browser.mjs';
import { secret, startHost } from './host.mjs';
import { decryptionKey, setOf } from './keys.mjs';
import { discover, Party } from './party.mjs';
import { startSite } from './site.mjs';

const algorithms = ['RS256', 'ES256', 'PS256', 'EdDSA'];
const wrappings = ['RSA-OAEP-256', 'ECDH-ES', 'ECDH-ES+A256KW'];
const encodings = ['A128GCM', 'A256GCM', 'A128CBC-HS256'];
const pairs = wrappings.flatMap((alg) => encodings.map((enc) => ({ alg, enc })));
const proof = oauth.ClientSecretBasic(secret);

for (const example of ['axum', 'warp']) {
  describe(`tokens of the ${example} example`, () => {
    let host, site, as;
    const keys = {};
    const browser = new Browser();
    const clients = new Map();
    const add = (client) => clients.set(client.client_id, { client_secret: secret, ...client });

    before(async () => {
      site = await startSite();
      for (const alg of wrappings) keys[alg] = await decryptionKey(alg);
      add({ client_id: 'plain' });
      add({ client_id: 'other' });
      for (const alg of algorithms) {
        add({ client_id: alg, id_token_signed_response_alg: alg, userinfo_signed_response_alg: alg });
      }
      for (const [index, { alg, enc }] of pairs.entries()) {
        add({
          client_id: `${alg} ${enc}`.replace(' ', '/'),
          // Behind an address, or registered.
          ...(index % 2 ? { jwks: setOf(keys[alg]) } : { jwks_uri: `${site.address}/${index}` }),
          id_token_encrypted_response_alg: alg, id_token_encrypted_response_enc: enc,
          userinfo_signed_response_alg: 'ES256',
          userinfo_encrypted_response_alg: alg, userinfo_encrypted_response_enc: enc,
        });
        site.publish(`/${index}`, setOf(keys[alg]));
      }
      const far = 'https://elsewhere.example/callback';
      const pairwise = { subject_type: 'pairwise' };
      add({ client_id: 'pairwise-a', ...pairwise });
      add({ client_id: 'pairwise-b', ...pairwise });
      add({ client_id: 'pairwise-far', ...pairwise, redirect_uris: [far] });
      add({ client_id: 'opaque', access_token_format: 'opaque' });
      host = await startHost(example, { clients: [...clients.values()] });
      as = await discover(host.issuer);
    });
    after(async () => {
      site?.close();
      await host?.stop();
    });

    const party = (id, options) => new Party(as, clients.get(id), proof, options);
    const sign = async (client, more) => {
      const asked = await client.ask(more);
      const stopAt = client.redirectUri;
      return client.redeem(await browser.go(asked.url, { stopAt }), asked);
    };

    it('says all of it in its metadata', () => {
      for (const [name, values] of [
        ['id_token_signing_alg_values_supported', algorithms],
        ['userinfo_signing_alg_values_supported', algorithms],
        ['id_token_encryption_alg_values_supported', wrappings],
        ['id_token_encryption_enc_values_supported', encodings],
        ['userinfo_encryption_alg_values_supported', wrappings],
        ['userinfo_encryption_enc_values_supported', encodings],
        ['subject_types_supported', ['public', 'pairwise']],
      ]) assert.deepEqual([...as[name]].sort(), [...values].sort(), name);
    });

    for (const alg of algorithms) {
      it(`signs ID tokens and userinfo with ${alg}`, async () => {
        const client = party(alg);
        const tokens = await sign(client);
        const { type, claims } = await client.userinfo(tokens, tokens.claims.sub);
        assert.match(type, /^application\/jwt/);
        assert.equal(claims.email, 'alice@example.com');
      });
    }

    for (const { alg, enc } of pairs) {
      it(`encrypts ID tokens and userinfo with ${alg} and ${enc}`, async () => {
        const client = party(`${alg}/${enc}`, { decrypt: { key: keys[alg].key, alg, enc } });
        const tokens = await sign(client);
        assert.equal(tokens.id_token.split('.').length, 5);
        const { type, claims } = await client.userinfo(tokens, tokens.claims.sub);
        assert.match(type, /^application\/jwt/);
        assert.equal(claims.email, 'alice@example.com');
        const refreshed = await client.refresh(tokens.refresh_token);
        assert.equal(refreshed.claims.sub, tokens.claims.sub);
        assert.equal(client.seen.length, 3);
        for (const header of client.seen) {
          assert.deepEqual([header.alg, header.enc, header.cty, header.kid], [alg, enc, 'JWT', keys[alg].kid]);
        }
      });
    }

    it('answers plain userinfo by GET and by POST, with the token in the header or in the form', async () => {
      const client = party('plain');
      const tokens = await sign(client, { scope: 'openid profile email address phone' });
      const { type, claims } = await client.userinfo(tokens, tokens.claims.sub);
      assert.match(type, /^application\/json/);
      const authorization = `Bearer ${tokens.access_token}`;
      for (const init of [
        { headers: { authorization } },
        { method: 'POST', headers: { authorization } },
        { method: 'POST', body: new URLSearchParams({ access_token: tokens.access_token }) },
      ]) {
        const answer = await fetch(as.userinfo_endpoint, init);
        assert.deepEqual(await oauth.processUserInfoResponse(as, client.client, tokens.claims.sub, answer), claims);
      }
      assert.equal(claims.address.locality, 'Wonderland');
      assert.equal(claims.phone_number, '+1 555 0100');
    });

    it('names a person to each sector by another subject', async () => {
      const subs = {};
      for (const id of ['plain', 'other', 'pairwise-a', 'pairwise-b', 'pairwise-far']) {
        const client = party(id);
        const tokens = await sign(client);
        const { claims } = await client.userinfo(tokens, tokens.claims.sub);
        const { told } = await client.introspect(tokens.access_token);
        assert.equal(claims.sub, tokens.claims.sub);
        assert.equal(told.sub, tokens.claims.sub);
        assert.equal((await client.refresh(tokens.refresh_token)).claims.sub, tokens.claims.sub);
        subs[id] = tokens.claims.sub;
      }
      assert.equal(subs.plain, subs.other);
      assert.equal(subs['pairwise-a'], subs['pairwise-b']);
      assert.equal(new Set(Object.values(subs)).size, 3);
    });

    it('refreshes for less, gives a fresh ID token, and repeats an answer that was lost', async () => {
      const client = party('plain');
      const tokens = await sign(client);
      const refreshed = await client.refresh(tokens.refresh_token);
      assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
      assert.equal(refreshed.claims.auth_time, tokens.claims.auth_time);
      assert.equal(refreshed.claims.nonce, undefined);
      const repeated = await client.refresh(tokens.refresh_token);
      assert.equal(repeated.refresh_token, refreshed.refresh_token);
      assert.equal(repeated.access_token, refreshed.access_token);
      const less = await client.refresh(refreshed.refresh_token, { scope: 'openid' });
      assert.equal(less.scope, 'openid');
      const { claims } = await client.userinfo(less, tokens.claims.sub);
      assert.deepEqual(Object.keys(claims), ['sub']);
      await assert.rejects(client.refresh(less.refresh_token, { scope: 'openid phone' }), { error: 'invalid_scope' });
      const whole = await client.refresh(less.refresh_token);
      assert.equal(whole.scope, tokens.scope);
    });

    it('ends the whole family when a refresh token comes back late', async () => {
      const client = party('opaque');
      const tokens = await sign(client);
      const second = await client.refresh(tokens.refresh_token);
      const third = await client.refresh(second.refresh_token);
      await assert.rejects(client.refresh(tokens.refresh_token), { error: 'invalid_grant' });
      await assert.rejects(client.refresh(third.refresh_token), { error: 'invalid_grant' });
      await assert.rejects(client.userinfo(third, tokens.claims.sub));
    });

    it('takes no token of another client', async () => {
      const tokens = await sign(party('plain'));
      await assert.rejects(party('other').refresh(tokens.refresh_token), { error: 'invalid_grant' });
      await party('other').revoke(tokens.refresh_token);
      await party('plain').refresh(tokens.refresh_token);
    });
  });
}
