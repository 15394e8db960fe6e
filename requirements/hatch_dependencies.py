"""Build hook: the wheel's dependencies are the lines of base.in, kept in one place."""

from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


class CustomMetadataHook(MetadataHookInterface):
    """Fill ``project.dependencies`` from ``requirements/base.in``."""

    def update(self, metadata: dict[str, object]) -> None:
        """Set the dependencies; comments and blank lines are left out."""
        lines = (Path(self.root) / "requirements" / "base.in").read_text().splitlines()
        metadata["dependencies"] = [line for line in lines if line and not line.startswith("#")]
