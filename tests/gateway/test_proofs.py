"""A token that is bound to a key works with that key alone, once per proof (RFC 9449)."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import redis

from apps.keys.services import Issued
from box.valkey import Valkey
from tests.gateway.conftest import bearer
from tests.gateway.process import Gateway, raw
from tests.gateway.standin import StandIn
from tests.gateway.test_outages import valkey  # noqa: F401 - a fixture
from tests.gateway.tokens import Keys, Token, b64, part, proof

Grant = Callable[..., Token]
ECHO = "/shop/v1/echo"
URL = f"http://api.test{ECHO}"


@pytest.fixture(scope="module")
def keys() -> Keys:
    """The client's pair of keys."""
    return Keys()


@pytest.fixture
def bound(grant_token: Grant, keys: Keys) -> Token:
    """A token that is bound to ``keys``."""
    return grant_token(jkt=keys.thumbprint)


def send(
    gateway: Gateway, token: Token, proof: str, *, target: str = ECHO, method: str = "GET"
) -> httpx.Response:
    headers = {b"Authorization": f"DPoP {token.text}".encode(), b"DPoP": proof.encode()}
    return gateway.client.request(method, target, headers=headers)


def nonce(gateway: Gateway, token: Token, keys: Keys) -> str:
    answer = send(gateway, token, proof(keys, token, url=URL))
    assert answer.status_code == 401
    assert answer.json()["code"] == "dpop_nonce"
    told = answer.headers.get_list("www-authenticate")
    assert told[0].startswith('DPoP realm="Acme", algs="ES256 ')
    assert 'error="use_dpop_nonce"' in told[0]
    assert told[1].startswith("Bearer ")
    return answer.headers["dpop-nonce"]


def code(answer: httpx.Response) -> str:
    return "" if answer.status_code == 200 else str(answer.json()["code"])


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "RS256", "PS256", "EdDSA", "Ed25519"])
def test_a_bound_token_with_a_proof(
    gateway: Gateway, grant_token: Grant, algorithm: str, upstream: StandIn
) -> None:
    keys = Keys(algorithm)
    token = grant_token(jkt=keys.thumbprint)
    fresh = nonce(gateway, token, keys)
    target = f"{ECHO}?proved={algorithm}"
    good = proof(keys, token, url=URL, nonce=fresh)
    answer = send(gateway, token, good, target=target)
    assert (answer.status_code, answer.headers.get("dpop-nonce")) == (200, None)
    [seen] = upstream.seen(f"proved={algorithm}")
    assert "dpop" not in dict(seen["headers"])


def test_a_bound_token_is_no_bearer_token(
    gateway: Gateway, bound: Token, keys: Keys, upstream: StandIn
) -> None:
    target = f"{ECHO}?stolen=1"
    answer = gateway.client.get(target, headers=bound.header)
    assert (answer.status_code, code(answer)) == (401, "dpop_required")
    assert answer.headers["www-authenticate"].startswith('DPoP realm="Acme", algs="')
    good = proof(keys, bound, url=URL, nonce=nonce(gateway, bound, keys))
    answer = gateway.client.get(target, headers=bound.header | {"DPoP": good})
    assert (answer.status_code, code(answer)) == (401, "dpop_required")
    headers = {"Authorization": f"DPoP {bound.text}"}
    answer = gateway.client.get(target, headers=headers)
    assert (answer.status_code, code(answer)) == (401, "dpop_required")
    assert upstream.seen("stolen=1") == []


def test_what_is_not_bound_needs_no_proof_and_takes_none(
    gateway: Gateway, grant_token: Grant, keys: Keys, key: Issued
) -> None:
    token = grant_token()
    some = proof(keys, token, url=URL)
    assert code(send(gateway, token, some)) == "dpop_invalid"
    assert gateway.client.get(ECHO, headers=token.header | {"DPoP": "x"}).status_code == 200
    headers = {"Authorization": f"DPoP {key.secret}", "DPoP": some}
    assert code(gateway.client.get(ECHO, headers=headers)) == "dpop_invalid"
    assert gateway.client.get(ECHO, headers=bearer(key)).status_code == 200


def test_a_proof_is_good_once_at_all_gateways(
    gateway: Gateway, twin: Gateway, bound: Token, keys: Keys, upstream: StandIn
) -> None:
    once = proof(keys, bound, url=URL, nonce=nonce(gateway, bound, keys))
    target = f"{ECHO}?once=1"
    assert code(send(twin, bound, once, target=target)) == ""
    for other in (gateway, twin, gateway):
        answer = send(other, bound, once, target=target)
        assert (answer.status_code, code(answer)) == (401, "dpop_replayed")
        assert 'error="invalid_dpop_proof"' in answer.headers["www-authenticate"]
    assert len(upstream.seen("once=1")) == 1


def test_one_of_many_at_the_same_moment_wins(
    gateway: Gateway, twin: Gateway, bound: Token, keys: Keys
) -> None:
    once = proof(keys, bound, url=URL, nonce=nonce(gateway, bound, keys))
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda g: code(send(g, bound, once)), [gateway, twin] * 6))
    assert sorted(answers) == ["", *["dpop_replayed"] * 11]


def test_a_nonce_is_the_same_at_all_gateways_and_only_ours(
    gateway: Gateway, twin: Gateway, bound: Token, keys: Keys
) -> None:
    fresh = nonce(gateway, bound, keys)
    assert nonce(twin, bound, keys) == fresh
    assert code(send(twin, bound, proof(keys, bound, url=URL, nonce=fresh))) == ""
    for wrong in ("", "x", fresh[:-1], fresh.swapcase()):
        answer = send(gateway, bound, proof(keys, bound, url=URL, nonce=wrong))
        assert (code(answer), answer.headers["dpop-nonce"]) == ("dpop_nonce", fresh)


NOW = int(time.time())
WRONG: dict[str, dict[str, Any]] = {
    "another method": {"htm": "POST"},
    "a method in small letters": {"htm": "get"},
    "another path": {"htu": "http://api.test/shop/v1/dear"},
    "another host": {"htu": "http://evil.test/shop/v1/echo"},
    "another scheme": {"htu": "https://api.test/shop/v1/echo"},
    "another port": {"htu": "http://api.test:8080/shop/v1/echo"},
    "a host in disguise": {"htu": "http://api.test@evil.test/shop/v1/echo"},
    "a longer path": {"htu": f"{URL}/"},
    "no address": {"htu": None},
    "an address that is none": {"htu": ["http://api.test"]},
    "a broken address": {"htu": "http://[api.test/shop/v1/echo"},
    "no method": {"htm": None},
    "an old one": {"iat": NOW - 3600},
    "one from the future": {"iat": NOW + 3600},
    "no time": {"iat": None},
    "a time in words": {"iat": "now"},
    "a time that is true": {"iat": True},
    "no jti": {"jti": None},
    "an empty jti": {"jti": ""},
    "a long jti": {"jti": "x" * 257},
    "a jti that is a number": {"jti": 7},
    "another token": {"ath": b64(b"x" * 32)},
    "no token": {"ath": None},
    "a typ of tokens": {"header": {"typ": "JWT"}},
    "no typ": {"header": {"typ": None}},
    "no key": {"header": {"jwk": None}},
    "no algorithm": {"header": {"alg": "none"}},
    "a shared secret": {"header": {"alg": "HS256"}},
    "another algorithm": {"header": {"alg": "RS256"}},
    "an unknown algorithm": {"header": {"alg": "XX"}},
    "an algorithm that is a list": {"header": {"alg": ["ES256"]}},
    "an extension": {"header": {"crit": ["exp"], "exp": 1}},
    "an unencoded payload": {"header": {"b64": False, "crit": ["b64"]}},
    "a huge one": {"padding": "x" * 4096},
    "a huge header": {"header": {"padding": "x" * 2048}},
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG.keys())
def test_a_proof_about_something_else(
    gateway: Gateway, bound: Token, keys: Keys, change: dict[str, Any]
) -> None:
    fresh = nonce(gateway, bound, keys)
    told = {"url": URL, "nonce": fresh} | change
    answer = send(gateway, bound, proof(keys, bound, **told))
    assert (answer.status_code, code(answer)) == (401, "dpop_invalid")
    assert 'error="invalid_dpop_proof"' in answer.headers["www-authenticate"]
    assert code(send(gateway, bound, proof(keys, bound, url=URL, nonce=fresh))) == ""


def test_the_query_and_other_spellings_of_an_address_do_not_matter(
    gateway: Gateway, bound: Token, keys: Keys
) -> None:
    fresh = nonce(gateway, bound, keys)
    for url in (
        f"{URL}?a=1#b",
        "HTTP://API.test:80/shop/v1/echo",
        "http://api.test/shop/v1/%65cho",
    ):
        answer = send(gateway, bound, proof(keys, bound, url=url, nonce=fresh))
        assert code(answer) == "", url


def test_no_forwarded_header_changes_the_address(
    launch: Callable[..., Gateway], bound: Token, keys: Keys
) -> None:
    behind = launch(TRELLIS_TRUSTED_PROXIES="1")
    fresh = nonce(behind, bound, keys)
    for url, expected in ((URL, ""), (f"https://evil.test{ECHO}", "dpop_invalid")):
        headers = {
            "Authorization": f"DPoP {bound.text}",
            "DPoP": proof(keys, bound, url=url, nonce=fresh),
            "X-Forwarded-Host": "evil.test",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.7",
        }
        assert code(behind.client.get(ECHO, headers=headers)) == expected


def test_a_proof_with_another_key(gateway: Gateway, bound: Token, keys: Keys) -> None:
    fresh, thief = nonce(gateway, bound, keys), Keys()
    private = {"d": b64(b"\x01" * 32)}
    for odd in (
        proof(thief, bound, url=URL, nonce=fresh),
        proof(thief, bound, url=URL, nonce=fresh, header={"jwk": keys.jwk}),
        proof(thief, bound, url=URL, nonce=fresh, header={"jwk": keys.jwk, "kid": "x"}),
        proof(thief, bound, url=URL, nonce=fresh, header={"jwk": None, "kid": keys.thumbprint}),
        proof(thief, bound, url=URL, nonce=fresh, header={"jwk": None, "jku": "http://127.0.0.1"}),
        proof(thief, bound, url=URL, nonce=fresh, header={"jwk": None, "x5u": "http://127.0.0.1"}),
        proof(keys, bound, url=URL, nonce=fresh, header={"jwk": keys.jwk | private}),
        proof(keys, bound, url=URL, nonce=fresh, header={"jwk": keys.jwk | {"crv": "P-384"}}),
        proof(keys, bound, url=URL, nonce=fresh, header={"jwk": keys.jwk | {"x": b64(b"\0" * 32)}}),
        proof(keys, bound, url=URL, nonce=fresh, header={"jwk": keys.jwk | {"x": "a"}}),
        proof(keys, bound, url=URL, nonce=fresh, header={"jwk": {"kty": "oct", "k": b64(b"x")}}),
        proof(keys, bound, url=URL, nonce=fresh, header={"jwk": "key"}),
        proof(keys, bound, url=URL, nonce=fresh, header={"jwk": {"kty": ["EC"]}}),
    ):
        assert code(send(gateway, bound, odd)) == "dpop_invalid"


def test_rsa_keys_of_odd_sizes(gateway: Gateway, bound: Token, keys: Keys) -> None:
    fresh = nonce(gateway, bound, keys)
    for size, e in ((128, 65_537), (1024, 65_537), (256, 3), (256, 2**2047 + 1)):
        jwk = {"kty": "RSA", "n": b64(b"\xff" * size), "e": b64(e.to_bytes(256, "big"))}
        odd = proof(keys, bound, url=URL, nonce=fresh, header={"alg": "RS256", "jwk": jwk})
        assert code(send(gateway, bound, odd)) == "dpop_invalid"


def test_what_is_no_proof(gateway: Gateway, bound: Token, keys: Keys) -> None:
    good = proof(keys, bound, url=URL, nonce=nonce(gateway, bound, keys))
    head, payload, signature = good.split(".")
    deep = "[" * 900 + "]" * 900
    for odd in (
        "x",
        "..",
        "a.b",
        f"{head}.{payload}.",
        f"{head}.{payload}.{signature}=",
        f"{head}.{payload}.{signature[:-2]}",
        f"{head}.{payload}.{signature}.x",
        f"{head}.{payload}.{'A' * 86}",
        f"{head}.{part([1])}.{signature}",
        f"{head}.{b64(b'{')}.{signature}",
        f"{b64(deep.encode())}.{payload}.{signature}",
        f"{b64(json.dumps({'typ': 'dpop+jwt'}).encode())}.{payload}.{signature}",
        "é",
    ):
        assert code(send(gateway, bound, odd)) == "dpop_invalid", odd
    assert code(send(gateway, bound, good)) == ""


def test_two_proofs_are_one_too_many(gateway: Gateway, bound: Token, keys: Keys) -> None:
    good = proof(keys, bound, url=URL, nonce=nonce(gateway, bound, keys))
    head = f"GET {ECHO} HTTP/1.1\r\nHost: x\r\nAuthorization: DPoP {bound.text}\r\n"
    said = raw(gateway.port, f"{head}DPoP: {good}\r\nDPoP: {good}\r\n\r\n".encode(), wait=1)
    assert said.startswith(b"HTTP/1.1 400")
    assert b"header_repeated" in said


def test_an_unknown_token_is_refused_before_its_proof_is_read(
    gateway: Gateway, bound: Token, keys: Keys
) -> None:
    stranger = Token(bound.text[:-7] + "0000000", bound.row)
    answer = send(gateway, stranger, proof(keys, stranger, url=URL))
    assert code(answer) in {"token_malformed", "token_unknown"}
    assert "dpop-nonce" not in answer.headers
    assert answer.headers["www-authenticate"].startswith("DPoP ")


def test_while_valkey_is_away_each_process_remembers_its_proofs(
    launch: Callable[..., Gateway],
    bound: Token,
    keys: Keys,
    valkey: Valkey,  # noqa: F811 - the fixture
) -> None:
    gateway = launch(VALKEY_URL=valkey.url())
    fresh = nonce(gateway, bound, keys)
    before = proof(keys, bound, url=URL, nonce=fresh)
    assert code(send(gateway, bound, before)) == ""
    assert valkey.process is not None
    valkey.process.kill()
    valkey.process.wait()
    during = proof(keys, bound, url=URL, nonce=fresh)
    assert code(send(gateway, bound, during)) == ""
    for used in (before, during):
        assert code(send(gateway, bound, used)) == "dpop_replayed"
    assert code(send(gateway, bound, proof(keys, bound, url=URL, nonce="x"))) == "dpop_nonce"


def test_a_valkey_that_forgot_everything_revives_no_proof_here(
    gateway: Gateway, bound: Token, keys: Keys, store: redis.Redis
) -> None:
    used = proof(keys, bound, url=URL, nonce=nonce(gateway, bound, keys))
    assert code(send(gateway, bound, used)) == ""
    [remembered] = store.keys("trl:dpop:*")
    assert store.ttl(remembered) >= 119  # seconds: a proof may be a minute old, or ahead
    store.flushdb()
    assert code(send(gateway, bound, used)) == "dpop_replayed"
