"""Documents that say the same say it alike, and every decision is found."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (\d+) \| \[(.+)\]\((\d{4}-[\w-]+\.md)\) \| (.+) \|$", re.MULTILINE)
PICTURE = re.compile(r"```text\n( +developers, reviewers.+?)```", re.DOTALL)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_index_of_decisions_has_each_with_its_title() -> None:
    files = sorted((ROOT / "docs/adr").glob("0*.md"))
    titles = [path.read_text(encoding="utf-8").partition("\n")[0] for path in files]
    listed = ROW.findall(read("docs/adr/README.md"))
    assert [f"# {number}. {title}" for number, title, _, _ in listed] == titles
    assert [name for _, _, name, _ in listed] == [path.name for path in files]


def test_the_picture_of_the_platform_is_one() -> None:
    [ours] = PICTURE.findall(read("README.md"))
    assert PICTURE.findall(read("docs/architecture.md")) == [ours]
    for part in ("back office", "OAuth", "calls, with a key", "gateway :8080", "Valkey"):
        assert part in ours
