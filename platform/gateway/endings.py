"""What tells callers that an operation ends, before it does (RFC 9745 and RFC 8594).

And which parts of its requests do: what they are compiled to, for ``note_ending`` to look for.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formatdate

from apps.catalog import ending
from apps.catalog.rules import Path
from gateway.exchange import Headers
from gateway.problems import VersionRetired
from gateway.store import OperationRow


@dataclass(frozen=True, slots=True)
class Ending:
    """Deprecated parts of an operation's requests, each with how it is recorded."""

    query: dict[str, str]
    headers: tuple[tuple[bytes, str], ...]
    body: tuple[tuple[Path, str], ...]


def parts(named: Iterable[str]) -> Ending:
    """Compile the parts that ``apps.catalog.ending`` found in a document."""
    found = [(ending.read(part), part) for part in named]
    return Ending(
        query={one.path[0]: part for one, part in found if one.place == "query"},
        headers=tuple(
            (one.path[0].encode("latin-1", "ignore"), part)
            for one, part in found
            if one.place == "header"
        ),
        body=tuple((one.path, part) for one, part in found if one.place == "body"),
    )


def notice(row: OperationRow, portal: str) -> Headers:
    """Return the headers of every answer of an operation that is deprecated or will end."""
    since = row.deprecated_at if row.deprecated_at is not None else row.updated_at
    headers: Headers = []
    if row.deprecated_at is not None or row.deprecated:
        link = f'<{guide(row.api, row.major, portal)}>; rel="deprecation"; type="text/html"'
        headers += [(b"deprecation", b"@%d" % since), (b"link", link.encode())]
    if row.sunset_at is not None:
        link = f'<{guide(row.api, row.major, portal)}>; rel="sunset"; type="text/html"'
        ends = formatdate(row.sunset_at, usegmt=True).encode()
        headers += [(b"sunset", ends), (b"link", link.encode())]
    return headers


def retired(api: str, version: str, sunset_at: float, link: str) -> VersionRetired:
    """Return the refusal of what has ended."""
    ended = time.strftime("%Y-%m-%d", time.gmtime(sunset_at))
    return VersionRetired(f"{api} {version} ended on {ended}. How to move on: {link}")


def guide(api: str, major: int, portal: str) -> str:
    """Return the address of the page that says how to move on."""
    return f"{portal}/docs/moving/{api}/v{major}"
