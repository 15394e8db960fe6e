"""Access tokens open the APIs as keys do; whatever else looks like one does not."""

import hmac
import json
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core import caller, ids, secrets
from apps.core.invalidation import announce
from apps.core.jose import decode
from apps.oauth.models import AccessToken, Client, SigningKey
from apps.orgs.models import Organization
from tests.gateway.conftest import World, bearer
from tests.gateway.process import Gateway
from tests.gateway.standin import StandIn
from tests.gateway.test_credentials import Issue, refused
from tests.gateway.tokens import Keys, Token, b64, part
from tests.support import make

Grant = Callable[..., Token]
ECHO = "/shop/v1/echo"
METADATA = "http://api.test/.well-known/oauth-protected-resource"


def status(gateway: Gateway, token: Token, target: str = ECHO) -> int:
    return gateway.client.get(target, headers=token.header).status_code


def refused_token(gateway: Gateway, token: Token | str, code: str, **options: Any) -> Any:
    text = token if isinstance(token, str) else token.text
    answer = refused(gateway, f"Bearer {text}", code, **options)
    told = answer.headers.get_list("www-authenticate")
    if answer.status_code == 401:
        assert 'error="invalid_token"' in told[0]
        assert len(told) == 2
    return answer


def changed(world: World, token: Token, **fields: Any) -> None:
    with world():
        AccessToken.objects.filter(pk=token.row.pk).update(**fields)


def test_a_backend_learns_who_the_end_user_is(
    gateway: Gateway, grant_token: Grant, world: World, upstream: StandIn, environment: Any
) -> None:
    with world():
        user = make.user()
    token = grant_token(user=user)
    headers = token.header | {"Cookie": "sessionid=1"}
    answer = gateway.client.get(f"{ECHO}?subject=1", headers=headers)
    assert answer.status_code == 200
    assert "ratelimit" in answer.headers
    [seen] = upstream.seen("subject=1")
    passed = {name: value for name, value in seen["headers"]}  # noqa: C416 - dict() is not typed so
    assert not {"authorization", "cookie", "dpop"} & passed.keys()
    root = bytes.fromhex(os.environ["TRELLIS_CALLER_KEY"])
    found = caller.verify(
        passed["trellis-caller"],
        audience="shop",
        method="GET",
        path=ECHO,
        key=caller.key_for("shop", root),
        now=time.time(),
    )
    assert found.subject == user.pk
    assert found.credential == ids.encode("tok", token.row.public_id)
    assert found.application == token.row.application.application_id
    assert found.tenant == token.row.tenant_id
    assert found.livemode is False
    assert found.scopes == {"shop:read"}


def test_a_client_that_acts_for_itself_has_no_subject(
    gateway: Gateway, grant_token: Grant, upstream: StandIn
) -> None:
    assert status(gateway, grant_token(), f"{ECHO}?own=1") == 200
    [seen] = upstream.seen("own=1")
    claims = json.loads(decode(dict(seen["headers"])["trellis-caller"].split(".")[1]))
    assert claims["sub"] is None


def test_cookies_open_nothing(gateway: Gateway, upstream: StandIn) -> None:
    headers = {"Cookie": "sessionid=abc; access_token=def"}
    answer = refused(gateway, None, "credential_missing", headers=headers, target=f"{ECHO}?bare=1")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert upstream.seen("bare=1") == []


@pytest.mark.parametrize("text", ["trl_test_a", "trl_test_a123", "trl_live_a" + "-" * 38, "eyJ"])
def test_what_is_no_token(gateway: Gateway, text: str) -> None:
    assert refused_token(gateway, text, "token_malformed").status_code == 401


def test_a_mistyped_token(gateway: Gateway) -> None:
    secret = secrets.mint("test", kind="a")
    wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    refused_token(gateway, wrong, "token_malformed")


@pytest.mark.parametrize("kind", ["f", "d", "c", "g", "i"])
def test_other_secrets_of_oauth_open_nothing(gateway: Gateway, kind: Any) -> None:
    answer = refused_token(gateway, secrets.mint("test", kind=kind), "token_kind_wrong")
    assert answer.status_code == 401


def test_an_unknown_token(gateway: Gateway) -> None:
    refused_token(gateway, secrets.mint("test", kind="a"), "token_unknown")


def test_a_token_works_at_once_though_it_was_unknown_a_moment_ago(
    gateway: Gateway, grant_token: Grant, world: World
) -> None:
    text = secrets.mint("test", kind="a")
    refused_token(gateway, text, "token_unknown")
    token = grant_token(text=text)
    with world():
        announce([token.digest], f"key:{token.digest.hex()}")
    deadline = time.monotonic() + 1
    while status(gateway, token) != 200:
        assert time.monotonic() < deadline


def test_an_expired_token(gateway: Gateway, grant_token: Grant) -> None:
    token = grant_token(expires=datetime.now(UTC) - timedelta(seconds=1))
    refused_token(gateway, token, "token_expired")


def test_a_token_that_expires_while_it_is_remembered(gateway: Gateway, grant_token: Grant) -> None:
    token = grant_token(expires=datetime.now(UTC) + timedelta(seconds=1))
    assert status(gateway, token) == 200
    time.sleep(1.1)
    refused_token(gateway, token, "token_expired")


def test_a_revoked_token(gateway: Gateway, grant_token: Grant) -> None:
    token = grant_token(revoked_at=datetime.now(UTC))
    answer = refused_token(gateway, token, "token_revoked")
    assert ids.encode("tok", token.row.public_id) in answer.json()["detail"]


def test_the_token_of_a_disabled_person(gateway: Gateway, grant_token: Grant, world: World) -> None:
    with world():
        user = make.user()
        User.objects.filter(pk=user.pk).update(is_active=False)
    refused_token(gateway, grant_token(user=user), "user_disabled")


def test_a_suspended_application(gateway: Gateway, grant_token: Grant, world: World) -> None:
    token = grant_token()
    with world():
        owner = token.row.application.application_id
        Application.objects.filter(pk=owner).update(state="suspended")
    assert refused_token(gateway, token, "application_suspended").status_code == 403


@pytest.mark.parametrize("whose", ["client", "data"])
def test_a_suspended_organization_on_either_side(
    gateway: Gateway, grant_token: Grant, world: World, whose: str
) -> None:
    with world():
        merchant = make.organization()
        tenant = make.sandbox(merchant)
    token = grant_token(tenant=tenant)
    assert status(gateway, token) == 200
    token = grant_token(tenant=tenant)
    with world():
        owner = token.row.application.application.organization_id
        suspended = owner if whose == "client" else merchant.pk
        Organization.objects.filter(pk=suspended).update(suspended_at=datetime.now(UTC))
    assert refused_token(gateway, token, "organization_suspended").status_code == 403


def test_a_live_token_needs_an_approved_application(
    gateway: Gateway, grant_token: Grant, world: World
) -> None:
    assert status(gateway, grant_token(live=True)) == 200
    token = grant_token(live=True)
    with world():
        owner = token.row.application.application_id
        Application.objects.filter(pk=owner).update(state="changes_requested")
    assert refused_token(gateway, token, "application_not_approved").status_code == 403


def test_a_token_of_the_other_environment(
    gateway: Gateway, grant_token: Grant, world: World
) -> None:
    refused_token(gateway, grant_token(text=secrets.mint("live", kind="a")), "wrong_environment")
    with world():
        application = make.application(approved=True)
        tenant = make.live(application.organization)
    # Its text and its tenant say live, and its client is one for sandboxes.
    token = grant_token(application, tenant=tenant, text=secrets.mint("live", kind="a"))
    refused_token(gateway, token, "wrong_environment")


@pytest.mark.parametrize(
    ("resource", "good"),
    [
        (["http://api.test"], True),
        (["http://api.test/"], True),
        (["http://api.test/shop/v1"], True),
        (["http://other.test", "http://api.test/shop"], True),
        (["http://api.test/shop/v2"], False),
        (["http://api.test/sho"], False),
        (["http://api.test.evil.test"], False),
        (["http://other.test/shop/v1"], False),
    ],
)
def test_a_token_for_certain_resources(
    gateway: Gateway, grant_token: Grant, resource: list[str], *, good: bool
) -> None:
    token = grant_token(resource=resource)
    if good:
        assert status(gateway, token) == 200
    else:
        assert refused_token(gateway, token, "token_audience").status_code == 401


def test_a_token_for_certain_addresses(gateway: Gateway, grant_token: Grant) -> None:
    assert status(gateway, grant_token(ip_allow=["127.0.0.0/8", "::1/128"])) == 200
    answer = refused_token(gateway, grant_token(ip_allow=["10.0.0.0/8"]), "ip_not_allowed")
    assert answer.json()["address"] == "127.0.0.1"


def test_a_token_and_a_key_share_their_applications_limits(
    gateway: Gateway, grant_token: Grant, issue: Issue
) -> None:
    rate = [{"name": "b", "kind": "rate", "scope": "application", "limit": 4, "window": 600}]
    token = grant_token(limits=rate)
    key = issue(token.row.application.application)
    statuses = [status(gateway, token), status(gateway, token)]
    statuses += [gateway.client.get(ECHO, headers=bearer(key)).status_code for _ in range(3)]
    assert statuses == [200, 200, 200, 200, 429]
    assert status(gateway, token) == 429


def test_a_missing_scope_is_named_with_where_to_get_it(
    gateway: Gateway, grant_token: Grant, upstream: StandIn
) -> None:
    target = "/shop/v1/guarded?token=1"
    answer = refused_token(gateway, grant_token(), "scope_missing", target=target)
    assert answer.status_code == 403
    [told] = answer.headers.get_list("www-authenticate")
    assert told.startswith('Bearer realm="Acme", error="insufficient_scope"')
    assert 'scope="shop:write"' in told
    assert f'resource_metadata="{METADATA}/shop/v1"' in told
    assert upstream.seen("token=1") == []


@pytest.fixture(scope="module")
def signer(world: World) -> Keys:
    """A key that the installation signs tokens with, and publishes."""
    return published(world, "RS256")


def published(world: World, algorithm: str) -> Keys:
    keys, name = Keys(algorithm), ids.new("sgk")
    with world():
        public = keys.jwk | {"kid": name, "alg": algorithm, "use": "sig"}
        SigningKey.objects.create(id=name, algorithm=algorithm, public=public, sealed=b"")
    keys.kid = name
    return keys


def jwt(keys: Keys, *, header: dict[str, Any] | None = None, **changes: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": "http://portal.test",
        "aud": ["http://api.test"],
        "sub": "usr_1",
        "exp": now + 600,
        "jti": ids.new("jti"),
    } | changes
    head = {"alg": keys.algorithm, "typ": "at+jwt", "kid": keys.kid} | (header or {})
    return keys.sign(head, claims)


def known_soon(gateway: Gateway, token: Token) -> None:
    """Wait until the gateway has read its keys again."""
    deadline = time.monotonic() + 5
    while status(gateway, token) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_token_that_is_a_jwt(
    gateway: Gateway, grant_token: Grant, world: World, algorithm: str
) -> None:
    token = grant_token(text=jwt(published(world, algorithm)))
    known_soon(gateway, token)
    changed(world, token, revoked_at=datetime.now(UTC))
    deadline = time.monotonic() + 5.5
    while status(gateway, token) == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    refused_token(gateway, token, "token_revoked")


def test_a_jwt_of_live_data_is_known_by_its_row(
    gateway: Gateway, grant_token: Grant, signer: Keys, world: World
) -> None:
    live = grant_token(text=jwt(signer), live=True)
    known_soon(gateway, live)
    with world():
        Client.objects.filter(pk=live.row.application_id).update(environment="sandbox")
        announce([live.digest], f"key:{live.digest.hex()}")
    deadline = time.monotonic() + 5.5
    while status(gateway, live) == 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    refused_token(gateway, live, "wrong_environment")


def test_a_jwt_that_was_signed_here_and_never_written_down(
    gateway: Gateway, grant_token: Grant, signer: Keys
) -> None:
    known_soon(gateway, grant_token(text=jwt(signer)))
    refused_token(gateway, jwt(signer), "token_unknown")


def test_an_id_token_is_no_access_token(gateway: Gateway, grant_token: Grant, signer: Keys) -> None:
    for typ in ("JWT", None, "logout+jwt", "dpop+jwt"):
        # Even if somebody had written it down as one.
        token = grant_token(text=jwt(signer, header={"typ": typ}))
        refused_token(gateway, token, "token_kind_wrong")


def test_tricks_with_a_jwts_header_and_claims(
    gateway: Gateway, grant_token: Grant, signer: Keys
) -> None:
    known_soon(gateway, grant_token(text=jwt(signer)))
    other = Keys("RS256")
    other.kid = signer.kid
    good = jwt(signer)
    head, payload, signature = good.split(".")
    public = json.dumps(signer.jwk).encode()
    hs = f"{part({'alg': 'HS256', 'typ': 'at+jwt', 'kid': signer.kid})}.{payload}"
    forged = hmac.digest(public, hs.encode(), "sha256")
    where = "http://127.0.0.1:1/jwks"
    tricks = [
        f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': signer.kid})}.{payload}.",
        f"{part({'alg': 'none', 'typ': 'at+jwt', 'kid': signer.kid})}.{payload}.{signature}",
        f"{hs}.{b64(forged)}",
        f"{head}.{part({'iss': 'http://portal.test'})}.{signature}",
        f"{head}.{payload}.{signature}=",
        f"{head}.{payload}.{signature}.{signature}",
        f"{head}..{signature}",
        jwt(other),
        jwt(other, header={"jwk": other.jwk}),
        jwt(other, header={"jku": where}),
        jwt(other, header={"x5u": where}),
        jwt(signer, header={"crit": ["exp"]}),
        jwt(signer, header={"b64": False}),
        jwt(signer, header={"alg": "PS256"}),
        jwt(signer, header={"kid": None}),
        jwt(signer, header={"kid": {"a": 1}}),
        jwt(signer, header={"kid": "../../dev/null"}),
        jwt(signer, header={"kid": "' OR 1=1 --"}),
        jwt(signer, iss="http://evil.test"),
        jwt(signer, iss=None),
        jwt(signer, padding="x" * 9000),
        f"eyJ{'[' * 3000}.{payload}.{signature}",
        f"{part({'a': 1})[:-1]}.{payload}.{signature}",
    ]
    for trick in tricks:
        answer = refused_token(gateway, grant_token(text=trick), "token_malformed")
        assert answer.status_code == 401
    refused_token(gateway, jwt(signer, aud="http://evil.test"), "token_audience")
    refused_token(gateway, jwt(signer, aud=None), "token_audience")
    refused_token(gateway, jwt(signer, exp=int(time.time()) - 1), "token_expired")
    refused_token(gateway, jwt(signer, exp="soon"), "token_expired")
    assert gateway.client.get("/readyz").status_code == 200
