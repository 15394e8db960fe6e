"""Redirect URIs: which may be registered, and which request belongs to which.

They are compared character by character (RFC 9700, section 4.1.3). The port of a loopback address
is the one exception: a native program gets a free one each time (RFC 8252, section 7.3).
"""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

MOST: Final = 20
LONGEST: Final = 500
PRIVATE: Final = re.compile(r"[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+")  # com.example.app: a dot in it
HOST: Final = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
SAFE: Final = re.compile(
    r"[!#-;=?-\[\]_a-z~]*", re.IGNORECASE
)  # what RFC 3986 leaves: no "<>\^`{|}


def matches(asked: str, registered: str) -> bool:
    """Tell whether the redirect URI of a request is the registered one."""
    if asked == registered:
        return True
    theirs, ours = _split(asked), _split(registered)
    if theirs is None or ours is None or not is_loopback(registered):
        return False
    return _without_port(theirs) == _without_port(ours) and SAFE.fullmatch(asked) is not None


def is_loopback(uri: str) -> bool:
    """Tell whether ``uri`` is plain http to this machine."""
    parts = _split(uri)
    return bool(parts and parts.scheme == "http" and _names_this_machine(parts.hostname or ""))


def is_exact_https(uri: str) -> bool:
    """Tell whether the operating system brings ``uri`` to its owner and nobody else."""
    return uri.startswith("https://")


def fault(uri: str, *, public: bool) -> str:
    """Return what is wrong with registering ``uri``, in a sentence; nothing when it may be."""
    parts = _split(uri)
    if parts is None or not SAFE.fullmatch(uri) or len(uri) > LONGEST:
        return "This is not an address."
    if "#" in uri:
        return "A fragment (#) never reaches a server."
    if "@" in parts.netloc:
        return "An address holds no user name."
    if "*" in uri:
        return "Addresses are compared exactly: a wildcard would match nothing."
    return _fault_of_scheme(parts, uri, public=public)


def source(uri: str) -> str:
    """Return where ``uri`` leads, as a source expression of a Content-Security-Policy.

    The grammar has no IPv6: such a loopback address is let through by its scheme.
    """
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or ":" in (parts.hostname or ""):
        return f"{parts.scheme}:"
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _fault_of_scheme(parts: SplitResult, uri: str, *, public: bool) -> str:
    if parts.scheme == "https":
        return "" if HOST.fullmatch(parts.hostname or "") else "The host is missing or not a name."
    if parts.scheme == "http":
        return "" if is_loopback(uri) else "http is for this machine only (127.0.0.1): use https."
    if not public:
        return "A confidential client is reached over https."
    if not PRIVATE.fullmatch(parts.scheme):
        return "A scheme of your own holds a dot, as com.example.app does."
    return "" if parts.path.strip("/") or parts.netloc else "The address ends after its scheme."


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme else None


def _without_port(parts: SplitResult) -> tuple[str | None, ...]:
    """Return all of an address except its port; user names are compared too."""
    user = parts.netloc.rpartition("@")[0]
    return parts.scheme, user, parts.hostname, parts.path, parts.query, parts.fragment


def _names_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
