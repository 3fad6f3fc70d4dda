// Starts an example as a user would start it, and stops it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const target = process.env.CARGO_TARGET_DIR ?? join(root, 'target');

export const password = 'correct horse battery staple';
export const secret = 'interop-secret-0123456789abcdef0123456789';
export const callback = 'http://127.0.0.1:9/callback';

const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
const keys = { keys: [{ kty, crv, x, y, kid: 'interop', alg: 'ES256', use: 'sig' }] };

// What clients with a key of their own sign with.
export const key = { key: pair.privateKey, kid: 'interop' };

// A client's own server, where its public keys are.
async function publish() {
  const server = createHttpServer((_, answer) => {
    answer.setHeader('content-type', 'application/jwk-set+json').end(JSON.stringify(keys));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export async function startHost(example) {
  const folder = mkdtempSync(join(tmpdir(), 'towergate-interop-'));
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const config = join(folder, 'towergate.toml');
  const publisher = await publish();
  const jwksUri = `http://127.0.0.1:${publisher.address().port}/jwks.json`;
  writeFileSync(config, toml(port, issuer, join(folder, 'towergate.db'), jwksUri));
  const host = spawn(join(target, 'debug', `towergate-example-${example}`), {
    cwd: folder,
    env: { ...process.env, TOWERGATE_CONFIG: config },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [host.stdout, host.stderr]) stream.on('data', (text) => (printed += text));
  await untilHealthy(issuer, host, () => printed);
  const stop = async () => {
    publisher.close();
    host.kill('SIGTERM');
    if (host.exitCode === null) await once(host, 'exit');
    rmSync(folder, { recursive: true, force: true });
  };
  return { issuer, stop };
}

async function untilHealthy(issuer, host, printed) {
  for (let tries = 0; tries < 600; tries += 1) {
    if (host.exitCode !== null) throw new Error(`the example ended:\n${printed()}`);
    const answer = await fetch(`${issuer}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resume) => setTimeout(resume, 50));
  }
  throw new Error(`the example did not become healthy:\n${printed()}`);
}

async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

function toml(port, issuer, database, jwksUri) {
  const client = (id, more) => `
[[clients]]
client_id = "${id}"
redirect_uris = ["${callback}"]
grant_types = ["authorization_code", "refresh_token"]
scope = "openid profile email offline_access"
${more}`;
  return `
addr = "127.0.0.1:${port}"
issuer = "${issuer}"
database = "sqlite:${database}"

[demo]
enabled = false

[outbound]
danger_allow_loopback = true

[[users]]
email = "alice@example.com"
password = "${password}"
name = "Alice Example"
email_verified = true
${client('basic', `client_secret = "${secret}"`)}
${client('post', `client_secret = "${secret}"\ntoken_endpoint_auth_method = "client_secret_post"`)}
${client('public', 'token_endpoint_auth_method = "none"')}
${client('es256', `client_secret = "${secret}"\nid_token_signed_response_alg = "ES256"`)}
${client('opaque', `client_secret = "${secret}"\naccess_token_format = "opaque"`)}
${client('secret-jwt', `client_secret = "${secret}"\ntoken_endpoint_auth_method = "client_secret_jwt"`)}
${client('key-jwt', `jwks = '${JSON.stringify(keys)}'\ntoken_endpoint_auth_method = "private_key_jwt"`)}
${client('key-uri', `jwks_uri = "${jwksUri}"\ntoken_endpoint_auth_method = "private_key_jwt"`)}

[[clients]]
client_id = "machine"
client_secret = "${secret}"
grant_types = ["client_credentials"]
scope = "reports"
`;
}
