"""What the guides say is so: values, members and calls exist as they are written."""

import json
import re

import pytest
from django.conf import settings

from apps.catalog import native
from apps.commerce.methods import METHODS
from tests.support import contract, make
from tests.support.api import Api
from tests.support.shop import Shop

GUIDES = {path.stem: path.read_text() for path in (settings.DOCS / "guides").glob("*.md")}
CALL = re.compile(r"http://localhost:8080/(\S+?)/v(\d+)(/[^\s\"?]*)")


def test_the_sandbox_guide_lists_every_test_payment_method() -> None:
    listed = dict(re.findall(r"^\| `(pm_\w+)` \| (.+) \|$", GUIDES["sandbox"], re.MULTILINE))
    assert listed.keys() == METHODS.keys()
    for name, method in METHODS.items():
        assert (f"fails with `{method.failure}`" in listed[name]) == bool(method.failure)


def test_the_expansions_in_the_guide_work(db: None) -> None:
    shop = Shop(Api(make.sandbox()))
    shop.refund(amount=1)
    named = re.findall(r"`expand\[\]=([a-z.]+)`", GUIDES["pagination"])
    assert named == ["customer", "payment.order.customer"]
    for path, expansion in zip(("orders", "refunds"), named, strict=True):
        assert shop.api.get(f"{path}?expand[]={expansion}").status == 200


def test_the_answer_in_the_first_guide_has_the_members_of_a_real_one() -> None:
    shown = json.loads(GUIDES["quickstart"].split("```json")[1].split("```")[0])
    properties = contract.document()["components"]["schemas"]["Order"]["properties"]
    assert shown["data"][0].keys() <= properties.keys()


@pytest.mark.parametrize("guide", GUIDES)
def test_every_call_in_a_guide_is_an_operation_and_every_url_survives_a_shell(guide: str) -> None:
    for slug, major, path in CALL.findall(GUIDES[guide]):
        if slug != "docs":
            assert (slug, int(major)) in native.registered
            shape = re.sub(r"\$\w+", "{id}", f"/{slug}/v{major}{path}")
            assert shape in contract.document(slug)["paths"]
    assert not re.search(r"curl [^\"\s]+\?", GUIDES[guide]), "zsh expands a bare question mark"
