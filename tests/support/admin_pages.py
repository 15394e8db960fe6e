"""Every page of the operator's admin, found by following its links.

A new model, page or decision is found without being listed here.
"""

import re

from playwright.sync_api import Page

LINK = re.compile(r'href="(/admin/[^"?#]*)"')
TAB = re.compile(r'href="(#(?!general)[\w-]+)"\s+x-on:click="activeTab')
ROW = re.compile(r"^(/admin/\w+/\w+/)(?!add/|import/|what-if/)[^/]+/")
INDEX = re.compile(r"^/admin/\w+/$")
# The catalog's index leads to pages that the sidebar does not name.
SEEDS = {"admin": "/admin/", "admin-index": "/admin/catalog/"}
SEEDS |= {"admin-what-if": "/admin/usage/request/what-if/"}
SEEDS |= {"admin-ending": "/admin/usage/letter/about/?subject=elsewhere/v1%20pets_list"}
APPLICATION = "admin-applications-application-change"
UNLINKED = ("history", "reinstate")
EMPTY = {"admin-nothing-found": "/admin/keys/key/?q=nothing-is-called-this"}


def shape(path: str) -> str:
    """Name a page after its address: alike for the pages of all rows, and for all indexes."""
    if INDEX.match(path):
        return "admin-index"
    return ROW.sub(r"\1", path).strip("/").replace("/", "-").replace("#", "")


def pages(page: Page, base: str) -> dict[str, str]:
    """Return the address of one page of each shape, for a person who has signed in."""
    found = dict(SEEDS)
    tabs: dict[str, str] = {}
    waiting = list(SEEDS.values())
    while waiting:
        path = waiting.pop(0)
        html = page.request.get(base + path).text()
        tabs |= {shape(path + tab): path + tab for tab in TAB.findall(html)}
        for link in LINK.findall(html):
            if shape(link) not in found:
                found[shape(link)] = link
                waiting.append(link)
    row = found[APPLICATION].removesuffix("change/")
    unlinked = {shape(f"{row}{name}/"): f"{row}{name}/" for name in UNLINKED}
    return found | tabs | unlinked | EMPTY
