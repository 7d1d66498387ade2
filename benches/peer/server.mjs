// npm oidc-provider in one process with everything in memory: what `cargo bench --bench load -- --peer` measures Sekisho
// next to. It says "ready" when it listens. Clients, signing keys and members are made at the start; the passwords have the
// same cost as Sekisho's.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { hash, verify } from '@node-rs/argon2';
import { Provider } from 'oidc-provider';

const port = Number(process.argv[2]);
const MEMBERS = 128;
const PASSWORD = 'Load-test-1';
const API = 'https://api.example.jp';
const COST = { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1 };

const signingKey = (kind, options, alg) => {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg, kid: alg };
};
const keys = [signingKey('ec', { namedCurve: 'P-256' }, 'ES256'), signingKey('rsa', { modulusLength: 2048 }, 'RS256')];

const members = new Map();
for (let number = 0; number < MEMBERS; number += 1) {
  members.set(`member${number}`, { password: await hash(PASSWORD, COST) });
}

// The package's own store forgets all but the last thousand or two.
const rows = new Map();
const ofGrant = new Map();
const ofUid = new Map();
class InMemory {
  constructor(kind) { this.kind = kind; }
  #name(id) { return `${this.kind}/${id}`; }
  async upsert(id, value, seconds) {
    rows.set(this.#name(id), { value, until: seconds ? Date.now() + seconds * 1000 : Infinity });
    if (this.kind === 'Session') ofUid.set(value.uid, id);
    if (value.grantId && this.kind !== 'Grant') {
      if (!ofGrant.has(value.grantId)) ofGrant.set(value.grantId, []);
      ofGrant.get(value.grantId).push(this.#name(id));
    }
  }
  async find(id) {
    const row = rows.get(this.#name(id));
    return row && row.until > Date.now() ? row.value : undefined;
  }
  async findByUid(uid) { return this.find(ofUid.get(uid)); }
  async findByUserCode() { return undefined; }
  async consume(id) { rows.get(this.#name(id)).value.consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { rows.delete(this.#name(id)); }
  async revokeByGrantId(id) {
    for (const name of ofGrant.get(id) ?? []) rows.delete(name);
    ofGrant.delete(id);
  }
}
setInterval(() => {
  const now = Date.now();
  for (const [name, row] of rows) if (row.until <= now) rows.delete(name);
}, 30_000).unref();

const issuer = `http://127.0.0.1:${port}`;
const provider = new Provider(issuer, {
  adapter: InMemory,
  jwks: { keys },
  cookies: { keys: ['signs-the-cookies-of-a-load-test'] },
  clients: [
    {
      client_id: 'portal',
      client_secret: 'portal-secret-of-a-load-test-0123456789',
      redirect_uris: ['https://portal.example.jp/callback'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
    },
    {
      client_id: 'lasting',
      client_secret: 'portal-secret-of-a-load-test-0123456789',
      redirect_uris: ['https://portal.example.jp/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
    },
    {
      client_id: 'machine',
      client_secret: 'machine-secret-of-a-load-test-0123456789',
      redirect_uris: [],
      grant_types: ['client_credentials'],
      response_types: [],
    },
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  async findAccount(_context, id) {
    if (!members.has(id)) return undefined;
    return { accountId: id, claims: () => ({ sub: id, email: `${id}@example.jp`, email_verified: true }) };
  },
  // A portal of the operator's own: members are not asked.
  async loadExistingGrant({ oidc: { client, session } }) {
    const known = session.grantIdFor(client.clientId);
    const found = known && await provider.Grant.find(known);
    if (found) return found;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid email offline_access');
    grant.addResourceScope(API, 'read');
    await grant.save();
    return grant;
  },
  // Without the consent page that it would show for `offline_access`.
  async issueRefreshToken(_context, client) { return client.grantTypeAllowed('refresh_token'); },
  rotateRefreshToken: true,
  pkce: { required: () => true },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  features: {
    devInteractions: { enabled: false },
    introspection: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'read', audience: API, accessTokenFormat: 'jwt', accessTokenTTL: 3600, jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  ttl: { AccessToken: 3600, AuthorizationCode: 60, ClientCredentials: 3600, Grant: 1_209_600, IdToken: 3600,
    Interaction: 3600, RefreshToken: 1_209_600, Session: 1_209_600 },
});

const page = (response, body) => {
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
  response.end(`<!doctype html><html lang="en"><title>Log in</title><body>${body}</body></html>`);
};

async function interact(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    return page(response, `<form method="post" action="/interaction/${uid}"><input name="user_id" autocomplete="username">`
      + '<input type="password" name="password" autocomplete="current-password"><button>Log in</button></form>');
  }
  let body = '';
  for await (const part of request) body += part;
  const typed = new URLSearchParams(body);
  const member = members.get(typed.get('user_id'));
  if (!member || !await verify(member.password, typed.get('password'))) return page(response, '<p>Wrong.</p>');
  const login = { accountId: typed.get('user_id') };
  return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
}

const others = provider.callback();
const server = createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return others(request, response);
  return interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
});
server.keepAliveTimeout = 60_000;
server.listen(port, '127.0.0.1', () => console.log('ready'));
