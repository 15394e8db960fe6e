"""Whatever changes the platform is recorded: what happened, to whom, by whom."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group

from apps.accounts import services as accounts
from apps.accounts.models import User
from apps.applications import services as applications
from apps.catalog import services as catalog
from apps.events.models import Event
from apps.orgs import services as orgs
from apps.plans import services as plans
from apps.tenants import services as tenants
from tests.support import make

pytestmark = pytest.mark.django_db

DETAILS = {"name": "Stock sync", "description": "Counts.", "homepage": ""}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop"},
    "paths": {"/shop/v1/pets": {"get": {"operationId": "pets_list"}}},
}


def application(by: User) -> Any:
    return applications.create(make.organization(), name="Stock sync", actor=by)


def changed(by: User) -> Any:
    made = make.application()
    applications.change(made, **DETAILS, actor=by)
    return made


def renamed(by: User) -> Any:
    made = make.organization(by)
    orgs.rename(made, name="Engines", actor=by)
    return made


def published(by: User) -> Any:
    return plans.publish("growth", name="Growth", limits=make.LIMITS, actor=by)


def subscribed(by: User) -> Any:
    version = plans.publish("growth", name="Growth", limits=make.LIMITS)
    plans.subscribe(make.application(), version=version, actor=by)
    return version


def accepted(by: User) -> Any:
    terms = accounts.publish_terms("2026-02", body="Be kind.")
    accounts.accept_terms(by, terms=terms, ip=None)
    return terms


def promoted(by: User) -> Any:
    user = make.user()
    accounts.change_access(user, is_active=True, is_staff=True, is_superuser=False, actor=by)
    return user


def grouped(by: User) -> Any:
    user = make.user()
    accounts.assign_groups(user, groups=[Group.objects.create(name="Reviewers")], actor=by)
    return user


ACTS: dict[str, Callable[[User], Any]] = {
    "application.created": application,
    "application.changed": changed,
    "organization.created": lambda by: orgs.create("Engines", actor=by),
    "organization.renamed": renamed,
    "plan.published": published,
    "plan.subscribed": subscribed,
    "terms.published": lambda by: accounts.publish_terms("2026-03", body="Kinder.", actor=by),
    "terms.accepted": accepted,
    "account.access_changed": promoted,
    "account.groups_changed": grouped,
    "tenant.opened": lambda by: tenants.open_sandbox(
        make.organization(), name="Sandbox", seed="empty", actor=by
    ),
}


@pytest.mark.parametrize("kind", ACTS)
def test_it_is_recorded_once_with_who_did_it(kind: str) -> None:
    actor = make.user()
    subject = ACTS[kind](actor)
    recorded = Event.objects.filter(type=kind, actor=actor.pk)
    assert [event.subject for event in recorded] == [subject.pk]


def test_a_published_catalog_is_recorded_once_by_the_platform_itself() -> None:
    for _ in range(2):
        version = catalog.publish("shop", major=1, name="Shop", document=DOCUMENT)
    event = Event.objects.get(type="catalog.published")
    assert (event.subject, event.actor) == (version.pk, "system")
    told = {"api": "shop", "major": 1, "added": 1, "changed": 0, "removed": 0, "breaking": 0}
    assert event.data == told


def test_what_stays_as_it_was_is_not_recorded() -> None:
    actor, user = make.user(), make.user()
    accounts.change_access(user, is_active=True, is_staff=False, is_superuser=False, actor=actor)
    accounts.assign_groups(user, groups=[], actor=actor)
    for _ in range(2):
        plans.publish("growth", name="Growth", limits=make.LIMITS, actor=actor)
    assert [event.type for event in Event.objects.filter(actor=actor.pk)] == ["plan.published"]
