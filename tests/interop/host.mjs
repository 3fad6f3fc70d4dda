// Starts an example as a user would start it, and stops it.
import { spawn } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// Node.js 18, which Debian 12 has, does not give these to everybody as browsers do.
globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

export const password = 'correct horse battery staple';
export const secret = 'interop-secret-0123456789abcdef0123456789';
export const callback = 'https://app.example/callback';

// What every client of these tests registers, unless it says otherwise.
const usual = {
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid profile email address phone offline_access',
};

// `more` is a list of clients under their registered names, and further TOML.
export async function startHost(example, { clients = [], toml = '' } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'towergate-interop-'));
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const config = join(folder, 'towergate.toml');
  const filled = toml.replaceAll('ISSUER', issuer);
  writeFileSync(config, whole(port, issuer, join(folder, 'towergate.db'), clients.map(table).join('\n') + filled));
  let host = await run(example, folder, config, issuer);
  const end = async (signal) => {
    host.program.kill(signal);
    if (host.program.exitCode === null && host.program.signalCode === null) await once(host.program, 'exit');
  };
  const stop = async () => {
    await end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  // As after a fall of the machine: nothing is finished, flushed or closed.
  const restart = async () => {
    await end('SIGKILL');
    host = await run(example, folder, config, issuer);
  };
  return { issuer, stop, restart, printed: () => host.printed() };
}

async function run(example, folder, config, issuer) {
  const program = spawn(join(target, 'debug', `towergate-example-${example}`), {
    cwd: folder,
    env: { ...process.env, TOWERGATE_CONFIG: config },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [program.stdout, program.stderr]) stream.on('data', (text) => (printed += text));
  await untilHealthy(issuer, program, () => printed);
  return { program, printed: () => printed };
}

async function untilHealthy(issuer, host, printed) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (host.exitCode !== null) throw new Error(`the example ended:\n${printed()}`);
    const answer = await fetch(`${issuer}/readyz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error(`the example did not become healthy:\n${printed()}`);
}

export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

// A client as the configuration spells it. Texts, numbers, flags and lists of texts are the same in TOML and in JSON.
function table(client) {
  const said = Object.entries({ ...usual, ...client }).filter(([, value]) => value !== undefined);
  const lines = said.map(([name, value]) => {
    const text = name === 'jwks' ? JSON.stringify(value) : value;
    return `${name} = ${JSON.stringify(text)}`;
  });
  return `\n[[clients]]\n${lines.join('\n')}\n`;
}

function whole(port, issuer, database, rest) {
  return `
addr = "127.0.0.1:${port}"
issuer = "${issuer}"
database = "sqlite:${database}"

[demo]
enabled = false

[outbound]
danger_allow_loopback = true

[limits]
login = 10000

[[users]]
email = "alice@example.com"
password = "${password}"
name = "Alice Example"
given_name = "Alice"
email_verified = true
phone_number = "+1 555 0100"
[users.address]
locality = "Wonderland"
${rest}`;
}
