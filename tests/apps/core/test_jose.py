"""Keys that strangers send are bounded before anything is computed with them."""

from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from jwcrypto.jwk import JWK

from apps.core import jose
from tests.support import oidc


def rsa(bits: int, exponent: int = 65_537) -> dict[str, Any]:
    n = (1 << bits) - 1
    return {
        "kty": "RSA",
        "n": jose.encode(n.to_bytes((bits + 7) // 8)),
        "e": jose.encode(exponent.to_bytes(4)),
    }


@pytest.mark.parametrize("bits", [1024, 2047, 4097, 8192, 16_384])
def test_an_rsa_key_has_2048_to_4096_bits(bits: int) -> None:
    for algorithm in ("RS256", "PS256"):
        with pytest.raises(jose.Bad, match="2048 to 4096 bits"):
            jose.verifier(rsa(bits), algorithm)


def test_an_rsa_key_has_the_common_exponent() -> None:
    for exponent in (1, 3, 65_539):
        with pytest.raises(jose.Bad, match="exponent 65537"):
            jose.verifier(rsa(2048, exponent), "RS256")


@pytest.mark.parametrize("part", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
def test_a_key_with_a_private_part_is_none(part: str) -> None:
    with pytest.raises(jose.Bad, match=rf"private parts \({part}\)"):
        jose.verifier(rsa(2048) | {part: "AA"}, "RS256")


def test_an_algorithm_takes_a_key_of_its_own_kind() -> None:
    p256 = JWK.generate(kty="EC", crv="P-256").export_public(as_dict=True)
    ed25519 = JWK.generate(kty="OKP", crv="Ed25519").export_public(as_dict=True)
    wrong = [
        ("ES256", p256 | {"crv": "P-384"}),
        ("ES256", {name: p256[name] for name in ("kty", "x", "y")}),
        ("ES384", p256),
        ("EdDSA", ed25519 | {"crv": "X25519"}),
        ("EdDSA", p256),
        ("RS256", p256),
        ("ES256", rsa(2048)),
    ]
    for algorithm, jwk in wrong:
        with pytest.raises(jose.Bad, match="another kind than its alg"):
            jose.verifier(jwk, algorithm)


def test_one_point_is_written_in_one_way() -> None:
    jwk = JWK.generate(kty="EC", crv="P-256").export_public(as_dict=True)
    point = jose.decode(jwk["x"]) + jose.decode(jwk["y"])
    for cut in (0, 31, 33):
        odd = jwk | {"x": jose.encode(point[:cut] or b"\0"), "y": jose.encode(point[cut:])}
        with pytest.raises(jose.Bad, match="coordinates of a wrong length"):
            jose.verifier(odd, "ES256")


def test_one_signature_is_written_in_one_way() -> None:
    key = JWK.generate(kty="EC", crv="P-256")
    signed = jose.split(oidc.proof(key, "https://api.test/"), most=4096)
    verify = jose.verifier(key.export_public(as_dict=True), "ES256")
    verify(signed.signature, signed.signed)
    r, s = signed.signature[:32], signed.signature[32:]
    for odd in (b"", r, r + s[:-1], r + b"\0" + s, b"\0" + r + s, r + s + b"\0"):
        with pytest.raises(InvalidSignature):
            verify(odd, signed.signed)


@pytest.mark.parametrize(
    "odd", ["", "Y", "YQ=", "YQ==", "Y Q", "YQ\n", "Y+/Q", "YQ!", "é", 7, None]
)
def test_base64url_is_written_without_padding_and_anything_else(odd: Any) -> None:
    assert jose.decode("YQ") == b"a"
    with pytest.raises(jose.Bad, match="not base64url"):
        jose.decode(odd)


@pytest.mark.parametrize("text", ["", "YQ", "YQ.YQ", "YQ.YQ.YQ.YQ", "YQ.YQ.YQ."])
def test_a_signed_text_has_three_parts(text: str) -> None:
    assert jose.split("YQ.Yg.Yw", most=8).signature == b"c"
    with pytest.raises(jose.Bad, match="three parts"):
        jose.split(text, most=100)
    with pytest.raises(jose.Bad, match="8 characters, and 7 are accepted"):
        jose.split("YQ.Yg.Yw", most=7)
