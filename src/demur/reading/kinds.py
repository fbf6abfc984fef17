"""What instrument a document is: the kind whose phrases weigh most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from .cues import View, cues
from .phrases import Hit

_WEIGHTS = {"title": 5.0, "strong": 3.0, "fair": 1.5, "weak": 0.5}
_LEAST = 3.0


@dataclass(frozen=True, slots=True)
class KindFound:
    """A kind with its weight, how far it is ahead of the next, and the phrase that tells it best."""

    kind: str
    weight: float
    ahead: float
    hit: Hit

    @property
    def confidence(self) -> float:
        """0..1: how clear the verdict is."""
        return max(0.3, min(0.98, 0.45 + 0.05 * self.weight)) * min(1.0, 0.7 + 0.1 * self.ahead)


def _abroad(view: View) -> KindFound | None:
    """A demand of an authority of a country whose instruments are not known one by one."""
    verb = view.first(cues()["demanding"]["phrases"])
    for country, phrases in cues()["choice"]["issuer_country"].items():
        hit = None if country in ("us", "gb") else view.first(phrases)
        if hit and verb:
            return KindFound("foreign.order", _LEAST, 0.0, hit)
    return None


@lru_cache(maxsize=64)
def find_kind(view: View) -> KindFound | None:
    """The kind of the document, None where no phrase of any kind weighs enough."""
    weights: list[tuple[float, str, Hit]] = []
    for kind, table in cues()["kind"].items():
        total, best = 0.0, None
        for name, weight in _WEIGHTS.items():
            for phrase in table.get(name, ()):
                hit = next(view.hits(phrase), None)
                if hit is None:
                    continue
                total += weight * hit.sure
                if best is None or weight * hit.sure > best[0]:
                    best = (weight * hit.sure, hit)
        if best is None:
            continue
        total -= 3.0 * sum(1 for phrase in table.get("against", ()) if next(view.hits(phrase), None))
        weights.append((total, kind, best[1]))
    weights.sort(key=lambda w: -w[0])
    if not weights or weights[0][0] < _LEAST:
        return _abroad(view)
    total, kind, hit = weights[0]
    second = weights[1][0] if len(weights) > 1 else 0.0
    return KindFound(kind, total, total - max(0.0, second), hit)
