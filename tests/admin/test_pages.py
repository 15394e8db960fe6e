"""Every page of the admin opens, and nothing secret is on it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest
from allauth.account.models import EmailAddress
from django.contrib import admin as djangos
from django.contrib.auth.models import Group
from django.db import models
from django.test import Client
from django.urls import reverse

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.applications import services as applications
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.core import clock
from apps.events.models import Event
from apps.keys.models import Key, LeakReport
from apps.moderation import services as moderation
from apps.oauth import client_secrets
from apps.oauth.models import Client as OAuthClient
from apps.onboarding import invitations
from apps.plans import changes, overrides
from apps.plans import services as plans
from apps.usage import letters
from apps.usage import selectors as usage
from apps.usage.models import Request
from tests.support import make, traffic
from tests.support.queries import Queries

djangos.autodiscover()
MODELS = sorted(djangos.site._registry, key=lambda model: model._meta.label)
ADDED = {"accounts.Terms", "auth.Group", "catalog.Upstream", "plans.Plan", "plans.PlanVersion"}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Commerce"},
    "paths": {"/commerce/v1/orders": {"get": {"operationId": "orders_list"}}},
}


@pytest.fixture
def world(developer: User, operator: User) -> Key:
    """Something of everything."""
    serving.set_upstream("pets", targets={"http://10.0.0.1": 1}, actor=operator)
    version = catalog.publish("commerce", major=1, name="Commerce", document=DOCUMENT)
    catalog.change_version(version, deprecated_at=clock.real(), actor=operator)
    application = make.application(developer.memberships.get().organization)
    issued = make.key(application, scopes=("orders:read",))
    OAuthClient.objects.create(
        name="App", application=application, client_secret="shh-very-secret", user=developer
    )
    terms = accounts.publish_terms("1", body="Be nice.")
    accounts.accept_terms(developer, terms=terms, ip="203.0.113.7")
    EmailAddress.objects.create(user=developer, email=developer.email, verified=True)
    invitations.invite(
        application.organization, email="bob@example.org", role="auditor", actor=developer
    )
    Group.objects.create(name="Reviewers")
    applications.submit(application, actor=developer)
    moderation.approve(application, reason="Good.", actor=operator)
    pro = plans.publish("pro", name="Pro", limits=[], is_public=True).plan
    changes.request(application, plan=pro, reason="We grow.", actor=developer)
    overrides.override(
        application,
        limits=make.LIMITS[:1],
        ends_at=clock.real() + timedelta(days=1),
        reason="A sale.",
        actor=operator,
    )
    LeakReport.objects.create(key=issued.key, reporter="GitHub", policy="notify")
    traffic.serve(issued.key)
    traffic.serve(None, status=401, code="key_unknown")
    for subject in usage.subjects():
        letters.send(subject, campaign="First", words="", actor=operator)
    return issued.key


def named(model: type[models.Model], page: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_list_row_and_form_open(model: type[models.Model], world: Key, admin: Client) -> None:
    assert admin.get(reverse(named(model, "changelist"))).status_code == 200
    row = model._default_manager.order_by("pk").first()
    assert row is not None, "The world of this test holds none."
    page = admin.get(reverse(named(model, "change"), args=[row.pk]))
    assert page.status_code == 200
    expected = 200 if model._meta.label in ADDED else 403
    assert admin.get(reverse(named(model, "add"))).status_code == expected


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_searching_and_ordering_work(model: type[models.Model], world: Key, admin: Client) -> None:
    listed = reverse(named(model, "changelist"))
    assert admin.get(listed, {"q": "app"}).status_code in {200, 302}
    assert admin.get(listed, {"o": "-1"}).status_code in {200, 302}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_nothing_is_deleted_where_history_matters(
    model: type[models.Model], world: Key, admin: Client
) -> None:
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    answer = admin.post(reverse(named(model, "delete"), args=[row.pk]), {"post": "yes"})
    if model is Group:
        assert not Group.objects.exists()
    else:
        assert answer.status_code in {302, 403, 404}
        assert model._default_manager.filter(pk=row.pk).exists()


def test_the_front_page_links_to_pages_that_open(world: Key, admin: Client) -> None:
    page = admin.get("/admin/").content.decode()
    links = set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', page))
    assert len(links) >= 15
    for link in links:
        assert admin.get(link).status_code == 200


def every_page(admin: Client) -> Iterator[str]:
    for model in MODELS:
        yield admin.get(reverse(named(model, "changelist"))).content.decode()
        for row in model._default_manager.all()[:5]:
            yield admin.get(reverse(named(model, "change"), args=[row.pk])).content.decode()


def test_no_page_shows_a_digest_a_sealed_or_a_client_secret(world: Key, admin: Client) -> None:
    secrets = [bytes(world.digest).hex(), bytes(world.sealed or b"").decode(), "shh-very-secret"]
    secrets.append(OAuthClient.objects.get().client_secret)
    for page in every_page(admin):
        assert not [secret for secret in secrets if secret in page]


def test_the_lists_cost_the_same_however_many_rows(world: Key, admin: Client) -> None:
    lists = [reverse(named(model, "changelist")) for model in MODELS if model is not Group]
    before = {url: Queries().of(partial(admin.get, url)) for url in lists}
    for number in range(5):
        extra = make.application(make.organization(name=f"Org {number}"), name=f"App {number}")
        key = make.key(extra).key
        OAuthClient.objects.create(name=f"App {number}", application=extra)
        traffic.serve(key)
    assert {url: Queries().of(partial(admin.get, url)) for url in lists} == before


def test_usage_shows_totals_busy_applications_and_new_requests(world: Key, admin: Client) -> None:
    page = admin.get(reverse("admin:usage_request_changelist")).content.decode()
    assert "Invoicer" in page
    assert "401 key_unknown" in page
    made = Request.objects.get(application_id=None)
    detail = admin.get(reverse("admin:usage_request_change", args=[made.pk])).content.decode()
    assert "none that is known" in detail
    assert "key · ok" in detail


def test_an_unknown_request_is_not_found(admin: Client) -> None:
    for wrong in ("req_0000000000000000000000", "nonsense"):
        assert admin.get(f"/admin/usage/request/{wrong}/change/").status_code == 404


def test_the_audit_trail_is_found_by_an_identifier(world: Key, admin: Client) -> None:
    page = admin.get(reverse("admin:events_event_changelist"), {"q": world.pk}).content.decode()
    assert "key.issued" in page
    assert "application.submitted" not in page
    assert Event.objects.filter(type="application.submitted").exists()


def test_a_client_shows_how_it_proves_itself_and_how_its_secrets_end(
    world: Key, admin: Client
) -> None:
    client = OAuthClient.objects.get()
    client.ip_allow, client.token_format = ["203.0.113.0/24"], "jwt"
    client.save()
    secret, text = client_secrets.add_secret(client, actor=None)
    page = admin.get(f"/admin/oauth/client/{client.pk}/change/").content.decode()
    for shown in (secret.hint, "203.0.113.0/24", "Secret in the Authorization header", "JWT (RFC"):
        assert shown in page
    for hidden in (text, bytes(secret.digest).hex()):
        assert hidden not in page


def test_an_empty_list_says_whether_anything_was_looked_for(admin: Client) -> None:
    address = reverse("admin:keys_leakreport_changelist")
    empty = admin.get(address).content.decode()
    assert "There is nothing here yet." in empty
    assert "Reset filters" not in empty
    searched = admin.get(f"{address}?q=nobody").content.decode()
    assert "Nothing matches." in searched
    assert "Reset filters" in searched


def test_the_admin_writes_times_as_the_portal_does(world: Key, admin: Client) -> None:
    page = admin.get(reverse("admin:keys_leakreport_changelist")).content.decode()
    assert f"{LeakReport.objects.get().reported_at:%-d %b %Y, %H:%M} UTC" in page
    assert "a.m." not in page
    assert "p.m." not in page
