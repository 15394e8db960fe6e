"""What limits would have done to a sequence of requests: ``limits.lua`` again, in Python.

Pure. It serves the back-test of a draft; a test holds it to the script on the same sequences.
"""

import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime

from apps.plans.limits import Policy, period_of

State = tuple[str, str]  # a policy's name, and the key it is counted for


@dataclass(frozen=True, slots=True)
class Call:
    """One request: ``at`` in microseconds since 1970, ``lasted`` in microseconds."""

    at: int
    key: str = ""
    api: str = ""
    operation: str = ""
    cost: int = 1
    lasted: int = 0


@dataclass(slots=True)
class Simulation:
    """The state of an application's limits. Limits of end users are left out: none is recorded."""

    policies: tuple[Policy, ...]
    arrivals: dict[State, float] = field(default_factory=dict)
    used: dict[State, tuple[int, int]] = field(default_factory=dict)  # period and units
    under_way: dict[State, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.policies = tuple(p for p in self.policies if p.scope != "subject")

    def decide(self, call: Call) -> tuple[Policy | None, tuple[Policy, ...]]:
        """Return which limit would have refused the call, and which shadows; take, or take nothing.

        Calls come in the order of time.
        """
        denied, longest = None, 0.0
        missed: list[Policy] = []
        takes: list[tuple[Policy, State]] = []
        for policy in self.policies:
            if policy.selective and not policy.counts(call.api, call.operation):
                continue
            state = policy.name, call.key if policy.scope == "key" else ""
            wait = self._wait(policy, state, call)
            if not wait:
                takes.append((policy, state))
            elif policy.shadow:
                missed.append(policy)
            elif wait > longest:
                denied, longest = policy, wait
        if denied is None:
            for policy, state in takes:
                self._take(policy, state, call)
        return denied, tuple(missed)

    def _wait(self, policy: Policy, state: State, call: Call) -> float:
        """Return for how many microseconds the policy refuses the call."""
        if policy.kind == "rate":
            interval, tolerance = policy.window * 1e6 / policy.limit, policy.span * 1e6
            at = max(self.arrivals.get(state, 0.0), call.at)
            over = at + min(call.cost, policy.most) * interval - tolerance - call.at
            return over if over >= 1 else 0.0
        if policy.kind == "quota":
            number, end = period(policy, call.at)
            held, units = self.used.get(state, (number, 0))
            units = units if held == number else 0
            over_full = units + min(call.cost, policy.limit) > policy.limit
            return end - call.at if over_full else 0.0
        ends = self.under_way.setdefault(state, [])
        while ends and ends[0] <= call.at:
            heapq.heappop(ends)
        return 1.0 if len(ends) >= policy.limit else 0.0

    def _take(self, policy: Policy, state: State, call: Call) -> None:
        if policy.kind == "rate":
            at = max(self.arrivals.get(state, 0.0), call.at)
            each = min(call.cost, policy.most) * policy.window * 1e6 / policy.limit
            self.arrivals[state] = at + each
        elif policy.kind == "quota":
            number, _ = period(policy, call.at)
            held, units = self.used.get(state, (number, 0))
            taken = (units if held == number else 0) + min(call.cost, policy.limit)
            self.used[state] = number, taken
        else:
            heapq.heappush(self.under_way[state], call.at + call.lasted)


def period(policy: Policy, at: int) -> tuple[int, float]:
    """Return a quota's period at a moment in microseconds, and its end."""
    number, end = period_of(policy.period or "month", datetime.fromtimestamp(at / 1e6, UTC))
    return number, end.timestamp() * 1e6
