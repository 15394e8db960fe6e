"""Reading a JSON object member by member, with errors that name the member and what to write.

    members = Members(raw, "cache")
    seconds = members.whole("seconds", default=60, most=86_400)
    members.end()  # refuses what nobody asked for

Pure: what the operator writes (policies, limits) is read by the gateway through the same functions.
"""

import re
from collections.abc import Callable, Collection
from typing import Any, TypeVar

T = TypeVar("T")
MISSING: Any = object()


class Invalid(ValueError):  # noqa: N818 - reads as a sentence where it is caught
    """Something that cannot be meant; the message says what to write instead."""


class Members:
    """The members of one object. ``at`` is its place in the whole, empty for the whole itself."""

    def __init__(self, raw: Any, at: str = "") -> None:
        if not isinstance(raw, dict):
            raise Invalid(f"{at or 'This'} must be an object.")
        self._left = dict(raw)
        self._at = at

    def place(self, name: str) -> str:
        """Return where the member ``name`` stands, as errors name it."""
        return f"{self._at}.{name}" if self._at else name

    def has(self, name: str) -> bool:
        """Tell whether the member is there and was not read yet."""
        return name in self._left

    def null(self, name: str) -> bool:
        """Tell whether the member is there and null; then it was read."""
        return name in self._left and self._left[name] is None and self._left.pop(name) is None

    def take(self, name: str, default: T, expected: str, read: Callable[[Any], T | None]) -> T:
        """Return what ``read`` makes of a member; it returns None for what is not ``expected``."""
        raw = self._left.pop(name, MISSING)
        if raw is MISSING:
            if default is MISSING:
                raise Invalid(f"{self.place(name)} is missing: it must be {expected}.")
            return default
        found = read(raw)
        if found is None:
            raise Invalid(f"{self.place(name)} must be {expected}.")
        return found

    def whole(self, name: str, *, default: int = MISSING, least: int = 0, most: int) -> int:
        """Return a whole number."""

        def read(raw: Any) -> int | None:
            fits = isinstance(raw, int) and not isinstance(raw, bool) and least <= raw <= most
            return raw if fits else None

        return self.take(name, default, f"a whole number from {least} to {most}", read)

    def number(self, name: str, *, default: float = MISSING, least: float, most: float) -> float:
        """Return a number, whole or not."""

        def read(raw: Any) -> float | None:
            fits = isinstance(raw, int | float) and not isinstance(raw, bool)
            return float(raw) if fits and least <= raw <= most else None

        return self.take(name, default, f"a number from {least:g} to {most:g}", read)

    def flag(self, name: str, *, default: bool = MISSING) -> bool:
        """Return true or false."""
        return self.take(
            name, default, "true or false", lambda raw: raw if isinstance(raw, bool) else None
        )

    def choice(self, name: str, among: Collection[str], *, default: str = MISSING) -> str:
        """Return one of ``among``."""
        expected = "one of " + ", ".join(among)
        return self.take(name, default, expected, lambda raw: raw if raw in among else None)

    def text(
        self,
        name: str,
        *,
        default: str = MISSING,
        like: str = r"[^\r\n\0]{1,2000}",
        expected: str = "a short text",
    ) -> str:
        """Return a text that matches ``like`` as a whole."""
        return self.take(name, default, expected, lambda raw: _matched(raw, like))

    def texts(
        self,
        name: str,
        *,
        default: tuple[str, ...] = (),
        like: str = r"[^\r\n\0]{1,2000}",
        expected: str = "a list of short texts",
        most: int = 100,
    ) -> tuple[str, ...]:
        """Return a list of texts, each matching ``like``."""

        def read(raw: Any) -> tuple[str, ...] | None:
            if not isinstance(raw, list) or len(raw) > most:
                return None
            return None if any(_matched(item, like) is None for item in raw) else tuple(raw)

        return self.take(name, default, expected, read)

    def mapping(self, name: str, *, expected: str = "an object", most: int = 100) -> dict[str, Any]:
        """Return an object whose members' names are the operator's; empty where it is missing."""

        def read(raw: Any) -> dict[str, Any] | None:
            return raw if isinstance(raw, dict) and len(raw) <= most else None

        return self.take(name, {}, expected, read)

    def inner(self, name: str) -> "Members | None":
        """Return the members of an object inside, None where it is missing or null."""
        raw = self._left.pop(name, None)
        return None if raw is None else Members(raw, self.place(name))

    def end(self) -> None:
        """Refuse members that nobody read."""
        if self._left:
            names = ", ".join(self.place(str(name)) for name in sorted(self._left))
            raise Invalid(f"{names}: there is no such setting.")


def _matched(raw: Any, like: str) -> str | None:
    return raw if isinstance(raw, str) and re.fullmatch(like, raw) else None
