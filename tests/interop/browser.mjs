// A person at a browser without JavaScript: follows redirects, keeps cookies, fills in forms.
export class Browser {
  #cookies = new Map();

  async follow(url, stopAt) {
    let next = { url: new URL(url), init: {} };
    for (let hops = 0; hops < 10; hops += 1) {
      if (next.url.href.startsWith(stopAt)) return { arrived: next.url };
      const answer = await this.#send(next.url, next.init);
      const location = answer.headers.get('location');
      if (location === null) return { page: await answer.text(), status: answer.status, at: next.url };
      next = { url: new URL(location, next.url), init: {} };
    }
    throw new Error('too many redirects');
  }

  async submit(shown, fields, stopAt) {
    const action = /<form[^>]*\baction="([^"]*)"/.exec(shown.page)?.[1].replaceAll('&amp;', '&') ?? shown.at.href;
    const form = new URLSearchParams();
    for (const [input] of shown.page.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
      const part = (name) => (new RegExp(`\\b${name}="([^"]*)"`).exec(input)?.[1] ?? '').replaceAll('&amp;', '&');
      form.set(part('name'), part('value'));
    }
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const url = new URL(action, shown.at);
    const answer = await this.#send(url, { method: 'POST', body: form });
    const location = answer.headers.get('location');
    if (location === null) return { page: await answer.text(), status: answer.status, at: url };
    return this.follow(new URL(location, url), stopAt);
  }

  async #send(url, init) {
    const headers = { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const answer = await fetch(url, { ...init, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0/i.test(line) || value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }
}
