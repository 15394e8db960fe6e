"""Developers read what changed in the APIs that they may know of, and what of it breaks them."""

from copy import deepcopy
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.catalog import changelog, serving
from apps.catalog import services as catalog
from apps.catalog.models import Api, ApiVersion, Entry
from portal.templatetags.changes import coded
from tests.support.browsers import of

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "paths": {
        "/pets": {"get": {"operationId": "pets_list"}},
        "/pets/{id}": {"get": {"operationId": "pets_get"}},
    },
}


def publish(document: Any = DOCUMENT, slug: str = "pets") -> ApiVersion:
    upstream = serving.set_upstream("pets", targets={"http://10.0.0.1:9000": 1}, actor=None)
    name = slug.title()
    return catalog.publish(slug, major=1, name=name, document=document, upstream=upstream)


@pytest.fixture
def pets() -> ApiVersion:
    """An API that lost an operation."""
    publish()
    fewer = deepcopy(DOCUMENT)
    del fewer["paths"]["/pets/{id}"]
    return publish(fewer)


def read(client: Client, address: str = "/docs/changelog") -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_entries_are_read_newest_first_with_what_breaks(client: Client, pets: ApiVersion) -> None:
    page = read(client)
    assert page.index("Pets v1: 1 breaking change") < page.index("Published with 2 operations.")
    assert "The operation is gone." in page
    only = read(client, "/docs/changelog?breaking=1")
    assert "The operation is gone." in only
    assert "Published with 2" not in only


def test_one_entry_has_its_page_with_all_changes_and_the_operators_words(
    client: Client, pets: ApiVersion
) -> None:
    many = deepcopy(DOCUMENT)
    many["paths"] |= {f"/p{n}": {"get": {"operationId": f"op{n:02}"}} for n in range(20)}
    entry = publish(many).entries.latest("pk")
    changelog.explain(entry, words="We *grew*. <b>", reason="", actor=None)
    page = read(client)
    assert "op00" in page
    assert "op19" not in page
    assert "All 21" in page
    whole = read(client, f"/docs/changelog/{entry.pk}")
    assert "op19" in whole
    assert "We <em>grew</em>. &lt;b&gt;" in whole
    assert client.get("/docs/changelog/chg_nothing").status_code == 404


ADDRESSES = ["/docs/changelog", "/docs/changelog.md", "/docs/changelog.atom", "/llms.txt"]


def test_an_api_that_is_not_for_everybody_is_in_nobody_elses_changelog(
    client: Client, pets: ApiVersion, developer: User
) -> None:
    pets.api.visibility = Api.Visibility.PARTNER
    pets.api.save()
    entry = pets.entries.latest("pk")
    for reader in (client, of(developer)):
        for address in ADDRESSES:
            assert "pets" not in read(reader, address).lower()
        for suffix in ("", ".md", ".atom"):
            assert reader.get(f"/docs/changelog{suffix}?api=pets").status_code == 404
        assert reader.get(f"/docs/changelog/{entry.pk}").status_code == 404
        assert reader.get(f"/docs/changelog?before={entry.pk}").status_code == 404
    pets.api.partners.create(organization=developer.memberships.get().organization)
    partner = of(developer)
    for address in (*ADDRESSES[:3], f"/docs/changelog/{entry.pk}"):
        assert "The operation is gone." in read(partner, address)
    assert "no-store" in partner.get("/docs/changelog.atom")["Cache-Control"]


def test_the_feed_is_atom_with_the_changes_of_the_chosen_api(
    client: Client, pets: ApiVersion
) -> None:
    publish(slug="cats")
    answer = client.get("/docs/changelog.atom?api=pets")
    assert answer["Content-Type"] == "application/atom+xml"
    feed = ET.fromstring(answer.content)  # noqa: S314 - our own feed
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == ["Pets v1: 1 breaking change", "Pets v1"]
    entry = next(feed.iter(f"{ATOM}entry"))
    newest = pets.entries.latest("pk")
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"http://localhost:8000/docs/changelog/{newest.pk}"
    assert "The operation is gone." in (entry.findtext(f"{ATOM}summary") or "")
    both = ET.fromstring(client.get("/docs/changelog.atom").content)  # noqa: S314 - as above
    assert len(list(both.iter(f"{ATOM}entry"))) == 3


def test_programs_read_it_as_markdown(client: Client, pets: ApiVersion) -> None:
    answer = client.get("/docs/changelog.md?breaking=1")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("# Changelog\n\n## Pets v1, ")
    assert "\nBreaking:\n\n- pets_get: The operation is gone.\n" in text
    assert "Published" not in text
    assert "/docs/changelog.md" in read(client, "/llms.txt")


def test_older_entries_are_a_click_away(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.views.changelog.PAGE", 1)
    publish()
    publish({**DOCUMENT, "paths": {"/new": {"get": {"operationId": "new"}}}})
    newest, oldest = Entry.objects.order_by("-pk")
    page = read(client, "/docs/changelog?api=pets")
    assert f"?api=pets&amp;before={newest.pk}" in page
    assert oldest.pk not in page
    older = read(client, f"/docs/changelog?api=pets&before={newest.pk}")
    assert oldest.pk in older
    assert f"before={oldest.pk}" not in older


def test_pages_of_apis_and_documents_lead_to_it(
    client: Client, pets: ApiVersion, developer: User
) -> None:
    assert 'href="/docs/changelog"' in read(client, "/docs/events")
    assert 'href="/docs/changelog"' in read(client, "/docs")
    assert 'href="/docs/changelog?api=pets"' in read(client, "/docs/moving/pets/v1")
    assert 'href="/docs/changelog?api=pets"' in read(of(developer), "/docs/swagger?api=pets/v1")


def test_words_of_an_api_are_text_whatever_they_hold() -> None:
    assert coded("`<b>` is &") == "<code>&lt;b&gt;</code> is &amp;"
