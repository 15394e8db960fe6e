"""How to get in: ``WWW-Authenticate`` (RFC 6750, 9449 and 9728)."""

from functools import lru_cache
from typing import NamedTuple

from apps.core import jose
from apps.core.errors import Problem, ScopeMissing
from gateway.exchange import Exchange, Headers
from gateway.problems import DpopInvalid, DpopNonce, DpopReplayed

UNAUTHORIZED = 401
MISSING_SCOPE = ScopeMissing.code
INVALID_PROOF = {DpopInvalid.code, DpopReplayed.code}
ALGORITHMS = f'algs="{" ".join(jose.ALGORITHMS)}"'
WELL_KNOWN = "/.well-known/oauth-protected-resource"


def challenges(exchange: Exchange, problem: Problem) -> Headers:
    """Return a challenge for each scheme; the one that was tried says what was wrong."""
    if problem.status != UNAUTHORIZED and problem.code != MISSING_SCOPE:
        return []
    settings = exchange.runtime.settings
    about = _About(
        type(problem),
        proves=problem.code.startswith("dpop_") or exchange.scheme == b"dpop",
        scopes=_scopes(exchange),
        metadata=f"{settings.api_url}{WELL_KNOWN}{resource(exchange)}",
        brand=settings.brand,
    )
    return list(_lines(about))


class _About(NamedTuple):
    """What a challenge depends on."""

    problem: type[Problem]
    proves: bool
    scopes: str
    metadata: str
    brand: str


@lru_cache(maxsize=1024)
def _lines(about: _About) -> tuple[tuple[bytes, bytes], ...]:
    realm = f'realm="{_plain(about.brand)}"'
    bearer, dpop = f"Bearer {realm}", f"DPoP {realm}, {ALGORITHMS}"
    first, second = (dpop, bearer) if about.proves else (bearer, dpop)
    said = [first]
    code = about.problem.code
    if code != "credential_missing":  # RFC 6750, section 3.1
        said.append(f'error="{_error(code)}"')
        said.append(f'error_description="{_plain(about.problem.title())}"')
    if about.scopes:
        said.append(f'scope="{about.scopes}"')
    said.append(f'resource_metadata="{about.metadata}"')
    found = [", ".join(said)] if code == MISSING_SCOPE else [", ".join(said), second]
    return tuple((b"www-authenticate", line.encode("ascii", "ignore")) for line in found)


def resource(exchange: Exchange) -> str:
    """Return the path of the version of the API that a request is about, or nothing."""
    table = exchange.runtime.routes.table
    api, _, rest = exchange.path.lstrip("/").partition("/")
    version = rest.partition("/")[0]
    known = table is not None and table.shows(api) and version in table.versions.get(api, ())
    return f"/{api}/{version}" if known else ""


def _error(code: str) -> str:
    if code == DpopNonce.code:
        return "use_dpop_nonce"
    if code in INVALID_PROOF:
        return "invalid_dpop_proof"
    return "insufficient_scope" if code == MISSING_SCOPE else "invalid_token"


def _scopes(exchange: Exchange) -> str:
    """Return the scopes of the operation, known or not yet looked for."""
    operation, table = exchange.operation, exchange.runtime.routes.table
    if operation is None and table is not None:
        try:
            operation = table.find(exchange.method, exchange.path)
        except Problem:
            return ""
    return " ".join(operation.scopes) if operation else ""


def _plain(text: str) -> str:
    return text.replace("\\", "").replace('"', "'")
