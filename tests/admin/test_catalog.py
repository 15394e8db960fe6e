"""The operator publishes APIs, sends them elsewhere, and decides who may know of them."""

import json
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.catalog import services as catalog
from apps.catalog import serving
from apps.catalog.models import Api, ApiVersion, Draft, Operation, Upstream
from apps.core import outgoing
from apps.events.models import Event
from apps.orgs.models import Organization
from tests.support import make

pytestmark = pytest.mark.django_db
IMPORT = "/admin/catalog/api/import/"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "Pet Store", "version": "2.4.1"},
    "servers": [{"url": "https://pets.example/api"}],
    "paths": {"/pets": {"get": {"operationId": "pets_list"}}},
}
FORM = {
    "slug": "pets",
    "major": "2",
    "name": "Pets",
    "upstream": "",
    "target": "https://pets.example",
    "base": "/api",
    "visibility": "public",
}


@pytest.fixture
def version(operator: User) -> ApiVersion:
    upstream = serving.set_upstream("pets", targets={"http://10.0.0.1": 1}, actor=operator)
    return catalog.publish("pets", major=1, document=DOCUMENT, upstream=upstream, actor=operator)


def draft(admin: Client, document: Any = DOCUMENT) -> str:
    answer = admin.post(IMPORT, {"text": json.dumps(document)})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def seen(page: str) -> str:
    return page.partition('name="seen" value="')[2].partition('"')[0]


def test_a_document_is_looked_at_before_it_is_published(admin: Client, operator: User) -> None:
    page = draft(admin)
    html = admin.get(page).content.decode()
    assert 'value="pet-store"' in html
    assert 'value="https://pets.example"' in html
    assert 'value="2"' in html
    shown = admin.post(page, FORM).content.decode()
    assert "+ GET /pets: pets_list" in shown
    assert not Api.objects.filter(slug="pets").exists()
    answer = admin.post(page, {**FORM, "seen": seen(shown)})
    version = ApiVersion.objects.get(api__slug="pets")
    assert answer["Location"] == reverse("admin:catalog_apiversion_change", args=[version.pk])
    assert (version.major, version.base, str(version.upstream)) == (2, "/api", "pets")
    assert Event.objects.get(type="catalog.published").actor == operator.pk
    assert not Draft.objects.exists()


def test_what_is_published_is_what_was_shown(admin: Client) -> None:
    page = draft(admin)
    mark = seen(admin.post(page, FORM).content.decode())
    other = admin.post(page, {**FORM, "major": "3", "seen": mark})
    assert other.status_code == 200
    assert not Api.objects.filter(slug="pets").exists()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "one of them"),
        ({"text": "{", "url": "https://a.example"}, "one of them"),
        ({"text": "openapi: 3.1.0\n- x"}, "Line 2"),
        ({"text": '{"swagger": "2.0"}'}, "this is Swagger 2.0"),
        ({"text": json.dumps({**DOCUMENT, "paths": {"/a": {"$ref": "b.yaml"}}})}, "Bundle it"),
        ({"url": "https://169.254.169.254/x"}, "private network"),
    ],
)
def test_a_document_that_cannot_be_read_says_why(
    admin: Client, given: dict[str, str], why: str
) -> None:
    answer = admin.post(IMPORT, given)
    assert answer.status_code == 200
    assert why in answer.content.decode()
    assert not Api.objects.exists()


def test_a_document_comes_from_a_file_or_an_address(
    admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SimpleUploadedFile("pets.json", json.dumps(DOCUMENT).encode())
    assert admin.post(IMPORT, {"file": file}).status_code == 302
    asked: list[str] = []

    def get(url: str, *, limit: int) -> bytes:
        asked.append(url)
        return json.dumps(DOCUMENT).encode()

    monkeypatch.setattr(outgoing, "get", get)
    assert admin.post(IMPORT, {"url": "https://pets.example/openapi.json"}).status_code == 302
    assert asked == ["https://pets.example/openapi.json"]
    sources = Draft.objects.values_list("source", flat=True)
    assert set(sources) == {"pets.json", "https://pets.example/openapi.json"}


def test_what_breaks_programs_is_shown_first_and_asks_to_be_meant(
    admin: Client, version: ApiVersion
) -> None:
    fewer = {**DOCUMENT, "paths": {"/pets": {"post": {"operationId": "pets_create"}}}}
    page, form = draft(admin, fewer), {**FORM, "major": "1"}
    shown = admin.post(page, form).content.decode()
    assert "1 change breaks programs that call this version." in shown
    assert "The operation is gone." in shown
    assert "Publish it although it breaks programs" in shown
    refused = admin.post(page, {**form, "seen": seen(shown)}).content.decode()
    assert "1 change breaks programs that call pets/v1, such as: pets_list:" in refused
    assert version.operations.get().name == "pets_list"
    answer = admin.post(page, {**form, "seen": seen(refused), "breaking": "on"})
    assert answer.status_code == 302
    assert version.operations.get().name == "pets_create"


def test_nobody_is_asked_about_breaking_what_breaks_nothing(admin: Client) -> None:
    page = draft(admin)
    for shown in (admin.get(page), admin.post(page, FORM)):
        assert "although it breaks" not in shown.content.decode()


def test_an_operator_puts_an_entry_of_the_changelog_into_words(
    admin: Client, version: ApiVersion
) -> None:
    entry = version.entries.get()
    page = reverse("admin:catalog_entry_change", args=[quote(entry.pk)])
    html = admin.get(page).content.decode()
    assert "Published with 1 operation." in html
    assert 'class="whitespace-nowrap"' in html  # A table, not its source.
    ask = admin.get(f"{page.removesuffix('change/')}explain/")
    assert ask.status_code == 200
    told = {"words": "The **first** one.", "reason": "People asked."}
    answer = admin.post(f"{page.removesuffix('change/')}explain/", told)
    assert answer["Location"] == page
    entry.refresh_from_db()
    assert entry.words == "The **first** one."


def test_only_those_who_may_publish_read_documents_and_only_their_own(admin: Client) -> None:
    page = draft(admin)
    other = make.operator()
    admin.force_login(other)
    assert admin.get(page).status_code == 404
    other.is_superuser = False
    other.save()
    assert admin.get(IMPORT).status_code == 403
    assert admin.post(IMPORT, {"text": json.dumps(DOCUMENT)}).status_code == 403
    assert Draft.objects.count() == 1


def act(admin: Client, row: Any, name: str, **told: Any) -> str:
    model = f"{row._meta.app_label}/{row._meta.model_name}"
    path = f"/admin/{model}/{row.pk}/{name}/"
    answer = admin.post(path, {"reason": "Because.", **told})
    return "" if answer.status_code == 302 else str(answer.content.decode())


def test_a_policy_is_checked_and_its_reason_kept(admin: Client, version: ApiVersion) -> None:
    wrong = act(admin, version.api, "change-policy", policy='{"timeout": "long"}')
    assert "timeout must be a number from 0.05 to 300." in wrong
    assert Api.objects.get(slug="pets").policy == {}
    assert act(admin, version.api, "change-policy", policy='{"timeout": 5}') == ""
    assert Api.objects.get(slug="pets").policy == {"timeout": 5}
    event = Event.objects.get(type="catalog.api_changed", data__reason="Because.")
    assert event.data["changes"] == {"policy": ["nothing", "{'timeout': 5}"]}


def test_an_operation_gets_a_policy_and_a_cost(admin: Client, version: ApiVersion) -> None:
    row = version.operations.get()
    assert act(admin, row, "tune", policy='{"retries": 3}', cost="7") == ""
    fresh = Operation.objects.get(pk=row.pk)
    assert (fresh.policy, fresh.cost, fresh.own_cost) == ({"retries": 3}, 7, 7)
    assert act(admin, row, "tune", policy="", cost="") == ""
    fresh.refresh_from_db()
    assert (fresh.policy, fresh.cost, fresh.own_cost) == ({}, 1, None)


def test_an_api_is_shown_to_partners(admin: Client, version: ApiVersion) -> None:
    partner = make.organization()
    told = {"visibility": "partner", "partners": f"{partner.pk} org_nobody"}
    assert "There is no organization org_nobody." in act(
        admin, version.api, "change-visibility", **told
    )
    told["partners"] = partner.pk
    assert act(admin, version.api, "change-visibility", **told) == ""
    api = Api.objects.get(slug="pets")
    assert api.visibility == "partner"
    assert [one.organization for one in api.partners.select_related("organization")] == [partner]


def test_a_version_moves_and_ends(admin: Client, version: ApiVersion, operator: User) -> None:
    other = serving.set_upstream("other", targets={"http://10.0.0.2": 1}, actor=operator)
    assert "base must be" in str(
        admin.post(
            f"/admin/catalog/apiversion/{version.pk}/change-place/",
            {"reason": "x", "upstream": other.pk, "base": "v9"},
            follow=True,
        ).content.decode()
    )
    assert act(admin, version, "change-place", upstream=other.pk, base="/v9") == ""
    dates = {"deprecated_at_0": "2027-01-01", "deprecated_at_1": "00:00"}
    dates |= {"sunset_at_0": "2027-06-30", "sunset_at_1": "12:00"}
    assert act(admin, version, "change-end", guide="Call v2.", **dates) == ""
    fresh = ApiVersion.objects.select_related("upstream").get(pk=version.pk)
    assert (fresh.upstream, fresh.base, fresh.guide) == (other, "/v9", "Call v2.")
    assert str(fresh.sunset_at) == "2027-06-30 12:00:00+00:00"


def test_an_upstream_is_added_changed_and_removed(admin: Client) -> None:
    page = reverse("admin:catalog_upstream_add")
    told = {
        "slug": "cats",
        "targets": "http://10.0.0.1:9000 3\nhttp://10.0.0.2:9000",
        "settings": "",
    }
    wrong = {**told, "settings": '{"breaker": {"ratio": 2}}'}
    assert "breaker.ratio must be a number" in admin.post(page, wrong).content.decode()
    assert not Upstream.objects.exists()
    assert admin.post(page, told).status_code == 302
    row = Upstream.objects.get()
    assert dict(row.targets.values_list("url", "weight")) == {
        "http://10.0.0.1:9000": 3,
        "http://10.0.0.2:9000": 1,
    }
    wrong_target = act(admin, row, "change-serving", targets="http://10.0.0.1/path", settings="{}")
    assert "paths belong to the version" in wrong_target
    assert act(admin, row, "change-serving", targets="http://10.0.0.3", settings="{}") == ""
    assert row.targets.get().url == "http://10.0.0.3"
    assert act(admin, row, "remove") == ""
    assert not Upstream.objects.exists()


def test_an_api_is_withdrawn_and_one_of_this_project_is_not_offered_to(
    admin: Client, version: ApiVersion
) -> None:
    assert act(admin, version.api, "withdraw") == ""
    assert not Api.objects.filter(slug="pets").exists()
    native = catalog.publish("shop", major=1, document={**DOCUMENT, "paths": NATIVE})
    page = admin.get(reverse("admin:catalog_api_change", args=[native.api.pk])).content.decode()
    assert "/change-policy/" in page
    assert "/withdraw/" not in page


NATIVE = {"/shop/v1/pets": {"get": {"operationId": "pets_list"}}}


def test_an_organization_is_counted_among_our_own(admin: Client) -> None:
    organization = make.organization()
    assert act(admin, organization, "make-internal") == ""
    assert Organization.objects.get(pk=organization.pk).is_internal
    assert act(admin, organization, "make-external") == ""
    assert not Organization.objects.get(pk=organization.pk).is_internal
    kinds = Event.objects.filter(type="organization.kind_changed")
    assert [event.data["reason"] for event in kinds] == ["Because.", "Because."]
