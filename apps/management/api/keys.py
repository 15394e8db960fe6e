"""API keys over HTTP."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from apps.applications.errors import NotApproved, ScopeNotApproved
from apps.applications.scopes import everything
from apps.core.errors import Problem, Unprocessable
from apps.core.rest.pagination import NEWEST
from apps.core.secrets import Kind
from apps.keys import checking, handover
from apps.keys import services as keys
from apps.keys.errors import KeyClosed, KeyRotatedAlready, NotRotating, UnknownScope
from apps.management import grants, selectors
from apps.management.api import examples
from apps.management.api.base import ManagementView, reads, writes
from apps.management.api.bodies import (
    KINDS,
    CheckBody,
    KeyBody,
    KeyChange,
    OverlapBody,
    RevocationBody,
    RotationBody,
)
from apps.management.api.resources import KEY
from apps.management.api.serializers import (
    IssuedKeySerializer,
    KeyCheckSerializer,
    KeySerializer,
)
from apps.management.errors import GrantTooLarge
from apps.management.filters import KeyFilters
from apps.management.references import referenced

EXPANDS = ("application", "tenant")
SHOWN: dict[str, Any] = {"answer": KeySerializer, "example": examples.KEY, "expands": EXPANDS}
ISSUED: dict[str, Any] = {
    "answer": IssuedKeySerializer,
    "example": examples.ISSUED_KEY,
    "expands": EXPANDS,
    "status": 201,
    "once": ("secret",),
}
READ, WRITE = ["platform.keys:read"], ["platform.keys:write"]


class KeyView(ManagementView):
    """Credentials of applications."""

    resource, select = KEY, staticmethod(selectors.keys)
    owned_by = "application__organization"

    @reads(
        "keys_list",
        summary="List keys",
        scopes=READ,
        may="key.read",
        filters=KeyFilters,
        sorts=(*NEWEST, "name", "-name"),
        **SHOWN,
    )
    def list(self, request: Request) -> Any:
        """Return a page of the keys of the credential's environment, newest first."""
        return self.page(self.mine())

    @writes(
        "keys_create",
        summary="Create a key",
        scopes=WRITE,
        may="key.create",
        body=KeyBody,
        asks=examples.NEW_KEY,
        problems=(GrantTooLarge, NotApproved, ScopeNotApproved, UnknownScope, Unprocessable),
        **ISSUED,
    )
    def create(self, request: Request) -> HttpResponse:
        """Issue a key. Its secret is in this answer and never again.

        The key covers at most what the calling credential covers: scopes, networks and time. It is
        a secret key where `scopes` are all that its application may do with data, otherwise a
        restricted one; `kind` may be left out, and cannot call a narrower key secret. A
        replay under the same idempotency key makes no second key and shows no secret.
        """
        wanted, at = self.body(KeyBody), self.standing.tenant
        application = referenced(selectors.applications(at), wanted["application"], "application")
        tenant = referenced(selectors.tenants(at), wanted.get("tenant", at.pk), "tenant")
        grants.check_scopes(self.caller, wanted["scopes"])
        own = grants.bounds(self.caller)
        made = keys.issue(
            application,
            tenant=tenant,
            name=wanted["name"],
            kind=_kind(wanted, everything(application, tenant=tenant)),
            scopes=wanted["scopes"],
            ip_allow=own.networks_within(wanted.get("ip_allow", [])),
            not_before=wanted.get("not_before"),
            expires_at=own.end_within(wanted.get("expires_at")),
            actor=self.standing.actor,
        )
        return self.issued(made.key, made.secret)

    @reads(
        "keys_retrieve",
        summary="Retrieve a key",
        scopes=READ,
        may="key.read",
        key="key",
        **SHOWN,
    )
    def retrieve(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Return one key, without its secret."""
        return self.show(self.one(id))

    @writes(
        "keys_update",
        summary="Update a key",
        scopes=WRITE,
        may="key.change",
        key="key",
        body=KeyChange,
        asks={"name": "Staging", "ip_allow": ["203.0.113.0/24"]},
        problems=(Problem, GrantTooLarge),
        **SHOWN,
    )
    def partial_update(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Change a key's name, or the networks that it is good from."""
        key = self.mine_to_change(id)
        wanted = self.body(KeyChange, partial=True)
        networks = key.ip_allow
        if "ip_allow" in wanted:
            networks = grants.bounds(self.caller).networks_within(wanted["ip_allow"])
        keys.change(
            key,
            name=wanted.get("name", key.name),
            ip_allow=networks,
            actor=self.standing.actor,
        )
        return self.show(key)

    @writes(
        "keys_rotate",
        summary="Rotate a key",
        scopes=WRITE,
        may="key.rotate",
        key="key",
        body=RotationBody,
        asks={"overlap_hours": 24},
        problems=(GrantTooLarge, KeyRotatedAlready, KeyClosed, NotApproved, ScopeNotApproved),
        **ISSUED,
    )
    def rotate(self, request: Request, id: str) -> HttpResponse:  # noqa: A002 - the path's name
        """Give a key a successor with the same rights; both are good for the overlap.

        The successor's secret is in this answer and never again.
        """
        key = self.mine_to_change(id)
        wanted = self.body(RotationBody)
        grants.check_key(self.caller, key)
        made = keys.rotate(
            key,
            overlap=timedelta(hours=wanted["overlap_hours"]),
            silent_hours=wanted.get("silent_hours"),
            actor=self.standing.actor,
        )
        return self.issued(made.key, made.secret)

    @writes(
        "keys_overlap",
        summary="Change when a rotated key ends",
        scopes=WRITE,
        may="key.rotate",
        key="key",
        body=OverlapBody,
        asks={"ends_at": "2026-11-24T10:15:00Z", "silent_hours": 2},
        problems=(Problem, NotRotating),
        **SHOWN | {"example": examples.RETIRING_KEY},
    )
    def overlap(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Give a key that has a successor another end; the successor stays as it is."""
        key = self.mine_to_change(id)
        wanted = self.body(OverlapBody)
        handover.change(
            key,
            ends_at=wanted["ends_at"],
            silent_hours=wanted.get("silent_hours"),
            actor=self.standing.actor,
        )
        return self.show(key)

    @writes(
        "keys_end",
        summary="End a rotated key now",
        scopes=WRITE,
        may="key.revoke",
        key="key",
        problems=(NotRotating,),
        **SHOWN | {"example": examples.ROTATED_KEY},
    )
    def end(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """End the overlap: from here on only the successor is good."""
        self.no_body()
        key = self.mine_to_change(id)
        handover.end(key, actor=self.standing.actor)
        return self.show(key)

    @writes(
        "keys_check",
        summary="Check a key",
        scopes=READ,
        may="key.read",
        body=CheckBody,
        asks={"text": "trl_test_k…x7Qa"},
        answer=KeyCheckSerializer,
        example=examples.KEY_CHECK,
        whole=True,
    )
    def check(self, request: Request) -> HttpResponse:
        """Tell what a text is: its shape, and which key, where the caller sees it.

        Somebody else's key looks like one that was never issued.
        """
        text = self.body(CheckBody)["text"]
        found = checking.check(text, among=selectors.keys(self.standing.tenant))
        return self.answer(
            {
                "object": "key_check",
                "kind": checking.KINDS.get(found.kind),
                "livemode": None if found.fault else found.livemode,
                "fault": found.fault,
                "key": found.key.pk if found.key else None,
            }
        )

    @writes(
        "keys_revoke",
        summary="Revoke a key",
        scopes=WRITE,
        may="key.revoke",
        key="key",
        body=RevocationBody,
        asks={"reason": "Not needed any more."},
        **SHOWN | {"example": examples.REVOKED_KEY},
    )
    def revoke(self, request: Request, id: str) -> Any:  # noqa: A002 - the path's name
        """Close a key for good, everywhere within a second. Twice is harmless."""
        key = self.mine_to_change(id)
        reason = self.body(RevocationBody).get("reason", "")
        keys.revoke(key, reason=reason, actor=self.standing.actor)
        return self.show(key)


def _kind(wanted: dict[str, Any], everything: list[str]) -> Kind:
    """Return the kind of a new key. What a key is called says what it may do."""
    fits = "secret" if set(wanted["scopes"]) == set(everything) else "restricted"
    kind = wanted.get("kind", fits)
    if kind == "secret" and fits != kind:
        raise Unprocessable(
            "A secret key has all scopes of its application that are about data, and no other: "
            "this one is restricted.",
            param="kind",
        )
    return KINDS[kind]
