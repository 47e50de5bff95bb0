"""Medians, their spread, and ratios within a round."""

import statistics
from dataclasses import dataclass
from typing import Optional, Sequence


@dataclass(frozen=True)
class Figure:
    """The median of some values and where the others lie."""

    median: float
    low: float  # the first quartile
    high: float  # the third
    least: float
    most: float
    values: int

    @property
    def spread(self) -> float:
        """Half of what lies between the quartiles, of the median."""
        return (self.high - self.low) / 2 / self.median

    def as_json(self) -> dict:
        return {"median": self.median, "low": self.low,
                "high": self.high, "least": self.least,
                "most": self.most, "spread": self.spread,
                "values": self.values}


def figure_of(values: Sequence[float]) -> Optional[Figure]:
    """None where there is no value."""
    if not values:
        return None
    low = high = values[0]
    if len(values) > 1:
        low, _, high = statistics.quantiles(values, n=4,
                                            method="inclusive")
    return Figure(statistics.median(values), low, high, min(values),
                  max(values), len(values))


def ratio_of(others: Sequence[Optional[float]],
             ours: Sequence[Optional[float]]) -> Optional[Figure]:
    """How many times as long as ours the others took. Both have one
    value a round, or None: only rounds in which both ran count."""
    return figure_of([other / own for other, own in zip(others, ours)
                      if other is not None and own is not None])


def moved(now: dict, before: dict) -> bool:
    """Whether a ratio moved by more than its spread: each median lies
    outside of everything that the other run saw."""
    def outside(value, of):
        return not of["least"] <= value <= of["most"]
    return (outside(now["median"], before)
            and outside(before["median"], now))
