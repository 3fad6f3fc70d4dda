// What an authorization request may ask, and how it is answered, with npm `oauth4webapi`.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeJwt, UnsecuredJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import { asksForConsent, asksWhoItIs, Browser, formOf } from './browser.mjs';
import { callback, secret, startHost } from './host.mjs';
import { setOf, signingKey } from './keys.mjs';
import { discover, Party } from './party.mjs';

const algorithms = ['ES256', 'RS256', 'PS256'];

for (const example of ['axum', 'warp']) {
  describe(`authorization requests at the ${example} example`, () => {
    let host, as, basic, signed, only, legacy, pusher;
    const keys = {};
    before(async () => {
      for (const alg of algorithms) keys[alg] = await signingKey(alg);
      const clients = [
        { client_id: 'basic', client_secret: secret },
        { client_id: 'signed', client_secret: secret, jwks: setOf(...Object.values(keys)) },
        {
          client_id: 'only', client_secret: secret, jwks: setOf(keys.ES256),
          request_object_signing_alg: 'ES256', require_signed_request_object: true,
        },
        { client_id: 'legacy', client_secret: secret, insecure_pkce_optional: true },
        { client_id: 'pusher', client_secret: secret, require_pushed_authorization_requests: true },
      ];
      host = await startHost(example, { clients });
      as = await discover(host.issuer);
      [basic, signed, only, legacy, pusher] =
        clients.map((client) => new Party(as, client, oauth.ClientSecretBasic(secret)));
    });
    after(() => host?.stop());

    const refusedWith = (party, asked, back, code) => {
      const read = () => oauth.validateAuthResponse(as, party.client, back, asked.state);
      assert.throws(read, (error) => error.error === code || assert.fail(`${error.error}: ${error.cause}`));
    };
    const posted = (shown) => {
      assert.equal(shown.status, 200);
      const { action, form } = formOf(shown);
      assert.equal(action.href, callback);
      return form;
    };

    it('is answered in each response mode, yes and no', async () => {
      const browser = new Browser();
      const read = {
        query: (back) => back,
        fragment: (back) => new URLSearchParams(back.hash.slice(1)),
        form_post: posted,
      };
      assert.deepEqual([...as.response_modes_supported].sort(), Object.keys(read).sort());
      for (const [response_mode, answer] of Object.entries(read)) {
        const yes = await basic.ask({ response_mode });
        await basic.redeem(answer(await browser.go(yes.url)), yes);
        const no = await basic.ask({ response_mode, prompt: 'none' });
        const shown = await new Browser().follow(no.url);
        refusedWith(basic, no, answer(shown.arrived ?? shown), 'login_required');
      }
    });

    it('may come as a form', async () => {
      const browser = new Browser();
      const asked = await basic.ask();
      const start = browser.post(as.authorization_endpoint, asked.parameters);
      await basic.redeem(await browser.go(asked.url, { start }), asked);
    });

    it('may be pushed, signed or not, and must be by a client that registered so', async () => {
      const plain = await pusher.ask();
      refusedWith(pusher, plain, (await new Browser().follow(plain.url)).arrived, 'invalid_request');
      const inside = await signed.ask();
      const { request } = Object.fromEntries((await signed.signed(inside, keys.PS256)).url.searchParams);
      for (const [party, pushed] of [
        [pusher, await pusher.pushed(plain)],
        [signed, await signed.pushed(inside, { request })],
      ]) {
        await party.redeem(await new Browser().go(pushed.url), pushed);
        assert.equal((await new Browser().follow(pushed.url)).status, 400);
      }
      const wrong = await pusher.ask({ redirect_uri: 'https://evil.example/' });
      await assert.rejects(pusher.pushed(wrong), { error: 'invalid_request', status: 400 });
    });

    it('brings long and odd state and nonce back unchanged', async () => {
      const odd = `${'é %&=+#"<>\\/'.repeat(60)}`;
      const asked = await basic.ask({ state: `s${odd}`, nonce: `n${odd}` });
      Object.assign(asked, { state: `s${odd}`, nonce: `n${odd}` });
      await basic.redeem(await new Browser().go(asked.url), asked);
    });

    it('needs no PKCE of a client that is named as older, and of no other', async () => {
      const without = { code_challenge: undefined, code_challenge_method: undefined };
      const old = await legacy.ask(without);
      await legacy.redeem(await new Browser().go(old.url), { ...old, verifier: oauth.nopkce });
      const refused = await basic.ask(without);
      refusedWith(basic, refused, (await new Browser().follow(refused.url)).arrived, 'invalid_request');
    });

    it('needs no nonce', async () => {
      const asked = await basic.ask({ nonce: undefined });
      await basic.redeem(await new Browser().go(asked.url), { ...asked, nonce: oauth.expectNoNonce });
    });

    it('signs in afresh when told so, and proves it', async () => {
      const browser = new Browser();
      const first = await basic.ask();
      const before = (await basic.redeem(await browser.go(first.url, { remember: true }), first)).claims;
      for (const more of [{ prompt: 'login' }, { max_age: '0' }]) {
        // auth_time counts whole seconds.
        await new Promise((resume) => setTimeout(resume, 1100));
        const asked = await basic.ask(more);
        assert.ok(asksWhoItIs(await browser.follow(asked.url)), JSON.stringify(more));
        const tokens = await basic.redeem(await browser.go(asked.url), asked, { maxAge: 5 });
        assert.ok(tokens.claims.auth_time > before.auth_time, JSON.stringify(more));
        assert.equal(tokens.claims.sub, before.sub);
      }
      const content = await basic.ask({ max_age: '3600', prompt: 'none' });
      await basic.redeem((await browser.follow(content.url)).arrived, content, { maxAge: 3600 });
    });

    it('never shows a page under prompt=none', async () => {
      const browser = new Browser();
      const nobody = await basic.ask({ prompt: 'none' });
      refusedWith(basic, nobody, (await browser.follow(nobody.url)).arrived, 'login_required');
      const first = await basic.ask();
      await basic.redeem(await browser.go(first.url), first);
      const unknown = await basic.ask({ prompt: 'none', scope: 'openid address' });
      refusedWith(basic, unknown, (await browser.follow(unknown.url)).arrived, 'consent_required');
      const asked = await basic.ask();
      await basic.redeem(await browser.go(asked.url, { remember: true }), asked);
      const quiet = await basic.ask({ prompt: 'none' });
      await basic.redeem((await browser.follow(quiet.url)).arrived, quiet);
      const again = await basic.ask({ prompt: 'consent' });
      assert.ok(asksForConsent(await browser.follow(again.url)));
      const stale = await basic.ask({ prompt: 'none', max_age: '0' });
      refusedWith(basic, stale, (await browser.follow(stale.url)).arrived, 'login_required');
      const both = await basic.ask({ prompt: 'none login' });
      refusedWith(basic, both, (await browser.follow(both.url)).arrived, 'invalid_request');
    });

    it('takes an ID token for a hint of who is meant', async () => {
      const browser = new Browser();
      const first = await basic.ask();
      const tokens = await basic.redeem(await browser.go(first.url, { remember: true }), first);
      const hint = { id_token_hint: tokens.id_token, prompt: 'none' };
      const same = await basic.ask(hint);
      await basic.redeem((await browser.follow(same.url)).arrived, same);
      const alone = await basic.ask(hint);
      refusedWith(basic, alone, (await new Browser().follow(alone.url)).arrived, 'login_required');
      const [head, body] = tokens.id_token.split('.');
      const forged = await basic.ask({ ...hint, id_token_hint: `${head}.${body}.AAAA` });
      refusedWith(basic, forged, (await browser.follow(forged.url)).arrived, 'invalid_request');
    });

    it('fills the login hint in', async () => {
      const asked = await basic.ask({ login_hint: 'bob@example.com', ui_locales: 'fr en', display: 'page', more: '1' });
      const { page } = await new Browser().follow(asked.url);
      assert.match(page, /value="bob@example\.com"/);
    });

    it('asks for claims by name, in the ID token and at userinfo', async () => {
      const claims = JSON.stringify({
        id_token: { email: { essential: true }, auth_time: { essential: true } },
        userinfo: { given_name: null, phone_number: { essential: true }, nickname: null },
      });
      const asked = await basic.ask({ scope: 'openid', claims });
      const tokens = await basic.redeem(await new Browser().go(asked.url), asked);
      assert.equal(tokens.claims.email, 'alice@example.com');
      assert.equal(tokens.claims.given_name, undefined);
      const { claims: told } = await basic.userinfo(tokens, tokens.claims.sub);
      assert.equal(told.given_name, 'Alice');
      assert.equal(told.phone_number, '+1 555 0100');
      assert.ok(!('email' in told) && !('nickname' in told));
    });

    it('asks for a subject by name, and for an acr', async () => {
      const browser = new Browser();
      const first = await basic.ask();
      const { claims: { sub } } = await basic.redeem(await browser.go(first.url, { remember: true }), first);
      const by = (value, acr = '1') => JSON.stringify({
        id_token: { sub: { value }, acr: { essential: true, values: [acr] } },
      });
      const right = await basic.ask({ claims: by(sub), prompt: 'none' });
      const tokens = await basic.redeem((await browser.follow(right.url)).arrived, right);
      assert.equal(tokens.claims.acr, '1');
      const wrong = await basic.ask({ claims: by('somebody-else'), prompt: 'none' });
      refusedWith(basic, wrong, (await browser.follow(wrong.url)).arrived, 'login_required');
      const beyond = await basic.ask({ claims: by(sub, 'urn:example:gold') });
      refusedWith(basic, beyond, (await browser.follow(beyond.url)).arrived, 'unmet_authentication_requirements');
    });

    it('may stand in a signed request object, whatever it is signed with', async () => {
      assert.equal(as.request_parameter_supported, true);
      const browser = new Browser();
      for (const alg of algorithms) {
        const claims = JSON.stringify({ id_token: { email: null } });
        const plain = await signed.ask({ claims, max_age: '3600' });
        const asked = await signed.signed(plain, keys[alg]);
        // What stands beside it gives way.
        asked.url.searchParams.set('scope', 'openid address');
        asked.url.searchParams.set('state', 'overruled');
        const tokens = await signed.redeem(await browser.go(asked.url), asked, { maxAge: 3600 });
        assert.equal(tokens.claims.email, 'alice@example.com');
        assert.ok(tokens.scope.includes('profile') && !tokens.scope.includes('address'));
      }
    });

    it('is refused when it should be signed, or is signed wrongly', async () => {
      const plain = await only.ask();
      // Unsigned, it names a redirect address that is registered: the refusal may go there.
      refusedWith(only, plain, (await new Browser().follow(plain.url)).arrived, 'invalid_request');
      await only.redeem(await new Browser().go((await only.signed(plain, keys.ES256)).url), plain);
      const [stranger, other] = [await signingKey('ES256'), await only.signed(plain, keys.PS256)];
      const unsecured = new UnsecuredJWT(plain.parameters).setIssuer('only').setAudience(as.issuer).encode();
      for (const request of [
        (await only.signed(plain, stranger)).url.searchParams.get('request'),
        other.url.searchParams.get('request'),
        unsecured,
        'a.b.c',
      ]) {
        const url = only.at({ ...plain.parameters, request });
        const shown = await new Browser().follow(url);
        const told = shown.arrived?.searchParams.get('error') ?? shown.page;
        assert.match(told, /invalid_request_object/, request);
      }
    });

    it('says that a request behind an address is not read', async () => {
      assert.equal(as.request_uri_parameter_supported, false);
      const asked = await basic.ask({ request_uri: 'https://app.example/request' });
      const shown = await new Browser().follow(asked.url);
      assert.match(shown.arrived?.searchParams.get('error') ?? shown.page, /request_uri_not_supported/);
    });

    it('is never answered at an address that is not registered', async () => {
      for (const redirect_uri of [`${callback}/x`, 'https://evil.example/callback', `${callback}?a=b`]) {
        const asked = await basic.ask({ redirect_uri });
        const shown = await new Browser().follow(asked.url);
        assert.equal(shown.status, 400, redirect_uri);
      }
    });

    it('names the person by an identifier that is no e-mail address', async () => {
      const asked = await basic.ask();
      const tokens = await basic.redeem(await new Browser().go(asked.url), asked);
      assert.equal(decodeJwt(tokens.id_token).sub, tokens.claims.sub);
      assert.ok(!tokens.claims.sub.includes('@'));
    });
  });
}
