"""What a change of an API means for programs that call it: the table of all kinds. Pure.

The measure is a program that was written by the old document and is not touched. What narrows
requests breaks it, and so does what answers no longer promise. The lists of oasdiff, openapi-diff
and Stripe's "backwards-compatible changes" agree on most rows; where they differ, ``why`` says what
decided. A property that answers lose breaks here even if it was optional (oasdiff only warns): most
documents never say which properties of answers are always there, so programs count on all of them.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Weight(StrEnum):
    """What programs must fear."""

    BREAKS = "breaks"
    MAY_BREAK = "may_break"
    FITS = "fits"


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of change. ``words`` name its ``place``, what was ``before`` and is ``after``."""

    weight: Weight
    words: str
    why: str


def _breaks(words: str, why: str) -> Rule:
    return Rule(Weight.BREAKS, words, why)


def _may(words: str, why: str) -> Rule:
    return Rule(Weight.MAY_BREAK, words, why)


def _fits(words: str, why: str) -> Rule:
    return Rule(Weight.FITS, words, why)


_LESS: Final = "Requests that were fine are refused."
_MORE: Final = "Every request that was fine still is."
_NEW: Final = "Programs meet what they were not written for."
_FEWER: Final = "Answers say nothing that they did not say before."
_GONE: Final = "Programs that read it find nothing."

RULES: Final[dict[str, Rule]] = {
    "version_published": _fits("Published with {after}.", "There was nothing before."),
    "version_deprecated": _fits("Deprecated since {after}.", "It works as before; a notice."),
    "version_kept": _fits("No longer deprecated.", "It works as before."),
    "version_ends": _fits("Ends on {after}.", "Nothing ends before that day."),
    "version_stays": _fits("Its end is no longer set.", "It works as before."),
    "operation_added": _fits("New operation.", "Nobody calls it yet."),
    "operation_removed": _breaks("The operation is gone.", "Every call of it is answered 404."),
    "operation_renamed": _may(
        "The operation is called `{after}`, no longer `{before}`.",
        "Requests stay the same; generated clients name their methods after it.",
    ),
    "operation_deprecated": _fits("The operation is deprecated.", "It works as before; a notice."),
    "operation_restored": _fits("The operation is no longer deprecated.", "It works as before."),
    "scopes_widened": _breaks("It needs the scope `{after}` too.", "Credentials without: 403."),
    "scopes_narrowed": _fits("It no longer needs the scope `{before}`.", _MORE),
    "cost_raised": _may("A call costs {after} units, not {before}.", "Quotas are used up sooner."),
    "cost_lowered": _fits("A call costs {after} units, not {before}.", "Quotas last longer."),
    "parameter_added": _fits("New optional {place}.", _MORE),
    "parameter_added_required": _breaks("New {place}, which is required.", _LESS),
    "parameter_removed": _may(
        "The {place} is gone.",
        "Servers mostly pass over what they do not know; what it did no longer happens.",
    ),
    "parameter_required": _breaks("The {place} is required now.", _LESS),
    "parameter_optional": _fits("The {place} is optional now.", _MORE),
    "parameter_style": _breaks(
        "The {place} is written as {after}, not as {before}.", "Values are read as others."
    ),
    "parameter_deprecated": _fits("The {place} is deprecated.", "It works as before; a notice."),
    "parameter_restored": _fits("The {place} is no longer deprecated.", "It works as before."),
    "request_body_added": _fits("It takes a body now.", _MORE),
    "request_body_required": _breaks("A body is required now.", _LESS),
    "request_body_optional": _fits("The body is optional now.", _MORE),
    "request_body_removed": _may("It takes no body any more.", "What bodies did may not happen."),
    "request_media_added": _fits("Bodies may be {after} too.", _MORE),
    "request_media_removed": _breaks("Bodies can no longer be {before}.", _LESS),
    "answer_added": _fits("It may answer {after}.", "Which failures there are was never closed."),
    "answer_success_added": _may("It may succeed with {after} too.", _NEW),
    "answer_removed": _fits("It no longer answers {before}.", _FEWER),
    "answer_success_removed": _breaks("It no longer succeeds with {before}.", _GONE),
    "answer_media_added": _fits("Answers {place} may be {after} too.", "Who asks gets the old."),
    "answer_media_removed": _breaks("Answers {place} are no longer {before}.", _GONE),
    "answer_header_added": _fits("Answers {place} have the header {after}.", "It can be ignored."),
    "answer_header_removed": _breaks("Answers {place} have no header {before} any more.", _GONE),
    "request_property_added": _fits("New optional property `{place}`.", _MORE),
    "request_property_added_required": _breaks("New property `{place}`, which is required.", _LESS),
    "request_property_removed": _may(
        "The property `{place}` is not taken any more.",
        "Servers mostly pass over what they do not know; what it did no longer happens.",
    ),
    "request_property_refused": _breaks("The property `{place}` is refused now.", _LESS),
    "request_property_required": _breaks("The property `{place}` is required now.", _LESS),
    "request_property_optional": _fits("The property `{place}` is optional now.", _MORE),
    "request_property_deprecated": _fits(
        "The property `{place}` is deprecated.", "It works as before; a notice."
    ),
    "request_property_restored": _fits("`{place}` is no longer deprecated.", "It works as before."),
    "request_type_narrowed": _breaks("`{place}` takes {after}, no longer {before}.", _LESS),
    "request_type_widened": _fits("`{place}` takes {after}, not only {before}.", _MORE),
    "request_type_changed": _breaks("`{place}` takes {after} instead of {before}.", _LESS),
    "request_enum_narrowed": _breaks("`{place}` no longer takes {before}.", _LESS),
    "request_enum_closed": _breaks("`{place}` takes only {after}.", _LESS),
    "request_enum_widened": _fits("`{place}` takes {after} too.", _MORE),
    "request_enum_opened": _fits("`{place}` takes other values than {before} too.", _MORE),
    "request_format_narrowed": _breaks("`{place}` must be {after}, before {before}.", _LESS),
    "request_format_widened": _fits("`{place}` may be {after}, before {before}.", _MORE),
    "request_format_changed": _breaks("`{place}` must be {after}, before {before}.", _LESS),
    "request_bound_narrowed": _breaks("`{place}`: {after}, before {before}.", _LESS),
    "request_bound_widened": _fits("`{place}`: {after}, before {before}.", _MORE),
    "request_pattern_changed": _may(
        "`{place}` must be like {after}, before {before}.",
        "Whether a pattern takes less cannot be told in general.",
    ),
    "request_pattern_dropped": _fits("`{place}` need not be like {before}.", _MORE),
    "request_default_changed": _may(
        "Without `{place}` it means {after}, before {before}.",
        "Requests that leave it out mean something else.",
    ),
    "request_closed": _breaks("`{place}` refuses properties that it does not know.", _LESS),
    "request_opened": _fits("`{place}` takes properties that it does not know.", _MORE),
    "request_alternative_added": _fits("`{place}` may be {after} too.", _MORE),
    "request_alternative_removed": _breaks("`{place}` can no longer be {before}.", _LESS),
    "request_constraint_changed": _may(
        "The rule {after} of `{place}` changed.", "What such a rule takes is not compared."
    ),
    "answer_property_added": _fits("New property `{place}`.", "What is new can be ignored."),
    "answer_property_removed": _breaks("The property `{place}` is gone.", _GONE),
    "answer_property_required": _fits("The property `{place}` is always there.", _FEWER),
    "answer_property_optional": _breaks("The property `{place}` may be missing.", _GONE),
    "answer_property_deprecated": _fits(
        "The property `{place}` is deprecated.", "It is there as before; a notice."
    ),
    "answer_property_restored": _fits("`{place}` is no longer deprecated.", "It is as before."),
    "answer_type_narrowed": _fits("`{place}` is always {after}, before {before}.", _FEWER),
    "answer_type_widened": _breaks("`{place}` may be {after}, before {before}.", _NEW),
    "answer_type_changed": _breaks("`{place}` is {after}, before {before}.", _NEW),
    "answer_enum_narrowed": _fits("`{place}` is never {before} any more.", _FEWER),
    "answer_enum_closed": _fits("`{place}` is one of {after}.", _FEWER),
    "answer_enum_widened": _may(
        "`{place}` may be {after} too.",
        "Stripe adds values without a new version, oasdiff calls it an error: it depends on "
        "whether a program has a branch for the rest.",
    ),
    "answer_enum_opened": _may("`{place}` may be other than {before}.", _NEW),
    "answer_format_narrowed": _fits("`{place}` is {after}, before {before}.", _FEWER),
    "answer_format_widened": _breaks("`{place}` is {after}, before {before}.", _NEW),
    "answer_format_changed": _breaks("`{place}` is {after}, before {before}.", _NEW),
    "answer_bound_narrowed": _fits("`{place}`: {after}, before {before}.", _FEWER),
    "answer_bound_widened": _may("`{place}`: {after}, before {before}.", "Room may be too small."),
    "answer_closed": _fits("`{place}` has no other properties.", _FEWER),
    "answer_opened": _fits("`{place}` may have other properties.", "What is new can be ignored."),
    "answer_alternative_added": _may("`{place}` may be {after} too.", _NEW),
    "answer_alternative_removed": _fits("`{place}` is never {before} any more.", _FEWER),
    "answer_constraint_changed": _may(
        "The rule {after} of `{place}` changed.", "What such a rule lets through is not compared."
    ),
    "not_compared": _may(
        "The documents could not be compared to the end.",
        "They are too large, or too intertwined; what was found is told.",
    ),
}


def words(kind: str, *, place: str = "", before: str = "", after: str = "") -> str:
    """Return a change in words; a kind that the table no longer has in its own name."""
    rule = RULES.get(kind)
    text = rule.words if rule else f"{kind.replace('_', ' ').capitalize()}: `{{place}}`."
    # Not str.format: what an API calls its parts may hold braces.
    for name, value in (("place", place), ("before", before), ("after", after)):
        text = text.replace(f"{{{name}}}", value.replace("{", "\x00"))
    return text.replace("\x00", "{")
