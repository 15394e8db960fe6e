// The official SDK of the Model Context Protocol: knows an address, and finds the rest by itself.
import { auth, discoverOAuthServerInfo, extractWWWAuthenticateParams } from '@modelcontextprotocol/sdk/client/auth.js'
import { withOAuth } from '@modelcontextprotocol/sdk/client/middleware.js'
import { callback, cast, check, comeBack, equal, issuer, ORDERS, report, RESOURCE } from './judge.mjs'

// Remembers what the SDK hands it, as a program that uses the SDK does.
class Memory {
  redirectUrl = callback
  clientMetadata = {
    client_name: 'Model client',
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  }
  kept = {}
  clientInformation = () => this.kept.client
  saveClientInformation = (client) => { this.kept.client = client }
  tokens = () => this.kept.tokens
  saveTokens = (tokens) => { this.kept.tokens = tokens }
  saveCodeVerifier = (verifier) => { this.kept.verifier = verifier }
  codeVerifier = () => this.kept.verifier
  redirectToAuthorization = (url) => { this.asked = url }
  state = () => 'a state of its own'
}

const memory = new Memory()
let found
let options

await check('a bare 401 names the metadata of the resource', async () => {
  const answer = await fetch(ORDERS)
  equal(answer.status, 401, 'status')
  found = extractWWWAuthenticateParams(answer)
  equal([found.resourceMetadataUrl?.href, found.scope], [
    RESOURCE.replace('/commerce', '/.well-known/oauth-protected-resource/commerce'), 'orders:read',
  ], 'challenge')
  options = { serverUrl: RESOURCE, resourceMetadataUrl: found.resourceMetadataUrl, scope: found.scope }
})

await check('which names the authorization server', async () => {
  const info = await discoverOAuthServerInfo(RESOURCE, { resourceMetadataUrl: found.resourceMetadataUrl })
  equal([info.authorizationServerUrl, info.authorizationServerMetadata.issuer], [issuer, issuer], 'server')
})

await check('registers, and asks with PKCE, scope and resource', async () => {
  equal(await auth(memory, options), 'REDIRECT', 'result')
  const asked = memory.asked.searchParams
  equal(asked.get('client_id'), memory.kept.client.client_id, 'client')
  equal([asked.get('scope'), asked.get('resource'), asked.get('code_challenge_method')], ['orders:read', RESOURCE, 'S256'], 'asked')
})

await check('exchanges the code', async () => {
  const { url, pages } = await comeBack(memory.asked)
  equal(pages, ['sign in', 'consent'], 'pages')
  equal(url.searchParams.get('state'), 'a state of its own', 'state')
  const more = { authorizationCode: url.searchParams.get('code'), iss: url.searchParams.get('iss') }
  equal(await auth(memory, { ...options, ...more }), 'AUTHORIZED', 'result')
})

await check('calls the API', async () => {
  const answer = await withOAuth(memory, RESOURCE)(fetch)(ORDERS)
  equal([answer.status, (await answer.json()).data.length], [200, 1], 'answer')
})

await check('renews its access', async () => {
  const before = memory.kept.tokens
  equal(await auth(memory, options), 'AUTHORIZED', 'result')
  if (memory.kept.tokens.refresh_token === before.refresh_token) throw new Error('not rotated')
  equal((await withOAuth(memory, RESOURCE)(fetch)(ORDERS)).status, 200, 'status')
})

await check('a token that ended is renewed on the way', async () => {
  const { client, tokens } = memory.kept
  const body = new URLSearchParams({ client_id: client.client_id, token: tokens.access_token })
  equal((await fetch(`${issuer}/oauth/revoke`, { method: 'POST', body })).status, 200, 'revoked')
  await new Promise((done) => setTimeout(done, 1000))
  equal((await withOAuth(memory, RESOURCE)(fetch)(ORDERS)).status, 200, 'status')
  if (memory.kept.tokens.access_token === tokens.access_token) throw new Error('nothing happened')
})

await check('what needs another scope says which', async () => {
  const headers = { authorization: `Bearer ${memory.kept.tokens.access_token}` }
  const answer = await fetch(`${RESOURCE}/customers`, { headers })
  equal(answer.status, 403, 'status')
  const told = extractWWWAuthenticateParams(answer)
  equal([told.error, told.scope], ['insufficient_scope', 'customers:read'], 'challenge')
})

await check('a confidential client registers and gets in as well', async () => {
  const other = new Memory()
  other.clientMetadata = { ...other.clientMetadata, token_endpoint_auth_method: 'client_secret_basic' }
  equal(await auth(other, options), 'REDIRECT', 'result')
  const { url } = await comeBack(other.asked)
  equal(await auth(other, { ...options, authorizationCode: url.searchParams.get('code') }), 'AUTHORIZED', 'result')
  equal((await withOAuth(other, RESOURCE)(fetch)(ORDERS)).status, 200, 'status')
})

report()
