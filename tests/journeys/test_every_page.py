"""Every page of portal and admin, as a browser under the real policy and as axe see it."""

import pytest
from django.contrib import admin
from playwright.sync_api import Browser, Page

from tests.journeys.box import Box
from tests.support import admin_pages, screenshots

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
# What a demo has none of.
ROWS = """
from datetime import timedelta
from django.contrib.auth.models import Group
from apps.applications.models import Application
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.keys import services as keys
from apps.keys.models import Key, LeakReport
from apps.core import clock
from apps.oauth.models import Client
from apps.orgs.models import Invitation, Organization
from apps.plans import overrides
from apps.plans.models import ChangeRequest, Plan
from apps.usage.models import Letter
LeakReport.objects.get_or_create(
    key=Key.objects.order_by("pk")[0], reporter="GitHub", defaults={"policy": "grace"}
)
if not Key.objects.filter(rotated_at__isnull=False).exists():
    keys.rotate(Key.objects.filter(tenant__kind="sandbox").order_by("pk")[0], actor=None)
Group.objects.get_or_create(name="Reviewers")
first = Application.objects.order_by("pk")[0]
ChangeRequest.objects.get_or_create(application=first, plan=Plan.objects.order_by("pk")[0])
limits = [{"name": "burst", "kind": "rate", "limit": 100, "window": 1}]
overrides.override(
    first, limits=limits, ends_at=clock.real() + timedelta(days=1), reason="Walk.", actor=None
)
upstream = serving.set_upstream("elsewhere", targets={"http://10.0.0.1:9000": 1}, actor=None)
pets = {"operationId": "pets_list", "deprecated": True}
document = {"openapi": "3.1.0", "info": {"title": "Pets"}, "paths": {"/pets": {"get": pets}}}
hidden = {"upstream": upstream, "visibility": "internal"}
catalog.publish("elsewhere", major=1, document=document, actor=None, **hidden)
Client.objects.get_or_create(name="App", application=Application.objects.order_by("pk")[0])
Letter.objects.get_or_create(
    subject="elsewhere/v1 pets_list",
    campaign="Walk",
    application=first,
    defaults={"words": "Move on."},
)
Invitation.objects.get_or_create(
    email="invited@demo.example",
    organization=Organization.objects.order_by("pk")[0],
    role="developer",
    digest=bytes(32),
    defaults={"expires_at": clock.real() + timedelta(days=7)},
)
"""
DECISIONS = {
    "applications-application": {
        "approve",
        "request-changes",
        "reject",
        "suspend",
        "reinstate",
        "move-revision",
    },
    "orgs-organization": {"suspend", "make-internal"},
    "catalog-api": {"change-policy", "change-visibility"},
    "catalog-operation": {"tune"},
    "catalog-upstream": {"change-serving", "remove"},
    "keys-key": {"revoke"},
    "keys-leakreport": {"dismiss"},
}


@pytest.fixture(scope="module", autouse=True)
def _rows(box: Box) -> None:
    box.python(ROWS)


@pytest.mark.parametrize("look", [(1360, "light"), (390, "dark")])
@pytest.mark.parametrize("area", screenshots.AREAS)
def test_nothing_is_refused_too_wide_or_hard_to_use(
    chromium: Browser, box: Box, area: screenshots.Area, look: screenshots.Look
) -> None:
    assert list(screenshots.everything(chromium, box.facts, [look], areas=[area])) == []


def test_the_walk_meets_list_and_row_of_every_model_and_every_decision(
    page: Page, box: Box
) -> None:
    facts = box.facts
    screenshots.sign_in(page, box.portal, facts["admin_email"], facts["admin_password"])
    admin.autodiscover()
    models = [model._meta for model in admin.site._registry]
    lists = {f"admin-{model.app_label}-{model.model_name}" for model in models}
    expected = lists | {f"{name}-change" for name in lists}
    expected |= {f"admin-{name}-{verb}" for name, verbs in DECISIONS.items() for verb in verbs}
    assert expected - set(admin_pages.pages(page, box.portal)) == set()
