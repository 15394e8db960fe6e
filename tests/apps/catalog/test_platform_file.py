"""A platform file: what it changes is shown first, done once, and done as a whole."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.catalog.models import Api, ApiVersion, Operation, Partner, Upstream
from apps.core.members import Invalid
from apps.events.models import Event
from apps.onboarding import platform_file
from apps.orgs.models import Organization
from apps.plans.models import Plan, PlanVersion
from tests.support import make

pytestmark = pytest.mark.django_db
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Pets"},
    "paths": {
        "/pets": {"get": {"operationId": "pets_list"}, "post": {"operationId": "pets_create"}}
    },
}
FILE = """
upstreams:
  pets:
    targets: {http://10.0.0.1:9000: 3, http://10.0.0.2:9000: 1}
    settings:
      health: {path: /healthz}
apis:
  pets:
    name: Pets of Acme
    visibility: partner
    partners: [ORG]
    policy: {timeout: 5}
    versions:
      1:
        document: pets.json
        upstream: pets
        base: /api
        deprecated: 2027-01-01
        sunset: 2027-06-30T12:00:00Z
        operations:
          pets_list: {policy: {retries: 3}}
          POST /pets: {cost: 5}
plans:
  big:
    name: Big
    limits:
      - {name: burst, kind: rate, limit: 500, window: 1}
"""


@pytest.fixture
def partner() -> Organization:
    return make.organization()


class Folder:
    """A folder with a platform file."""

    def __init__(self, path: Path, partner: Organization) -> None:
        self.path = path / "platform.yaml"
        self.partner = partner
        self.write(FILE)
        (path / "pets.json").write_text(json.dumps(DOCUMENT))

    def write(self, text: str) -> None:
        self.path.write_text(text.replace("ORG", self.partner.pk))

    def replace(self, old: str, new: str) -> None:
        text = self.path.read_text()
        assert old in text
        self.write(text.replace(old, new))

    def apply(self, *options: str) -> list[str]:
        out = StringIO()
        call_command("apply_platform", str(self.path), *(options or ["--yes"]), stdout=out)
        return out.getvalue().splitlines()


@pytest.fixture
def folder(tmp_path: Path, partner: Organization) -> Folder:
    return Folder(tmp_path, partner)


def test_the_platform_becomes_what_the_file_says(folder: Folder, partner: Organization) -> None:
    said = folder.apply()
    assert "+ apis.pets.visibility: partner" in said
    assert "+ upstreams.pets.targets.http://10.0.0.1:9000: weight 3" in said
    assert said[-1] == f"Applied: {len(said) - 1} changes. Gateways follow within a second."
    api = Api.objects.get(slug="pets")
    assert (api.name, api.visibility, api.policy) == ("Pets of Acme", "partner", {"timeout": 5})
    assert Partner.objects.get(api=api).organization == partner
    version = api.versions.get()
    assert (version.upstream, version.base) == (Upstream.objects.get(slug="pets"), "/api")
    assert str(version.deprecated_at) == "2027-01-01 00:00:00+00:00"
    assert str(version.sunset_at) == "2027-06-30 12:00:00+00:00"
    assert version.operations.get(name="pets_list").policy == {"retries": 3}
    assert version.operations.get(name="pets_create").cost == 5
    assert PlanVersion.objects.get(plan__slug="big").limits[0]["limit"] == 500


def test_a_second_time_there_is_nothing_to_change(folder: Folder) -> None:
    folder.apply()
    before = Event.objects.count()
    assert folder.apply() == ["Nothing to change."]
    assert Event.objects.count() == before


def test_the_difference_is_shown_and_nothing_is_done_without_a_yes(folder: Folder) -> None:
    before = Event.objects.count()
    shown = folder.apply("--dry-run")
    assert "+ apis.pets.versions.1.base: /api" in shown
    with pytest.raises(CommandError, match="add --yes where nobody can be asked"):
        folder.apply("--no-color")
    assert not Api.objects.filter(slug="pets").exists()
    assert Event.objects.count() == before


def test_what_changes_is_told_with_its_values(folder: Folder) -> None:
    folder.apply()
    folder.replace("visibility: partner", "visibility: public")
    folder.replace("http://10.0.0.2:9000: 1", "http://10.0.0.3:9000: 1")
    folder.replace("          POST /pets: {cost: 5}\n", "")
    folder.replace("limit: 500", "limit: 600")
    described = "pets_create, scopes pets:write, cost"
    limits = '[{"kind": "rate", "limit": 500, "name": "burst", "window": 1}]'
    assert folder.apply()[:-1] == [
        f"~ apis.pets.versions.1.operations.POST /pets: {described} 5 → {described} 1",
        "~ apis.pets.visibility: partner → public",
        f"~ plans.big.limits: version 1: {limits} → version 2: {limits.replace('500', '600')}",
        "- upstreams.pets.targets.http://10.0.0.2:9000: weight 1",
        "+ upstreams.pets.targets.http://10.0.0.3:9000: weight 1",
    ]
    assert Operation.objects.get(name="pets_create").own_cost is None


def test_what_breaks_programs_is_said_aloud_and_must_be_meant(
    folder: Folder, tmp_path: Path
) -> None:
    folder.apply()
    fewer = {**DOCUMENT, "paths": {"/pets": {"get": {"operationId": "pets_list"}}}}
    (tmp_path / "pets.json").write_text(json.dumps(fewer))
    folder.replace("          POST /pets: {cost: 5}\n", "")
    loud = "! pets/v1 breaks: pets_create: The operation is gone."
    assert loud in folder.apply("--dry-run")
    why = "Nothing was applied: 1 of what changes breaks programs. Publish a new major version"
    with pytest.raises(CommandError, match=why):
        folder.apply("--yes")
    assert Operation.objects.filter(name="pets_create").exists()
    said = folder.apply("--yes", "--allow-breaking")
    assert loud in said
    assert not Operation.objects.filter(name="pets_create").exists()
    assert folder.apply() == ["Nothing to change."]


def test_what_the_file_leaves_out_stays_as_it_is(folder: Folder) -> None:
    folder.apply()
    folder.write("apis:\n  pets:\n    versions:\n      1: {sunset: null}\n")
    assert folder.apply()[0] == "~ apis.pets.versions.1.sunset: 2027-06-30T12:00:00Z → never"
    assert Api.objects.get(slug="pets").visibility == "partner"
    assert Operation.objects.get(name="pets_create").cost == 5


def test_an_api_and_its_upstream_are_removed_when_the_file_says_so(folder: Folder) -> None:
    folder.apply()
    folder.write("upstreams: {pets: {remove: true}}\n")
    with pytest.raises(CommandError, match=r"upstreams\.pets: pets serves pets/v1"):
        folder.apply()
    folder.write("upstreams: {pets: {remove: true}}\napis: {pets: {remove: true}}\n")
    said = folder.apply()
    assert "- apis.pets.visibility: partner" in said
    assert not Api.objects.filter(slug="pets").exists()
    assert not Upstream.objects.exists()


WRONG = [
    (
        "upstream: pets",
        "upstream: cats",
        "apis.pets.versions.1.upstream: there is no upstream cats",
    ),
    ("timeout: 5", "timeout: long", "apis.pets.versions.1: timeout must be a number"),
    ("visibility: partner", "visibility: secret", "visibility must be one of public"),
    ("retries: 3", "retries: 99", "apis.pets.versions.1.operations.pets_list: retries must be"),
    ("pets_list:", "pets_lost:", "operations.pets_lost: pets/v1 has no such operation"),
    ("POST /pets:", "GET /pets:", "operations.GET /pets: the operation stands twice"),
    ("cost: 5", "cost: -5", "operations.POST /pets.cost must be a whole number from 0"),
    ("[ORG]", "[org_nobody]", "apis.pets.partners: 'org_nobody' is no organization"),
    ("pets.json", "dogs.json", "apis.pets.versions.1.document: dogs.json"),
    ("pets.json", "https://10.0.0.1/x", "document: https://10.0.0.1/x: The name leads into a"),
    ("2027-01-01", "soon", "deprecated must be a day such as 2027-06-30"),
    ("2027-01-01", "2028-01-01", "apis.pets.versions.1: sunset lies before deprecated"),
    ("base: /api", "base: /a/../b", "base must be a path"),
    ("limit: 500", "limit: 0", "plans.big.limits: "),
    ("limits:", "limit:", "plans.big.limit: there is no such setting"),
    ("plans:", "plan:", "plan: there is no such setting"),
    ("    name: Big", "  name: Big", "Line "),
    ("9000: 3", "9000: x", "upstreams.pets: The weight of http://10.0.0.1:9000"),
    ("health:", "helth:", "upstreams.pets: settings: helth: there is no such setting"),
    ("      1:\n", "      one:\n", "apis.pets.versions.one: a major version is a number"),
    ("  pets:\n    name", "  Pets!:\n    name", "apis.Pets!: a name is small letters"),
    ("document: pets.json\n", "guide: none\n", "apis.pets.versions.1.document is missing"),
]


@pytest.mark.parametrize(("old", "new", "why"), WRONG, ids=[why[:50] for *_, why in WRONG])
def test_what_makes_no_sense_says_where_and_changes_nothing(
    folder: Folder, old: str, new: str, why: str, settings: Any
) -> None:
    settings.PORTAL_URL = "https://portal.example"
    text = FILE.replace(old, new, 1)
    assert text != FILE
    folder.write(text)
    before = Event.objects.count()
    with pytest.raises(CommandError) as refused:
        folder.apply()
    assert str(refused.value).startswith(f"{folder.path}: ")
    assert why in str(refused.value)
    assert not Api.objects.filter(slug="pets").exists()
    assert not Upstream.objects.exists()
    assert Event.objects.count() == before


def test_a_native_api_is_tuned_and_never_replaced(folder: Folder) -> None:
    call_command("publish_catalog", verbosity=0)
    folder.write("apis:\n  commerce:\n    policy: {timeout: 4}\n    versions: {1: {base: /x}}\n")
    with pytest.raises(CommandError, match="is served by this project itself"):
        folder.apply()
    folder.replace("    versions: {1: {base: /x}}\n", "")
    assert folder.apply()[0] == '~ apis.commerce.policy: none → {"timeout": 4}'
    call_command("publish_catalog", verbosity=0)
    assert ApiVersion.objects.get(api__slug="commerce").api.policy == {"timeout": 4}


def test_a_plan_is_offered_and_described_and_taken_back(folder: Folder) -> None:
    told = "plans: {big: {limits: [], public: %s, summary: %s}}\n"
    folder.write(told % ("true", "For shops."))
    folder.apply()
    plan = Plan.objects.get(slug="big")
    assert (plan.is_public, plan.summary) == (True, "For shops.")
    assert "Nothing to change." in folder.apply()
    folder.write("plans: {big: {limits: []}}\n")
    assert "Nothing to change." in folder.apply()
    folder.write(told % ("false", "''"))
    said = folder.apply()
    assert "~ plans.big.public: yes → no" in said
    assert "~ plans.big.summary: For shops. → nothing" in said
    plan.refresh_from_db()
    assert (plan.is_public, plan.summary) == (False, "")
    kinds = Event.objects.filter(type__startswith="plan.").values_list("type", flat=True)
    assert sorted(kinds) == [
        *("plan.described", "plan.described", "plan.offered", "plan.published", "plan.withdrawn")
    ]
    folder.write("plans: {big: {limits: [], public: maybe}}\n")
    with pytest.raises(CommandError, match=r"plans\.big\.public must be"):
        folder.apply()


def test_there_is_one_default_plan(folder: Folder) -> None:
    make.plan()
    folder.write("plans: {big: {default: true, limits: []}}\n")
    with pytest.raises(
        CommandError, match=r"plans\.big\.default: free is the default plan already"
    ):
        folder.apply()
    folder.write("plans: {free: {name: Gratis, limits: []}}\n")
    with pytest.raises(CommandError, match="a plan keeps its name"):
        folder.apply()


def test_a_file_has_an_end() -> None:
    with pytest.raises(Invalid, match="at most 2,097,152 are read"):
        platform_file.read(b"x" * (platform_file.LIMIT + 1))
