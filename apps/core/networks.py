"""Networks a credential is good from, as people write them and as the gateway compares them."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

from apps.core.errors import Problem

MOST: Final = 50
MAPPED: Final = 96  # bits in front of an IPv4 address that is written as IPv6


def listed(text: str) -> list[str]:
    """Return what somebody typed with commas or blanks between."""
    return text.replace(",", " ").split()


def networks(wanted: Iterable[str]) -> list[str]:
    """Return networks as the gateway compares them: each once, without host bits."""
    items = [item.strip() for item in wanted]
    if len(items) > MOST:
        raise Problem(f"At most {MOST} addresses are listed.", param="ip_allow")
    try:
        return list(dict.fromkeys(str(_network(item)) for item in items))
    except ValueError as error:
        raise Problem(f"{error}. Write addresses as 203.0.113.0/24.", param="ip_allow") from error


def _network(text: str) -> IPv4Network | IPv6Network:
    """Read one network; IPv4 inside IPv6 becomes IPv4, which is how callers are known."""
    if "%" in text:
        raise ValueError(f"{text!r} names an interface")
    found = ip_network(text, strict=False)
    if isinstance(found, IPv6Network) and found.prefixlen >= MAPPED:
        inner = ip_address(found.network_address).ipv4_mapped  # type: ignore[union-attr]  # IPv6
        if inner is not None:
            return IPv4Network((inner, found.prefixlen - MAPPED))
    return found
