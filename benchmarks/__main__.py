"""``python -m benchmarks``: the comparison that ``make bench`` runs."""

from benchmarks.gateway import main

main()
