"""Usage as pages and as files."""

import csv

import pytest
from django.test import Client
from django.urls import reverse

from portal.templatetags.ui import duration, percent
from tests.portal.conftest import Team
from tests.support import make, traffic


def table(browser: Client, query: str) -> list[list[str]]:
    answer = browser.get(f"{reverse('portal:usage-csv')}?{query}")
    assert answer["Content-Type"].startswith("text/csv")
    return list(csv.reader(answer.content.decode().splitlines()))


def test_the_csv_says_what_the_page_says(browser: Client, team: Team) -> None:
    traffic.serve(team.key)
    traffic.serve(team.key, status=404, code="not_found")
    days = table(browser, "by=day&days=7")
    assert len(days) == 8
    assert days[-1][1:] == ["2", "1", "1", "0"]
    statuses = table(browser, "by=status")[1:]
    assert [row[:3] for row in statuses] == [["200", "1", "0"], ["404", "1", "1"]]


def test_a_name_cannot_become_a_formula(browser: Client, team: Team) -> None:
    team.key.name = "=SUM(A1)"
    team.key.save()
    traffic.serve(team.key)
    assert table(browser, "by=key")[1][0].startswith("'=SUM(A1)")


def test_somebody_elses_application_is_not_found(browser: Client, team: Team) -> None:
    theirs = make.application()
    for name in ("usage", "usage-csv"):
        answer = browser.get(f"{reverse(f'portal:{name}')}?application={theirs.pk}")
        assert answer.status_code == 404


def test_the_page_shows_limits_and_what_is_used(browser: Client, team: Team) -> None:
    traffic.serve(team.key, units=7)
    page = " ".join(browser.get(reverse("portal:usage")).content.decode().split())
    assert "7 / 100,000" in page
    assert 'max="100000" value="7"' in page


def test_the_overview_counts_one_environment(browser: Client, team: Team) -> None:
    traffic.serve(team.key, status=500, code="internal_error")
    figures = browser.get(reverse("portal:overview")).context["figures"]
    assert [figure.value for figure in figures[:2]] == ["1", "100%"]
    browser.post(reverse("portal:mode"), {"mode": "live"})
    figures = browser.get(reverse("portal:overview")).context["figures"]
    assert figures[0].value == "0"


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(None, "—"), (0.82, "0.8 ms"), (9.97, "10 ms"), (31.2, "31 ms"), (1240, "1.2 s")],
)
def test_durations_read_well(milliseconds: float | None, words: str) -> None:
    assert duration(milliseconds) == words


@pytest.mark.parametrize(
    ("share", "words"), [(0, "0%"), (1, "100%"), (0.116, "11.6%"), (0.0042, "0.42%")]
)
def test_shares_read_well(share: float, words: str) -> None:
    assert percent(share) == words
