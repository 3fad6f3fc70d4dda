// A client's own server on this machine: what it publishes at a path, and what was sent to it.
import { once } from 'node:events';
import { createServer } from 'node:http';

export async function startSite() {
  const published = new Map();
  const received = [];
  const ailing = new Set();
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const { pathname, searchParams } = new URL(request.url, 'http://localhost');
    received.push({ method: request.method, path: pathname, query: searchParams, body });
    if (!published.has(pathname)) response.statusCode = 404;
    if (ailing.has(pathname)) response.statusCode = 503;
    response.setHeader('content-type', 'application/json');
    response.setHeader('cache-control', 'no-store');
    response.end(JSON.stringify(published.get(pathname) ?? null));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    publish: (path, what) => published.set(path, what),
    fail: (path) => ailing.add(path),
    recover: (path) => ailing.delete(path),
    received: (path) => received.filter((one) => one.path === path),
    close: () => server.close(),
  };
}
