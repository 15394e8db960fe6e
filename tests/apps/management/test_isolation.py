"""What belongs to another organization or environment does not exist, for every operation."""

from dataclasses import dataclass
from typing import Any

import pytest

from apps.core import ids
from apps.orgs.models import Organization, Role
from tests.support import contract, make, management
from tests.support.api import Answer, Api, anonymous
from tests.support.managed import SANDBOXED, caller_of, filled
from tests.support.management import Platform

PREFIXES = {
    "tenants": "tnt",
    "members": "usr",
    "invitations": "inv",
    "applications": "app",
    "keys": "key",
    "clients": "cli",
    "client_secrets": "csk",
    "initial_tokens": "iat",
    "end_users": "usr",
    "plan_requests": "pcr",
    "connections": "con",
    "requests": "req",
}
# By the environments of an organization.
SHARED = {"members", "invitations", "applications", "plan_requests"}


@dataclass(frozen=True)
class Operation:
    """An operation as the document describes it."""

    name: str
    method: str
    path: str
    scopes: tuple[str, ...]

    def __str__(self) -> str:
        return self.name

    @property
    def plural(self) -> str:
        return self.path.split("/")[0]

    def send(self, api: Api, key: str) -> Answer:
        body: dict[str, Any] | None = {} if self.method in {"PATCH", "POST"} else None
        return api.send(self.method, self.path.replace("{id}", key), body)


def operations() -> list[Operation]:
    return [
        Operation(
            described["operationId"],
            method.upper(),
            path.removeprefix("/platform/v1/"),
            tuple(described["x-trellis-scopes"]),
        )
        for path, item in contract.document("platform")["paths"].items()
        for method, described in item.items()
    ]


WITH_AN_ID = [one for one in operations() if "{id}" in one.path]
LISTS = [one for one in operations() if one.method == "GET" and one.path in PREFIXES]
CHANGES = [
    one
    for one in operations()
    if one.scopes and one.method != "GET" and one.name != "keys_check"  # which only looks
]


@pytest.fixture
def owner(operation: Operation, db: None) -> Platform:
    """A caller that sees what the operation is about."""
    return caller_of(operation.plural)


def another(owner: Platform) -> Platform:
    """Return a caller of another organization in the same environment."""
    return management.live() if owner.caller.livemode else management.sandboxed()


def named(operation: Operation) -> str:
    return operation.name


def told(answer: Answer) -> Any:
    """Return what an answer tells, apart from what names the request itself."""
    body = answer.json()
    return answer.status, {
        name: value for name, value in body.items() if name not in {"request_id", "instance"}
    }


@pytest.mark.parametrize("operation", WITH_AN_ID, ids=named)
def test_another_organizations_object_does_not_exist(operation: Operation, owner: Platform) -> None:
    key = filled(owner)[operation.plural]
    stranger = another(owner)
    theirs = operation.send(stranger, key)
    nobodys = operation.send(stranger, ids.new(PREFIXES[operation.plural]))
    assert told(theirs) == told(nobodys)
    assert (theirs.status, theirs.code) == (404, "not_found")


@pytest.mark.parametrize(
    ("operation", "of"),
    [
        (one, of)
        for one in WITH_AN_ID
        for of in ("live", "sandbox")
        if one.plural not in SHARED and not (of == "live" and one.plural in SANDBOXED)
    ],
    ids=str,
)
def test_another_environments_object_does_not_exist(
    operation: Operation, of: str, db: None
) -> None:
    team = make.organization()
    makers = {"live": management.live, "sandbox": management.sandboxed}
    key = filled(makers.pop(of)(team))[operation.plural]
    (other,) = makers.values()
    owner = team.memberships.get(role=Role.OWNER).user
    answer = operation.send(other(team).on_behalf_of(owner), key)
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("operation", [one for one in operations() if one.scopes], ids=named)
def test_without_the_scope_even_the_own_object_is_refused(
    operation: Operation, owner: Platform
) -> None:
    key = filled(owner).get(operation.plural, "")
    narrow = Platform(
        owner.application,
        owner.key.key.tenant,
        scopes=management.ALL - set(operation.scopes),
    )
    answer = operation.send(narrow, key)
    assert (answer.status, answer.code) == (403, "scope_missing")
    assert answer.json()["scope"] in operation.scopes


@pytest.mark.parametrize("operation", operations(), ids=named)
def test_past_the_gateway_nobody_is_let_in(operation: Operation, owner: Platform) -> None:
    key = filled(owner).get(operation.plural, "")
    path = f"/platform/v1/{operation.path.replace('{id}', key)}"
    answer = anonymous(operation.method, path)
    assert (answer.status, answer.code) == (401, "caller_missing")


@pytest.mark.parametrize("operation", [one for one in operations() if one.scopes], ids=named)
def test_a_person_who_is_no_member_may_do_nothing(operation: Operation, owner: Platform) -> None:
    key = filled(owner).get(operation.plural, "")
    answer = operation.send(owner.on_behalf_of(make.user()), key)
    assert (answer.status, answer.code) == (403, "role_missing")


@pytest.mark.parametrize("operation", CHANGES, ids=named)
def test_an_auditor_changes_nothing(operation: Operation, owner: Platform) -> None:
    key = filled(owner).get(operation.plural, "")
    auditor = management.member(owner.application.organization, Role.AUDITOR)
    answer = operation.send(owner.on_behalf_of(auditor), key)
    assert (answer.status, answer.code) == (403, "role_missing")


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_lists_show_the_own_organization_and_environment_only(
    operation: Operation, db: None
) -> None:
    team, others = make.organization(), make.organization()
    leader = team.memberships.get(role=Role.OWNER).user
    sandboxed, live = management.sandboxed(team).on_behalf_of(leader), management.live(team)
    found = {sandboxed: filled(sandboxed), live: filled(live)}
    filled(management.live(others))
    for api, own in found.items():
        other = next(known for caller, known in found.items() if caller is not api)
        listed = {one["id"] for one in operation.send(api, "").json()["data"]}
        assert (own.get(operation.plural) in listed) is (operation.plural in own)
        assert (other.get(operation.plural) in listed) is (operation.plural in SHARED)
        assert not listed & set(filled_ids(others, operation.plural))


def filled_ids(of: Organization, plural: str) -> list[str]:
    """Return what another organization's own caller sees."""
    listed = management.live(of).get(plural).json()["data"]
    return [one["id"] for one in listed]


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_an_object_that_is_not_the_callers_is_no_cursor(
    operation: Operation, owner: Platform
) -> None:
    theirs = filled(another(owner))[operation.plural]
    answer = owner.get(f"{operation.plural}?starting_after={theirs}")
    assert (answer.status, answer.code) == (400, "cursor_invalid")


@pytest.mark.parametrize("operation", LISTS, ids=named)
def test_a_list_is_cut_into_pages(operation: Operation, owner: Platform) -> None:
    filled(owner)
    if operation.plural not in {"tenants", "end_users"}:
        filled(owner)
    whole = [one["id"] for one in owner.get(f"{operation.plural}?limit=100").json()["data"]]
    seen, cursor = [], ""
    while True:
        page = owner.get(f"{operation.plural}?limit=1{cursor}").json()
        seen += [one["id"] for one in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&starting_after={page['next_cursor']}"
    assert seen == whole
    after = owner.get(f"{operation.plural}?starting_after={whole[0]}").json()["data"]
    assert [one["id"] for one in after] == whole[1:]
