"""What the platform publishes: the one description of operations, scopes and costs."""

from itertools import chain
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, Q

from apps.accounts.models import User
from apps.catalog import policies, upstreams
from apps.catalog.differences import Difference, of_json
from apps.catalog.rights import MANAGING
from apps.core import clock
from apps.core.fields import IdField
from apps.core.members import Invalid
from apps.orgs.models import Organization


class ScopeQuerySet(models.QuerySet["Scope"]):
    """Scopes."""

    def of_data(self) -> Self:
        """Return those that open a tenant's data, not keys, members and applications."""
        return self.exclude(name__startswith=MANAGING)

    def shown_to(self, *organizations: str) -> Self:
        """Return those without which ``organizations`` would miss something they know of.

        A scope that only operations of APIs need which they may not know of is missing to them.
        """
        hidden = Operation.objects.exclude(version__api__in=Api.objects.shown_to(*organizations))
        names = set(chain.from_iterable(hidden.values_list("scopes", flat=True).distinct()))
        if not names:
            return self
        known = Operation.objects.filter(
            version__api__in=Api.objects.shown_to(*organizations), scopes__overlap=list(names)
        )
        names.difference_update(*known.values_list("scopes", flat=True).distinct())
        return self.exclude(name__in=names)


class ApiQuerySet(models.QuerySet["Api"]):
    """APIs."""

    def shown_to(self, *organizations: str) -> Self:
        """Return those that one of ``organizations`` may know of; without any, those for all."""
        shown = Q(visibility=Api.Visibility.PUBLIC)
        if organizations:
            # Subqueries, not joins: an API with two partners is still one.
            mine = Partner.objects.filter(organization__in=organizations).values("api")
            inside = Organization.objects.filter(pk__in=organizations, is_internal=True)
            shown |= Q(visibility=Api.Visibility.PARTNER, pk__in=mine) | Q(Exists(inside))
        return self.filter(shown)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return those that ``user`` may know of, through any organization."""
        return self.shown_to(*organizations_of(user))


class ApiVersionQuerySet(models.QuerySet["ApiVersion"]):
    """Versions of APIs."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return those of the APIs that ``user`` may know of."""
        return self.filter(api__in=Api.objects.visible_to(user))

    def listed(self) -> Self:
        """Return them as lists show them: by name, without their documents, which are large."""
        return self.select_related("api").defer("document").order_by("api__slug", "major")


class OperationQuerySet(models.QuerySet["Operation"]):
    """Operations."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return those of the APIs that ``user`` may know of."""
        return self.filter(version__api__in=Api.objects.visible_to(user))


def organizations_of(user: User | AnonymousUser) -> list[str]:
    """Return the organizations through which ``user`` may know of APIs."""
    if not user.is_authenticated:
        return []
    mine = Organization.objects.filter(memberships__user=user.pk, suspended_at=None)
    return list(mine.values_list("pk", flat=True))


def policy(value: Any) -> None:
    """Refuse a policy that no gateway could follow."""
    try:
        policies.parse(value)
    except Invalid as error:
        raise ValidationError(str(error)) from error


def settings(value: Any) -> None:
    """Refuse settings of an upstream that make no sense."""
    try:
        upstreams.parse(value)
    except Invalid as error:
        raise ValidationError(str(error)) from error


class Scope(models.Model):
    """A right that an application can be granted, in words for people."""

    class Risk(models.TextChoices):
        """How much harm a stolen grant could do."""

        LOW = "low", "Low"
        HIGH = "high", "High"

    name = models.CharField(max_length=80, primary_key=True)
    title = models.CharField(max_length=120)
    risk = models.CharField(max_length=4, choices=Risk.choices, default=Risk.LOW)

    objects = ScopeQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class Upstream(models.Model):
    """An HTTP service that APIs are served by: one or more targets that can stand in for another.

    ``settings`` is an object as ``apps.catalog.upstreams`` describes and validates it.
    """

    id = IdField(prefix="ups")
    slug = models.SlugField(unique=True)
    settings: models.JSONField[Any, Any] = models.JSONField(
        default=dict, db_default={}, blank=True, validators=[settings]
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)

    def __str__(self) -> str:
        return self.slug


class Target(models.Model):
    """One address of an upstream. ``weight`` is its share of requests; 0 lets it run dry."""

    upstream = models.ForeignKey(Upstream, models.CASCADE, related_name="targets")
    url = models.URLField(help_text="Scheme, host and port.")
    weight = models.PositiveSmallIntegerField(default=1)

    class Meta:
        """Each address once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["upstream", "url"], name="target_once")
        ]

    def __str__(self) -> str:
        return self.url


class Api(models.Model):
    """An API in the catalog.

    ``policy`` is an object as ``apps.catalog.policies`` describes and validates it.
    """

    class Visibility(models.TextChoices):
        """Who may know of it, and call it."""

        PUBLIC = "public", "Everybody"
        PARTNER = "partner", "Partners"
        INTERNAL = "internal", "The operator"

    class Backend(models.TextChoices):
        """Where an API is served."""

        NATIVE = "native", "This project"
        UPSTREAM = "upstream", "An HTTP service"

    id = IdField(prefix="api")
    slug = models.SlugField(unique=True, help_text="First segment of every path.")
    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    backend = models.CharField(max_length=8, choices=Backend.choices, default=Backend.NATIVE)
    visibility = models.CharField(
        max_length=8,
        choices=Visibility.choices,
        default=Visibility.PUBLIC,
        db_default=Visibility.PUBLIC,
    )
    policy: models.JSONField[Any, Any] = models.JSONField(
        default=dict, db_default={}, blank=True, validators=[policy]
    )
    created_at = models.DateTimeField(default=clock.real, editable=False)

    objects = ApiQuerySet.as_manager()

    class Meta:
        """Named in full, not Api."""

        verbose_name = "API"
        verbose_name_plural = "APIs"

    def __str__(self) -> str:
        return self.name


class Partner(models.Model):
    """An organization that may see and call an API which is not for everybody."""

    api = models.ForeignKey(Api, models.CASCADE, related_name="partners")
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    since = models.DateTimeField(default=clock.real, editable=False)

    class Meta:
        """Each organization once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["api", "organization"], name="partner_once")
        ]

    def __str__(self) -> str:
        return f"{self.organization} at {self.api}"


class ApiVersion(models.Model):
    """A major version of an API and its OpenAPI document.

    ``base`` stands in front of an operation's path at the upstream; a native version has none.
    From ``deprecated_at`` on answers say so, from ``sunset_at`` on there are none but 410.
    """

    id = IdField(prefix="apv")
    api = models.ForeignKey(Api, models.CASCADE, related_name="versions")
    major = models.PositiveSmallIntegerField()
    document: models.JSONField[Any, Any] = models.JSONField(help_text="OpenAPI 3.1.")
    digest = models.CharField(max_length=64, editable=False)
    upstream = models.ForeignKey(
        Upstream, models.PROTECT, null=True, blank=True, related_name="versions"
    )
    base = models.CharField(max_length=200, blank=True, db_default="")
    deprecated_at = models.DateTimeField(null=True, blank=True)
    sunset_at = models.DateTimeField(null=True, blank=True)
    guide = models.TextField(
        blank=True, db_default="", help_text="How to move to the next version, in Markdown."
    )
    updated_at = models.DateTimeField(default=clock.real)

    objects = ApiVersionQuerySet.as_manager()

    class Meta:
        """Majors side by side."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["api", "major"], name="api_major_once")
        ]

    def __str__(self) -> str:
        return f"{self.api.slug}/v{self.major}"

    @property
    def prefix(self) -> str:
        """What the paths of its operations begin with at the gateway."""
        return f"/{self}"


class Operation(models.Model):
    """One method and path, with its ``operationId``.

    Its ``policy`` stands above that of its API; it is the operator's, as ``own_cost`` is, and no
    import changes them. A parameter that takes several segments is written ``{+name}`` (RFC 6570).
    """

    id = IdField(prefix="opn")
    version = models.ForeignKey(ApiVersion, models.CASCADE, related_name="operations")
    name = models.CharField(max_length=120, help_text="operationId")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300, help_text="Template below the version's base.")
    summary = models.CharField(max_length=200, blank=True)
    scopes = ArrayField(models.CharField(max_length=80), default=list)
    cost = models.PositiveIntegerField(default=1)
    own_cost = models.PositiveIntegerField(
        null=True, blank=True, help_text="The operator's; it stands for that of the document."
    )
    deprecated = models.BooleanField(default=False, db_default=False)
    ending: models.JSONField[Any, Any] = models.JSONField(
        default=list, db_default=[], blank=True, help_text="Deprecated parts of its requests."
    )
    policy: models.JSONField[Any, Any] = models.JSONField(
        default=dict, db_default={}, blank=True, validators=[policy]
    )

    objects = OperationQuerySet.as_manager()

    class Meta:
        """Each operation once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "method", "path"], name="operation_once"),
            models.UniqueConstraint(fields=["version", "name"], name="operation_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> tuple[str, str]:
        """Return method and path as the version's document writes them."""
        return self.method, self.path.replace("{+", "{")


class EntryQuerySet(models.QuerySet["Entry"]):
    """Entries of the changelog."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return those of the APIs that ``user`` may know of."""
        return self.filter(version__api__in=Api.objects.visible_to(user))

    def newest_first(self) -> Self:
        """Return them as pages show them, without the documents of their versions."""
        rows = self.select_related("version__api").defer("version__document")
        return rows.order_by("-at", "-pk")


class Entry(models.Model):
    """What a version did differently from one moment on, for those who call it.

    ``changes`` are differences as ``apps.catalog.differences`` reads them.
    """

    id = IdField(prefix="chg")
    version = models.ForeignKey(ApiVersion, models.CASCADE, related_name="entries")
    at = models.DateTimeField(default=clock.real, editable=False)
    changes: models.JSONField[Any, Any] = models.JSONField()
    left_out = models.PositiveIntegerField(default=0, help_text="Changes beyond those kept.")
    breaking = models.PositiveIntegerField(default=0)
    risky = models.PositiveIntegerField(default=0)
    words = models.TextField(blank=True, help_text="The operator's own, in Markdown.")

    objects = EntryQuerySet.as_manager()

    class Meta:
        """The newest first, of one version or of all."""

        verbose_name = "changelog entry"
        verbose_name_plural = "changelog entries"
        indexes: ClassVar = [models.Index(fields=["-at"], name="entry_newest")]

    def __str__(self) -> str:
        return f"{self.version}, {self.at:%Y-%m-%d}"

    @property
    def differences(self) -> list[Difference]:
        """Its changes, what breaks first."""
        return [of_json(raw) for raw in self.changes]


class Draft(models.Model):
    """A document that somebody looks at before it is published."""

    id = IdField(prefix="dft")
    document: models.JSONField[Any, Any] = models.JSONField()
    source = models.CharField(max_length=300, blank=True, help_text="Where it came from.")
    created_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=clock.real, editable=False)

    def __str__(self) -> str:
        return self.source
