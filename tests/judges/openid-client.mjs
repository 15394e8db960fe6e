// npm openid-client: the client library that is certified for OpenID Connect.
import * as client from 'openid-client'
import { api, callback, cast, check, clients, comeBack, equal, issuer, ORDERS } from './judge.mjs'
import { refused, report, SCOPE, visit } from './judge.mjs'

const insecure = { execute: [client.allowInsecureRequests] } // http on a loopback address
const METHODS = {
  none: () => client.None(),
  post: ({ client_secret }) => client.ClientSecretPost(client_secret),
  jwt: ({ key }) => privateKey(key),
}

async function privateKey(jwk) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { use, alg, ...bare } = jwk
  const key = await crypto.subtle.importKey('jwk', bare, algorithm, false, ['sign'])
  return client.PrivateKeyJwt({ key, kid: jwk.kid })
}

async function configured(kind, options = insecure) {
  const party = clients[kind]
  const method = await (METHODS[kind] ?? (({ client_secret }) => client.ClientSecretBasic(client_secret)))(party)
  const metadata = { id_token_signed_response_alg: party.algorithm }
  const config = await client.discovery(new URL(issuer), party.client_id, metadata, method, options)
  client.enableNonRepudiationChecks(config) // signatures are checked, not only the TLS of the answer
  return config
}

// Goes all the way to tokens: {asked, answers, dpop, pushed, checks}.
async function authorize(config, { asked = {}, answers, dpop, pushed, checks = {} } = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const expectedNonce = client.randomNonce()
  const expectedState = client.randomState()
  const parameters = {
    redirect_uri: callback,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    nonce: expectedNonce,
    state: expectedState,
    ...asked,
  }
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, dpop && { DPoP: dpop })
    : client.buildAuthorizationUrl(config, parameters)
  const back = await comeBack(url, answers)
  const expected = { pkceCodeVerifier, expectedNonce, expectedState, ...checks }
  const tokens = await client.authorizationCodeGrant(config, back.url, expected, undefined, dpop && { DPoP: dpop })
  return { tokens, claims: tokens.claims(), ...back }
}

const call = (config, token, options) =>
  client.fetchProtectedResource(config, token, ORDERS, 'GET', undefined, undefined, options)

const basic = await configured('basic')

// A device polls every five seconds: this goes on while the rest is checked.
const device = check('device flow', async () => {
  const begun = await client.initiateDeviceAuthorization(basic, { scope: SCOPE })
  equal((await visit(begun.verification_uri_complete)).pages.slice(-2), ['device', 'consent'], 'pages')
  const tokens = await client.pollDeviceAuthorizationGrant(basic, begun)
  equal((await call(basic, tokens.access_token)).status, 200, 'status')
  equal(tokens.claims().sub, cast.user, 'sub')
})

await check('discovery as in OpenID Connect and as in RFC 8414 are the same', async () => {
  const other = await configured('basic', { ...insecure, algorithm: 'oauth2' })
  equal(other.serverMetadata(), basic.serverMetadata(), 'metadata')
})

for (const kind of ['basic', 'post', 'none', 'jwt']) {
  await check(`code and PKCE, ${kind}, ID token ${clients[kind].algorithm}`, async () => {
    const config = await configured(kind)
    const { tokens, claims } = await authorize(config, { pushed: kind === 'jwt' })
    equal(claims.sub, cast.user, 'sub')
    equal((await call(config, tokens.access_token)).status, 200, 'status')
  })
}

const { tokens, claims, url: answered } = await authorize(basic)

await check('iss in the answer', () => equal(answered.searchParams.get('iss'), issuer, 'iss'))

await check('an answer without iss is not taken for ours', async () => {
  const stolen = new URL(answered)
  stolen.searchParams.set('iss', 'https://other.example')
  await refused(() => client.authorizationCodeGrant(basic, stolen, { expectedState: client.skipStateCheck }))
})

await check('pushed authorization request', async () => {
  equal((await authorize(basic, { pushed: true })).claims.sub, cast.user, 'sub')
})

await check('userinfo', async () => {
  const about = await client.fetchUserInfo(basic, tokens.access_token, claims.sub)
  equal([about.email, about.email_verified, about.name], [cast.email, true, 'Judy Judge'], 'userinfo')
})

await check('the API behind the gateway', async () => {
  const answer = await call(basic, tokens.access_token)
  equal([answer.status, (await answer.json()).data.length], [200, 1], 'answer')
})

await check('introspection', async () => {
  const said = await client.tokenIntrospection(basic, tokens.access_token)
  equal([said.active, said.sub, said.client_id, said.iss], [true, cast.user, clients.basic.client_id, issuer], 'introspection')
  const renewing = await client.tokenIntrospection(basic, tokens.refresh_token)
  equal(renewing.active, true, 'refresh token')
})

await check('refresh, rotated: the old one ends all that came from it', async () => {
  const { tokens: first } = await authorize(basic)
  const second = await client.refreshTokenGrant(basic, first.refresh_token)
  if (second.refresh_token === first.refresh_token) throw new Error('not rotated')
  equal((await call(basic, second.access_token)).status, 200, 'status')
  const again = await refused(() => client.refreshTokenGrant(basic, first.refresh_token))
  equal(again.error, 'invalid_grant', 'error')
  const after = await refused(() => client.refreshTokenGrant(basic, second.refresh_token))
  equal(after.error, 'invalid_grant', 'error')
  await gone(second.access_token)
})

await check('a code is good once, and what it gave ends with the second try', async () => {
  const verifier = client.randomPKCECodeVerifier()
  const code_challenge = await client.calculatePKCECodeChallenge(verifier)
  const url = client.buildAuthorizationUrl(basic, {
    redirect_uri: callback, scope: 'orders:read', code_challenge, code_challenge_method: 'S256',
  })
  const back = await comeBack(url)
  const first = await client.authorizationCodeGrant(basic, back.url, { pkceCodeVerifier: verifier })
  const again = await refused(() => client.authorizationCodeGrant(basic, back.url, { pkceCodeVerifier: verifier }))
  equal(again.error, 'invalid_grant', 'error')
  await gone(first.access_token)
})

await check('revocation', async () => {
  const { tokens: mine } = await authorize(basic)
  await client.tokenRevocation(basic, mine.refresh_token)
  equal((await client.tokenIntrospection(basic, mine.access_token)).active, false, 'active')
  await gone(mine.access_token)
})

await check('client credentials', async () => {
  const own = await client.clientCredentialsGrant(basic, { scope: 'orders:read' })
  equal((await call(basic, own.access_token)).status, 200, 'status')
  equal([own.scope, own.refresh_token], ['orders:read', undefined], 'answer')
})

await check('client credentials with private_key_jwt', async () => {
  const config = await configured('jwt')
  const own = await client.clientCredentialsGrant(config, { scope: 'orders:read' })
  equal((await call(config, own.access_token)).status, 200, 'status')
})

await check('DPoP with nonces: code, refresh, userinfo, and the API behind the gateway', async () => {
  const config = await configured('dpop')
  const options = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair()) }
  const { tokens: bound } = await authorize(config, { dpop: options.DPoP, pushed: true })
  equal(bound.token_type, 'dpop', 'type')
  const renewed = await client.refreshTokenGrant(config, bound.refresh_token, undefined, options)
  equal((await call(config, renewed.access_token, options)).status, 200, 'status')
  const about = await client.fetchUserInfo(config, renewed.access_token, cast.user, options)
  equal(about.sub, cast.user, 'sub')
  const bare = await fetch(ORDERS, { headers: { authorization: `Bearer ${renewed.access_token}` } })
  equal(bare.status, 401, 'without a proof')
})

await check('the refresh token of a public client is bound to its key', async () => {
  const config = await configured('none')
  const [mine, other] = await Promise.all([1, 2].map(async () => (
    { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair()) }
  )))
  const { tokens: bound } = await authorize(config, { dpop: mine.DPoP })
  const failure = await refused(() => client.refreshTokenGrant(config, bound.refresh_token, undefined, other))
  equal(failure.error, 'invalid_grant', 'error')
  equal((await client.refreshTokenGrant(config, bound.refresh_token, undefined, mine)).token_type, 'dpop', 'type')
})

await check('access_denied, with iss', async () => {
  const failure = await refused(() => authorize(basic, { asked: { prompt: 'consent' }, answers: { allow: false } }))
  equal([failure.error, failure.cause.get('iss')], ['access_denied', issuer], 'error')
})

await check('an unknown scope is refused at the client, with iss', async () => {
  const failure = await refused(() => authorize(basic, { asked: { scope: 'openid nonsense' } }))
  equal([failure.error, failure.cause.get('iss')], ['invalid_scope', issuer], 'error')
})

await check('prompt=none: silent, login_required, consent_required', async () => {
  equal((await authorize(basic, { asked: { prompt: 'none' } })).pages, [], 'pages')
  const away = await refused(() => authorize(basic, { asked: { prompt: 'none' }, answers: { stranger: true } }))
  equal(away.error, 'login_required', 'error')
  const wider = { prompt: 'none', scope: `${SCOPE} orders:write` }
  equal((await refused(() => authorize(basic, { asked: wider }))).error, 'consent_required', 'error')
})

await check('prompt=login asks for the password again', async () => {
  const fresh = await authorize(basic, { asked: { prompt: 'login' } })
  equal(fresh.pages, ['prove'], 'pages')
  if (fresh.claims.auth_time < claims.auth_time) throw new Error('auth_time did not move')
})

await check('prompt=consent asks again', async () => {
  equal((await authorize(basic, { asked: { prompt: 'consent' } })).pages, ['consent'], 'pages')
})

await check('max_age', async () => {
  const before = Math.floor(Date.now() / 1000)
  const fresh = await authorize(basic, { asked: { max_age: '0' }, checks: { maxAge: 60 } })
  equal(fresh.pages, ['prove'], 'pages')
  if (fresh.claims.auth_time < before) throw new Error('auth_time is old')
  const still = await authorize(basic, { asked: { max_age: '600' }, checks: { maxAge: 600 } })
  equal(still.pages, [], 'pages')
})

await check('claims', async () => {
  const asked = { scope: 'openid', claims: JSON.stringify({ id_token: { email: null }, userinfo: { name: null } }) }
  const { claims: told, tokens: few } = await authorize(basic, { asked })
  equal(told.email, cast.email, 'email')
  const about = await client.fetchUserInfo(basic, few.access_token, cast.user)
  // A claim is agreed to as its scope on the consent page, so userinfo tells both.
  equal([about.name, about.email], ['Judy Judge', cast.email], 'userinfo')
})

await check('logout at our end, and back to the client', async () => {
  const url = client.buildEndSessionUrl(basic, {
    post_logout_redirect_uri: cast.goodbye, id_token_hint: tokens.id_token, state: 'bye',
  })
  const end = await visit(url)
  equal(end.url, `${cast.goodbye}?state=bye`, 'address')
  const after = await refused(() => authorize(basic, { asked: { prompt: 'none' } }))
  equal(after.error, 'login_required', 'error')
})

await check('dynamic registration: register, use, read, change, delete', async () => {
  const config = await client.dynamicClientRegistration(
    new URL(issuer),
    { client_name: 'Registered', redirect_uris: [callback], grant_types: ['authorization_code', 'refresh_token'] },
    undefined,
    insecure,
  )
  const made = config.clientMetadata()
  if (!(made.client_secret_expires_at >= 0)) throw new Error('client_secret_expires_at is missing')
  const { tokens: given } = await authorize(config)
  equal((await call(config, given.access_token)).status, 200, 'status')
  const headers = { authorization: `Bearer ${made.registration_access_token}` }
  const read = await fetch(made.registration_client_uri, { headers })
  const shown = await read.json()
  equal([read.status, shown.client_name], [200, 'Registered'], 'read')
  const { registration_access_token, registration_client_uri, client_secret_expires_at, client_id_issued_at, ...mine } = shown
  const change = await fetch(made.registration_client_uri, {
    method: 'PUT',
    headers: { authorization: `Bearer ${registration_access_token ?? made.registration_access_token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...mine, client_name: 'Renamed' }),
  })
  const changed = await change.json()
  equal([change.status, changed.client_name], [200, 'Renamed'], 'change')
  const now = { authorization: `Bearer ${changed.registration_access_token ?? registration_access_token ?? made.registration_access_token}` }
  equal((await fetch(`${api}/commerce/v1/orders`, { headers: now })).status, 401, 'at the API')
  equal((await fetch(made.registration_client_uri, { method: 'DELETE', headers: now })).status, 204, 'delete')
  equal((await fetch(made.registration_client_uri, { headers: now })).status, 401, 'after that')
  await gone(given.access_token)
})

// A token that ended is refused by every gateway within a second.
async function gone(token) {
  const until = Date.now() + 1000
  for (;;) {
    const { status } = await fetch(ORDERS, { headers: { authorization: `Bearer ${token}` } })
    if (status === 401) return
    if (Date.now() > until) throw new Error(`still ${status} after a second`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

await device
report()
