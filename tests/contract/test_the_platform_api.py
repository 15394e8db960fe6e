"""What a generator of requests finds: as a key, as a token, as another organization."""

from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case

from apps.orgs.models import Role
from tests.support import contract, management
from tests.support.managed import filled
from tests.support.management import Platform

BOUNDED = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PASSED_ON = {"Idempotency-Key", "If-Match", "If-None-Match"}
schema = schemathesis.openapi.from_dict(contract.document("platform"))


@pytest.fixture
def key(db: None) -> Platform:
    """A live key that covers everything."""
    return management.live()


@pytest.fixture
def token(db: None) -> Platform:
    """A live token that covers everything, with a developer behind it."""
    api = management.live()
    return api.on_behalf_of(management.member(api.application.organization, Role.DEVELOPER))


@pytest.fixture
def victim(db: None) -> Platform:
    """Another organization."""
    return management.live()


@pytest.fixture
def theirs(victim: Platform) -> dict[str, str]:
    """What the other organization has."""
    return filled(victim)


def send(api: Platform, case: Case[Any], own: str) -> None:
    """Send a generated request about ``own``; Api holds the answer against the document."""
    case.path_parameters = dict.fromkeys(case.path_parameters or {}, own)
    made = case.as_transport_kwargs(base_url="http://testserver")
    known = {"method", "url", "params", "json", "data", "headers"}
    ready = requests.Request(**{name: made[name] for name in known & made.keys()}).prepare()
    raw = ready.body or b""
    body = raw.encode() if isinstance(raw, str) else raw
    headers = {name: str(ready.headers[name]) for name in PASSED_ON & set(ready.headers)}
    media_type = str(ready.headers.get("Content-Type", "application/json"))
    answer = api.send(case.method, ready.path_url, body, headers=headers, media_type=media_type)
    assert answer.status < 500, (case.method, ready.path_url, body, answer.content)


def shown(api: Platform, found: dict[str, str]) -> dict[str, Any]:
    """Return the objects as their owner sees them."""
    return {kind: api.get(f"{kind}/{key}").json() for kind, key in found.items()}


@pytest.mark.parametrize("name", ["key", "token"])
@schema.parametrize()
@BOUNDED
def test_every_answer_is_a_documented_one(
    case: Case[Any], name: str, key: Platform, token: Platform
) -> None:
    api = {"key": key, "token": token}[name]
    send(api, case, filled(api).get(case.path.split("/")[3], ""))


@schema.parametrize()
@BOUNDED
def test_another_organization_reads_and_changes_nothing(
    case: Case[Any], key: Platform, victim: Platform, theirs: dict[str, str]
) -> None:
    before = shown(victim, theirs)
    send(key, case, theirs.get(case.path.split("/")[3], ""))
    assert shown(victim, theirs) == before
