"""What the views of this API share."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, Protocol

from django.db.models import QuerySet
from django.http import Http404, HttpResponse

from apps.core.errors import Problem
from apps.core.rest import conditions
from apps.core.rest.expansion import Shape
from apps.core.rest.operations import operation
from apps.core.rest.renderers import dumps
from apps.idempotency import rest as idempotency
from apps.management import standing
from apps.management.errors import LiveCredentialNeeded
from apps.management.standing import Standing
from apps.orgs.errors import RoleMissing
from apps.tenants.models import Tenant
from apps.tenants.rest import TenantView

Declared = Callable[[Callable[..., Any]], Callable[..., Any]]
ROLE = (RoleMissing,)
LIVE = (LiveCredentialNeeded,)
PASSING = frozenset({"state", "last_used_at"})  # members that change without being changed


def reads(
    name: str, *, may: str, problems: tuple[type[Problem], ...] = (), **more: Any
) -> Declared:
    """Declare an operation that reads; ``may`` is the action that the role must include."""
    return _acting(operation(name, problems=(*problems, *ROLE), **more), may)


def writes(
    name: str,
    *,
    may: str,
    real: bool = False,
    problems: tuple[type[Problem], ...] = (),
    **more: Any,
) -> Declared:
    """Declare an operation that changes something; what is ``real`` takes a live credential."""
    known = (*problems, *ROLE, *(LIVE if real else ()))
    return _acting(idempotency.writes(name, problems=known, **more), may, real=real)


def _acting(declare: Declared, may: str, *, real: bool = False) -> Declared:
    def declared(method: Callable[..., Any]) -> Callable[..., Any]:
        made = declare(method)
        made.may, made.real = may, real  # type: ignore[attr-defined]  # read by the view
        return made

    return declared


class Select(Protocol):
    """What returns the rows that a credential in a tenant sees."""

    def __call__(self, at: Tenant) -> QuerySet[Any]:
        """Return them."""
        ...


class ManagementView(idempotency.IdempotentView, TenantView):
    """A view of the things of one kind that the caller's organization has.

    ``select`` returns those that a credential in a tenant sees.
    """

    select: ClassVar[Select]
    drifts = True

    @cached_property
    def standing(self) -> Standing:
        """In whose name the caller acts."""
        return standing.of(self.caller)

    @property
    def owner(self) -> str:
        """Return the organization."""
        return self.at.organization_id

    @property
    def at(self) -> Tenant:
        """Return the tenant that the caller acts in."""
        return self.standing.tenant

    def perform(self, handler: Any) -> HttpResponse:
        """Run the method if the role allows it; a kept answer is for whoever still may."""
        if handler.real:  # first: another role would not help
            self.standing.require_live()
        if handler.may:
            self.standing.require(handler.may)
        return super().perform(handler)

    def version_of(self, found: Any) -> str:
        """Return a digest of everything that can be changed."""
        shape = self.resource.present(found, self.caller.livemode)
        kept = {name: value for name, value in shape.items() if name not in PASSING}
        return conditions.digest(dumps(kept))

    def mine(self) -> QuerySet[Any]:
        """Return the rows that this caller sees."""
        return self.select(self.at)

    def one(self, key: str) -> Any:
        """Return the object with this identifier; what is not the caller's does not exist."""
        found = self.mine().filter(**{self.named_by: _clean(key)}).first()
        if found is None:
            raise Http404
        return found

    def mine_to_change(self, key: str) -> Any:
        """Return the object, locked and in the version that If-Match names."""
        return self.target(self.mine(), _clean(key))

    def issued(self, found: Any, secret: str) -> HttpResponse:
        """Answer with something new and, this once, its secret."""
        shape: Shape = self.show(found) | {"secret": secret}
        return self.answer(shape, 201)


def _clean(key: str) -> str:
    """Return an identifier of the path; PostgreSQL's texts hold no U+0000, so nothing has one."""
    if "\0" in key:
        raise Http404
    return key
