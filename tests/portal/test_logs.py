"""A developer finds requests and reads why they ended as they did."""

import re

from django.test import Client
from django.urls import reverse

from apps.core import ids
from apps.orgs.models import Membership, Role
from tests.portal.conftest import Team
from tests.support import browsers, make, traffic
from tests.support.queries import Queries

TOKEN = re.compile(r"[A-Za-z0-9]{64}")  # against forged forms, another on each page
TRACE = (
    b'[["path","passed"],["allowed","failed",'
    b'{"code":"scope_missing","scope":"orders:write","left":{"burst":9}}]]'
)


def shown(browser: Client, query: str = "") -> list[str]:
    page = browser.get(reverse("portal:logs") + query).context["page"]
    return [row.id for row in page.rows]


def test_filters_live_in_the_url(browser: Client, team: Team) -> None:
    good = traffic.serve(team.key)
    bad = traffic.serve(team.key, status=404, code="not_found", method="DELETE", operation="x")
    assert shown(browser) == [bad, good]
    assert shown(browser, "?status=4") == [bad]
    assert shown(browser, "?method=DELETE") == [bad]
    assert shown(browser, "?q=not_found") == [bad]
    assert shown(browser, f"?q={good}") == [good]
    assert shown(browser, f"?key={team.key.pk}") == [bad, good]
    assert shown(browser, "?range=1h") == [bad, good]


def test_a_filter_that_makes_no_sense_is_left_out(browser: Client, team: Team) -> None:
    made = traffic.serve(team.key)
    assert shown(browser, "?status=9&range=ever&method=BREW") == [made]


def test_test_and_live_are_kept_apart(browser: Client, team: Team) -> None:
    approved = make.application(team.organization, approved=True)
    live = make.key(approved, tenant=make.live(team.organization))
    test, real = traffic.serve(team.key), traffic.serve(live.key)
    assert shown(browser) == [test]
    assert shown(browser, "?environment=live") == [real]
    assert shown(browser, "?environment=all") == [real, test]
    browser.post(reverse("portal:mode"), {"mode": "live"})
    assert shown(browser) == [real]


def test_older_requests_are_a_page_away(browser: Client, team: Team) -> None:
    made = [traffic.serve(team.key) for _ in range(52)]
    first = browser.get(reverse("portal:logs") + "?status=2")
    assert [row.id for row in first.context["page"].rows] == made[:1:-1]
    second = browser.get(f"{reverse('portal:logs')}?{first.context['older']}")
    assert [row.id for row in second.context["page"].rows] == made[1::-1]


def test_htmx_gets_the_results_alone(browser: Client, team: Team) -> None:
    traffic.serve(team.key)
    answer = browser.get(reverse("portal:logs"), headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="results"')
    assert "HX-Request" in answer["Vary"]


def test_one_request_shows_what_was_decided(browser: Client, team: Team) -> None:
    made = traffic.serve(team.key, status=403, code="scope_missing", trace=TRACE)
    page = browser.get(reverse("portal:logs-detail", args=[made])).content.decode()
    assert "The scopes do not cover the operation" in page
    assert re.search(r"<dt[^>]*>scope</dt>\s*<dd[^>]*>orders:write</dd>", page)
    assert re.search(r"<dt[^>]*>left.burst</dt>\s*<dd[^>]*>9</dd>", page)
    assert reverse("portal:error", args=["scope_missing"]) in page


def test_a_request_that_was_made_just_now_is_looked_for_again(browser: Client) -> None:
    answer = browser.get(reverse("portal:logs-detail", args=[ids.new("req")]))
    assert (answer.status_code, answer["Refresh"]) == (404, "1")
    old = ids.encode("req", ids.uuid7(1_700_000_000_000))
    assert "Refresh" not in browser.get(reverse("portal:logs-detail", args=[old]))


def test_the_explain_address_shows_its_people_why(browser: Client, team: Team) -> None:
    made = traffic.serve(team.key, status=403, code="scope_missing", trace=TRACE)
    page = browser.get(reverse("portal:explain", args=[made])).content.decode()
    assert "The scopes do not cover the operation" in page
    assert reverse("portal:logs-detail", args=[made]) in page
    like = f"?application={team.application.pk}&amp;like={team.key.pk}&amp;scope=orders%3Awrite"
    assert reverse("portal:keys-new") + like in page
    assert [word in page for word in ("not reached", "not needed")] == [True, False]


def test_programs_of_its_people_read_the_same(browser: Client, team: Team) -> None:
    made = traffic.serve(team.key, status=403, code="scope_missing", trace=TRACE)
    address = reverse("portal:explain", args=[made])
    answer = browser.get(address, headers={"Accept": "application/json"})
    assert (answer["Content-Type"], "Accept" in answer["Vary"]) == ("application/json", True)
    assert (answer.json()["failed"], answer.json()["id"]) == ("scopes", made)
    other = reverse("portal:explain", args=[ids.new("req")])
    assert browser.get(other, headers={"Accept": "application/json"}).status_code == 404


def test_who_may_not_mend_it_reads_who_may(team: Team) -> None:
    made = traffic.serve(team.key, status=403, code="scope_missing", trace=TRACE)
    address = reverse("portal:explain", args=[made])
    auditor, billing = make.user(), make.user()
    for person, role in ((auditor, Role.AUDITOR), (billing, Role.BILLING)):
        Membership.objects.create(organization=team.organization, user=person, role=role)
    page = browsers.of(auditor).get(address).content.decode()
    assert "Create a key like it: that takes owner, admin or developer." in page
    assert "data-fix" not in page
    hidden = browsers.of(billing).get(address)
    assert hidden.status_code == 404
    assert "The scopes do not cover" not in hidden.content.decode()


def test_the_page_waits_for_a_request_that_was_made_just_now(browser: Client, team: Team) -> None:
    new, htmx = ids.uuid7(), {"HX-Request": "true"}
    address = reverse("portal:explain", args=[ids.encode("req", new)])
    page = browser.get(address)
    assert page.status_code == 404
    assert f'hx-get="{address}"' in page.content.decode()
    assert browser.get(address, headers=htmx).status_code == 204
    traffic.serve(team.key, id=new, status=403, code="scope_missing", trace=TRACE)
    assert browser.get(address, headers=htmx)["HX-Refresh"] == "true"
    old = reverse("portal:explain", args=[ids.encode("req", ids.uuid7(1_700_000_000_000))])
    assert browser.get(old, headers=htmx)["HX-Refresh"] == "true"
    assert "hx-get" not in browser.get(old).content.decode()


def test_a_request_of_another_of_ones_organizations(team: Team) -> None:
    mine = make.organization(team.developer, name="Second Shop")
    issued = make.key(make.application(mine), scopes=("orders:read",))
    made = traffic.serve(issued.key, status=403, code="scope_missing", trace=TRACE)
    browser = browsers.of(team.developer)
    session = browser.session
    session["organization"] = team.organization.pk
    session.save()
    address = reverse("portal:explain", args=[made])
    page = browser.get(address)
    assert (page.status_code, page.context["elsewhere"].organization) == (200, mine)
    told = {"organization": mine.pk, "next": address}
    answer = browser.post(reverse("portal:organizations-switch"), told)
    assert answer["Location"] == address
    assert browser.get(address).context["elsewhere"] is None
    bad = browser.post(reverse("portal:organizations-switch"), told | {"next": "//evil.test"})
    assert bad["Location"] == reverse("portal:overview")


def test_the_explain_address_tells_nobody_else_anything(
    client: Client, newcomer: Client, team: Team
) -> None:
    made, random = traffic.serve(team.key), ids.new("req")
    for browser, status in ((client, 200), (newcomer, 404)):
        pages = [browser.get(reverse("portal:explain", args=[wanted])) for wanted in (made, random)]
        assert [page.status_code for page in pages] == [status, status]
        words = [TOKEN.sub("", page.content.decode()) for page in pages]
        assert words[0].replace(made, random) == words[1]


def test_the_list_costs_the_same_however_many(browser: Client, team: Team) -> None:
    traffic.serve(team.key)
    browser.get(reverse("portal:logs"))
    few = Queries().of(lambda: browser.get(reverse("portal:logs")))
    for _ in range(11):
        traffic.serve(team.key)
    assert Queries().of(lambda: browser.get(reverse("portal:logs"))) == few
