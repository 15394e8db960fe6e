"""What gateways keep is forgotten when the operator says so."""

from typing import Any, cast

import pytest
from django.core.management import CommandError, call_command

from apps.catalog import caching
from apps.catalog.models import Api
from apps.core import valkey
from apps.core.errors import Unprocessable
from apps.core.invalidation import CHANNEL
from apps.events.models import Event
from apps.keys import revocation
from tests.support import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    return Api.objects.create(slug="books", name="Books")


@pytest.mark.parametrize(("tag", "message"), [("", "purge:books"), ("a:7", "purge:books:a:7")])
def test_gateways_are_told_by_the_event_log(api: Api, tag: str, message: str) -> None:
    heard: Any = cast("Any", valkey.client()).pubsub(ignore_subscribe_messages=True)
    heard.subscribe(CHANNEL)
    operator = make.operator()
    caching.purge(api, tag=tag, reason="Wrong prices.", actor=operator)
    event = Event.objects.get(type="catalog.purged")
    assert (event.subject, event.actor) == (api.pk, operator.pk)
    assert event.data == {"api": "books", "tag": tag, "reason": "Wrong prices."}
    revocation.follow([event])
    told = [said["data"] for _ in range(5) if (said := heard.get_message(timeout=0.3))]
    assert [one.decode() if isinstance(one, bytes) else one for one in told] == [message]


def test_a_key_that_no_answer_can_have_is_refused(api: Api) -> None:
    with pytest.raises(Unprocessable, match="surrogate key"):
        caching.purge(api, tag="two words", actor=None)
    assert not Event.objects.filter(type="catalog.purged").exists()


def test_the_command_says_what_it_does(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("purge_cache", "books", "shelf-7")
    assert capsys.readouterr().out == "Gateways forget shelf-7 of books within a second.\n"
    assert Event.objects.get(type="catalog.purged").data["tag"] == "shelf-7"
    with pytest.raises(CommandError, match=r"There is no API bikes\. There are: .*books"):
        call_command("purge_cache", "bikes")
