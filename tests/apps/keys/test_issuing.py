"""A developer issues API keys."""

import pytest
from django.conf import settings

from apps.applications.errors import NotApproved
from apps.core import clock, secrets
from apps.core.errors import Problem
from apps.events.models import Event
from apps.keys import services
from apps.keys.errors import UnknownScope
from apps.keys.models import Key
from tests.support import make

pytestmark = pytest.mark.django_db


def test_a_live_secret_is_shown_once_and_never_stored() -> None:
    application = make.application(approved=True)
    issued = make.key(application, tenant=make.live(application.organization))
    assert services.find(issued.secret) == issued.key
    assert issued.key.sealed is None
    assert services.reveal(issued.key) is None
    assert issued.secret not in str(Key.objects.values().get())


def test_a_sandbox_secret_can_be_revealed_and_is_not_stored_in_the_clear() -> None:
    issued = make.key()
    assert services.reveal(Key.objects.get()) == issued.secret
    assert issued.secret not in str(Key.objects.values().get())


def test_live_keys_wait_for_approval() -> None:
    application = make.application()
    live = make.live(application.organization)
    with pytest.raises(NotApproved):
        make.key(application, tenant=live)
    assert not Key.objects.exists()
    assert not Event.objects.filter(type="key.issued").exists()


def test_a_key_cannot_act_in_a_tenant_of_another_organization() -> None:
    application = make.application(approved=True)
    with pytest.raises(NotApproved):
        make.key(application, tenant=make.sandbox())
    assert not Key.objects.exists()


def test_unknown_scopes_are_named_and_nothing_is_stored() -> None:
    application = make.application()
    tenant = make.sandbox(application.organization)
    make.scopes("orders:read")
    with pytest.raises(UnknownScope, match="orders:delete"):
        services.issue(
            application,
            tenant=tenant,
            name="Key",
            scopes=["orders:read", "orders:delete"],
            actor=application.created_by,
        )
    assert not Key.objects.exists()


def test_addresses_that_are_no_networks_are_refused() -> None:
    with pytest.raises(Problem, match=r"203\.0\.113\.0/24") as refused:
        make.key(ip_allow=["300.1.1.1"])
    assert refused.value.param == "ip_allow"
    assert not Key.objects.exists()


def test_the_text_names_environment_and_kind_and_carries_its_checksum() -> None:
    issued = make.key()
    shape = secrets.pattern(settings.BRAND["key_prefix"])
    assert secrets.read(issued.secret, shape) == secrets.Shape("test", "k")
    assert len(issued.secret) == len("trl_test_k") + 38


@pytest.mark.parametrize("position", [10, 20, 40, 47])
def test_one_wrong_character_is_noticed_without_asking_anyone(position: int) -> None:
    secret = secrets.mint("live")
    wrong = "x" if secret[position] != "x" else "y"
    mistyped = secret[:position] + wrong + secret[position + 1 :]
    with pytest.raises(secrets.BadChecksum):
        secrets.read(mistyped, secrets.pattern("trl"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "trl_test_k",
        "sk_test_abc",
        "Bearer x",
        "trl_test_k" + "é" * 38,
        "trl_test_k" + "x" * 39,
    ],
)
def test_what_is_no_key_is_told_apart_from_a_mistyped_one(text: str) -> None:
    with pytest.raises(secrets.Malformed):
        secrets.read(text, secrets.pattern("trl"))


def test_revoking_twice_is_harmless_and_recorded_once() -> None:
    key = make.key().key
    services.revoke(key, actor=key.created_by, reason="Leaked")
    first = key.revoked_at
    services.revoke(key, actor=key.created_by, reason="Again")
    assert key.revoked_at == first
    assert key.revoked_reason == "Leaked"
    assert key.state == "revoked"
    assert Event.objects.filter(type="key.revoked").count() == 1
    assert services.reveal(key) is None


def test_issuing_is_recorded_with_who_did_it() -> None:
    key = make.key().key
    event = Event.objects.get(type="key.issued")
    assert (event.subject, event.actor) == (key.pk, str(key.created_by_id))
    assert (event.application, event.tenant) == (key.application_id, key.tenant_id)
    assert event.organization == key.application.organization_id


def test_a_key_that_has_expired_already_is_not_made() -> None:
    with pytest.raises(Problem, match="must lie in the future") as refused:
        make.key(expires_at=clock.real())
    assert refused.value.param == "expires_at"
    assert not Key.objects.exists()
