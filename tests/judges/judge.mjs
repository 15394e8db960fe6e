// What all judges in JavaScript share: checks that are counted, and a person at a browser.
import { readFileSync } from 'node:fs'

export const cast = JSON.parse(readFileSync(0, 'utf8')) // issuer, api, browser, clients, …
export const { issuer, api, callback, clients } = cast
export const RESOURCE = `${api}/commerce/v1`
export const ORDERS = new URL(`${RESOURCE}/orders?limit=1`)
export const SCOPE = 'openid profile email offline_access orders:read'

const results = []

// Runs one check; a check that throws has failed, and its reason is kept with what caused it.
export async function check(name, work) {
  try {
    await work()
    results.push({ name, passed: true })
  } catch (error) {
    results.push({ name, passed: false, reason: told(error) })
  }
}

export function report() {
  console.log(JSON.stringify(results))
}

export function equal(got, wanted, what) {
  const [left, right] = [JSON.stringify(got), JSON.stringify(wanted)]
  if (left !== right) throw new Error(`${what}: ${left} instead of ${right}`)
}

// The error that `work` ends with; a promise that is kept after all is a failure.
export async function refused(work) {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('this should have been refused')
}

// Lets the person open a page and answer it: {allow, leave, stranger}.
export async function visit(url, answers = {}) {
  const reply = await fetch(cast.browser, {
    method: 'POST',
    body: JSON.stringify({ url: String(url), ...answers }),
  })
  if (!reply.ok) throw new Error(await reply.text())
  return reply.json()
}

export async function comeBack(url, answers) {
  const { url: end, pages, text } = await visit(url, answers)
  if (!end.startsWith(callback)) throw new Error(`the browser stopped at ${end}: ${text}`)
  return { url: new URL(end), pages }
}

function told(error) {
  const said = [error.stack?.split('\n').slice(0, 3).join(' ') ?? String(error)]
  for (let cause = error.cause; cause; cause = cause.cause) {
    said.push(cause instanceof Error ? cause.message : JSON.stringify(cause))
  }
  if (error.error) said.push(`${error.error}: ${error.error_description}`)
  return said.join(' ← ').slice(0, 1500)
}
