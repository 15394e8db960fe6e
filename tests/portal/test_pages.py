"""Every page opens for whom it should, and looks the same to strangers as if it were not there."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.core import ids
from tests.portal.conftest import Team
from tests.support import traffic

PAGES = [
    "start",
    "overview",
    "applications",
    "applications-new",
    "keys",
    "keys-new",
    "logs",
    "usage",
    "settings",
    "swagger",
    "connections",
    "device",
    "members",
    "members-invite",
    "organizations",
    "organizations-new",
    "settings-sessions",
]
OPEN = ["landing", "terms", "docs", "errors", "events", "scopes", "outbox"]
INLINE = re.compile(
    r"<style|\sstyle=|\son\w+=|hx-on|=.javascript:|<script(?![^>]*\bsrc=)", re.IGNORECASE
)


def address(name: str) -> str:
    return reverse(f"portal:{name}")


@pytest.mark.parametrize("name", OPEN)
def test_it_is_open_to_everybody(db: None, client: Client, name: str) -> None:
    assert client.get(address(name)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_it_opens_when_there_is_nothing_yet(newcomer: Client, name: str) -> None:
    assert newcomer.get(address(name)).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_it_opens_when_there_is_something(browser: Client, team: Team, name: str) -> None:
    traffic.serve(team.key)
    assert browser.get(address(name)).status_code == 200


@pytest.mark.parametrize("name", ["applications", "keys", "logs", "usage", "overview"])
def test_an_empty_list_says_what_to_do_and_which_command(newcomer: Client, name: str) -> None:
    page = newcomer.get(address(name)).content.decode()
    assert "curl -i " in page
    assert 'class="btn btn-primary btn-sm mt-1"' in page


@pytest.mark.parametrize("name", [*PAGES, *OPEN])
def test_nothing_is_inline_and_the_policy_is_strict(browser: Client, team: Team, name: str) -> None:
    traffic.serve(team.key)
    answer = browser.get(address(name))
    assert not INLINE.search(answer.content.decode())
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_page_that_is_missing_is_a_404_with_a_way_on(browser: Client) -> None:
    answer = browser.get("/nowhere")
    assert answer.status_code == 404
    assert b"/overview" in answer.content


OBJECTS = [
    ("applications-detail", "application_id"),
    ("applications-submit", "application_id"),
    ("applications-revoke-keys", "application_id"),
    ("keys-revoke", "key_id"),
    ("keys-reveal", "key_id"),
    ("logs-detail", "request_id"),
]


@pytest.mark.parametrize(("name", "what"), OBJECTS)
def test_a_strangers_object_is_the_404_of_a_random_id(
    newcomer: Client, team: Team, name: str, what: str
) -> None:
    real = {
        "application_id": team.application.pk,
        "key_id": team.key.pk,
        "request_id": traffic.serve(team.key),
    }
    method = newcomer.post if name == "keys-reveal" else newcomer.get
    theirs = method(reverse(f"portal:{name}", args=[real[what]]))
    random = method(reverse(f"portal:{name}", args=[ids.new(real[what][:3])]))
    assert theirs.status_code == random.status_code == 404
    assert theirs.content == random.content


def test_a_stranger_revokes_nothing(newcomer: Client, team: Team) -> None:
    assert newcomer.post(reverse("portal:keys-revoke", args=[team.key.pk])).status_code == 404
    team.key.refresh_from_db()
    assert team.key.revoked_at is None


def test_no_template_of_ours_holds_inline_script_or_style() -> None:
    folder = Path(settings.ROOT) / "templates"
    guilty = [
        path.name
        for path in folder.rglob("*.html")
        if "admin" not in path.parts and INLINE.search(path.read_text())
    ]
    assert not guilty


def test_the_navigation_marks_where_one_is(browser: Client) -> None:
    page = browser.get(reverse("portal:keys-new")).content.decode()
    current = re.findall(r'href="([^"]+)"\s+aria-current="page"', page)
    assert current == [reverse("portal:keys")]
