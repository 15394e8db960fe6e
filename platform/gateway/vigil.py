"""Whoever listens for long must stay welcome: what is revoked meanwhile hears no more."""

import asyncio

from apps.core.errors import Problem
from gateway.exchange import Exchange
from gateway.steps.authenticate import recheck
from gateway.steps.authorize import standing

EVERY = 0.5  # seconds between looks


async def fallen(exchange: Exchange) -> Problem:
    """Return what is wrong with the caller's credential, once something is."""
    while True:
        await asyncio.sleep(EVERY)
        try:
            standing(await recheck(exchange))
        except Problem as problem:
            if problem.status < 500:  # noqa: PLR2004 - nobody can tell right now, so nothing changed
                return problem
