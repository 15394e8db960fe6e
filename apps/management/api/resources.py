"""How the objects hang together: what expands into what, and which scopes they need."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet

from apps.core.rest.expansion import Resource
from apps.management import selectors, shapes
from apps.management.api import serializers
from apps.tenants.models import Tenant


def _resource(
    name: str,
    *,
    scope: str,
    serializer: Any,
    present: Any,
    select: Callable[[Tenant], QuerySet[Any]] | None = None,
    named_by: str = "pk",
    **more: Any,
) -> Resource:
    """Return a resource; ``select`` is only needed where it is expanded."""

    def load(at: Tenant, keys: Iterable[str]) -> Iterable[Any]:
        return select(at).filter(**{f"{named_by}__in": keys}) if select else ()

    return Resource(
        name=name,
        scope=scope,
        members=frozenset(serializer().fields),
        present=present,
        load=load,
        **more,
    )


ORGANIZATION = _resource(
    "organization",
    scope="platform.organization:read",
    serializer=serializers.OrganizationSerializer,
    present=shapes.organization,
)
TENANT = _resource(
    "tenant",
    scope="platform.organization:read",
    serializer=serializers.TenantSerializer,
    present=shapes.tenant,
    select=selectors.tenants,
)
MEMBER = _resource(
    "member",
    scope="platform.members:read",
    serializer=serializers.MemberSerializer,
    present=shapes.member,
    select=selectors.members,
    named_by="user",
)
INVITATION = _resource(
    "invitation",
    scope="platform.members:read",
    serializer=serializers.InvitationSerializer,
    present=shapes.invitation,
)
CONNECTION = _resource(
    "connection",
    scope="platform.connections:read",
    serializer=serializers.ConnectionSerializer,
    present=shapes.connection,
    links={"member": MEMBER, "tenant": TENANT},
)
SCOPE = _resource(
    "scope",
    scope="platform.applications:read",
    serializer=serializers.ScopeSerializer,
    present=shapes.scope,
)
APPLICATION = _resource(
    "application",
    scope="platform.applications:read",
    serializer=serializers.ApplicationSerializer,
    present=shapes.application,
    select=selectors.applications,
)
REVISIONS = _resource(
    "revisions",
    scope="platform.applications:read",
    serializer=serializers.RevisionsSerializer,
    present=shapes.revisions,
)
PLAN = _resource(
    "plan",
    scope="platform.applications:read",
    serializer=serializers.PlanSerializer,
    present=shapes.plan,
)
PLAN_REQUEST = _resource(
    "plan request",
    scope="platform.applications:read",
    serializer=serializers.PlanRequestSerializer,
    present=shapes.plan_request,
    links={"application": APPLICATION},
)
INITIAL_TOKEN = _resource(
    "initial token",
    scope="platform.clients:read",
    serializer=serializers.InitialTokenSerializer,
    present=shapes.initial_token,
    links={"application": APPLICATION},
)
END_USER = _resource(
    "end user",
    scope="platform.organization:read",
    serializer=serializers.EndUserSerializer,
    present=shapes.end_user,
    links={"tenant": TENANT},
)
KEY = _resource(
    "key",
    scope="platform.keys:read",
    serializer=serializers.KeySerializer,
    present=shapes.key,
    links={"application": APPLICATION, "tenant": TENANT},
)
CLIENT = _resource(
    "client",
    scope="platform.clients:read",
    serializer=serializers.ClientSerializer,
    present=shapes.client,
    select=selectors.clients,
    named_by="client_id",
    links={"application": APPLICATION},
)
CLIENT_SECRET = _resource(
    "client secret",
    scope="platform.clients:read",
    serializer=serializers.ClientSecretSerializer,
    present=shapes.client_secret,
    links={"client": CLIENT},
)
