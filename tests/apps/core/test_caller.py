"""The signed header is for one request, for a moment, and from this gateway only."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace
from typing import Any

import pytest

from apps.core import caller as callers
from apps.core.caller import LIFE, Caller, Refused

KEY = callers.key_for("shop", b"root")
NOW = 1_800_000_000.25
REQUEST: dict[str, Any] = {"audience": "shop", "method": "GET", "path": "/shop/v1/orders"}
ANNA = Caller(
    request_id="req_1",
    application="app_1",
    organization="org_1",
    tenant="tnt_1",
    livemode=False,
    credential="key_1",
    scopes=frozenset({"shop:read", "shop:write"}),
    plan="free",
    subject="usr_1",
)


def token(now: float = NOW) -> str:
    return callers.sign(ANNA, **REQUEST, key=KEY, now=now)


def verify(text: str, *, now: float = NOW, key: bytes = KEY, **other: str) -> Caller:
    return callers.verify(text, **(REQUEST | other), key=key, now=now)


def encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> Any:
    return json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def signed(head: Any, claims: Any, key: bytes = KEY) -> str:
    """Return a token that says exactly this, with a tag that fits."""
    said = ".".join(
        encode(json.dumps(part, separators=(",", ":")).encode()) for part in (head, claims)
    )
    return f"{said}.{encode(hmac.digest(key, said.encode(), 'sha256'))}"


def parts() -> tuple[Any, Any]:
    head, claims, _ = token().split(".")
    return decode(head), decode(claims)


def test_it_says_who_calls() -> None:
    assert verify(token()) == ANNA


@pytest.mark.parametrize("scopes", [frozenset(), frozenset({"shop:read"})])
@pytest.mark.parametrize("subject", [None, "usr_2"])
def test_it_says_so_at_any_length(scopes: frozenset[str], subject: str | None) -> None:
    for number in range(4):  # what precedes the request's own claims is padded to whole groups
        app = "a" * number
        someone = replace(ANNA, application=app, scopes=scopes, subject=subject, livemode=True)
        assert verify(callers.sign(someone, **REQUEST, key=KEY, now=NOW)) == someone


@pytest.mark.spec("RFC 7515", "3.1")
def test_it_is_a_compact_jws_under_hs256() -> None:
    head, claims = parts()
    assert head == {"alg": "HS256", "typ": "JWT"}
    assert claims == {
        "aud": "shop",
        "mth": "GET",
        "pth": "/shop/v1/orders",
        "iat": int(NOW),
        "exp": int(NOW) + 30,
        "rid": "req_1",
        "app": "app_1",
        "org": "org_1",
        "tnt": "tnt_1",
        "liv": False,
        "key": "key_1",
        "scp": "shop:read shop:write",
        "pln": "free",
        "sub": "usr_1",
    }
    assert verify(signed(head, claims)) == ANNA


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("aud", {"audience": "till"}),
        ("mth", {"method": "POST"}),
        ("mth", {"method": "get"}),
        ("pth", {"path": "/shop/v1/orders/"}),
        ("pth", {"path": "/shop/v1/Orders"}),
    ],
)
def test_it_is_for_no_other_request(name: str, other: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=rf"for another request \({name}\)"):
        verify(token(), **other)


@pytest.mark.parametrize("age", [0, 29, LIFE + 0.7])
def test_it_lives_half_a_minute(age: float) -> None:
    assert verify(token(), now=NOW + age) == ANNA


@pytest.mark.parametrize("age", [LIFE + 1.01, LIFE + 5, 86_400])
def test_it_expires(age: float) -> None:
    with pytest.raises(Refused, match="has expired"):
        verify(token(), now=NOW + age)


@pytest.mark.parametrize("ahead", [2, 60, 86_400])
def test_it_is_not_from_the_future(ahead: float) -> None:
    with pytest.raises(Refused, match="not valid yet"):
        verify(token(NOW + ahead))


def test_clocks_may_differ_by_a_second() -> None:
    assert verify(token(NOW + 0.9)) == ANNA


@pytest.mark.parametrize(
    ("name", "value"), [("app", "app_2"), ("liv", True), ("scp", "shop:admin"), ("exp", 2**40)]
)
def test_a_changed_payload_breaks_the_tag(name: str, value: Any) -> None:
    head, _, tag = token().split(".")
    claims = encode(json.dumps(parts()[1] | {name: value}).encode())
    with pytest.raises(Refused, match="not signed by this gateway"):
        verify(f"{head}.{claims}.{tag}")


def test_every_single_character_counts() -> None:
    text = token()
    for at, character in enumerate(text[:-1]):  # the last one has two bits that say nothing
        changed = text[:at] + ("A" if character != "A" else "B") + text[at + 1 :]
        with pytest.raises(Refused):
            verify(changed)


@pytest.mark.spec("RFC 8725", "3.1")
@pytest.mark.parametrize(
    "head",
    [
        {"alg": "none", "typ": "JWT"},
        {"alg": "HS512", "typ": "JWT"},
        {"alg": "RS256", "typ": "JWT"},
        {"typ": "JWT"},
        {"typ": "JWT", "alg": "HS256"},
    ],
)
def test_no_other_algorithm_is_heard_of_even_when_the_tag_fits(head: dict[str, str]) -> None:
    _, claims = parts()
    with pytest.raises(Refused, match="not signed by this gateway"):
        verify(signed(head, claims))


@pytest.mark.spec("RFC 8725", "3.1")
def test_without_a_tag_it_says_nothing() -> None:
    _, claims = parts()
    unsigned = signed({"alg": "none"}, claims).rpartition(".")[0]
    for text in (unsigned, f"{unsigned}.", token().rpartition(".")[0] + "."):
        with pytest.raises(Refused, match="not signed by this gateway"):
            verify(text)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "é.é.é", "\N{SNOWMAN}" * 3, "." * 400])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="not signed by this gateway"):
        verify(text)


@pytest.mark.parametrize(
    "key", [b"", callers.key_for("till", b"root"), callers.key_for("shop", b"other root")]
)
def test_a_backend_has_a_key_of_its_own(key: bytes) -> None:
    with pytest.raises(Refused, match="not signed by this gateway"):
        verify(token(), key=key)


@pytest.mark.parametrize("name", parts()[1].keys() - {"iat"})
def test_a_claim_that_is_missing_is_a_refusal(name: str) -> None:
    head, claims = parts()
    del claims[name]
    with pytest.raises(Refused):
        verify(signed(head, claims))


@pytest.mark.parametrize("change", [{"exp": "soon"}, {"exp": None}, {"scp": None}, {"scp": 5}])
def test_a_claim_of_another_kind_is_a_refusal(change: dict[str, Any]) -> None:
    head, claims = parts()
    with pytest.raises(Refused):
        verify(signed(head, claims | change))


@pytest.mark.parametrize("claims", [[], "text", 1, None])
def test_claims_are_an_object(claims: Any) -> None:
    head, _ = parts()
    with pytest.raises(Refused):
        verify(signed(head, claims))
