"""Latency in few numbers: eight buckets for every doubling, from 100 microseconds up.

A percentile read from them is off by at most 4.4 % (half a bucket). Histograms of different
minutes, keys or servers are merged by adding counts, which no stored percentile allows.
"""

import math
from collections.abc import Iterable

FLOOR = 100  # microseconds; whatever is quicker lies in bucket 0
PER_OCTAVE = 8
BUCKET_SQL = (
    f"floor({PER_OCTAVE} * ln(greatest(latency_us, {FLOOR}) / {FLOOR}.0) / ln(2.0))::smallint"
)


def bucket(latency_us: float) -> int:
    """Return the bucket that ``latency_us`` lies in."""
    return math.floor(PER_OCTAVE * math.log2(max(latency_us, FLOOR) / FLOOR))


def percentile(histogram: Iterable[tuple[int, int]], share: float) -> float | None:
    """Return the milliseconds that ``share`` of the requests stayed below; None without any.

    ``histogram`` holds ``(bucket, how often)``, each bucket once.
    """
    ordered = sorted(histogram)
    wanted = share * sum(met for _, met in ordered)
    seen = 0
    for number, met in ordered:
        if seen + met >= wanted and met:
            within = (wanted - seen) / met
            return float(FLOOR * 2 ** ((number + within) / PER_OCTAVE) / 1000)
        seen += met
    return None
