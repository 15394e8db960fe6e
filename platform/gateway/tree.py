"""A tree of path templates: where several fit a path, the one that says most of it is found.

Segment by segment, plain text beats text around parameters (``{id}.json``, ``{base}...{head}``),
which beats a parameter alone (``{id}``), which beats one that takes several segments (``{+path}``,
written as RFC 6570 writes a value with slashes in it).
"""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")
PARAMETER = re.compile(r"\{[^{}]*\}")


@dataclass(slots=True)
class Node(Generic[T]):
    """A place in the tree. ``held`` is what lies there, by method."""

    children: "dict[str, Node[T]]" = field(default_factory=dict)
    # The texts around the parameters of a segment; those that say most of it come first.
    mixed: "list[tuple[tuple[str, ...], Node[T]]]" = field(default_factory=list)
    parameter: "Node[T] | None" = None
    rest: "Node[T] | None" = None
    tails: set[int] = field(default_factory=set)  # how many segments may follow after ``rest``
    held: dict[str, T] = field(default_factory=dict)

    def at(self, *segments: str) -> "Node[T]":
        """Return the node at a template below this one, made where it is missing."""
        node = self
        for number, segment in enumerate(segments, 1):
            if segment.startswith("{+") and PARAMETER.fullmatch(segment):
                node.tails.add(len(segments) - number)
            node = node._child(segment)
        return node

    def find(self, segments: list[str], at: int = 0) -> "Node[T] | None":
        """Return the node that holds something for ``segments`` from number ``at`` on."""
        node, end = self, len(segments)
        while at < end:
            segment = segments[at]
            child = node.children.get(segment)
            if child is None and not (node.mixed or node.rest):
                if node.parameter is None or not segment:
                    return None
                child = node.parameter
            elif child is None or node.mixed or node.parameter or node.rest:
                return node._choose(child, segments, at)
            node, at = child, at + 1
        return node if node.held else None

    def _choose(self, child: "Node[T] | None", segments: list[str], at: int) -> "Node[T] | None":
        """Try what fits, best first; a way that leads nowhere is left for the next."""
        segment = segments[at]
        if child is not None and (found := child.find(segments, at + 1)):
            return found
        if not segment:
            return None
        for texts, other in self.mixed:
            if fits(texts, segment) and (found := other.find(segments, at + 1)):
                return found
        if self.parameter and (found := self.parameter.find(segments, at + 1)):
            return found
        if self.rest:
            for tail in sorted(self.tails, reverse=True):
                after = len(segments) - tail
                whole = after > at and segments[after - 1]
                if whole and (found := self.rest.find(segments, after)):
                    return found
        return None

    def _child(self, segment: str) -> "Node[T]":
        if "{" not in segment:
            return self.children.setdefault(segment, Node())
        if PARAMETER.fullmatch(segment):
            if segment.startswith("{+"):
                self.rest = self.rest or Node()
                return self.rest
            self.parameter = self.parameter or Node()
            return self.parameter
        texts = tuple(PARAMETER.split(segment))
        for known, node in self.mixed:
            if known == texts:
                return node
        made: Node[T] = Node()
        self.mixed.append((texts, made))
        self.mixed.sort(key=lambda one: (-sum(map(len, one[0])), one[0]))
        return made


def fits(texts: tuple[str, ...], segment: str) -> bool:
    """Tell whether ``segment`` is ``texts`` with at least a character between each two of them.

    The leftmost place of each text is as good as any, so no second look is ever taken.
    """
    first, last = texts[0], texts[-1]
    if not segment.startswith(first) or not segment.endswith(last):
        return False
    at, end = len(first), len(segment) - len(last)
    for _, text in pairwise(texts[:-1]):
        at = segment.find(text, at + 1, end)
        if at < 0:
            return False
        at += len(text)
    return at < end
