// oidc-provider as a fresh program of its users' would have it: everything in memory, ES256, no log.
// What only the bench needs is at /bench: codes of a person who consented, without the pages in between.
import { generateKeyPairSync } from 'node:crypto';
import { Provider } from 'oidc-provider';

const port = Number(process.argv[2]);
const client = JSON.parse(process.argv[3]);

// A plain map: the default adapter forgets all but the newest thousand.
class Kept {
  static all = new Map();
  constructor(name) {
    this.name = name;
  }
  key(id) {
    return `${this.name}:${id}`;
  }
  async upsert(id, payload) {
    Kept.all.set(this.key(id), payload);
  }
  async find(id) {
    return Kept.all.get(this.key(id));
  }
  async findByUserCode() {}
  async findByUid() {}
  async consume(id) {
    Kept.all.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    Kept.all.delete(this.key(id));
  }
  async revokeByGrantId() {}
}

const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const provider = new Provider(`http://localhost:${port}`, {
  adapter: Kept,
  clients: [
    {
      client_id: client.id,
      client_secret: client.secret,
      redirect_uris: [client.callback],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
      scope: 'openid email offline_access read',
    },
  ],
  jwks: { keys: [{ ...key, kid: 'bench', alg: 'ES256', use: 'sig' }] },
  scopes: ['openid', 'email', 'offline_access', 'read'],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  cookies: { keys: ['a key for cookies that nobody sends'] },
  findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ sub: id, email: 'alice@example.com', email_verified: true }) }),
  issueRefreshToken: async () => true,
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: async () => ({ scope: 'read', audience: 'https://api.example/', accessTokenFormat: 'jwt', jwt: { sign: { alg: 'ES256' } } }),
    },
  },
});

provider.use(async (context, next) => {
  if (context.path !== '/bench') return next();
  const scope = 'openid email offline_access';
  const codes = [];
  for (let left = Number(context.query.codes); left > 0; left -= 1) {
    const grant = new provider.Grant({ accountId: 'alice', clientId: client.id });
    grant.addOIDCScope(scope);
    const code = new provider.AuthorizationCode({
      accountId: 'alice',
      client: await provider.Client.find(client.id),
      grantId: await grant.save(),
      redirectUri: client.callback,
      scope,
      authTime: Math.floor(Date.now() / 1000),
      codeChallenge: client.challenge,
      codeChallengeMethod: 'S256',
      claims: {},
    });
    codes.push(await code.save());
  }
  context.body = codes.join('\n');
});

provider.listen(port, '127.0.0.1');
