"""How to get in: ``WWW-Authenticate`` (RFC 6750, 9449 and 9728)."""

from apps.core import jose
from apps.core.errors import Problem
from gateway.exchange import Exchange, Headers
from gateway.problems import DpopInvalid, DpopNonce, DpopReplayed

UNAUTHORIZED = 401
INVALID_PROOF = {DpopInvalid.code, DpopReplayed.code}
ALGORITHMS = f'algs="{" ".join(jose.ALGORITHMS)}"'
WELL_KNOWN = "/.well-known/oauth-protected-resource"


def challenges(exchange: Exchange, problem: Problem) -> Headers:
    """Return a challenge for each scheme; the one that was tried says what was wrong."""
    missing_scope = problem.code == "scope_missing"
    if problem.status != UNAUTHORIZED and not missing_scope:
        return []
    told = [f'realm="{_plain(exchange.runtime.settings.brand)}"']
    bearer, dpop = ["Bearer", told], ["DPoP", [*told, ALGORITHMS]]
    proves = problem.code.startswith("dpop_") or exchange.scheme == b"dpop"
    first, second = (dpop, bearer) if proves else (bearer, dpop)
    found = [_line(str(first[0]), [*first[1], *_more(exchange, problem)])]
    return found if missing_scope else [*found, _line(str(second[0]), list(second[1]))]


def resource(exchange: Exchange) -> str:
    """Return the path of the version of the API that a request is about, or nothing."""
    table = exchange.runtime.routes.table
    api, _, rest = exchange.path.lstrip("/").partition("/")
    version = rest.partition("/")[0]
    known = table is not None and version in table.versions.get(api, ())
    return f"/{api}/{version}" if known else ""


def _more(exchange: Exchange, problem: Problem) -> list[str]:
    more = []
    if problem.code != "credential_missing":  # RFC 6750, section 3.1
        more.append(f'error="{_error(problem)}"')
        more.append(f'error_description="{_plain(problem.title())}"')
    if scopes := _scopes(exchange):
        more.append(f'scope="{scopes}"')
    url = exchange.runtime.settings.api_url
    return [*more, f'resource_metadata="{url}{WELL_KNOWN}{resource(exchange)}"']


def _error(problem: Problem) -> str:
    if problem.code == DpopNonce.code:
        return "use_dpop_nonce"
    if problem.code in INVALID_PROOF:
        return "invalid_dpop_proof"
    return "insufficient_scope" if problem.code == "scope_missing" else "invalid_token"


def _scopes(exchange: Exchange) -> str:
    """Return the scopes of the operation, known or not yet looked for."""
    operation, table = exchange.operation, exchange.runtime.routes.table
    if operation is None and table is not None:
        try:
            operation = table.find(exchange.method, exchange.path)
        except Problem:
            return ""
    return " ".join(operation.scopes) if operation else ""


def _line(scheme: str, parameters: list[str]) -> tuple[bytes, bytes]:
    said = f"{scheme} {', '.join(parameters)}"
    return b"www-authenticate", said.encode("ascii", "ignore")


def _plain(text: str) -> str:
    return text.replace("\\", "").replace('"', "'")
