"""Whatever is refused, its page says why and what mends it; who does that, calls with success."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.applications import services as applications
from apps.applications.models import Application
from apps.catalog.models import Upstream
from apps.core import secrets
from apps.core.invalidation import announce
from apps.keys import services as keys
from apps.keys.models import Key
from apps.keys.services import Issued
from apps.moderation import services as moderation
from apps.oauth.models import AccessToken
from apps.orgs import services as orgs
from apps.plans import changes
from apps.plans import services as plans
from apps.plans.models import ChangeRequest
from tests.gateway import tokens
from tests.gateway.conftest import WIDE, World
from tests.gateway.explained import ECHO, Developer
from tests.gateway.policed import Policed
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.gateway.test_documents import documented  # noqa: F401 - a fixture
from tests.gateway.tokens import Keys, Token, proof
from tests.support import make

Issue = Callable[..., Issued]
Grant = Callable[..., Token]
Mended = Callable[[str], None]
BOOKS = "/books/v1"


@pytest.fixture
def developer(gateway: Gateway, world: World) -> Developer:
    return Developer(gateway, world)


@pytest.fixture
def mended(service: StandIn, monkeypatch: pytest.MonkeyPatch) -> Mended:
    """Let the service do well what it did badly."""

    async def answer(value: str, writer: Any) -> None:
        await service._say(writer, 200, b"{}")

    return lambda name: monkeypatch.setattr(service, name, answer)


def test_credential_missing(developer: Developer, key: Issued) -> None:
    page = developer.unknown(developer.refused("credential_missing", None), key)
    assert "belongs to nobody" in page
    developer.succeeds(key)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("key_malformed", "trl_test_k1"),
        ("key_bad_checksum", "trl_test_k" + "a" * 38),
        ("key_unknown", ""),
    ],
)
def test_a_credential_that_is_unknown_to_everybody(
    developer: Developer, key: Issued, code: str, text: str
) -> None:
    page = developer.unknown(developer.refused(code, text or secrets.mint("test")), key)
    assert "A damaged key is unknown, too." in page
    assert "/keys/check" in page
    developer.succeeds(key)


def test_key_revoked(developer: Developer, key: Issued) -> None:
    developer.succeeds(key)
    developer.acts(lambda: keys.revoke(key.key, actor=None, reason="Leaked"))
    said = developer.explained(developer.refused("key_revoked", key), key)
    assert (said["failed"], said["credential"]) == ("open", key.key.pk)
    made = developer.submits(said["link"], key)
    developer.succeeds(made.context["secret"])


def test_key_expired(developer: Developer, key: Issued) -> None:
    past = datetime.now(UTC) - timedelta(hours=1)
    developer.acts(lambda: Key.objects.filter(pk=key.key.pk).update(expires_at=past))
    said = developer.explained(developer.refused("key_expired", key), key)
    assert said["failed"] == "time"
    assert said["why"]["values"]["expires_at"] == f"{past:%Y-%m-%dT%H:%M:%SZ}"
    made = developer.submits(said["link"], key)
    developer.succeeds(made.context["secret"])


def test_key_rotated_out(developer: Developer, key: Issued) -> None:
    made = developer.acts(lambda: keys.rotate(key.key, overlap=timedelta(0), actor=None))
    said = developer.explained(developer.refused("key_rotated_out", key), key)
    assert said["failed"] == "time"
    assert made.key.hint in developer.opens(said["link"], key).content.decode()
    developer.succeeds(developer.reveals(made.key))


def test_wrong_environment(developer: Developer, grant_token: Grant, world: World) -> None:
    stray = grant_token(live=True)
    owner = stray.row.application.application
    with world():
        sandbox = make.sandbox(owner.organization)
        AccessToken.objects.filter(pk=stray.row.pk).update(tenant=sandbox)
    said = developer.explained(developer.refused("wrong_environment", stray), key_of(stray))
    assert said["failed"] == "environment"
    assert (
        stray.row.application.name in developer.opens(said["link"], key_of(stray)).content.decode()
    )
    right = developer.acts(lambda: tokens.token(owner, tenant=sandbox))
    developer.succeeds(right)


def test_scope_missing(developer: Developer, key: Issued) -> None:
    answer = developer.refused("scope_missing", key, "/shop/v1/guarded")
    said = developer.explained(answer, key)
    assert said["failed"] == "scopes"
    assert said["why"]["values"]["needs"] == ["shop:write"]
    assert said["why"]["values"]["has"] == ["shop:read"]
    made = developer.submits(said["link"], key)
    assert made.context["key"].scopes == ["shop:read", "shop:write"]
    developer.succeeds(made.context["secret"], "/shop/v1/guarded")


def test_ip_not_allowed(developer: Developer, issue: Issue) -> None:
    key = issue(ip_allow=["203.0.113.0/24"])
    said = developer.explained(developer.refused("ip_not_allowed", key), key)
    values = said["why"]["values"]
    assert (said["failed"], values["networks"]) == ("network", ["203.0.113.0/24"])
    developer.submits(said["link"], key, ip_allow=f"203.0.113.0/24, {values['address']}")
    developer.succeeds(key)


def test_address_refused(developer: Developer, key: Issued, policed: Policed) -> None:
    with policed(ip_allow=["203.0.113.0/24"]):
        answer = developer.refused("address_refused", key, f"{BOOKS}/echo")
    said = developer.explained(answer, key)
    assert (said["failed"], said["why"]["values"]["address"]) == ("address", "127.0.0.1")
    assert "address_refused" in developer.opens(said["link"], key).content.decode()
    with policed():  # The operator opened it.
        developer.succeeds(key, f"{BOOKS}/echo")


def test_application_suspended(developer: Developer, key: Issued) -> None:
    application = key.key.application
    words = "Too many complaints."
    developer.acts(lambda: moderation.suspend(application, reason=words, actor=make.operator()))
    said = developer.explained(developer.refused("application_suspended", key), key)
    assert said["failed"] == "application"
    assert words in developer.opens(said["link"], key).content.decode()
    developer.acts(lambda: moderation.reinstate(fresh(key), reason="Ok.", actor=make.operator()))
    developer.succeeds(key)


def test_organization_suspended(developer: Developer, key: Issued) -> None:
    owner = key.key.application.organization
    developer.acts(lambda: orgs.suspend(owner, reason="Unpaid.", actor=make.operator()))
    said = developer.explained(developer.refused("organization_suspended", key), key)
    assert said["failed"] == "organization"
    developer.opens(said["link"], key)
    developer.acts(lambda: orgs.reinstate(owner, reason="Paid.", actor=make.operator()))
    developer.succeeds(key)


def test_application_not_approved(developer: Developer, issue: Issue, world: World) -> None:
    with world():
        application = make.application(approved=True)
        tenant = make.live(application.organization)
        slug = f"plan-{next(make.number)}"
        version = plans.publish(slug, name=slug, limits=WIDE)
        plans.subscribe(application, version=version, actor=None)
    key = issue(application, tenant=tenant)
    developer.acts(lambda: move(application, Application.State.DRAFT))
    said = developer.explained(developer.refused("application_not_approved", key), key)
    assert said["failed"] == "approval"
    developer.submits(said["link"], key, scopes=["shop:read"])
    assert developer.acts(lambda: fresh(key).state) == "submitted"
    developer.acts(lambda: applications.approve(fresh(key), reason="Fine.", actor=make.operator()))
    developer.succeeds(key)


@pytest.mark.parametrize(
    ("code", "policy"),
    [
        ("limit_reached", {"kind": "rate", "window": 60}),
        ("quota_reached", {"kind": "quota", "period": "day"}),
    ],
)
def test_limits(developer: Developer, issue: Issue, code: str, policy: dict[str, Any]) -> None:
    key = issue(limits=[{"name": "tight", "limit": 2, **policy}])
    said = developer.explained(developer.refused(code, key), key)
    values = said["why"]["values"]
    assert (said["failed"], values["limit"], values["cost"]) == ("limit", "tight", 1)
    assert values["left"] == {"tight": 0}
    assert values["retry_after"] > 0
    slug = f"wide-{next(make.number)}"
    developer.acts(lambda: plans.publish(slug, name=slug, limits=WIDE, is_public=True))
    developer.submits(said["link"], key, plan=slug, reason="We grow.")
    developer.acts(
        lambda: changes.approve(
            ChangeRequest.objects.get(plan__slug=slug), reason="Welcome.", actor=make.operator()
        )
    )
    developer.succeeds(key)


def test_concurrency_reached(developer: Developer, issue: Issue) -> None:
    key = issue(limits=[{"name": "parallel", "kind": "concurrency", "limit": 1}])
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(developer.call, key, "/shop/v1/slow/3")
        answer = developer.refused("concurrency_reached", key)
        assert slow.running()
        said = developer.explained(answer, key)
        assert slow.result().status_code == 200
    values = said["why"]["values"]
    assert (said["failed"], values["limit"]) == ("limit", "parallel")
    assert values["left"] == {"parallel": 0}
    assert said["fix"]["url"].endswith("/limits")
    developer.opens(said["link"], key)
    developer.succeeds(key)


def test_operation_unknown(developer: Developer, key: Issued) -> None:
    answer = developer.refused("operation_unknown", key, "/shop/v1/ehco")
    said = developer.explained(answer, key)
    assert said["failed"] == "operation"
    developer.opens(said["link"], key)
    developer.succeeds(key, ECHO)


def test_method_not_allowed(developer: Developer, key: Issued) -> None:
    answer = developer.refused("method_not_allowed", key, "/shop/v1/dear", method="DELETE")
    said = developer.explained(answer, key)
    assert said["failed"] == "method"
    developer.opens(said["link"], key)
    allowed = answer.headers["allow"].split(", ")
    developer.succeeds(key, "/shop/v1/dear", method=allowed[0])


def test_validation_failed(
    developer: Developer,
    key: Issued,
    policed: Policed,
    documented: None,  # noqa: F811 - the fixture
) -> None:
    book = {"title": "D", "pages": 3}
    with policed(validate=["request"]):
        path = f"{BOOKS}/echo"
        answer = developer.refused("validation_failed", key, path, method="POST", json=book)
        said = developer.explained(answer, key)
        assert said["failed"] == "request_schema"
        assert [one["param"] for one in said["why"]["errors"]] == ["title"]
        developer.opens(said["link"], key)
        developer.succeeds(key, path, method="POST", json=book | {"title": "Dune"})


def test_idempotency_mismatch(developer: Developer, key: Issued, policed: Policed) -> None:
    path, name = f"{BOOKS}/echo", f"order-{next(make.number)}"
    under = {"Idempotency-Key": name}
    with policed(idempotency=True):
        developer.succeeds(key, path, method="POST", json={"n": 1}, headers=under)
        other: dict[str, Any] = {"method": "POST", "json": {"n": 2}}
        answer = developer.refused("idempotency_mismatch", key, path, headers=under, **other)
        said = developer.explained(answer, key)
        assert (said["failed"], said["why"]["values"]["param"]) == (
            "idempotency",
            "Idempotency-Key",
        )
        developer.opens(said["link"], key)
        developer.succeeds(key, path, headers={"Idempotency-Key": f"{name}-b"}, **other)


def test_body_too_large(developer: Developer, key: Issued, policed: Policed) -> None:
    path = f"{BOOKS}/echo"
    with policed(body_limit=1024):
        answer = developer.refused("body_too_large", key, path, method="POST", content=b"x" * 1025)
        said = developer.explained(answer, key)
        assert said["failed"] == "body"
        assert "1024 are accepted" in said["why"]["detail"]
        developer.opens(said["link"], key)
        developer.succeeds(key, path, method="POST", content=b"x" * 1024)


def test_upstream_failed(
    developer: Developer, key: Issued, policed: Policed, mended: Mended
) -> None:
    with policed():
        said = developer.explained(developer.refused("upstream_failed", key, f"{BOOKS}/reset"), key)
        assert (said["failed"], said["why"]["values"]["api"]) == ("backend", "books")
        developer.opens(said["link"], key)
        mended("_reset")
        developer.succeeds(key, f"{BOOKS}/reset")


def test_upstream_timeout(
    developer: Developer, key: Issued, policed: Policed, mended: Mended
) -> None:
    with policed(timeout=0.3):
        answer = developer.refused("upstream_timeout", key, f"{BOOKS}/slow/5")
        said = developer.explained(answer, key)
        assert said["failed"] == "backend"
        developer.opens(said["link"], key)
        mended("_slow")
        developer.succeeds(key, f"{BOOKS}/slow/5")


def test_upstream_resting(
    developer: Developer, key: Issued, policed: Policed, mended: Mended, world: World
) -> None:
    with resting_soon(world), policed():
        said = developer.explained(
            developer.refused("upstream_resting", key, f"{BOOKS}/reset"), key
        )
        assert said["failed"] == "resting"
        assert said["why"]["values"]["retry_after"] > 0
        developer.opens(said["link"], key)
        mended("_reset")
        developer.succeeds(key, f"{BOOKS}/reset")


def test_token_expired(developer: Developer, grant_token: Grant) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    token = grant_token(expires=past)
    said = developer.explained(developer.refused("token_expired", token), key_of(token))
    assert (said["failed"], said["credential"]) == ("time", token.row.application.client_id)
    developer.opens(said["link"], key_of(token))
    client = token.row.application
    renewed = developer.acts(
        lambda: tokens.token(client.application, client=client, tenant=token.row.tenant)
    )
    developer.succeeds(renewed)


def test_dpop_required(developer: Developer, grant_token: Grant) -> None:
    pair = Keys()
    token = grant_token(jkt=pair.thumbprint)
    said = developer.explained(developer.refused("dpop_required", token), key_of(token))
    assert (said["failed"], said["why"]["values"]["scheme"]) == ("proof", "bearer")
    developer.opens(said["link"], key_of(token))
    url = f"http://api.test{ECHO}"

    def proved(nonce: str | None) -> dict[str, str]:
        made = proof(pair, token, url=url, nonce=nonce)
        return {"Authorization": f"DPoP {token.text}", "DPoP": made}

    asked = developer.call(None, headers=proved(None))
    answer = developer.call(None, headers=proved(asked.headers["dpop-nonce"]))
    assert answer.status_code == 200


def key_of(token: Token) -> Any:
    """Return what names a token's owner as a key does."""
    return token.row.application


def fresh(key: Issued) -> Application:
    return Application.objects.get(pk=key.key.application_id)


def move(application: Application, state: Application.State) -> None:
    Application.objects.filter(pk=application.pk).update(state=state)
    announce([], f"app:{application.pk}")


@contextmanager
def resting_soon(world: World) -> Iterator[None]:
    """Let the books' service rest after two failures, for a second."""
    settings = {"breaker": {"requests": 2, "pause": 1}}
    with world():
        Upstream.objects.filter(slug="elsewhere").update(settings=settings)
    try:
        yield
    finally:
        with world():
            Upstream.objects.filter(slug="elsewhere").update(settings={})
            announce([], "catalog:")
