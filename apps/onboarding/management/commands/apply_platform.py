"""``manage.py apply_platform platform.yaml``, which ``trellis apply`` runs."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.catalog.breaking import Weight
from apps.core import documents, outgoing
from apps.core.members import Invalid
from apps.onboarding import applying, platform_file
from apps.onboarding.applying import Outcome
from apps.onboarding.platform_file import Platform

WORDS = {Weight.BREAKS: "breaks", Weight.MAY_BREAK: "may break"}
ADDRESS = ("https://", "http://")


class Command(BaseCommand):
    """Make the platform what a file says, after showing the difference."""

    help = "Make upstreams, APIs and plans what a file says; shows the difference first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the file."""
        parser.add_argument("file", help="such as platform.yaml")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="only show the difference")
        parser.add_argument(
            "--allow-breaking", action="store_true", help="with --yes: break programs that call"
        )

    def handle(
        self,
        *args: Any,
        file: str,
        yes: bool,
        dry_run: bool,
        allow_breaking: bool,
        **options: Any,
    ) -> None:
        """Show what would change; do it once somebody agreed."""
        try:
            platform = platform_file.read(_bytes(Path(file)))
            read = self._documents(platform, Path(file).parent)
            found = applying.preview(platform, read)
            self._show(found)
            if not found.changes or dry_run:
                return
            if not self._agreed(found, yes=yes, allow_breaking=allow_breaking):
                return
            done = applying.apply(platform, read, breaking=found.breaking > 0, actor=None)
        except Invalid as error:
            raise CommandError(f"{file}: {error}") from error
        if done.changes != found.changes:
            self.stdout.write("Meanwhile somebody else changed something. What changed in the end:")
            self._show(done)
        self.stdout.write(f"Applied: {len(done.changes)} changes. Gateways follow within a second.")

    def _show(self, outcome: Outcome) -> None:
        for change in outcome.changes:
            self.stdout.write(str(change))
        for entry in outcome.noticed:
            for one in entry.differences:
                if one.weight != Weight.FITS:
                    self.stdout.write(f"! {entry.version} {WORDS[one.weight]}: {one}")
        if not outcome.changes:
            self.stdout.write("Nothing to change.")

    def _agreed(self, found: Outcome, *, yes: bool, allow_breaking: bool) -> bool:
        broken = f" {found.breaking} of what changes breaks programs." if found.breaking else ""
        if yes and broken and not allow_breaking:
            raise CommandError(
                f"Nothing was applied:{broken} Publish a new major version beside the old one, or "
                "add --allow-breaking."
            )
        if yes:
            return True
        if not sys.stdin.isatty():
            raise CommandError("Nothing was applied: add --yes where nobody can be asked.")
        question = f"Apply these {len(found.changes)} changes?{broken} [y/N] "
        if input(question).strip().lower() in {"y", "yes"}:
            return True
        self.stdout.write("Nothing was applied.")
        return False

    def _documents(self, platform: Platform, folder: Path) -> dict[str, Any]:
        """Read every document that the file names, once."""
        read: dict[str, Any] = {}
        for api in platform.apis:
            for version in api.versions:
                if version.document and version.document not in read:
                    place = f"{version.place}.document"
                    read[version.document] = _document(version.document, folder, place)
        return read


def _document(name: str, folder: Path, place: str) -> Any:
    try:
        if name.startswith(ADDRESS):
            return documents.read(outgoing.get(name, limit=documents.LIMIT))
        return documents.read(_bytes(folder / name))
    except (Invalid, outgoing.Unreachable) as error:
        raise Invalid(f"{place}: {name}: {error}") from error


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(documents.LIMIT + 1)
    except OSError as error:
        raise Invalid(f"{path} cannot be read ({error.strerror}).") from error
