"""A reviewer decides what an application may do on live data, and may take it back."""

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.urls import reverse

from apps.accounts.models import User
from apps.applications import scopes
from apps.applications import services as applications
from apps.applications.errors import ScopeNotApproved, WrongState
from apps.applications.models import Application
from apps.core import clock
from apps.core.errors import Unprocessable
from apps.keys.models import Key
from apps.moderation import services as moderation
from apps.moderation.models import Decision
from apps.oauth.models import AccessToken, Client
from apps.tenants.models import Tenant
from tests.support import consent, make


@pytest.fixture
def asking(developer: User) -> Application:
    make.scopes("orders:read", "orders:write")
    made = make.application(developer.memberships.get().organization)
    scopes.ask(made, scopes=["orders:read", "orders:write"], actor=developer)
    applications.submit(made, actor=developer)
    return made


@pytest.fixture
def reviewer(db: None) -> User:
    return make.operator()


def test_approval_gives_what_was_asked_for_unless_said_otherwise(
    asking: Application, reviewer: User
) -> None:
    moderation.approve(asking, reason="Fine.", actor=reviewer)
    assert asking.approved_scopes == ["orders:read", "orders:write"]


def test_a_reviewer_may_approve_less(asking: Application, reviewer: User) -> None:
    moderation.approve(asking, scopes=["orders:read"], reason="Reading is enough.", actor=reviewer)
    live = make.live(asking.organization)
    asking.refresh_from_db()
    with pytest.raises(ScopeNotApproved) as refused:
        scopes.check(asking, tenant=live, scopes=["orders:read", "orders:write"])
    assert "orders:write" in refused.value.detail
    scopes.check(asking, tenant=live, scopes=["orders:read"])


def test_a_sandbox_needs_no_approval(asking: Application) -> None:
    scopes.check(asking, tenant=make.sandbox(asking.organization), scopes=["orders:write"])


def test_what_is_withdrawn_leaves_live_keys_and_ends_live_tokens_only(
    asking: Application, reviewer: User
) -> None:
    moderation.approve(asking, reason="Fine.", actor=reviewer)
    live, sandbox = make.live(asking.organization), make.sandbox(asking.organization)
    both = ("orders:read", "orders:write")
    held = make.key(asking, tenant=live, scopes=both).key
    tried = make.key(asking, tenant=sandbox, scopes=both).key
    tokens = {
        scope: token(consent.client(asking, environment=kind), tenant, scope)
        for scope, kind, tenant in (
            ("orders:read orders:write", Tenant.Kind.LIVE, live),
            ("orders:read", Tenant.Kind.LIVE, live),
            ("orders:write", Tenant.Kind.SANDBOX, sandbox),
        )
    }
    moderation.decide_scopes(asking, scopes=["orders:read"], reason="Too much.", actor=reviewer)
    assert Key.objects.get(pk=held.pk).scopes == ["orders:read"]
    assert Key.objects.get(pk=tried.pk).scopes == list(both)
    usable = AccessToken.objects.usable()
    assert {one.scope for one in usable} == {"orders:read", "orders:write"}
    assert not usable.filter(pk=tokens["orders:read orders:write"].pk).exists()
    assert Decision.objects.filter(verdict="scopes", reason="Too much.").exists()


def token(of: Client, tenant: Tenant, scope: str) -> AccessToken:
    return AccessToken.objects.create(
        application=of,
        tenant=tenant,
        token=scope + of.client_id,
        scope=scope,
        expires=clock.real() + timedelta(hours=1),
    )


def test_scopes_of_what_is_not_approved_are_not_decided(
    asking: Application, reviewer: User
) -> None:
    with pytest.raises(WrongState):
        moderation.decide_scopes(asking, scopes=[], reason="No.", actor=reviewer)
    assert not Decision.objects.exists()


def test_a_scope_that_does_not_exist_is_neither_asked_for_nor_approved(
    asking: Application, reviewer: User, developer: User
) -> None:
    with pytest.raises(Unprocessable):
        scopes.ask(asking, scopes=["nothing:known"], actor=developer)
    with pytest.raises(Unprocessable):
        moderation.approve(asking, scopes=["nothing:known"], reason="Fine.", actor=reviewer)
    asking.refresh_from_db()
    assert asking.state == Application.State.SUBMITTED


def test_a_developer_says_on_submitting_what_it_needs(client: Browser, developer: User) -> None:
    make.scopes("orders:read", "orders:write", "platform.keys:write")
    made = make.application(developer.memberships.get().organization)
    client.force_login(developer)
    address = reverse("portal:applications-submit", args=[made.pk])
    ticked = client.get(address).context["form"].initial["scopes"]
    assert ticked == ["orders:read", "orders:write"], "nothing that manages, unless it is ticked"
    client.post(address, {"scopes": ["orders:read"]})
    made.refresh_from_db()
    assert (made.state, made.requested_scopes) == (Application.State.SUBMITTED, ["orders:read"])
    assert made.approved_scopes == []
