"""Operators belong to no organization: what asks for one leads them to where they work."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.applications.models import Application
from apps.orgs.models import Membership, Role
from tests.portal.conftest import Team
from tests.support import browsers, make

ASKING = ["overview", "applications", "applications-new", "keys", "logs", "usage", "members"]


@pytest.mark.parametrize("name", ASKING)
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_operator_without_an_organization_is_led_to_the_admin(
    name: str, method: str, db: None
) -> None:
    browser = browsers.of(make.operator())
    answer = getattr(browser, method)(reverse(f"portal:{name}"))
    assert answer.status_code == 302
    assert answer["Location"] == reverse("admin:index")
    assert not Application.objects.exists()


@pytest.mark.parametrize("name", ASKING)
def test_anybody_else_without_one_is_asked_to_found_it(name: str, db: None) -> None:
    answer = browsers.of(make.user()).get(reverse(f"portal:{name}"))
    assert answer["Location"] == reverse("portal:organizations-new")


@pytest.mark.parametrize("name", ["settings", "settings-sessions", "docs", "organizations"])
def test_what_is_a_persons_own_opens_for_an_operator_too(name: str, db: None) -> None:
    assert browsers.of(make.operator()).get(reverse(f"portal:{name}")).status_code == 200


def test_an_operator_in_an_organization_works_there_by_their_role(team: Team) -> None:
    operator = make.operator()
    Membership.objects.create(organization=team.organization, user=operator, role=Role.BILLING)
    browser: Client = browsers.of(operator)
    assert browser.get(reverse("portal:overview")).status_code == 200
    assert browser.get(reverse("portal:keys")).status_code == 403
