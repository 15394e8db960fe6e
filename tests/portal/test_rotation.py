"""A developer exchanges a key in the portal and sees who still uses the old one."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core import clock
from apps.keys import services as keys
from apps.keys.models import Key
from apps.orgs.models import Membership, Role
from tests.portal.conftest import Team
from tests.support import browsers, make, traffic
from tests.support.queries import Queries

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rotate(browser: Client, team: Team, **fields: str) -> Any:
    form = {"overlap": "24", "silent_hours": "", **fields}
    return browser.post(reverse("portal:keys-rotate", args=[team.key.pk]), form)


def successor(team: Team) -> Key:
    return Key.objects.get(rotated_from=team.key)


def page(browser: Client, key: Key) -> str:
    return browser.get(reverse("portal:keys-hand-over", args=[key.pk])).content.decode()


def test_the_new_key_is_shown_once_and_leads_to_the_hand_over(browser: Client, team: Team) -> None:
    assert (
        "For a day"
        in browser.get(reverse("portal:keys-rotate", args=[team.key.pk])).content.decode()
    )
    answer = rotate(browser, team, silent_hours="6")
    text = answer.content.decode()
    new = successor(team)
    assert answer.context["secret"] in text
    assert answer.context["secret"] != team.secret
    assert "no-store" in answer["Cache-Control"]
    assert reverse("portal:keys-hand-over", args=[new.pk]) in text
    old = Key.objects.get(pk=team.key.pk)
    assert (old.state, old.silent_hours) == ("retiring", 6)
    listed = browser.get(reverse("portal:keys")).content.decode()
    assert "retiring" in listed
    assert answer.context["secret"] not in listed


def test_rotating_again_leads_to_the_hand_over_and_makes_nothing(
    browser: Client, team: Team
) -> None:
    rotate(browser, team)
    answer = rotate(browser, team)
    assert answer["Location"] == reverse("portal:keys-hand-over", args=[team.key.pk])
    assert Key.objects.filter(rotated_from=team.key).count() == 1


def test_a_revoked_key_is_not_rotated_and_the_page_says_why(browser: Client, team: Team) -> None:
    keys.revoke(team.key, actor=None)
    assert "is revoked" in rotate(browser, team).content.decode()
    assert not Key.objects.filter(rotated_from=team.key).exists()


@pytest.mark.parametrize("overlap", ["", "9", "-1", "99999999999", "x"])
def test_an_overlap_that_is_not_offered_rotates_nothing(
    browser: Client, team: Team, overlap: str
) -> None:
    assert rotate(browser, team, overlap=overlap).status_code == 200
    assert not Key.objects.filter(rotated_from=team.key).exists()


def test_the_page_counts_calls_by_network_and_program(browser: Client, team: Team) -> None:
    rotate(browser, team)
    old, new = team.key, successor(team)
    for _ in range(3):
        traffic.serve(old, ip="203.0.113.0/24", user_agent="cron/1.0")
    traffic.serve(new, ip="198.51.100.0/24", user_agent="shop/2.0")
    traffic.serve(make.key().key, user_agent="stranger/1.0")
    for named in (old, new):
        answer = browser.get(reverse("portal:keys-hand-over", args=[named.pk]))
        progress = answer.context["progress"]
        assert (progress.old, progress.new, progress.share) == (3, 1, 0.25)
        assert [(one.ip, one.user_agent, one.old, one.new) for one in progress.users] == [
            ("203.0.113.0/24", "cron/1.0", 3, 0),
            ("198.51.100.0/24", "shop/2.0", 0, 1),
        ]
    text = answer.content.decode()
    assert "25.0%" in text
    assert "cron/1.0" in text
    assert "stranger/1.0" not in text


def test_calls_before_the_rotation_do_not_count(browser: Client, team: Team) -> None:
    traffic.serve(team.key, at=clock.real() - HOUR)
    rotate(browser, team)
    answer = browser.get(reverse("portal:keys-hand-over", args=[team.key.pk]))
    assert answer.context["progress"].total == 0
    assert "No call with either key yet." in answer.content.decode()


def test_htmx_gets_the_figures_alone_and_asks_again(browser: Client, team: Team) -> None:
    rotate(browser, team)
    address = reverse("portal:keys-hand-over", args=[team.key.pk])
    whole = browser.get(address).content.decode()
    assert f'hx-get="{address}"' in whole
    assert 'hx-trigger="every 5s"' in whole
    part = browser.get(address, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "New key" in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_the_page_costs_the_same_however_many_call(browser: Client, team: Team) -> None:
    rotate(browser, team)
    traffic.serve(team.key)
    few = Queries().of(lambda: page(browser, team.key))
    for number in range(11):
        traffic.serve(team.key, user_agent=f"agent/{number}")
    assert Queries().of(lambda: page(browser, team.key)) == few


def test_the_overlap_can_be_extended_and_ended(browser: Client, team: Team) -> None:
    rotate(browser, team)
    change = reverse("portal:keys-hand-over-change", args=[team.key.pk])
    browser.post(change, {"overlap": "168", "silent_hours": "24"})
    old = Key.objects.get(pk=team.key.pk)
    assert old.rotated_at is not None
    assert old.expires_at == old.rotated_at + 7 * DAY
    assert old.silent_hours == 24
    end = reverse("portal:keys-hand-over-end", args=[team.key.pk])
    assert "End the old" in browser.get(end).content.decode()
    assert Key.objects.get(pk=team.key.pk).state == "retiring"
    browser.post(end)
    assert Key.objects.get(pk=team.key.pk).state == "rotated"
    assert successor(team).state == "active"
    again = browser.post(change, {"overlap": "168", "silent_hours": ""}, follow=True)
    assert "there is no overlap to change" in again.content.decode()
    assert Key.objects.get(pk=team.key.pk).state == "rotated"
    assert "End the old key now" not in page(browser, team.key)


def test_an_end_that_has_passed_is_not_offered(browser: Client, team: Team) -> None:
    rotate(browser, team)
    moved = Key.objects.get(pk=team.key.pk)
    assert moved.rotated_at is not None
    Key.objects.filter(pk=moved.pk).update(rotated_at=moved.rotated_at - 2 * HOUR)
    form = browser.get(reverse("portal:keys-hand-over", args=[moved.pk])).context["form"]
    assert [hours for hours, _ in form.fields["overlap"].choices] == ["", "24", "72", "168"]
    before = Key.objects.get(pk=moved.pk).expires_at
    change = reverse("portal:keys-hand-over-change", args=[moved.pk])
    browser.post(change, {"overlap": "1", "silent_hours": ""})
    assert Key.objects.get(pk=moved.pk).expires_at == before


def test_hours_of_silence_that_a_program_chose_are_offered_and_kept(
    browser: Client, team: Team
) -> None:
    keys.rotate(team.key, overlap=DAY, silent_hours=2, actor=team.developer)
    form = browser.get(reverse("portal:keys-hand-over", args=[team.key.pk])).context["form"]
    assert '<option value="2" selected>' in str(form["silent_hours"])
    change = reverse("portal:keys-hand-over-change", args=[team.key.pk])
    browser.post(change, {"overlap": "", "silent_hours": "2"})
    assert Key.objects.get(pk=team.key.pk).silent_hours == 2


@pytest.mark.parametrize("name", ["rotate", "hand-over", "hand-over-change", "hand-over-end"])
def test_somebody_elses_key_does_not_exist(newcomer: Client, team: Team, name: str) -> None:
    keys.rotate(team.key, actor=None)
    address = reverse(f"portal:keys-{name}", args=[team.key.pk])
    random = reverse(f"portal:keys-{name}", args=["key_0352HsUDguif47a4fzrB2I"])
    for method in (newcomer.get, newcomer.post):
        assert method(address).status_code == method(random).status_code
    assert newcomer.post(address).status_code in {404, 405}
    assert Key.objects.get(pk=team.key.pk).state == "retiring"


def test_a_key_that_was_never_rotated_has_no_hand_over(browser: Client, team: Team) -> None:
    address = reverse("portal:keys-hand-over", args=[team.key.pk])
    assert browser.get(address).status_code == 404


@pytest.mark.parametrize("name", ["rotate", "hand-over", "hand-over-end"])
@pytest.mark.parametrize("named", ["x", "key_", "key_\x00", "app_0352HsUDguif47a4fzrB2I"])
def test_what_is_no_key_has_no_page(browser: Client, name: str, named: str) -> None:
    assert browser.get(reverse(f"portal:keys-{name}", args=[named])).status_code == 404


def test_who_may_only_look_is_offered_nothing_and_changes_nothing(team: Team) -> None:
    auditor = make.user()
    Membership.objects.create(organization=team.organization, user=auditor, role=Role.AUDITOR)
    reader = Client()
    reader.force_login(auditor)
    listed = reader.get(reverse("portal:keys")).content.decode()
    assert team.key.hint in listed
    assert "Rotate" not in listed
    refused = reader.post(reverse("portal:keys-rotate", args=[team.key.pk]), {"overlap": "24"})
    assert refused.status_code == 403
    assert not Key.objects.filter(rotated_from=team.key).exists()
    keys.rotate(team.key, actor=None)
    seen = page(reader, team.key)
    assert "Hand-over of" in seen
    assert "End the old key now" not in seen
    for act in ("change", "end"):
        reader.post(reverse(f"portal:keys-hand-over-{act}", args=[team.key.pk]), {"overlap": "168"})
    assert Key.objects.get(pk=team.key.pk).state == "retiring"


@pytest.fixture
def live(team: Team) -> Key:
    """A live key that was rotated a moment ago."""
    key = make.key(
        make.application(team.organization, approved=True), tenant=make.live(team.organization)
    ).key
    keys.rotate(key, actor=None)
    return key


def member(team: Team, role: Role) -> Client:
    person = make.user()
    Membership.objects.create(organization=team.organization, user=person, role=role)
    return browsers.of(person)


def longer(browser: Client, key: Key) -> Any:
    address = reverse("portal:keys-hand-over-change", args=[key.pk])
    return browser.post(address, {"overlap": "168", "silent_hours": ""})


def test_only_leaders_let_an_old_live_key_live_longer(team: Team, live: Key) -> None:
    browser, ends_at = member(team, Role.DEVELOPER), live.expires_at
    assert ends_at is not None
    assert "When the old key ends" not in page(browser, live)
    assert "End the old key now" in page(browser, live)
    refused = longer(browser, live)
    assert (refused.status_code, b"role_missing" in refused.content) == (403, True)
    live.refresh_from_db()
    assert live.expires_at == ends_at
    browser = member(team, Role.ADMIN)
    assert "When the old key ends" in page(browser, live)
    assert longer(browser, live)["Location"] == reverse("portal:keys-hand-over", args=[live.pk])
    live.refresh_from_db()
    assert live.rotated_at is not None
    assert live.expires_at == live.rotated_at + 7 * DAY


def test_who_lets_an_old_live_key_live_longer_proved_who_they_are(team: Team, live: Key) -> None:
    ends_at = live.expires_at
    answer = longer(browsers.of(team.developer, ago=3600), live)
    assert answer["Location"].startswith(reverse("account_reauthenticate"))
    live.refresh_from_db()
    assert live.expires_at == ends_at


def test_a_developer_ends_an_old_live_key_at_once(team: Team, live: Key) -> None:
    address = reverse("portal:keys-hand-over-end", args=[live.pk])
    member(team, Role.DEVELOPER).post(address)
    live.refresh_from_db()
    assert live.state == "rotated"
