"""The request log: rows as people read them, newest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import ids
from apps.keys.models import Key
from apps.tenants.models import Tenant
from apps.usage.models import Request, RequestQuerySet
from apps.usage.selectors import credentials
from apps.usage.selectors.credentials import Credential

# A request is recorded when it ends, its identifier is made when it begins.
BEFORE, AFTER = timedelta(minutes=5), timedelta(hours=1)
MOST = 200


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request. Times are milliseconds; ``trace`` is given only by ``request()``."""

    id: str
    at: datetime
    application_id: str | None
    application_name: str
    tenant_id: str | None
    key_id: str | None
    key_name: str
    key_hint: str
    livemode: bool | None
    api: str
    operation: str
    method: str
    path: str
    status: int
    code: str
    latency_ms: float
    backend_ms: float
    bytes_in: int
    bytes_out: int
    units: int
    ip: str
    user_agent: str
    organization_id: str | None = None
    trace: list[Any] | None = None

    @property
    def failed(self) -> bool:
        """Tell whether the answer was a refusal or an error."""
        return self.status >= 400  # noqa: PLR2004 - HTTP's own border

    @property
    def status_class(self) -> int:
        """Return 2 for 200 to 299, and so on."""
        return self.status // 100


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, and the cursor to pass as ``after`` for the older ones."""

    rows: list[RequestRow]
    next: str | None


def requests(
    user: User,
    *,
    application: Application | str | None = None,
    tenant: Tenant | str | None = None,
    livemode: bool | None = None,
    status_class: int | None = None,
    operation: str | None = None,
    key: Key | str | None = None,
    method: str | None = None,
    text: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page:
    """Return requests of the user's applications. ``after`` is a request id, from ``next``.

    ``text`` is looked for in path, operation, code and user agent; a request id finds that request.
    """
    wanted = _matching(
        tenant_id=_uuid("tnt", tenant),
        livemode=livemode,
        operation=operation or None,
        key_id=_credential(key),
        method=method.upper() if method else None,
        at__gte=since,
        at__lt=until,
        status__gte=status_class * 100 if status_class else None,
        status__lt=status_class * 100 + 100 if status_class else None,
    )
    if text:
        wanted = _containing(wanted, text.strip())
    if after:
        wanted = _older(wanted, after)
    limit = max(1, min(limit, MOST))
    found = _newest(wanted, _owners(user, application), limit + 1)
    return Page(as_rows(found[:limit]), found[limit - 1].pk if len(found) > limit else None)


def request(user: User, request_id: str, *, own: bool = False) -> RequestRow | None:
    """Return one request with its decision trace, to members of the organization it belongs to.

    Staff who may view requests see every one, unless only their ``own`` are wanted.
    """
    near = _around(request_id)
    if near is None:
        return None
    found = Request.objects.filter(near, pk=request_id).first()
    if found is None:
        return None
    if own or not (user.is_staff and user.has_perm("usage.view_request")):
        owner = found.application_id
        if not (owner and Application.objects.visible_to(user).filter(pk=owner).exists()):
            return None
    return as_rows([found], trace=True)[0]


def request_of(request_id: str, *, application: str, tenant: str) -> RequestRow | None:
    """Return one request with its decision trace, to its application's credentials there."""
    near = _around(request_id)
    if near is None:
        return None
    owners = {"application_id": ids.decode(application)[1], "tenant_id": ids.decode(tenant)[1]}
    found = Request.objects.filter(near, pk=request_id, **owners).first()
    return as_rows([found], trace=True)[0] if found else None


def as_rows(found: Sequence[Request], *, trace: bool = False) -> list[RequestRow]:
    """Return rows with the names of their applications and credentials, in a few queries."""
    applications = dict(
        Application.objects.filter(pk__in={row.application_id for row in found}).values_list(
            "pk", "name"
        )
    )
    known = credentials.named(row.key_id for row in found)
    return [_row(row, applications, known, trace=trace) for row in found]


def _row(
    row: Request,
    applications: dict[str, str],
    known: dict[UUID, Credential],
    *,
    trace: bool,
) -> RequestRow:
    application = _text("app", row.application_id)
    used = known.get(row.key_id) if row.key_id else None
    return RequestRow(
        id=row.pk,
        at=row.at,
        application_id=application,
        application_name=applications.get(application or "", ""),
        tenant_id=_text("tnt", row.tenant_id),
        key_id=used.id if used else _text("key", row.key_id),
        key_name=used.name if used else "",
        key_hint=used.hint if used else "",
        livemode=row.livemode,
        api=row.api,
        operation=row.operation,
        method=row.method,
        path=row.path,
        status=row.status,
        code=row.code,
        latency_ms=row.latency_us / 1000,
        backend_ms=row.backend_us / 1000,
        bytes_in=row.bytes_in,
        bytes_out=row.bytes_out,
        units=row.units,
        ip=row.ip,
        user_agent=row.user_agent,
        organization_id=_text("org", row.organization_id),
        trace=(row.trace or []) if trace else None,
    )


def _owners(user: User, application: Application | str | None) -> list[UUID]:
    """Return the user's applications, or the one of them that is asked for."""
    mine = Application.objects.visible_to(user)
    if application:
        mine = mine.filter(pk=_key(application))
    return [ids.decode(pk)[1] for pk in mine.values_list("pk", flat=True)]


def _matching(**exact: Any) -> RequestQuerySet:
    """Return requests, without their traces, by those conditions that are given."""
    given = {name: value for name, value in exact.items() if value is not None}
    return Request.objects.filter(**given).defer("trace")


def _newest(wanted: RequestQuerySet, owners: Iterable[UUID], limit: int) -> list[Request]:
    """Return the newest rows of several applications in one query.

    One index walk for each application, stopped at ``limit``, instead of sorting all they have.
    """
    walks = [wanted.filter(application_id=owner).newest_first()[:limit] for owner in owners]
    if not walks or wanted.query.is_empty():  # Nothing cannot be put in order, says Django.
        return []
    if len(walks) == 1:
        return list(walks[0])
    return list(walks[0].union(*walks[1:], all=True).order_by("-at", "-id")[:limit])


def _containing(wanted: RequestQuerySet, text: str) -> RequestQuerySet:
    if near := _around(text):
        return wanted.filter(near, pk=text)
    places = ("path", "operation", "code", "user_agent")
    match = Q()
    for place in places:
        match |= Q(**{f"{place}__icontains": text})
    return wanted.filter(match)


def _older(wanted: RequestQuerySet, after: str) -> RequestQuerySet:
    """Return what follows the request ``after``; nothing when there is no such request."""
    near = _around(after)
    last = Request.objects.filter(near, pk=after).values_list("at", flat=True) if near else ()
    for at in last:
        return wanted.filter(Q(at__lt=at) | Q(at=at, id__lt=after), at__lte=at)
    return wanted.none()


def _around(request_id: str) -> Q | None:
    """Return the time in which a request must lie, read from its UUIDv7; None for anything else.

    It leaves one partition or two to look into, and of those the blocks that BRIN names.
    """
    try:
        prefix, value = ids.decode(request_id)
        at = datetime.fromtimestamp((value.int >> 80) / 1000, UTC)
        return Q(at__gte=at - BEFORE, at__lte=at + AFTER) if prefix == "req" else None
    except (ValueError, OverflowError):
        return None


def _key(thing: Application | Tenant | Key | str) -> str:
    return thing if isinstance(thing, str) else thing.pk


def _uuid(prefix: str, thing: Tenant | Key | str | None) -> UUID | None:
    """Return what to look for; something malformed is nobody."""
    if not thing:
        return None
    try:
        found, value = ids.decode(_key(thing))
    except ValueError:
        return UUID(int=0)
    return value if found == prefix else UUID(int=0)


def _credential(key: Key | str | None) -> UUID | None:
    """Return what to look for: a key, or the client of access tokens."""
    client = isinstance(key, str) and key.startswith("cli_")
    return _uuid("cli" if client else "key", key)


def _text(prefix: str, value: UUID | None) -> str | None:
    return ids.encode(prefix, value) if value else None
