// npm oidc-provider as the provider by which people sign in to the examples.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import Provider from 'oidc-provider';
import { freePort, startHost } from './host.mjs';

const secret = 'a secret that both of them know well';

// The provider forgets its people with the process, and knows whoever types a name.
async function startProvider(host, port) {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://localhost:${port}`;
  const people = {
    alice: { email: 'alice@example.com', email_verified: true },
    newcomer: { email: 'newcomer@example.com', email_verified: true },
    doubtful: { email: 'doubtful@example.com', email_verified: false },
  };
  const provider = new Provider(issuer, {
    clients: [{
      client_id: 'host', client_secret: secret, redirect_uris: [`${host.issuer}/social/other/callback`],
      response_types: ['code'], grant_types: ['authorization_code'],
    }],
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  });
  server.on('request', provider.callback());
  return { issuer, close: () => server.close() };
}

// Cookies of one origin; two origins of one machine would share them in a browser, but these are never mixed.
class Jar {
  #cookies = new Map();

  async send(url, form) {
    const headers = { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const init = { headers, redirect: 'manual' };
    if (form) {
      Object.assign(init, { method: 'POST', body: new URLSearchParams(form) });
      headers.origin = new URL(url).origin;
    }
    const answer = await fetch(url, init);
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const location = answer.headers.get('location');
    return { status: answer.status, text: await answer.text(), to: location && new URL(location, url) };
  }
}

for (const example of ['axum', 'warp']) {
  describe(`npm oidc-provider as the provider of the ${example} example`, () => {
    let host, provider;
    before(async () => {
      // The host is told of the provider before there is one, and asks it when somebody leaves.
      const port = await freePort();
      host = await startHost(example, {
        toml: `
[[providers]]
name = "other"
label = "Other"
issuer = "http://localhost:${port}"
client_id = "host"
client_secret = "${secret}"
trusts_addresses = true
`,
      });
      provider = await startProvider(host, port);
    });
    after(async () => {
      provider?.close();
      await host?.stop();
    });

    // Leaves the host as whoever holds `jar`, signs in at the provider as `name`, agrees, and comes back.
    async function visit(jar, name) {
      const left = await jar.send(`${host.issuer}/social/other`, { return_to: '/' });
      assert.equal(left.status, 303, left.text);
      const there = new Jar();
      let at = left.to;
      for (let steps = 0; steps < 12; steps += 1) {
        if (at.href.startsWith(host.issuer)) return jar.send(at);
        const page = await there.send(at);
        if (page.to) {
          at = page.to;
          continue;
        }
        const action = /<form[^>]*action="([^"]+)"/.exec(page.text)?.[1];
        assert.ok(action, page.text);
        const asked = /name="login"/.test(page.text);
        const form = asked ? { prompt: 'login', login: name, password: 'any' } : { prompt: 'consent' };
        const answer = await there.send(new URL(action, at), form);
        at = answer.to;
        assert.ok(at, answer.text);
      }
      throw new Error('never came back');
    }

    const front = async (jar) => (await jar.send(`${host.issuer}/`)).text;

    it('makes an account for somebody new, and knows them again', async () => {
      for (let time = 0; time < 2; time += 1) {
        const jar = new Jar();
        const back = await visit(jar, 'newcomer');
        assert.equal(back.status, 303, back.text);
        assert.match(await front(jar), /fed/);
      }
    });

    it('opens nobody\'s account by an address', async () => {
      const jar = new Jar();
      const back = await visit(jar, 'alice');
      assert.equal(back.status, 422);
      assert.match(back.text, /Sign in as you always do/);
      assert.match(await front(jar), /You are not signed in/);
    });

    it('makes no account at an address that nobody verified', async () => {
      const back = await visit(new Jar(), 'doubtful');
      assert.equal(back.status, 422);
      assert.match(back.text, /id="social-next"/);
    });
  });
}
