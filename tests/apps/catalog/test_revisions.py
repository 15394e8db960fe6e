"""Dated revisions: histories make sense, their functions keep to examples, operations exist."""

import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from apps.catalog import native, revisions
from apps.catalog import services as catalog
from apps.catalog.models import Api, ApiVersion, Upstream
from apps.catalog.recorded import complaints
from apps.catalog.revisions import Broken, History, registered
from apps.core.errors import Unprocessable
from apps.core.members import Invalid

PETS = {
    "openapi": "3.1.0",
    "info": {"title": "Pets", "version": "1"},
    "paths": {"/pets/v1/pets": {"get": {"operationId": "listPets"}}},
}


def pets() -> History:
    """Return three revisions, in which a count goes through x2 and +1."""
    history = History("pets", 1, first="2025-01-01")
    doubled = history.revision("2025-06-01", "Counts are doubled.")
    added = history.revision("2026-01-01", "Counts are one more.")

    @doubled.request("listPets")
    def double(body: Any) -> Any:
        return {"n": body["n"] * 2}

    @added.request("listPets")
    def add(body: Any) -> Any:
        return {"n": body["n"] + 1}

    @doubled.response("listPets")
    def halve(body: Any) -> Any:
        return {"n": body["n"] // 2}

    @added.response("listPets")
    def take(body: Any) -> Any:
        return {"n": body["n"] - 1}

    return history


@pytest.mark.parametrize("version", registered)
def test_every_function_has_recorded_examples_and_keeps_to_them(version: str) -> None:
    assert list(complaints(registered[version])) == []


@pytest.mark.parametrize("version", registered)
def test_every_operation_that_a_revision_names_exists(version: str) -> None:
    history = registered[version]
    api = native.registered[history.api, history.major]
    paths = api.document()["paths"].values()
    names = [one["operationId"] for path in paths for one in path.values() if "operationId" in one]
    assert history.strangers(names) == []


def test_functions_are_run_in_order_and_back_in_reverse() -> None:
    chain = pets().chain("listPets", "2025-01-01")
    assert chain is not None
    assert revisions.run(chain.request, {"n": 3}) == {"n": 7}
    assert revisions.run(chain.response, {"n": 7}) == {"n": 3}
    nearer = pets().chain("listPets", "2025-06-01")
    assert nearer is not None
    assert revisions.run(nearer.request, {"n": 3}) == {"n": 4}
    assert pets().chain("listPets", "2026-01-01") is None
    assert pets().chain("addPet", "2025-01-01") is None


def test_a_function_that_raises_is_named() -> None:
    history = pets()

    @history.revisions[1].request("addPet")
    def stumbles(body: Any) -> Any:
        return body["missing"]

    chain = history.chain("addPet", "2025-01-01")
    assert chain is not None
    with pytest.raises(Broken, match="stumbles of 2025-06-01"):
        revisions.run(chain.request, {})


@pytest.mark.parametrize(
    ("pin", "served"),
    [
        ("", "2025-01-01"),
        ("2025-01-01", "2025-01-01"),
        ("2024-01-01", "2025-01-01"),
        ("2025-03-01", "2025-06-01"),
        ("2027-01-01", "2026-01-01"),
    ],
)
def test_a_pin_is_served_by_itself_or_the_next_that_is_left(pin: str, served: str) -> None:
    assert pets().applied(pin) == served


def test_histories_that_make_no_sense_are_refused_by_name() -> None:
    with pytest.raises(Invalid, match="'2026-13-01' is no date"):
        History("pets", 1, first="2026-13-01")
    with pytest.raises(Invalid, match="2025-01-01 must come after 2026-01-01"):
        pets().revision("2025-01-01", "Back.")
    with pytest.raises(Invalid, match="say in words"):
        pets().revision("2026-05-01", " ")
    with pytest.raises(Invalid, match="names no operation"):
        pets().revisions[1].request()
    register = pets().revisions[1].response("addPet")
    register(dict)
    with pytest.raises(Invalid, match="two functions of the name dict"):
        register(dict)


def test_modules_that_cannot_be_used_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Invalid, match=r"nowhere\.at_all cannot be read: No module named 'nowhere'"):
        revisions.load(["nowhere.at_all"])
    with pytest.raises(Invalid, match="json has no revisions"):
        revisions.load(["json"])
    for name in ("once", "twice"):
        module = ModuleType(name)
        module.history = pets()  # type: ignore[attr-defined]  # a module's own name
        monkeypatch.setitem(sys.modules, name, module)
    with pytest.raises(Invalid, match="pets/v1 has two histories; the second is in twice"):
        revisions.load(["once", "twice"])


def test_the_modules_need_no_django() -> None:
    says = f"from gateway.revisions import load; load({settings.REVISIONS!r}); import sys"
    code = f"{says}; sys.exit('django' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=False, timeout=30)  # noqa: S603 - ours
    assert found.returncode == 0


def test_a_document_without_an_operation_that_a_revision_names_is_not_published(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registered, "pets/v1", pets())
    upstream = Upstream.objects.create(slug="elsewhere")
    catalog.publish("pets", major=1, document=PETS, upstream=upstream)
    renamed = {**PETS, "paths": {"/pets/v1/pets": {"get": {"operationId": "pets"}}}}
    with pytest.raises(Unprocessable, match="no operation listPets, for which double of the rev"):
        catalog.publish("pets", major=1, document=renamed, upstream=upstream)
    version = ApiVersion.objects.get(api__slug="pets")
    assert [one.name for one in version.operations.all()] == ["listPets"]


def test_an_api_of_this_project_is_published_as_its_revisions_know_it(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History("commerce", 1, first="2025-01-01")
    history.revision("2025-06-01", "More.").request("orders_lend")(dict)
    monkeypatch.setitem(registered, "commerce/v1", history)
    with pytest.raises(CommandError, match="commerce/v1 has no operation orders_lend"):
        call_command("publish_catalog")
    assert not Api.objects.filter(slug="commerce").exists()


def test_the_command_tells_what_is_wrong(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("check_revisions")
    history = pets()
    monkeypatch.setitem(registered, "pets/v1", history)
    with pytest.raises(CommandError, match="double of 2025-06-01 has no recorded examples"):
        call_command("check_revisions")
