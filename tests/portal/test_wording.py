"""Words on pages that say what is there, and in one way."""

import re

from django.test import Client as Browser
from django.urls import reverse

from tests.portal.conftest import Team
from tests.support import consent

PILL = re.compile(r'<span\s+class="pill[^>]*>(?:<svg.*?</svg>)?\s*([^<]+?)\s*</span>', re.DOTALL)


def test_pills_of_the_consent_page_begin_alike(browser: Browser, team: Team) -> None:
    page = consent.ask(browser, consent.client(team.application)).content.decode()
    assert PILL.findall(page) == ["Not verified", "Sandbox"]


def test_the_first_page_tells_of_keys_people_and_teams(client: Browser, db: None) -> None:
    page = client.get(reverse("portal:landing")).content.decode()
    for word in ("OAuth", "OpenID Connect", "Scopes", "passkeys", "roles", "rotation"):
        assert word in page, word
