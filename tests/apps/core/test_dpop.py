"""A proof is read for one request, and nothing that only looks like it will do."""

import time
from typing import Any

import pytest

from apps.core import dpop
from tests.support import oidc
from tests.support.oauth import Prover

PATH = "/oauth/token"
URL = f"http://localhost:8000{PATH}"
WINDOW = 60.0


def read(**changed: Any) -> dpop.Proof:
    now = changed.pop("now", time.time())
    return dpop.read(Prover().proof(**changed), method="POST", url=URL, now=now, window=WINDOW)


def test_a_proof_says_whose_it_is_and_what_it_is_about() -> None:
    prover = Prover()
    text = prover.proof(jti="once", nonce="fresh", access_token="token")
    found = dpop.read(text, method="POST", url=URL, now=time.time(), window=WINDOW)
    assert found == dpop.Proof(prover.jkt, "once", "fresh", dpop.hash_of("token"))


@pytest.mark.parametrize("typ", ["JWT", "at+jwt", "", None])
def test_a_token_of_another_kind_is_no_proof(typ: str | None) -> None:
    with pytest.raises(dpop.BadProof, match=r"its typ is not dpop\+jwt"):
        read(header={"typ": typ})


@pytest.mark.parametrize("htm", ["GET", "post", "", None])
def test_the_method_is_the_one_that_is_used(htm: str | None) -> None:
    with pytest.raises(dpop.BadProof, match="htm of the DPoP proof must be POST"):
        read(htm=htm)


def test_the_key_that_signed_is_the_one_that_is_named() -> None:
    named = Prover().key.export_public(as_dict=True)
    with pytest.raises(dpop.BadProof, match="does not fit its jwk"):
        read(header={"jwk": named})


@pytest.mark.parametrize(
    "header", [{"b64": False}, {"b64": True}, {"crit": []}, {"crit": ["b64"], "b64": True}]
)
def test_no_extension_is_used(header: dict[str, Any]) -> None:
    prover = Prover()
    _, claims, signature = prover.proof().split(".")
    asked = {"typ": "dpop+jwt", "alg": "ES256", "jwk": prover.key.export_public(as_dict=True)}
    text = ".".join([oidc.encoded(asked | header), claims, signature])
    with pytest.raises(dpop.BadProof, match="extensions that are not used"):
        dpop.read(text, method="POST", url=URL, now=time.time(), window=WINDOW)


@pytest.mark.parametrize(
    ("htu", "same"),
    [
        (URL, True),
        (f"{URL}?a=1#b", True),
        (f"HTTP://LOCALHOST:8000{PATH}", True),
        ("http://localhost:8000/oauth/%74oken", True),
        (f"https://localhost:8000{PATH}", False),
        (f"http://localhost{PATH}", False),
        (f"http://localhost:8001{PATH}", False),
        (f"http://127.0.0.1:8000{PATH}", False),
        (f"http://me@localhost:8000{PATH}", False),
        (f"http://:secret@localhost:8000{PATH}", False),
        (f"//localhost:8000{PATH}", False),
        (f"{URL}/", False),
        (f"http://localhost:80000{PATH}", False),
    ],
)
def test_the_address_is_the_one_that_is_asked(htu: str, *, same: bool) -> None:
    if same:
        assert read(htu=htu)
        return
    with pytest.raises(dpop.BadProof, match=r"htu .* must be"):
        read(htu=htu)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_usual_port_may_be_left_out(scheme: str) -> None:
    usual = dpop.DEFAULT_PORTS[scheme]
    assert dpop.same_address(f"{scheme}://api.test/", f"{scheme}://api.test:{usual}")
    assert not dpop.same_address(f"http://api.test:{usual}/", f"https://api.test:{usual}/")


@pytest.mark.parametrize("seconds", [-61, -60, 60, 61])
def test_a_proof_is_made_within_the_window(seconds: int) -> None:
    now = 1_800_000_000
    if abs(seconds) <= WINDOW:
        assert read(iat=now + seconds, now=now)
        return
    with pytest.raises(dpop.BadProof, match="within 60 seconds of now, 1800000000"):
        read(iat=now + seconds, now=now)


@pytest.mark.parametrize("iat", [None, True, "1800000000", [1_800_000_000]])
def test_the_time_is_a_number(iat: Any) -> None:
    with pytest.raises(dpop.BadProof, match="iat of the DPoP proof must be a number"):
        read(iat=iat, now=1 if iat is True else 1_800_000_000)


@pytest.mark.parametrize(("length", "good"), [(0, False), (1, True), (256, True), (257, False)])
def test_a_proof_has_a_name_of_bounded_length(length: int, *, good: bool) -> None:
    if good:
        assert len(read(jti="x" * length).jti) == length
        return
    with pytest.raises(dpop.BadProof, match="jti of at most 256 characters"):
        read(jti="x" * length)


def test_what_is_too_long_is_not_read() -> None:
    with pytest.raises(dpop.BadProof, match="and 4096 are accepted"):
        read(padding="x" * 4096)
    with pytest.raises(dpop.BadProof, match="header has more than 2048 characters"):
        read(header={"padding": "x" * 2048})
