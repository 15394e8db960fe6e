#!/usr/bin/env python
"""Django's command line, with the settings a developer wants."""

import os
import sys
from importlib.util import find_spec

if __name__ == "__main__":
    if find_spec("config") is None:
        sys.exit("Trellis is not installed here yet. Run: make setup")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
