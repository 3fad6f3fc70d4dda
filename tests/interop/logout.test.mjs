// Signing out of everything: asked for by npm `openid-client`; what clients hear of it is verified by npm `jose`.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { Browser } from './browser.mjs';
import { secret, startHost } from './host.mjs';
import { discover, Party } from './party.mjs';
import { startSite } from './site.mjs';

const bye = 'https://app.example/bye';
const event = 'http://schemas.openid.net/event/backchannel-logout';
const proof = oauth.ClientSecretBasic(secret);

for (const example of ['axum', 'warp']) {
  describe(`logout at the ${example} example`, () => {
    let host, site, as, config, app, teller, quiet, pairwise;
    before(async () => {
      site = await startSite();
      for (const path of ['/heard', '/heard-pairwise']) site.publish(path, {});
      const common = { client_secret: secret };
      const clients = [
        { client_id: 'app', post_logout_redirect_uris: [bye], ...common },
        {
          client_id: 'teller', ...common, id_token_signed_response_alg: 'ES256',
          backchannel_logout_uri: `${site.address}/heard`, backchannel_logout_session_required: true,
          frontchannel_logout_uri: 'https://app.example/front?own=1', frontchannel_logout_session_required: true,
        },
        { client_id: 'quiet', ...common, frontchannel_logout_uri: 'https://app.example/quiet' },
        {
          client_id: 'pairwise', ...common, subject_type: 'pairwise',
          backchannel_logout_uri: `${site.address}/heard-pairwise`,
        },
      ];
      host = await startHost(example, { clients });
      as = await discover(host.issuer);
      [app, teller, quiet, pairwise] =
        clients.map((client) => new Party(as, client, proof, { scope: 'openid email' }));
      config = await openid.discovery(new URL(host.issuer), 'app', secret, openid.ClientSecretBasic(secret), {
        execute: [openid.allowInsecureRequests],
      });
    });
    after(async () => {
      site?.close();
      await host?.stop();
    });

    const signIn = async (browser, party, more) => {
      const asked = await party.ask(more);
      return party.redeem(await browser.go(asked.url), asked);
    };
    const isSignedIn = async (browser) => {
      const asked = await app.ask({ prompt: 'none' });
      const { arrived } = await browser.follow(asked.url);
      return arrived.searchParams.get('error') !== 'login_required';
    };
    const until = async (done, patience = 10_000) => {
      for (let waited = 0; waited < patience; waited += 50) {
        const what = await done();
        if (what) return what;
        await new Promise((resume) => setTimeout(resume, 50));
      }
      return assert.fail('nothing came');
    };
    const heardBy = (path, sid) => {
      const key = createRemoteJWKSet(new URL(as.jwks_uri));
      return until(async () => {
        for (const { method, body } of site.received(path)) {
          const form = new URLSearchParams(body);
          assert.deepEqual([method, ...form.keys()], ['POST', 'logout_token']);
          const audience = path === '/heard' ? 'teller' : 'pairwise';
          const token = await jwtVerify(form.get('logout_token'), key, {
            issuer: host.issuer, audience, typ: 'logout+jwt', maxTokenAge: 120,
            requiredClaims: ['iss', 'aud', 'iat', 'exp', 'jti', 'events', 'sid', 'sub'],
          });
          if (token.payload.sid === sid) return token;
        }
        return undefined;
      });
    };
    const framesOf = (shown) =>
      [...shown.page.matchAll(/<iframe[^>]*\bsrc="([^"]*)"/g)].map(([, src]) => new URL(src.replaceAll('&amp;', '&')
        .replaceAll('&#38;', '&')));

    it('is offered in every way', () => {
      for (const flag of [
        'backchannel_logout_supported', 'backchannel_logout_session_supported',
        'frontchannel_logout_supported', 'frontchannel_logout_session_supported',
      ]) assert.equal(as[flag], true, flag);
      assert.ok(as.end_session_endpoint);
    });

    it('goes straight through with a hint of the present sign-in, by GET and by POST', async () => {
      for (const method of ['GET', 'POST']) {
        const browser = new Browser();
        const tokens = await signIn(browser, app);
        const url = openid.buildEndSessionUrl(config, {
          id_token_hint: tokens.id_token, post_logout_redirect_uri: bye, state: 'é &=', ui_locales: 'en',
        });
        const { arrived } = method === 'GET'
          ? await browser.follow(url, bye)
          : await browser.post(as.end_session_endpoint, url.searchParams, bye);
        assert.equal(`${arrived.origin}${arrived.pathname}`, bye);
        assert.deepEqual([...arrived.searchParams], [['state', 'é &=']]);
        assert.equal(await isSignedIn(browser), false);
      }
    });

    it('asks the person without a hint, and takes either answer', async () => {
      const browser = new Browser();
      await signIn(browser, app);
      const url = openid.buildEndSessionUrl(config, { post_logout_redirect_uri: bye, state: 's' });
      const shown = await browser.follow(url, bye);
      assert.match(shown.page, /id="logout-confirm"/);
      assert.match(shown.page, /id="logout-cancel"/);
      await browser.submit(shown, { decision: 'stay' }, bye);
      assert.equal(await isSignedIn(browser), true);
      const again = await browser.follow(url, bye);
      const { arrived } = await browser.submit(again, { decision: 'logout' }, bye);
      assert.equal(arrived.searchParams.get('state'), 's');
      assert.equal(await isSignedIn(browser), false);
    });

    it('asks about the hint of another sign-in, and never goes where it was not told', async () => {
      const [browser, other] = [new Browser(), new Browser()];
      await signIn(browser, app);
      const old = await signIn(other, app);
      const url = openid.buildEndSessionUrl(config, { id_token_hint: old.id_token, post_logout_redirect_uri: bye });
      assert.match((await browser.follow(url, bye)).page, /id="logout-confirm"/);
      for (const wrong of ['https://evil.example/bye', `${bye}/x`, `${bye}?x=1`]) {
        const stray = openid.buildEndSessionUrl(config, { id_token_hint: old.id_token, post_logout_redirect_uri: wrong });
        const shown = await other.follow(stray, wrong);
        assert.equal(shown.arrived, undefined, wrong);
        assert.equal(shown.status, 400, wrong);
      }
      assert.equal(await isSignedIn(browser), true);
      assert.equal(await isSignedIn(other), true);
    });

    it('tells each client of the sign-in directly, by a token that it can verify', async () => {
      const browser = new Browser();
      const told = [await signIn(browser, teller), await signIn(browser, pairwise)];
      const last = await signIn(browser, app);
      assert.equal(told[0].claims.sid, last.claims.sid);
      const url = openid.buildEndSessionUrl(config, { id_token_hint: last.id_token, post_logout_redirect_uri: bye });
      await browser.follow(url, bye);
      const jtis = new Set();
      for (const [path, tokens] of [['/heard', told[0]], ['/heard-pairwise', told[1]]]) {
        const { payload, protectedHeader } = await heardBy(path, tokens.claims.sid);
        assert.equal(payload.sub, tokens.claims.sub);
        assert.deepEqual(payload.events, { [event]: {} });
        assert.equal(payload.nonce, undefined);
        assert.equal(protectedHeader.alg, path === '/heard' ? 'ES256' : 'RS256');
        jtis.add(payload.jti);
      }
      assert.equal(jtis.size, 2);
      assert.notEqual(told[0].claims.sub, told[1].claims.sub);
      assert.equal(site.received('/heard').length, 1);
    });

    it('tells a client that was out of order later, even after a fall of the host', async () => {
      const browser = new Browser();
      const tokens = await signIn(browser, pairwise);
      const before = site.received('/heard-pairwise').length;
      site.fail('/heard-pairwise');
      const last = await signIn(browser, app);
      await browser.follow(openid.buildEndSessionUrl(config, { id_token_hint: last.id_token }));
      await until(() => site.received('/heard-pairwise').length > before);
      await host.restart();
      site.recover('/heard-pairwise');
      const again = () => site.received('/heard-pairwise').length > before + 1;
      await until(again, 60_000);
      await heardBy('/heard-pairwise', tokens.claims.sid);
    });

    it('is told by the way out of the host too', async () => {
      const browser = new Browser();
      const tokens = await signIn(browser, teller);
      const front = await browser.follow(host.issuer);
      assert.match(front.page, /id="logout-submit"/);
      await browser.submit(front, {});
      await heardBy('/heard', tokens.claims.sid);
      await assert.rejects(teller.userinfo(tokens, tokens.claims.sub));
    });

    it('tells clients through the browser, by frames', async () => {
      const browser = new Browser();
      const tokens = await signIn(browser, teller);
      await signIn(browser, quiet);
      const shown = await browser.follow(new URL(`?${new URLSearchParams({ id_token_hint: tokens.id_token })}`, as.end_session_endpoint));
      assert.equal(shown.status, 200);
      const frames = framesOf(shown);
      assert.equal(frames.length, 2);
      const [full, bare] = ['/front', '/quiet'].map((path) => frames.find((frame) => frame.pathname === path));
      assert.deepEqual(Object.fromEntries(full.searchParams), { own: '1', iss: host.issuer, sid: tokens.claims.sid });
      // It did not ask for them.
      assert.equal(bare.search, '');
      assert.match(shown.headers.get('content-security-policy'), /frame-src https:\/\/app\.example(;|$)/);
      await heardBy('/heard', tokens.claims.sid);
    });

    it('ends what hangs on the sign-in, and nothing that was meant to last', async () => {
      const browser = new Browser();
      const online = await signIn(browser, app);
      const lasting = await signIn(browser, quiet, { scope: 'openid email offline_access' });
      const url = openid.buildEndSessionUrl(config, { id_token_hint: online.id_token });
      await browser.follow(url);
      await assert.rejects(app.userinfo(online, online.claims.sub));
      await assert.rejects(app.refresh(online.refresh_token), { error: 'invalid_grant' });
      assert.equal((await quiet.refresh(lasting.refresh_token)).claims.sub, lasting.claims.sub);
    });
  });
}
