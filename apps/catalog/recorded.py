"""Recorded examples of revisions: what goes into a function and what must come out.

They lie beside the module of a history, as ``<revision>/<function>.json``: a list of objects with
``before`` and ``after``. A query's are lists of pairs.
"""

import inspect
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from apps.catalog.changes import shown
from apps.catalog.models import ApiVersion
from apps.catalog.revisions import Broken, History, Registered, registered, run


def complaints(history: History) -> Iterator[str]:
    """Yield a sentence for each function without examples, and for each example that is not met."""
    for revision in history.revisions:
        for one in revision.functions:
            yield from _complaints(one)


def strangers(version: ApiVersion) -> list[str]:
    """Return a sentence for each function that names what a published version has not."""
    history = registered.get(str(version))
    return history.strangers(version.operations.values_list("name", flat=True)) if history else []


def place(one: Registered) -> Path:
    """Return the file with the examples of a function."""
    folder = Path(inspect.getfile(one.function)).parent
    return folder / one.revision / f"{one.name}.json"


def _complaints(function: Registered) -> Iterator[str]:
    file = place(function)
    name = f"{function.name} of {function.revision}"
    try:
        examples = json.loads(file.read_text(encoding="utf-8"))
        pairs = [(one["before"], one["after"]) for one in examples]
    except FileNotFoundError:
        yield f"{name} has no recorded examples: write {file}."
        return
    except (ValueError, TypeError, KeyError) as error:
        yield f"{file} is no list of objects with before and after: {error!r}."
        return
    if not any(before != after for before, after in pairs):
        yield f"{file} has no example in which something changes."
    for number, (before, after) in enumerate(pairs, 1):
        if (made := _made(function, before)) != after:
            yield f"{name} makes of example {number}: {shown(made)}"


def _made(function: Registered, before: Any) -> Any:
    given = deepcopy(before)
    if function.direction == "query":
        given = [(name, value) for name, value in given]
    try:
        # What is answered went through JSON, in which pairs are lists.
        return json.loads(json.dumps(run([function], given)))
    except (Broken, TypeError, ValueError) as error:
        return f"{error}: {error.__cause__ or ''}"
