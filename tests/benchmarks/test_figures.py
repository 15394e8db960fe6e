"""What the benchmark makes of what it measured: medians, tables, goals, a picture, pages."""

import copy
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from benchmarks import admission, goals, pages, picture, results, tables, traffic
from benchmarks.measure import Sample, heard, middle
from benchmarks.traffic import Call

WRK = """Running 4s test @ http://127.0.0.1:8080/
  1 threads and 32 connections
  39871 requests in 4.10s, 8.1MB read
  {more}
Requests/sec:   9724.63
"""


def row(name: str, rate: int = 1000, **cpu: float) -> dict[str, Any]:
    total = sum(cpu.values())
    spread = [total - 1, total + 1]
    return {"name": name, "cpu": cpu, "total": total, "spread": spread, "rate": rate, "wrong": 0}


ROWS = [
    row("the service itself", 124_900, own=4),
    row("Envoy api_key_auth", 18_000, own=55),
    row("Trellis", 10_000, own=80.2, valkey=2.0),
    row("DRF <and> a key", 500, own=1500, valkey=50, postgres=150),
]
LOST = {
    "share": 1.02,
    "away": {"admitted": 1500, "share": 0.99},
    "failed": 0,
    "p99.9": 12.1,
    "p99.9 away": 14.9,
}
FOUND: dict[str, Any] = {
    "comparison": {"measured": "today", "found": {"1": ROWS, "2": ROWS}},
    "decision": {
        "measured": "today",
        "found": {
            name: {many: {"here": 4.4, "valkey": 15.5} for many in ("1", "16", "64")}
            for name in ("as it runs", "each asked")
        },
    },
    "latency": {
        "measured": "today",
        "found": {
            "rate": 5000,
            "ms": {
                name: {"p50": 0.2, "p99": 1.0, "p99.9": 3.0, "added p99": added}
                for name, added in (("the service itself", 0), ("Trellis", 1.5), ("Envoy", 0.6))
            },
        },
    },
    "admission": {
        "measured": "today",
        "found": {
            "exact": [
                {
                    "name": "a quota",
                    "sent": 9000,
                    "admitted": 5000,
                    "bound": 5000,
                    "over": 0,
                    "failed": 0,
                    "cut": 0,
                }
            ],
            "outage": LOST,
        },
    },
    "memory": {
        "measured": "today",
        "found": {"steps": [{"requests": 100_000, "mb": 88.1}], "most": 88.1},
    },
    "machine": {
        "cores": 2,
        "processor": "a processor",
        "system": "Linux 6",
        "python": "3.11.7",
        "versions": {"envoy": "1.40.0"},
    },
}


@pytest.mark.parametrize(
    ("more", "expected", "wrong"),
    [
        ("", 200, 0),
        ("Non-2xx or 3xx responses: 12", 200, 12),
        ("Non-2xx or 3xx responses: 39871", 401, 0),
        ("Socket errors: connect 0, read 2, write 0, timeout 3", 200, 5),
    ],
)
def test_what_wrk_says_is_read(more: str, expected: int, wrong: int) -> None:
    load = heard(WRK.format(more=more), expected)
    assert (load.requests, load.seconds, load.wrong) == (39_871, 4.1, wrong)


def test_wrk_tells_a_long_time_in_minutes() -> None:
    assert heard("  100 requests in 1.50m, 8MB read", 200).seconds == 90


def test_a_median_is_taken_figure_by_figure() -> None:
    samples = [
        Sample(rate, {"own": own, "valkey": 2.0}, 1) for rate, own in ((3, 9), (1, 5), (2, 7))
    ]
    found = middle(samples)
    assert (found.rate, found.cpu, found.total, found.wrong) == (2, {"own": 7, "valkey": 2}, 9, 3)


def test_a_rate_admits_its_burst_and_what_grows_meanwhile() -> None:
    calls = [Call(10.0, 10.1, 200), Call(11.0, 12.0, 429)]
    assert admission.entitled(calls) == admission.BURST + 2 * admission.RATE


def test_a_cut_is_read_in_milliseconds_from_when_a_call_was_due() -> None:
    calls = [Call(0.0, number / 1000, 200) for number in range(1, 1001)]
    assert traffic.cut(calls, 500) == pytest.approx(500, abs=1)
    assert traffic.cut(calls, 990) == pytest.approx(990, abs=1)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04, "0.0"), (7.94, "7.9"), (7, "7"), (103.6, "104"), (12_345.6, "12 346")],
)
def test_figures_are_written_as_one_reads_them(value: float, text: str) -> None:
    assert tables.number(value) == text


def test_the_comparison_names_everybody_and_ours_stands_out() -> None:
    lines = tables.comparison(ROWS).splitlines()
    assert len(lines) == 2 + len(ROWS)
    assert {line.count("|") for line in lines} == {len(tables.PARTS) + 5}
    assert lines[4] == "| **Trellis** | 80 |  | 2.0 |  | **82** | 81, 83 | 10 000 |"


def test_a_goal_is_kept_or_not_by_what_was_measured() -> None:
    kept = {words: kept for words, _, kept in goals.judged(FOUND)}
    assert len(kept) == 10
    assert all(kept.values())
    worse = copy.deepcopy(FOUND)
    worse["comparison"]["found"]["1"][2] = row("Trellis", own=101)
    worse["latency"]["found"]["ms"]["Trellis"]["added p99"] = 2.1
    worse["admission"]["found"]["exact"][0]["over"] = 1
    worse["admission"]["found"]["outage"] = LOST | {"failed": 1, "share": 1.06, "p99.9": 25.1}
    worse["memory"]["found"]["most"] = 150.0
    missed = [words for words, _, kept in goals.judged(worse) if not kept]
    assert len(missed) == 8
    assert goals.goals(worse).count("**no**") == 8


def test_goals_without_figures_are_not_judged() -> None:
    assert goals.judged({"machine": FOUND["machine"]}) == []


def test_the_picture_is_an_svg_with_a_bar_for_everybody_in_light_and_dark() -> None:
    drawn = picture.draw(ROWS)
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in root.iter(f"{space}text")]
    for one in ROWS:
        assert one["name"] in texts
        assert tables.number(one["total"]) in texts
    bars = [rect for rect in root.iter(f"{space}rect") if rect.get("height") == str(picture.BAR)]
    assert len(bars) == sum(len(one["cpu"]) for one in ROWS)
    ends = [float(bar.get("x", "")) + float(bar.get("width", "")) for bar in bars]
    assert max(ends) <= picture.WIDTH - picture.RIGHT + 1
    assert "prefers-color-scheme: dark" in drawn


def test_a_page_gets_the_figures_that_there_are_and_keeps_the_others() -> None:
    places = [f"<!-- figures: {name} -->\nold\n<!-- end -->\n" for name in ("goals", "native")]
    text = "b\n".join(places)
    made = pages.refreshed(text, pages.blocks(FOUND))
    assert "| goal | measured | kept |" in made
    assert made.endswith("b\n<!-- figures: native -->\nold\n<!-- end -->\n")
    assert pages.refreshed(made, pages.blocks(FOUND)) == made


def test_every_place_of_the_pages_has_figures_of_its_own() -> None:
    native = [row("Trellis, with its API", own=300), row(f"{tables.THEIRS} + key", backend=1900)]
    made = pages.blocks(FOUND | {"native": {"measured": "today", "found": native}})
    places = {name for page in pages.PAGES for name in pages.PLACE.findall(page.read_text("utf-8"))}
    assert places == made.keys()


def test_the_pages_tell_what_was_measured_last() -> None:
    made = pages.blocks(results.load())
    for page in pages.PAGES:
        text = page.read_text("utf-8")
        assert pages.refreshed(text, made) == text
    drawn = picture.draw(results.load()["comparison"]["found"]["1"])
    assert pages.PICTURE.read_text("utf-8") == drawn


def test_a_processor_is_named_as_the_kernel_names_it() -> None:
    text = (
        "processor\t: 0\nmodel name\t: Some CPU @ 3.00GHz\nprocessor\t: 1\nmodel name\t: Some CPU\n"
    )
    assert results.processor(text) == "Some CPU @ 3.00GHz"
