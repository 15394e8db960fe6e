"""Developers make the invented people of a sandbox, and remove them with all that they allowed."""

import json
import time
from functools import partial
from threading import Event as Threading

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.accounts.models import User
from apps.core import invalidation, valkey
from apps.core.errors import Missing, Unprocessable
from apps.events.models import Event
from apps.oauth import consents
from apps.oauth.models import AccessToken, Client, Consent, Grant, RefreshToken
from apps.orgs.models import Role
from apps.tenants import end_users
from apps.tenants.models import Membership, Tenant
from tests.apps.oauth.test_races import at_once
from tests.support import browsers, consent, make
from tests.support.management import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def sandbox() -> Tenant:
    return make.sandbox()


@pytest.fixture
def mia(sandbox: Tenant) -> Membership:
    return sandbox.memberships.select_related("user").get(user__name="Mia Okafor")


@pytest.fixture
def developer(sandbox: Tenant) -> User:
    return member(sandbox.organization, Role.DEVELOPER)


def names(sandbox: Tenant) -> list[str]:
    return list(sandbox.memberships.order_by("pk").values_list("user__name", flat=True))


def test_with_one_goes_all_that_was_allowed_as_them(
    sandbox: Tenant,
    mia: Membership,
    developer: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    jonas = sandbox.memberships.get(user__name="Jonas Weber").user
    client = consent.client(make.application(sandbox.organization))
    kept = consent.connect(client, jonas, sandbox)
    given = consent.connect(client, mia.user, sandbox)
    [token] = AccessToken.objects.filter(user=mia.user)
    with django_capture_on_commit_callbacks(execute=True):
        end_users.remove(mia, actor=developer)
    digest = bytes.fromhex(token.token_checksum)
    cached = valkey.client().get(invalidation.cache_name(digest))
    assert json.loads(cached or "null") == {"dead": "token_revoked"}
    assert Event.objects.get(type="token.revoked").data["digests"] == [token.token_checksum]
    assert Event.objects.get(type="consent.revoked").subject == given.pk
    assert list(Consent.objects.all()) == [kept]
    assert AccessToken.objects.usable().get().user == jonas
    assert RefreshToken.objects.get().user == jonas


def test_it_is_recorded_once_with_who_did_it(
    sandbox: Tenant, mia: Membership, developer: User
) -> None:
    for _ in range(2):
        end_users.remove(mia, actor=developer)
    event = Event.objects.get(type="end_user.removed")
    assert (event.subject, event.actor) == (mia.user_id, developer.pk)
    assert (event.organization, event.tenant) == (sandbox.organization_id, sandbox.pk)
    assert names(sandbox) == ["Jonas Weber"]


def test_an_account_that_belonged_nowhere_else_goes_with_its_place(
    sandbox: Tenant, mia: Membership, developer: User
) -> None:
    end_users.remove(mia, actor=developer)
    assert not User.objects.filter(pk=mia.user_id).exists()
    assert User.objects.filter(email__endswith="@people.test").count() == 1


@pytest.mark.parametrize("where", ["another sandbox", "an organization", "the operator's staff"])
def test_an_account_that_belongs_elsewhere_stays(
    sandbox: Tenant, mia: Membership, developer: User, where: str
) -> None:
    if where == "another sandbox":
        make.sandbox().memberships.create(user=mia.user)
    elif where == "an organization":
        make.organization(mia.user)
    else:
        User.objects.filter(pk=mia.user_id).update(is_staff=True)
    end_users.remove(mia, actor=developer)
    assert User.objects.filter(pk=mia.user_id).exists()
    assert names(sandbox) == ["Jonas Weber"]


def test_a_made_one_has_an_address_of_the_sandbox_and_no_password(
    sandbox: Tenant, developer: User
) -> None:
    ada, other, wanda = (
        end_users.invent(sandbox, name=name, actor=developer)
        for name in ("Ada Lindqvist", "Ada", "Ванда")
    )
    place = sandbox.pk.partition("_")[2].lower()
    assert [one.user.email for one in (ada, other, wanda)] == [
        f"ada.{place}@people.test",
        f"ada-2.{place}@people.test",
        f"person.{place}@people.test",
    ]
    assert ada.user.name == "Ada Lindqvist"
    assert not ada.user.has_usable_password()
    assert ada in end_users.invented(Membership.objects.all())
    event = Event.objects.filter(type="end_user.invented").latest("pk")
    assert (event.subject, event.actor, event.tenant) == (wanda.user_id, developer.pk, sandbox.pk)


def test_a_name_can_be_used_again_when_its_person_is_gone(
    sandbox: Tenant, mia: Membership, developer: User
) -> None:
    end_users.remove(mia, actor=developer)
    again = end_users.invent(sandbox, name="Mia Okafor", actor=developer)
    assert (again.user.email, again.user_id == mia.user_id) == (mia.user.email, False)


def test_nobody_answers_for_anybody_on_live_data(
    sandbox: Tenant, mia: Membership, developer: User
) -> None:
    live = make.live(sandbox.organization)
    with pytest.raises(Unprocessable):
        end_users.invent(live, name="Ada", actor=developer)
    live.memberships.create(user=mia.user)
    assert mia in end_users.invented(Membership.objects.all())
    assert not end_users.invented(live.memberships.all()).exists()
    assert not Event.objects.filter(type="end_user.invented").exists()


def test_a_sandbox_has_so_many_and_no_more(
    sandbox: Tenant, developer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(end_users, "MOST", 3)
    end_users.invent(sandbox, name="Ada", actor=developer)
    with pytest.raises(Unprocessable):
        end_users.invent(sandbox, name="Grace", actor=developer)
    assert len(names(sandbox)) == 3


def test_nothing_is_allowed_as_somebody_who_is_gone(
    sandbox: Tenant, mia: Membership, developer: User
) -> None:
    client = consent.client(make.application(sandbox.organization))
    end_users.remove(mia, actor=developer)
    with pytest.raises(Missing):
        consents.give(
            client, user=mia.user, tenant=sandbox, scopes=["orders:read"], actor=developer
        )
    assert not Consent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_code_outlives_who_is_removed_while_a_developer_answers(
    sandbox: Tenant, mia: Membership, developer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: Client = consent.client(make.application(sandbox.organization))
    browser, agreed, give = browsers.of(developer), Threading(), consents.give
    page = consent.ask(browser, client)

    def slowly(*args: object, **named: object) -> Consent:
        """Give somebody else time, between the answer and the code."""
        given = give(*args, **named)  # type: ignore[arg-type]  # as the view calls it
        agreed.set()
        time.sleep(0.5)
        return given

    def remove() -> None:
        assert agreed.wait(timeout=10)
        end_users.remove(mia, actor=developer)

    monkeypatch.setattr(consents, "give", slowly)
    answer = partial(consent.allow, browser, page, developer, **{"as": mia.pk})
    said, _ = at_once(answer, remove)
    assert "code" in consent.said(said)
    assert not Grant.objects.exists()
    assert not Consent.objects.exists()
    assert not User.objects.filter(pk=mia.user_id).exists()
