"""Keys that strangers send are bounded before anything is computed with them."""

from typing import Any

import pytest

from apps.core import jose


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
