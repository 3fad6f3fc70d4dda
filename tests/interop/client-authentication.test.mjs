// Each way in which a client proves itself, with npm `oauth4webapi`; its own keys are made by npm `jose`.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as oauth from 'oauth4webapi';
import { Browser } from './browser.mjs';
import { secret, startHost } from './host.mjs';
import { setOf, signingKey } from './keys.mjs';
import { discover, Party } from './party.mjs';
import { startSite } from './site.mjs';

const odd = { client_id: 'odd:client+%/&=?', client_secret: 'odd+secret%&=?:"\\<>-0123456789%41abcdef' };
const algorithms = ['ES256', 'RS256', 'PS256', 'EdDSA'];

for (const example of ['axum', 'warp']) {
  describe(`client authentication at the ${example} example`, () => {
    let host, as, site;
    const browser = new Browser();
    const keys = {};
    const parties = [];

    before(async () => {
      site = await startSite();
      for (const alg of algorithms) keys[alg] = await signingKey(alg);
      const entries = [
        { client_id: 'basic', client_secret: secret },
        odd,
        { client_id: 'post', client_secret: secret, token_endpoint_auth_method: 'client_secret_post' },
        { client_id: 'hmac', client_secret: secret, token_endpoint_auth_method: 'client_secret_jwt' },
        { client_id: 'public', token_endpoint_auth_method: 'none' },
        ...algorithms.map((alg) => ({
          client_id: `inline-${alg}`,
          token_endpoint_auth_method: 'private_key_jwt',
          token_endpoint_auth_signing_alg: alg,
          jwks: setOf(keys[alg]),
        })),
        { client_id: 'site', token_endpoint_auth_method: 'private_key_jwt', jwks_uri: `${site.address}/keys` },
      ];
      host = await startHost(example, { clients: entries });
      as = await discover(host.issuer);
      const proofs = {
        basic: oauth.ClientSecretBasic(secret),
        [odd.client_id]: oauth.ClientSecretBasic(odd.client_secret),
        post: oauth.ClientSecretPost(secret),
        hmac: oauth.ClientSecretJwt(secret),
        public: oauth.None(),
        ...Object.fromEntries(algorithms.map((alg) => [`inline-${alg}`, byKey(keys[alg])])),
      };
      for (const client of entries) parties.push(new Party(as, client, proofs[client.client_id]));
    });
    after(async () => {
      site?.close();
      await host?.stop();
    });

    const party = (id) => parties.find(({ client }) => client.client_id === id);
    const ways = ['basic', odd.client_id, 'post', 'hmac', 'public', ...algorithms.map((alg) => `inline-${alg}`)];

    for (const id of ways) {
      it(`is believed at every endpoint as ${id}`, async () => {
        const client = party(id);
        const asked = await client.ask();
        const tokens = await client.redeem(await browser.go(asked.url), asked);
        const refreshed = await client.refresh(tokens.refresh_token);
        assert.equal(refreshed.claims.sub, tokens.claims.sub);
        if (id !== 'public') {
          assert.equal((await client.introspect(refreshed.access_token)).told.active, true);
        }
        await client.revoke(refreshed.refresh_token);
        await assert.rejects(client.refresh(refreshed.refresh_token), { error: 'invalid_grant' });
      });
    }

    it('is known by keys behind an address, the newest too', async () => {
      const [first, second] = [await signingKey('ES256', 'first'), await signingKey('PS256', 'second')];
      const client = party('site');
      const redeem = async (key) => {
        client.proof = byKey(key);
        const asked = await client.ask();
        return client.redeem(await browser.go(asked.url), asked);
      };
      site.publish('/keys', setOf(first));
      await redeem(first);
      await redeem(first);
      assert.equal(site.received('/keys').length, 1);
      site.publish('/keys', setOf(second));
      await redeem(second);
      assert.equal(site.received('/keys').length, 2);
    });

    it('is not believed twice for one assertion', async () => {
      const same = (id, proofOf) => {
        let fixed;
        return proofOf({ [oauth.modifyAssertion]: (_, payload) => (fixed ??= { ...payload }, Object.assign(payload, fixed)) });
      };
      for (const [id, proofOf] of [
        ['hmac', (options) => oauth.ClientSecretJwt(secret, options)],
        ['inline-ES256', (options) => oauth.PrivateKeyJwt(keys.ES256, options)],
      ]) {
        const client = new Party(as, party(id).client, same(id, proofOf));
        const asked = await client.ask();
        const tokens = await client.redeem(await browser.go(asked.url), asked);
        await assert.rejects(client.refresh(tokens.refresh_token), refused);
      }
    });

    it('is refused alike in every wrong way', async () => {
      const wrong = [
        [party('basic').client, oauth.ClientSecretBasic('wrong')],
        [party('basic').client, oauth.ClientSecretPost(secret)],
        [party('basic').client, oauth.ClientSecretJwt(secret)],
        [party('post').client, oauth.ClientSecretBasic(secret)],
        [party('hmac').client, oauth.ClientSecretPost(secret)],
        [party('public').client, oauth.ClientSecretPost(secret)],
        [party('basic').client, oauth.None()],
        [party('inline-ES256').client, byKey(await signingKey('ES256'))],
        [party('inline-ES256').client, byKey(keys.PS256)],
        [{ client_id: 'nobody' }, oauth.ClientSecretBasic(secret)],
      ];
      const told = { challenge: new Set(), body: new Set() };
      for (const [client, proof] of wrong) {
        const impostor = new Party(as, client, proof);
        await assert.rejects(impostor.refresh('tgr_none'), (error) => {
          const kind = error.code === oauth.WWW_AUTHENTICATE_CHALLENGE ? 'challenge' : 'body';
          told[kind].add(`${error.status} ${JSON.stringify(error.cause)}`);
          return refused(error);
        });
      }
      assert.deepEqual([told.challenge.size, told.body.size], [1, 1], told);
    });
  });
}

// `oauth4webapi` calls Ed25519 by its name of RFC 9864; who registered `EdDSA` uses that name.
const named = (header) => header.alg === 'Ed25519' && Object.assign(header, { alg: 'EdDSA' });
const byKey = ({ key, kid }) => oauth.PrivateKeyJwt({ key, kid }, { [oauth.modifyAssertion]: named });

function refused(error) {
  // With an Authorization header the answer is a challenge, without one a body (RFC 6749, 5.2).
  return error.error === 'invalid_client' || (error.code === oauth.WWW_AUTHENTICATE_CHALLENGE && error.status === 401);
}
