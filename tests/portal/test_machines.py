"""What programs find: an icon, rules for crawlers, a summary for language models, event types."""

import struct

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.catalog import native
from apps.catalog.models import ApiVersion
from apps.events.registry import kinds
from portal import library

PIXELS = 6 + 16 + 40  # where the pixels of an icon with one bitmap begin


def test_the_icon_is_a_bitmap_in_the_operators_accent(client: Client, settings: Settings) -> None:
    settings.BRAND = {**settings.BRAND, "accent": "#102030"}
    answer = client.get("/favicon.ico")
    assert answer["Content-Type"] == "image/x-icon"
    assert struct.unpack_from("<HHHBB", answer.content) == (0, 1, 1, 32, 32)
    assert len(answer.content) == PIXELS + 32 * 32 * 4 + 32 * 32 // 8
    middle_of_the_lowest_row = answer.content[PIXELS + 16 * 4 :][:4]
    assert middle_of_the_lowest_row == bytes((0x30, 0x20, 0x10, 255))
    assert answer.content[PIXELS:][:4] == bytes(4), "corners are round"


def test_every_page_names_both_icons(db: None, client: Client) -> None:
    page = client.get("/terms").content.decode()
    assert 'href="/favicon.ico"' in page
    assert 'href="/icon.svg"' in page


def test_crawlers_read_the_documentation_and_nothing_else(client: Client) -> None:
    answer = client.get("/robots.txt")
    assert answer["Content-Type"].startswith("text/plain")
    lines = answer.content.decode().splitlines()
    assert "Allow: /docs" in lines
    assert lines[-1] == "Disallow: /"


def test_language_models_are_told_where_everything_is(db: None, client: Client) -> None:
    call_command("publish_catalog", verbosity=0)
    versions = ApiVersion.objects.select_related("api")
    text = client.get("/llms.txt").content.decode()
    assert text.startswith(f"# {settings.BRAND['name']} developer platform\n\n> ")
    assert settings.API_URL in text
    documents = [
        reverse("portal:openapi", args=[version.api.slug, version.major]) for version in versions
    ]
    assert len(documents) == len(native.registered)
    for path in (*documents, reverse("portal:errors"), reverse("portal:events")):
        assert f"]({settings.PORTAL_URL}{path})" in text
        assert client.get(path).status_code == 200
    for guide in library.guides():
        assert f"{settings.PORTAL_URL}/docs/{guide.slug}.md" in text


@pytest.mark.parametrize("slug", [guide.slug for guide in library.guides()])
def test_every_guide_can_be_read_as_it_was_written(client: Client, slug: str) -> None:
    answer = client.get(f"/docs/{slug}.md")
    assert answer["Content-Type"].startswith("text/markdown")
    assert answer.content.startswith(b"# ")
    assert client.get("/docs/how-to-fly.md").status_code == 404


def test_guides_are_summed_up_in_whole_sentences() -> None:
    for guide in library.guides():
        assert guide.summary.endswith("."), guide
        assert "`" not in guide.summary


def test_every_type_of_event_is_listed_with_its_words(db: None, client: Client) -> None:
    page = client.get(reverse("portal:events")).content.decode()
    for kind in kinds.values():
        assert f'id="{kind.name}"' in page
    assert "A payment was refunded in part or in full." in page
    assert reverse("portal:events") in client.get(reverse("portal:docs")).content.decode()
