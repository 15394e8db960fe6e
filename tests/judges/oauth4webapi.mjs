// npm oauth4webapi: every message of the protocol, one function each, checked by the letter.
import * as oauth from 'oauth4webapi'
import { api, callback, cast, check, clients, comeBack, equal, issuer, ORDERS, RESOURCE } from './judge.mjs'
import { refused, report, SCOPE, visit } from './judge.mjs'

const insecure = { [oauth.allowInsecureRequests]: true } // http on a loopback address

async function discover(algorithm) {
  const url = new URL(issuer)
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm, ...insecure }))
}

const as = await discover('oidc')

async function authentication(party, kind) {
  if (kind === 'none') return oauth.None()
  if (kind === 'post') return oauth.ClientSecretPost(party.client_secret)
  if (kind !== 'jwt') return oauth.ClientSecretBasic(party.client_secret)
  const { use, alg, ...bare } = party.key
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const key = await crypto.subtle.importKey('jwk', bare, algorithm, false, ['sign'])
  return oauth.PrivateKeyJwt({ key, kid: bare.kid })
}

async function party(kind) {
  const { client_id, algorithm } = clients[kind]
  const client = { client_id, id_token_signed_response_alg: algorithm }
  return { client, auth: await authentication(clients[kind], kind) }
}

const signed = (response) => oauth.validateApplicationLevelSignature(as, response, insecure)

// Repeats a request once when the server asks for a nonce, as RFC 9449 says.
async function withNonce(send, read) {
  const response = await send()
  try {
    return await read(response)
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return read(await send())
  }
}

async function authorize({ client, auth }, { asked = {}, answers, DPoP, pushed = false, maxAge } = {}) {
  const verifier = oauth.generateRandomCodeVerifier()
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
  const parameters = new URLSearchParams({
    client_id: client.client_id, redirect_uri: callback, response_type: 'code', scope: SCOPE, state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...asked,
  })
  const url = new URL(as.authorization_endpoint)
  url.search = parameters
  if (pushed) {
    const send = () => oauth.pushedAuthorizationRequest(as, client, auth, parameters, { DPoP, ...insecure })
    const { request_uri } = await withNonce(send, (got) => oauth.processPushedAuthorizationResponse(as, client, got))
    url.search = new URLSearchParams({ client_id: client.client_id, request_uri })
  }
  const back = await comeBack(url, answers)
  const given = oauth.validateAuthResponse(as, client, back.url, state)
  const options = { expectedNonce: nonce, maxAge, requireIdToken: true }
  let response
  const send = async () => {
    response = await oauth.authorizationCodeGrantRequest(
      as, client, auth, given, callback, verifier, { DPoP, ...insecure },
    )
    return response
  }
  const tokens = await withNonce(send, (got) => oauth.processAuthorizationCodeResponse(as, client, got, options))
  await signed(response)
  return { tokens, claims: oauth.getValidatedIdTokenClaims(tokens), ...back }
}

async function call(token, DPoP) {
  const send = () => oauth.protectedResourceRequest(token, 'GET', ORDERS, undefined, undefined, { DPoP, ...insecure })
  return withNonce(send, (got) => got)
}

// protectedResourceRequest throws at a challenge, so the repetition is here.
async function callBound(token, DPoP) {
  try {
    return await call(token, DPoP)
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return call(token, DPoP)
  }
}

const basic = await party('basic')

const device = check('device flow', async () => {
  const asked = await oauth.deviceAuthorizationRequest(as, basic.client, basic.auth, new URLSearchParams({ scope: SCOPE }), insecure)
  const begun = await oauth.processDeviceAuthorizationResponse(as, basic.client, asked)
  const poll = async () => {
    const got = await oauth.deviceCodeGrantRequest(as, basic.client, basic.auth, begun.device_code, insecure)
    return oauth.processDeviceCodeResponse(as, basic.client, got)
  }
  equal((await refused(poll)).error, 'authorization_pending', 'before')
  equal((await refused(poll)).error, 'slow_down', 'too soon')
  equal((await visit(begun.verification_uri_complete)).pages.slice(-2), ['device', 'consent'], 'pages')
  await new Promise((done) => setTimeout(done, 2 * begun.interval * 1000 + 200))
  const tokens = await poll()
  equal((await call(tokens.access_token)).status, 200, 'status')
  equal((await refused(poll)).error, 'invalid_grant', 'a second time')
})

await check('discovery as in OpenID Connect and as in RFC 8414 are the same', async () => {
  equal(await discover('oauth2'), as, 'metadata')
})

await check('the metadata of the API leads here (RFC 9728)', async () => {
  const url = new URL(RESOURCE)
  const said = await oauth.processResourceDiscoveryResponse(url, await oauth.resourceDiscoveryRequest(url, insecure))
  equal([said.resource, said.authorization_servers], [RESOURCE, [issuer]], 'metadata')
})

for (const kind of ['basic', 'post', 'none', 'jwt', 'es256', 'eddsa']) {
  await check(`code and PKCE, ${kind}, ID token ${clients[kind].algorithm}`, async () => {
    const { tokens, claims } = await authorize(await party(kind), { pushed: kind === 'jwt' })
    equal(claims.sub, cast.user, 'sub')
    equal((await call(tokens.access_token)).status, 200, 'status')
  })
}

for (const kind of ['jwt', 'es256', 'eddsa']) {
  await check(`a JWT access token is valid by its JWKS, ${clients[kind].algorithm}`, async () => {
    const { tokens } = await authorize(await party(kind), { pushed: kind === 'jwt' })
    const headers = { authorization: `Bearer ${tokens.access_token}` }
    const request = new Request(ORDERS, { headers })
    const claims = await oauth.validateJwtAccessToken(as, request, api, insecure)
    equal([claims.sub, claims.client_id], [cast.user, clients[kind].client_id], 'claims')
    equal((await call(tokens.access_token)).status, 200, 'status')
  })
}

const { tokens, claims } = await authorize(basic)

await check('pushed authorization request', async () => {
  equal((await authorize(basic, { pushed: true })).claims.sub, cast.user, 'sub')
})

await check('a client that must push is refused without', async () => {
  const failure = await refused(async () => authorize(await party('jwt')))
  equal(failure.error, 'invalid_request', 'error')
})

await check('a resource indicator narrows the audience (RFC 8707)', async () => {
  const { tokens: narrow } = await authorize(await party('es256'), { asked: { resource: RESOURCE } })
  const request = new Request(ORDERS, { headers: { authorization: `Bearer ${narrow.access_token}` } })
  equal((await oauth.validateJwtAccessToken(as, request, RESOURCE, insecure)).aud, [RESOURCE], 'aud')
  const failure = await refused(() => authorize(basic, { asked: { resource: 'https://other.example/' } }))
  equal(failure.error, 'invalid_target', 'error')
})

await check('userinfo', async () => {
  const got = await oauth.userInfoRequest(as, basic.client, tokens.access_token, insecure)
  const about = await oauth.processUserInfoResponse(as, basic.client, claims.sub, got)
  equal([about.email, about.name], [cast.email, 'Judy Judge'], 'userinfo')
})

await check('introspection, of one’s own tokens only', async () => {
  const ask = async ({ client, auth }) => oauth.processIntrospectionResponse(
    as, client, await oauth.introspectionRequest(as, client, auth, tokens.access_token, insecure),
  )
  const mine = await ask(basic)
  equal([mine.active, mine.sub, mine.token_type], [true, cast.user, 'Bearer'], 'introspection')
  equal(await ask(await party('post')), { active: false }, 'another client')
})

await check('refresh, rotated', async () => {
  const { tokens: first } = await authorize(basic)
  const renew = async (token) => {
    const got = await oauth.refreshTokenGrantRequest(as, basic.client, basic.auth, token, insecure)
    return oauth.processRefreshTokenResponse(as, basic.client, got)
  }
  const second = await renew(first.refresh_token)
  equal((await call(second.access_token)).status, 200, 'status')
  equal((await refused(() => renew(first.refresh_token))).error, 'invalid_grant', 'the old one')
  equal((await refused(() => renew(second.refresh_token))).error, 'invalid_grant', 'the new one, then')
})

await check('revocation', async () => {
  const { tokens: mine } = await authorize(basic)
  const got = await oauth.revocationRequest(as, basic.client, basic.auth, mine.access_token, insecure)
  await oauth.processRevocationResponse(got)
  await new Promise((done) => setTimeout(done, 1000))
  const failure = await refused(() => call(mine.access_token))
  equal([failure.status, failure.cause[0].parameters.error], [401, 'invalid_token'], 'challenge')
})

for (const kind of ['basic', 'jwt']) {
  await check(`client credentials, ${kind}`, async () => {
    const { client, auth } = await party(kind)
    const parameters = new URLSearchParams({ scope: 'orders:read' })
    const got = await oauth.clientCredentialsGrantRequest(as, client, auth, parameters, insecure)
    const own = await oauth.processClientCredentialsResponse(as, client, got)
    equal((await call(own.access_token)).status, 200, 'status')
  })
}

for (const alg of ['ES256', 'Ed25519', 'RS256', 'PS256']) {
  await check(`DPoP with nonces, ${alg}: code, refresh, userinfo, the API`, async () => {
    const { client, auth } = await party('dpop')
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair(alg))
    const { tokens: bound } = await authorize({ client, auth }, { DPoP, pushed: true })
    const send = () => oauth.refreshTokenGrantRequest(as, client, auth, bound.refresh_token, { DPoP, ...insecure })
    const renewed = await withNonce(send, (got) => oauth.processRefreshTokenResponse(as, client, got))
    equal(renewed.token_type, 'dpop', 'type')
    equal((await callBound(renewed.access_token, DPoP)).status, 200, 'status')
    const got = await oauth.userInfoRequest(as, client, renewed.access_token, { DPoP, ...insecure })
    equal((await oauth.processUserInfoResponse(as, client, cast.user, got)).sub, cast.user, 'sub')
    const stolen = oauth.DPoP(client, await oauth.generateKeyPair(alg))
    equal((await refused(() => callBound(renewed.access_token, stolen))).status, 401, 'another key')
  })
}

await check('access_denied, with iss', async () => {
  const failure = await refused(() => authorize(basic, { asked: { prompt: 'consent' }, answers: { allow: false } }))
  equal([failure.error, failure.cause.get('iss')], ['access_denied', issuer], 'error')
})

await check('prompt=none and max_age', async () => {
  const away = await refused(() => authorize(basic, { asked: { prompt: 'none' }, answers: { stranger: true } }))
  equal([away.error, away.cause.get('iss')], ['login_required', issuer], 'error')
  equal((await authorize(basic, { asked: { prompt: 'none' } })).pages, [], 'pages')
  equal((await authorize(basic, { asked: { max_age: '0' }, maxAge: 60 })).pages, ['prove'], 'pages')
})

await check('dynamic registration', async () => {
  const metadata = { client_name: 'Registered', redirect_uris: [callback], token_endpoint_auth_method: 'client_secret_post' }
  const got = await oauth.dynamicClientRegistrationRequest(as, metadata, insecure)
  const client = await oauth.processDynamicClientRegistrationResponse(got)
  const mine = { client, auth: oauth.ClientSecretPost(client.client_secret) }
  equal((await authorize(mine)).claims.sub, cast.user, 'sub')
})

await device
report()
