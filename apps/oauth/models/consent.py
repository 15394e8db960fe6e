"""What end users have agreed to."""

from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.accounts.models import User
from apps.core import clock
from apps.core.fields import IdField
from apps.oauth.models.client import Client
from apps.tenants.models import Tenant


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Consents."""

    def visible_to(self, user: User) -> Self:
        """Return what ``user`` has agreed to."""
        return self.filter(user=user)

    def standing(self) -> Self:
        """Return those that were not withdrawn."""
        return self.filter(revoked_at=None)

    def in_full(self) -> Self:
        """Return them with everything that is read of one, but for pictures."""
        application = "client__application__"
        faces = (f"{application}logo", f"{application}presentation")
        around = ("user", "tenant__organization", f"{application}organization")
        return self.select_related(*faces, *around).defer(*(f"{face}__png" for face in faces))


class Consent(models.Model):
    """One end user lets one client act in one tenant, within scopes."""

    id = IdField(prefix="con")
    user = models.ForeignKey(User, models.CASCADE, related_name="consents")
    client = models.ForeignKey(Client, models.CASCADE, related_name="consents")
    tenant = models.ForeignKey(Tenant, models.CASCADE, related_name="consents")
    scopes = ArrayField(models.CharField(max_length=80), default=list)
    declined = ArrayField(
        models.CharField(max_length=80),
        default=list,
        db_default=[],
        help_text="Asked for, and left out.",
    )
    given_at = models.DateTimeField(default=clock.real)
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        """One that stands for each client and tenant."""

        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "client", "tenant"],
                condition=Q(revoked_at=None),
                name="one_standing_consent",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} lets {self.client} act in {self.tenant}"
