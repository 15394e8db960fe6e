"""``manage.py apply_platform platform.yaml``, which ``trellis apply`` runs."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.catalog.changes import Change
from apps.core import documents, outgoing
from apps.core.members import Invalid
from apps.onboarding import applying, platform_file
from apps.onboarding.platform_file import Platform

ADDRESS = ("https://", "http://")


class Command(BaseCommand):
    """Make the platform what a file says, after showing the difference."""

    help = "Make upstreams, APIs and plans what a file says; shows the difference first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ask for the file."""
        parser.add_argument("file", help="such as platform.yaml")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="only show the difference")

    def handle(self, *args: Any, file: str, yes: bool, dry_run: bool, **options: Any) -> None:
        """Show what would change; do it once somebody agreed."""
        try:
            platform = platform_file.read(_bytes(Path(file)))
            read = self._documents(platform, Path(file).parent)
            changes = applying.preview(platform, read)
            self._show(changes)
            if not changes or dry_run or not self._agreed(changes, yes=yes):
                return
            done = applying.apply(platform, read, actor=None)
        except Invalid as error:
            raise CommandError(f"{file}: {error}") from error
        if done != changes:
            self.stdout.write("Meanwhile somebody else changed something. What changed in the end:")
            self._show(done)
        self.stdout.write(f"Applied: {len(done)} changes. Gateways follow within a second.")

    def _show(self, changes: list[Change]) -> None:
        for change in changes:
            self.stdout.write(str(change))
        if not changes:
            self.stdout.write("Nothing to change.")

    def _agreed(self, changes: list[Change], *, yes: bool) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise CommandError("Nothing was applied: add --yes where nobody can be asked.")
        if input(f"Apply these {len(changes)} changes? [y/N] ").strip().lower() in {"y", "yes"}:
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
