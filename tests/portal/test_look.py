"""Theme, accent, environment, assets."""

import hashlib
import tomllib
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal import accent, assets
from portal.markdown import render

ROOT = Path(settings.ROOT)


def test_the_committed_stylesheet_is_what_the_sources_say() -> None:
    assert assets.css() == assets.BUILT.read_bytes(), "Run: python -m portal.assets"


@pytest.mark.parametrize(
    ("name", "entry"), tomllib.loads((ROOT / "assets/vendor/vendor.toml").read_text()).items()
)
def test_what_we_carry_is_what_we_noted(name: str, entry: dict[str, str]) -> None:
    found = hashlib.sha256((ROOT / entry["path"]).read_bytes()).hexdigest()
    assert found == entry["sha256"], name


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_is_kept(db: None, client: Client, theme: str) -> None:
    answer = client.post(reverse("portal:theme"), {"theme": theme, "next": "/terms"})
    assert answer["Location"] == "/terms"
    assert f'data-theme="{theme}"' in client.get("/terms").content.decode()


def test_without_a_choice_the_system_decides(db: None, client: Client) -> None:
    client.post(reverse("portal:theme"), {"theme": "dark"})
    client.post(reverse("portal:theme"), {"theme": "system"})
    assert "data-theme" not in client.get("/terms").content.decode()


def test_a_script_gets_the_next_choice(db: None, client: Client) -> None:
    answer = client.post(
        reverse("portal:theme"), {"theme": "light", "next": "/"}, headers={"HX-Request": "true"}
    )
    assert 'value="dark"' in answer.content.decode()


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "javascript:x", ""])
@pytest.mark.parametrize("name", ["theme", "mode"])
def test_it_leads_nowhere_else(db: None, client: Client, name: str, wanted: str) -> None:
    assert client.post(reverse(f"portal:{name}"), {"next": wanted})["Location"] == "/"


def test_the_operators_accent_arrives_as_a_stylesheet(client: Client, settings: Settings) -> None:
    settings.BRAND = {**settings.BRAND, "accent": "#0f766e"}
    answer = client.get(reverse("portal:theme-css"))
    assert answer["Content-Type"] == "text/css"
    assert "--color-primary:light-dark(#0f766e," in answer.content.decode()


@pytest.mark.parametrize("colour", ["#fff", "#000000", "#ffeb3b", "#0f766e", "#7c3aed", "#e11d48"])
def test_any_accent_is_readable_in_both_themes(colour: str) -> None:
    sheet = accent.stylesheet(colour)
    names = [part.strip("(), ") for part in sheet.replace(")", ",").split(",")]
    tones = [accent.parse(f"#{part.rpartition('#')[2]}") for part in names if "#" in part]
    light, dark, on_light, on_dark = (tone for tone in tones if tone)
    assert accent.contrast(light, accent.WHITE) >= 4.5
    assert accent.contrast(dark, accent.INK) >= 4.5
    assert accent.contrast(light, on_light) >= 4.5
    assert accent.contrast(dark, on_dark) >= 4.5


@pytest.mark.parametrize("text", ["", "red", "#12345", "#0f766e;}body{display:none"])
def test_what_is_no_colour_changes_nothing(text: str) -> None:
    assert accent.stylesheet(text) == ""


def test_html_in_markdown_is_shown_and_not_obeyed() -> None:
    page = render("# Hi\n\n<script>alert(1)</script>\n\n```html\n<b onclick=x>\n```\n")
    assert "<script>" not in page.html
    assert "<b " not in page.html
    assert page.title == "Hi"


def test_a_page_is_in_one_language_whatever_the_browser_asks_for(db: None, client: Client) -> None:
    asked = client.get(reverse("account_signup"), headers={"accept-language": "de"})
    assert 'lang="en"' in asked.content.decode()
    assert "Passwort" not in asked.content.decode()
