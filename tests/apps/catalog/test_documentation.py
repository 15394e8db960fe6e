"""The pages about policies and platform files name every member, and their examples hold."""

import json
import re
from dataclasses import fields

import pytest
from django.conf import settings

from apps.catalog import openapi, policies
from apps.catalog.policies import Cache, Policy
from apps.catalog.upstreams import Breaker, Health, Settings
from apps.core import documents
from apps.onboarding import platform_file

POLICIES = (settings.DOCS / "reference/policies.md").read_text()
FILE = (settings.DOCS / "reference/platform-file.md").read_text()
GUIDE = (settings.DOCS / "guides/publishing-apis.md").read_text()
PARTS = dict(re.findall(r"^## `(\w+)`\n(.*?)(?=^## |\Z)", POLICIES, re.MULTILINE | re.DOTALL))


def names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


def test_every_member_of_a_policy_has_a_part_and_no_other() -> None:
    assert PARTS.keys() == names(Policy)
    assert set(re.findall(r"^\| `(\w+)` \|", PARTS["cache"], re.MULTILINE)) == names(Cache)


@pytest.mark.parametrize("member", sorted(names(Policy)))
def test_its_example_is_one_and_is_not_the_default(member: str) -> None:
    (example,) = map(json.loads, blocks(PARTS[member], "json"))
    assert list(example) == [member]
    assert getattr(policies.parse(example), member) != getattr(policies.PLAIN, member)


@pytest.mark.parametrize("member", ["timeout", "retries", "body_limit", "priority"])
def test_its_default_is_told(member: str) -> None:
    shown = str(getattr(policies.PLAIN, member)).removesuffix(".0")
    assert re.search(rf"`?{shown}`? unless told", PARTS[member].replace("\n", " "))


def test_the_platform_file_of_the_page_is_one_and_every_member_is_told() -> None:
    (example,) = blocks(FILE, "yaml")
    platform = platform_file.read(example.encode())
    assert [api.slug for api in platform.apis] == ["pets", "retired"]
    told = set(re.findall(r"^\| `([\w.]+)` \|", FILE, re.MULTILINE))
    assert told >= names(platform_file.Upstream) - {"slug"} - {"settings"}
    assert told >= {f"settings.{name}" for name in names(Settings)}
    assert told >= names(platform_file.Api) - {"slug"}
    assert told >= names(platform_file.Version) - {"major", "place"}
    assert told >= names(platform_file.Tuned)
    assert told >= names(platform_file.Plan) - {"slug"}
    for name in names(Health) | names(Breaker):
        assert re.search(rf"`{name}`", FILE)


def test_the_files_of_the_guide_are_read() -> None:
    file, scopes = blocks(GUIDE, "yaml")
    assert platform_file.read(file.encode()).upstreams[0].targets == {
        "http://10.0.0.1:9000": 1,
        "http://10.0.0.2:9000": 1,
    }
    document = documents.read(scopes.encode()) | {
        "openapi": "3.1.0",
        "info": {},
        "paths": {"/pets": {"get": {}}},
    }
    assert openapi.describe(document, slug="pets").scopes["pets:read"].title == "Read pets"
