"""Whoever uses a token that is bound to a key proves to have that key (RFC 9449)."""

from urllib.parse import quote

from apps.core.dpop import BadProof
from apps.core.errors import Problem
from gateway.exchange import Exchange, rung
from gateway.ladder import failed
from gateway.problems import DpopInvalid, DpopNonce, DpopReplayed, DpopRequired
from gateway.proofs import Replayed, Stale, Wanted

PROVED = rung("proof")
PATH = "/~:@!$&'()*+,;="  # what stands plainly in a path


async def prove(exchange: Exchange) -> None:
    """Check the proof that a bound token needs; a token without a key needs none."""
    credential = exchange.credential
    assert credential is not None  # noqa: S101 - the step before this one
    if not credential.thumbprint and exchange.scheme == b"bearer":
        return
    try:
        await _check(exchange, credential.thumbprint, credential.digest)
    except Problem as problem:
        exchange.trace.append(failed("proof", problem, scheme=exchange.scheme.decode()))
        raise
    exchange.trace.append(PROVED)


async def _check(exchange: Exchange, thumbprint: str, digest: str) -> None:
    if not thumbprint:
        raise DpopInvalid("The credential is not bound to a key: send it as Bearer.")
    if exchange.scheme != b"dpop":
        raise DpopRequired("The access token is bound to a key: send it as DPoP, with a proof.")
    proofs, proof = exchange.runtime.proofs, exchange.headers.get(b"dpop")
    current = proofs.nonces.current(exchange.wall / 1e6)
    exchange.nonce = current
    if proof is None:
        raise DpopRequired("Send a proof for this request in the header DPoP.")
    url = exchange.runtime.settings.api_url + quote(exchange.path, safe=PATH)
    wanted = Wanted(exchange.method, url, bytes.fromhex(digest), thumbprint)
    try:
        nonce = await proofs.check(proof.decode("latin-1"), wanted)
    except Stale:
        raise DpopNonce from None
    except Replayed:
        raise DpopReplayed("Make another proof, with another jti, for every request.") from None
    except BadProof as bad:
        raise DpopInvalid(str(bad)) from None
    if nonce == current:
        exchange.nonce = ""
