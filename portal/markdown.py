"""Markdown for guides, error pages and terms. HTML in a source is shown, never passed on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from portal.highlight import colour


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the second level, for the page's own table of contents."""

    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Page:
    """A rendered document."""

    title: str
    html: SafeString
    headings: list[Heading] = field(default_factory=list)


def render(source: str, values: Mapping[str, str] | None = None) -> Page:
    """Render ``source``, with each key of ``values`` in it replaced by its value."""
    for word, value in (values or {}).items():
        source = source.replace(word, value)
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("fence", _fence)
    tokens = parser.parse(source)
    title, headings = "", []
    for opening, inline in pairwise(tokens):
        if opening.type != "heading_open":
            continue
        opening.attrSet("id", slugify(inline.content))
        if opening.tag == "h1" and not title:
            title = inline.content
        if opening.tag == "h2":
            headings.append(Heading(slugify(inline.content), inline.content.strip("`")))
    return Page(title, SafeString(parser.renderer.render(tokens, parser.options, {})), headings)


def _fence(
    renderer: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    token = tokens[index]
    language = token.info.split(" ")[0]
    context: dict[str, Any] = {
        "text": token.content.rstrip("\n"),
        "html": colour(token.content.rstrip("\n"), language),
        "title": language or "text",
        "anchor": f"code-{token.map[0] if token.map else index}",
    }
    return render_to_string("portal/parts/_code.html", context)
