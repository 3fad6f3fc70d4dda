// A person at a browser without JavaScript: follows redirects, keeps cookies, fills in forms.
import { callback, password } from './host.mjs';

const credentials = { email: 'alice@example.com', password };

export class Browser {
  #cookies = new Map();

  async follow(url, stopAt = callback) {
    return this.#walk(new URL(url), {}, stopAt);
  }

  async post(url, fields, stopAt = callback) {
    return this.#walk(new URL(url), { method: 'POST', body: new URLSearchParams(fields) }, stopAt);
  }

  async submit(shown, fields, stopAt = callback) {
    const { action, form } = formOf(shown);
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    return this.post(action, form, stopAt);
  }

  // Whatever a person is asked on the way is answered: who they are, and that they allow it.
  async go(url, { remember = false, stopAt = callback, start = this.follow(url, stopAt) } = {}) {
    let shown = await start;
    if (asksWhoItIs(shown)) shown = await this.submit(shown, credentials, stopAt);
    if (asksForConsent(shown)) {
      const yes = { decision: 'allow', ...(remember && { remember: 'on' }) };
      shown = await this.submit(shown, yes, stopAt);
    }
    return shown.arrived ?? shown;
  }

  cookie(name) {
    return this.#cookies.get(name);
  }

  async #walk(first, init, stopAt) {
    let next = { url: first, init };
    for (let hops = 0; hops < 10; hops += 1) {
      if (next.url.href.startsWith(stopAt)) return { arrived: next.url };
      const answer = await this.#send(next.url, next.init);
      const location = answer.headers.get('location');
      if (location === null) {
        return { page: await answer.text(), status: answer.status, headers: answer.headers, at: next.url };
      }
      next = { url: new URL(location, next.url), init: {} };
    }
    throw new Error('too many redirects');
  }

  async #send(url, init) {
    const headers = { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    // As every browser says it of a form of the page's own.
    if (init.method === 'POST') headers.origin = new URL(url).origin;
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0/i.test(line) || value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }
}

export const asksWhoItIs = (shown) => /<input[^>]*type="password"/.test(shown.page ?? '');
export const asksForConsent = (shown) => /id="consent-allow"/.test(shown.page ?? '');

// Where the form of a page goes, and what it holds already.
export function formOf(shown) {
  const action = plain(/<form[^>]*\baction="([^"]*)"/.exec(shown.page)?.[1] ?? shown.at.href);
  const form = new URLSearchParams();
  for (const [input] of shown.page.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const part = (name) => plain(new RegExp(`\\b${name}="([^"]*)"`).exec(input)?.[1] ?? '');
    form.set(part('name'), part('value'));
  }
  return { action: new URL(action, shown.at), form };
}

const entities = { amp: '&', lt: '<', gt: '>', quot: '"' };

function plain(text) {
  return text.replace(/&(?:(amp|lt|gt|quot)|#(\d+)|#x([0-9a-f]+));/gi, (_, name, decimal, hex) =>
    name ? entities[name.toLowerCase()] : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)));
}
