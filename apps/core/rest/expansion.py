"""Objects inside objects (``expand[]``), chosen members (``fields``), and members kept from view.

Representations are plain dicts. An expansion replaces an identifier by the object it names, with
one query for each name, however many objects are on the page.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.core.errors import ScopeMissing
from apps.core.rest.errors import ExpansionTooDeep, ExpansionUnknown, ParameterUnknown

MAX_DEPTH = 3
ALWAYS = {"object", "id"}

Shape = dict[str, Any]
Tree = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """A kind of object in an API.

    ``load(at, ids)`` fetches objects by identifier, ``present(object, livemode)`` makes their
    representation. ``links`` names the members that hold an identifier of another kind, with a dot
    where the member is inside a list (``lines.product``). ``guarded`` names members that need a
    scope beyond ``scope``, which reading the object itself needs.
    """

    name: str
    scope: str
    members: frozenset[str]
    present: Callable[[Any, bool], Shape]
    load: Callable[[Any, Iterable[str]], Iterable[Any]]
    links: Mapping[str, "Resource"] = field(default_factory=dict)
    guarded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lens:
    """How one caller sees objects: where and with which scopes, and what was asked for."""

    at: Any
    livemode: bool
    scopes: frozenset[str]
    expand: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()

    def show(self, resource: Resource, objects: Iterable[Any]) -> list[Shape]:
        """Return the representations of ``objects``, expanded and reduced."""
        self._check_fields(resource)
        shapes = [self._shape(resource, found) for found in objects]
        if self.expand:
            self._expand(resource, shapes, self._tree(resource))
        if self.fields:
            wanted = self.fields | ALWAYS
            shapes = [{k: v for k, v in shape.items() if k in wanted} for shape in shapes]
        return shapes

    def _shape(self, resource: Resource, found: Any) -> Shape:
        shape = resource.present(found, self.livemode)
        for member, scope in resource.guarded.items():
            if scope not in self.scopes:
                del shape[member]
        return shape

    def _check_fields(self, resource: Resource) -> None:
        if unknown := sorted(self.fields - resource.members):
            known = ", ".join(sorted(resource.members))
            raise ParameterUnknown(
                f"The {resource.name} has no {', '.join(unknown)[:200]}. It has: {known}.",
                param="fields",
            )

    def _tree(self, resource: Resource) -> Tree:
        tree: Tree = {}
        for path in self.expand:
            branch, here, depth = tree, resource, 0
            rest: str | None = path
            while rest is not None:
                name, rest = _step(here, rest, path)
                depth += 1
                if depth > MAX_DEPTH:
                    raise ExpansionTooDeep(
                        f"{path[:200]} asks for more than {MAX_DEPTH} levels.", param="expand[]"
                    )
                here = here.links[name]
                if here.scope not in self.scopes:
                    raise ScopeMissing(
                        f"Expanding {path} needs the scope {here.scope}.", scope=here.scope
                    )
                branch = branch.setdefault(name, {})
        return tree

    def _expand(self, resource: Resource, shapes: list[Shape], tree: Tree) -> None:
        for name, below in tree.items():
            target, (holders, member) = resource.links[name], _holders(shapes, name)
            wanted = {holder[member] for holder in holders if holder.get(member)}
            found = list(target.load(self.at, wanted)) if wanted else []
            loaded = [self._shape(target, each) for each in found]
            if below:
                self._expand(target, loaded, below)
            by_id = {shape["id"]: shape for shape in loaded}
            for holder in holders:
                if holder.get(member) in by_id:
                    holder[member] = by_id[holder[member]]


def _step(resource: Resource, rest: str, path: str) -> tuple[str, str | None]:
    """Return the link that ``rest`` begins with, and what remains of it."""
    for name in resource.links:
        if rest == name:
            return name, None
        if rest.startswith(name + "."):
            return name, rest[len(name) + 1 :]
    known = ", ".join(resource.links) or "nothing"
    raise ExpansionUnknown(
        f"{path[:200]} cannot be expanded. The {resource.name} can expand: {known}.",
        param="expand[]",
    )


def _holders(shapes: list[Shape], name: str) -> tuple[list[Shape], str]:
    *inside, member = name.split(".")
    for step in inside:
        shapes = [inner for shape in shapes for inner in shape.get(step, ())]
    return shapes, member
