"""How a described document becomes rows: operations keep theirs while method and path stay."""

import hashlib
import json
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from apps.catalog import differences, openapi
from apps.catalog.changes import Change, of_operations, of_scopes
from apps.catalog.differences import Difference
from apps.catalog.models import Api, ApiVersion, Operation, Scope
from apps.catalog.openapi import Described
from apps.catalog.rights import Words

BATCH: Final = 200
FIELDS: Final = ("name", "path", "summary", "scopes", "cost", "deprecated", "ending")


def digest(document: Any) -> str:
    """Return the SHA-256 of a document, whatever the order of its members."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def is_newest(slug: str, major: int) -> bool:
    """Tell whether a major is the newest of its API: it says what the API and its scopes are."""
    return not ApiVersion.objects.filter(api__slug=slug, major__gt=major).exists()


def compare(version: ApiVersion | None, described: Described, *, newest: bool) -> list[Change]:
    """Return what publishing would change, an operator's own costs left aside."""
    rows = Operation.objects.filter(version=version) if version else Operation.objects.none()
    known = {one.place: one for one in map(_as_described, rows)}
    return [
        *of_operations(known, _with_own_costs(described.operations, rows)),
        *of_scopes(words_of(described.scopes), _wanted_words(described, newest=newest)),
    ]


def differ(version: ApiVersion | None, described: Described, document: Any) -> list[Difference]:
    """Return what callers of a version would notice."""
    if version is None or not version.digest:
        count = len(described.operations)
        many = f"{count:,} operation{'' if count == 1 else 's'}"
        return [Difference("version_published", after=many)]
    rows = Operation.objects.filter(version=version)
    native = version.api.backend == Api.Backend.NATIVE
    return differences.between(
        version.document,
        document,
        was=[_as_described(row) for row in rows],
        will=_with_own_costs(described.operations, rows),
        prefix=version.prefix if native else "",
    )


def words_of(names: Any) -> dict[str, Words]:
    """Return the words that the catalog has for scopes."""
    rows = Scope.objects.filter(name__in=list(names)).values_list("name", "title", "risk")
    return {name: Words(title, risk) for name, title, risk in rows}


def write(version: ApiVersion, described: Described, *, newest: bool) -> None:
    """Bring operations and scopes in line with a document."""
    rows = {row.place: row for row in version.operations.all()}
    before = set(chain.from_iterable(row.scopes for row in rows.values()))
    own = {place: row.own_cost for place, row in rows.items() if row.own_cost is not None}
    fresh, changed, renamed = [], [], []
    for one in described.operations:
        wanted = {name: getattr(one, name) for name in FIELDS}
        wanted |= {"scopes": list(one.scopes), "ending": list(one.ending)}
        wanted |= {"cost": own.get(one.place, one.cost)}
        row = rows.pop(one.place, None)
        if row is None:
            fresh.append(Operation(version=version, method=one.method, **wanted))
        elif any(getattr(row, name) != value for name, value in wanted.items()):
            if row.name != one.name:
                renamed.append(row)
            for name, value in wanted.items():
                setattr(row, name, value)
            changed.append(row)
    Operation.objects.filter(pk__in=[row.pk for row in rows.values()]).delete()
    # Two operations may swap their names, which are each unique at every moment.
    for row in renamed:
        Operation.objects.filter(pk=row.pk).update(name=row.pk)
    Operation.objects.bulk_update(changed, FIELDS, batch_size=BATCH)
    Operation.objects.bulk_create(fresh, batch_size=BATCH)
    _words(_wanted_words(described, newest=newest))
    forget_unneeded(before - described.scopes.keys())


def forget_unneeded(names: set[str]) -> None:
    """Take scopes out of the catalog that no operation needs."""
    needed = Operation.objects.filter(scopes__overlap=list(names))
    still = set(chain.from_iterable(needed.values_list("scopes", flat=True)))
    Scope.objects.filter(name__in=names - still).delete()


def _wanted_words(described: Described, *, newest: bool) -> dict[str, Words]:
    """Return the words that are to be the scopes'; those that are there outlive some."""
    known = words_of(described.scopes)
    return {
        name: known[name] if name in known and (words.made or not newest) else words
        for name, words in described.scopes.items()
    }


def _words(wanted: dict[str, Words]) -> None:
    known = words_of(wanted)
    for name, words in wanted.items():
        if known.get(name) != words:
            Scope.objects.update_or_create(
                name=name, defaults={"title": words.title, "risk": words.risk}
            )


def _as_described(row: Operation) -> openapi.Operation:
    return openapi.Operation(
        method=row.method,
        path=row.path,
        name=row.name,
        summary=row.summary,
        scopes=tuple(row.scopes),
        cost=row.cost,
        deprecated=row.deprecated,
        ending=tuple(row.ending),
    )


def _with_own_costs(described: Any, rows: Any) -> list[openapi.Operation]:
    own = {row.place: row.own_cost for row in rows if row.own_cost is not None}
    return [replace(one, cost=own.get(one.place, one.cost)) for one in described]
