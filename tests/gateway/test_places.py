"""Where a service's answer leads, as callers can use it; what only the operator knows stays out."""

import pytest

from gateway.places import Places

PLACES = Places(
    own=["http://10.0.0.5:9000", "https://stock.backend.internal"],
    known=["https://api.acme.example", "http://localhost:8000"],
    base="/inner",
    prefix="/warehouse/v1",
)
ROOT = Places(own=["http://stock:80"], known=[], base="", prefix="/warehouse/v1")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("http://10.0.0.5:9000/inner/orders/5?a=1#b", "/warehouse/v1/orders/5?a=1#b"),
        ("HTTP://user:secret@10.0.0.5:9000/inner/orders/5", "/warehouse/v1/orders/5"),
        ("//10.0.0.5:9000/inner/orders/5", "/warehouse/v1/orders/5"),
        ("https://stock.backend.internal:443/inner", "/warehouse/v1"),
        ("https://STOCK.backend.internal/inner/x", "/warehouse/v1/x"),
        ("/inner/orders/5", "/warehouse/v1/orders/5"),
        ("/inner?page=2", "/warehouse/v1?page=2"),
        ("/innermost/orders/5", "/innermost/orders/5"),
        ("/warehouse/v1/orders/5", "/warehouse/v1/orders/5"),
        ("orders/5", "orders/5"),
        ("?page=2", "?page=2"),
        ("", ""),
        ("https://api.acme.example/warehouse/v1/x", "https://api.acme.example/warehouse/v1/x"),
        ("http://localhost:8000/docs", "http://localhost:8000/docs"),
        ("https://pay.partner.example/checkout", "https://pay.partner.example/checkout"),
    ],
)
def test_a_place_that_callers_can_go_to(said: str, told: str) -> None:
    assert PLACES.told([(b"location", said.encode())]) == [(b"location", told.encode())]
    assert PLACES.told([(b"content-location", said.encode())])[0][1] == told.encode()


@pytest.mark.parametrize(
    "said",
    [
        "http://10.0.0.5:9000/admin",
        "http://10.0.0.5:9000",
        "http://10.0.0.6:9000/inner/x",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]:9000/inner/x",
        "http://[::ffff:10.0.0.1]/",
        "http://stock/",
        "http://db.backend.internal./",
        "http://localhost:9999/",
        "//printer.local/",
        "http://[oops/",
        "http://10.0.0.5:port/inner",
    ],
)
def test_a_place_inside_is_not_told(said: str) -> None:
    plain = (b"content-type", b"text/plain")
    assert PLACES.told([(b"location", said.encode()), plain]) == [plain]


def test_pages_are_linked_where_callers_find_them() -> None:
    said = b'<http://10.0.0.5:9000/inner/o?page=2>; rel="next", </inner/o>; rel="first"'
    told = b'</warehouse/v1/o?page=2>; rel="next", </warehouse/v1/o>; rel="first"'
    assert PLACES.told([(b"link", said)]) == [(b"link", told)]
    inside = b'<https://acme.example/a>; rel="a", <http://10.0.0.9/b>; rel="b"'
    assert PLACES.told([(b"link", inside)]) == []


def test_a_service_at_the_root_of_its_host() -> None:
    for said, told in (
        (b"http://stock/orders/5", b"/warehouse/v1/orders/5"),
        (b"/orders/5", b"/warehouse/v1/orders/5"),
        (b"/warehouse/v1/orders/5", b"/warehouse/v1/orders/5"),
    ):
        assert ROOT.told([(b"location", said)]) == [(b"location", told)]
