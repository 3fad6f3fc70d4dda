// Plays the browser for the page behind `check_session_iframe`: reads `{ page, cookie, messages }`, prints its answers.
import { createContext, runInContext } from 'node:vm';

let text = '';
for await (const part of process.stdin) text += part;
const { page, cookie, messages } = JSON.parse(text);
const listeners = [];
const context = createContext({
  document: { cookie },
  crypto: globalThis.crypto,
  TextEncoder,
  addEventListener: (name, listener) => name === 'message' && listeners.push(listener),
});
context.window = context.parent = context;
for (const [, script] of page.matchAll(/<script>([^]*?)<\/script>/g)) runInContext(script, context);
const answers = [];
for (const { data, origin } of messages) {
  const answer = new Promise((resolve) => {
    const source = { postMessage: (said, to) => resolve({ said, to }) };
    for (const listener of listeners) listener({ data, origin, source });
  });
  answers.push(await answer);
}
console.log(JSON.stringify(answers));
