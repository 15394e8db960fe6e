"""What the platform publishes: the one description of operations, scopes and costs."""

from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from apps.core import clock
from apps.core.fields import IdField

MANAGING = "platform."  # how the scopes of the platform's own API begin


class ScopeQuerySet(models.QuerySet["Scope"]):
    """Scopes."""

    def of_data(self) -> Self:
        """Return those that open a tenant's data, not keys, members and applications."""
        return self.exclude(name__startswith=MANAGING)


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


class Api(models.Model):
    """An API in the catalog."""

    class Backend(models.TextChoices):
        """Where an API is served."""

        NATIVE = "native", "This project"
        UPSTREAM = "upstream", "An HTTP service"

    id = IdField(prefix="api")
    slug = models.SlugField(unique=True, help_text="First segment of every path.")
    name = models.CharField(max_length=80)
    description = models.TextField(blank=True)
    backend = models.CharField(max_length=8, choices=Backend.choices, default=Backend.NATIVE)
    created_at = models.DateTimeField(default=clock.real, editable=False)

    class Meta:
        """Named in full, not Api."""

        verbose_name = "API"
        verbose_name_plural = "APIs"

    def __str__(self) -> str:
        return self.name


class ApiVersion(models.Model):
    """A major version of an API and its OpenAPI document."""

    id = IdField(prefix="apv")
    api = models.ForeignKey(Api, models.CASCADE, related_name="versions")
    major = models.PositiveSmallIntegerField()
    document: models.JSONField[Any, Any] = models.JSONField(help_text="OpenAPI 3.1.")
    digest = models.CharField(max_length=64, editable=False)
    updated_at = models.DateTimeField(default=clock.real)

    class Meta:
        """Majors side by side."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["api", "major"], name="api_major_once")
        ]

    def __str__(self) -> str:
        return f"{self.api.slug}/v{self.major}"


class Operation(models.Model):
    """One method and path, with its ``operationId``."""

    id = IdField(prefix="opn")
    version = models.ForeignKey(ApiVersion, models.CASCADE, related_name="operations")
    name = models.CharField(max_length=120, help_text="operationId")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=300, help_text="Template below the version's base.")
    summary = models.CharField(max_length=200, blank=True)
    scopes = ArrayField(models.CharField(max_length=80), default=list)
    cost = models.PositiveIntegerField(default=1)

    class Meta:
        """Each operation once."""

        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "method", "path"], name="operation_once"),
            models.UniqueConstraint(fields=["version", "name"], name="operation_name_once"),
        ]

    def __str__(self) -> str:
        return self.name
