"""A developer finds requests and reads why they ended as they did."""

import re

from django.test import Client
from django.urls import reverse

from apps.core import ids
from tests.portal.conftest import Team
from tests.support import make, traffic
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
    assert "Application, address or scopes do not allow it" in page
    assert "scope=orders:write" in page
    assert "left.burst=9" in page
    assert reverse("portal:error", args=["scope_missing"]) in page


def test_a_request_that_was_made_just_now_is_looked_for_again(browser: Client) -> None:
    answer = browser.get(reverse("portal:logs-detail", args=[ids.new("req")]))
    assert (answer.status_code, answer["Refresh"]) == (404, "1")
    old = ids.encode("req", ids.uuid7(1_700_000_000_000))
    assert "Refresh" not in browser.get(reverse("portal:logs-detail", args=[old]))


def test_the_explain_address_leads_its_people_to_the_request(browser: Client, team: Team) -> None:
    made = traffic.serve(team.key)
    answer = browser.get(reverse("portal:explain", args=[made]))
    assert answer["Location"] == reverse("portal:logs-detail", args=[made])


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
