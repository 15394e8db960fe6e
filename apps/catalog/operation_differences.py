"""How one operation of a document differs from what it was: parameters, bodies, answers. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from apps.catalog.parameters import Parameters, Part, is_deprecated, mapping, parameters
from apps.catalog.schema_differences import Schemas
from apps.catalog.view_differences import ANSWER, REQUEST, Found

STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
SUCCESS: Final = ("2", "3")


class Comparison:
    """Compares operations, and has the schemas that they lead to compared."""

    def __init__(self, schemas: Schemas) -> None:
        self.schemas = schemas
        self.units: set[int] = set()  # of the operation that is looked at

    def of(self, old: tuple[Part, Part], new: tuple[Part, Part]) -> Iterator[Found]:
        """Return how an operation differs; each is its path's item and itself."""
        self.units = set()
        one, two = old[1], new[1]
        if (one.get("deprecated") is True) != (two.get("deprecated") is True):
            told = "deprecated" if two.get("deprecated") is True else "restored"
            yield Found(f"operation_{told}")
        yield from self._parameters(
            parameters(self.schemas.old, *old), parameters(self.schemas.new, *new)
        )
        yield from self._bodies(
            mapping(self.schemas.old.follow(one.get("requestBody"))),
            mapping(self.schemas.new.follow(two.get("requestBody"))),
        )
        yield from self._answers(
            mapping(one.get("responses")),
            mapping(two.get("responses")),
        )

    def _parameters(self, old: Parameters, new: Parameters) -> Iterator[Found]:
        for key, one in new.items():
            before, place = old.get(key), f"{key[0]} parameter `{key[1]}`"
            needed = one.get("required") is True
            if before is None:
                if key[0] != "path":  # Its name is told by the path, and means nothing to callers.
                    yield Found(f"parameter_added{'_required' if needed else ''}", place)
                continue
            if needed != (before.get("required") is True) and key[0] != "path":
                yield Found(f"parameter_{'required' if needed else 'optional'}", place)
            if is_deprecated(self.schemas.old, before) != is_deprecated(self.schemas.new, one):
                ends = is_deprecated(self.schemas.new, one)
                yield Found(f"parameter_{'deprecated' if ends else 'restored'}", place)
            if (was := _style(before, key[0])) != (will := _style(one, key[0])):
                yield Found("parameter_style", place, was, will)
            self._compare(_schema(before), _schema(one), key[1], REQUEST)
        for key in old.keys() - new.keys():
            if key[0] != "path":
                yield Found("parameter_removed", f"{key[0]} parameter `{key[1]}`")

    def _bodies(self, old: Part, new: Part) -> Iterator[Found]:
        needed, was_needed = new.get("required") is True, old.get("required") is True
        if not old or not new:
            if new:
                yield Found("request_body_required" if needed else "request_body_added")
            elif old:
                yield Found("request_body_removed")
            return
        if needed != was_needed:
            yield Found("request_body_required" if needed else "request_body_optional")
        yield from self._media(REQUEST, mapping(old.get("content")), mapping(new.get("content")))

    def _answers(self, old: Part, new: Part) -> Iterator[Found]:
        before = {str(status): one for status, one in old.items()}
        for status, raw in new.items():
            name = str(status)
            good = "success_" if name.startswith(SUCCESS) else ""
            if name not in before:
                if name != "default" and "default" not in before:
                    yield Found(f"answer_{good}added", after=name)
                continue
            one = mapping(self.schemas.old.follow(before.pop(name)))
            two = mapping(self.schemas.new.follow(raw))
            contents = mapping(one.get("content")), mapping(two.get("content"))
            yield from self._media(ANSWER, *contents, status=name)
            yield from self._headers(one, two, name)
        for name in before.keys() - {str(status) for status in new}:
            good = "success_" if name.startswith(SUCCESS) else ""
            yield Found(f"answer_{good}removed", before=name)

    def _headers(self, old: Part, new: Part, status: str) -> Iterator[Found]:
        was, will = ({str(n).lower() for n in mapping(one.get("headers"))} for one in (old, new))
        for name in sorted(was - will):
            yield Found("answer_header_removed", status, before=name)
        for name in sorted(will - was):
            yield Found("answer_header_added", status, after=name)

    def _media(self, side: str, old: Part, new: Part, status: str = "") -> Iterator[Found]:
        one, two = _by_type(old), _by_type(new)
        for name in sorted(one.keys() - two.keys()):
            yield Found(f"{side}_media_removed", status, before=name)
        for name in sorted(two.keys() - one.keys()):
            yield Found(f"{side}_media_added", status, after=name)
        for name in sorted(one.keys() & two.keys()):
            label = status or "body"
            self._compare(one[name].get("schema"), two[name].get("schema"), label, side)

    def _compare(self, old: Any, new: Any, label: str, side: str) -> None:
        self.units.add(self.schemas.compare(old, new, label=label, side=side))


def _schema(parameter: Part) -> Any:
    """Return a parameter's schema, which may stand in the content of its one media type."""
    content = mapping(parameter.get("content"))
    inner = next(iter(content.values()), None)
    return parameter.get("schema", mapping(inner).get("schema"))


def _style(parameter: Part, place: str) -> str:
    style = parameter.get("style") or STYLES[place]
    explode = parameter.get("explode", style == "form")
    return f"{style}{', exploded' if explode else ''}"


def _by_type(content: Part) -> dict[str, Part]:
    """Return media types by their names, without what may be written in two ways."""
    return {
        str(name).partition(";")[0].strip().lower(): mapping(one) for name, one in content.items()
    }
