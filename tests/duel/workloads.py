"""The workloads of the duel: how large each is, where it runs, and what
its check must say."""

from dataclasses import dataclass, field
from typing import Callable, Mapping

Check = tuple[int, int]  # count, sum


def triangle(size: int) -> int:
    """0 + 1 + … + (size - 1)."""
    return size * (size - 1) // 2


def fibonacci(n: int) -> int:
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@dataclass(frozen=True)
class Workload:
    """`ops` and `quick_ops` are what a contestant is asked for. A
    `whole` is timed as one, others per operation. `targets` are ratios
    to Go by number of processors."""

    name: str
    label: str
    ops: int
    quick_ops: int
    expected: Callable[[int], Check]
    kind: str = "scheduler"
    whole: bool = False
    warm: bool = True
    one_processor: bool = False
    lifo: bool = False  # what the target is for
    step: int = 2000  # ops are a multiple of it
    targets: Mapping[int, float] = field(default_factory=dict)

    def ops_for(self, quick: bool, share: int) -> int:
        """So many for a contestant that takes one of `share`."""
        ops = self.quick_ops if quick else self.ops
        if share == 1:
            return ops
        return max(ops // share // self.step, 1) * self.step

    def warm_ops(self, ops: int) -> int:
        if not self.warm:
            return 0
        if self.whole:
            return ops
        return max(ops // 10 // self.step, 1) * self.step

    def label_for(self, ops: int) -> str:
        return self.label.format(ops=f"{ops:,}")


def _scheduler_workloads():
    return [
        Workload("yield_2", "yield, 2 goroutines", 2_000_000, 500_000,
                 lambda ops: (ops, 2), targets={1: 5, 2: 6}),
        Workload("yield_500", "yield, 500 goroutines", 2_000_000,
                 500_000, lambda ops: (ops, 500),
                 targets={1: 7, 2: 10}),
        Workload("spawn", "spawn and join", 1_000_000, 100_000,
                 lambda ops: (ops, triangle(ops)),
                 targets={1: 30, 2: 4}),
        Workload("ping_pong", "ping-pong, unbuffered", 1_000_000,
                 100_000, lambda ops: (ops, triangle(ops)),
                 targets={1: 5, 2: 2.5}),
        Workload("channel_1024", "channel of 1,024, 1:1", 4_000_000,
                 1_000_000, lambda ops: (ops, triangle(ops)),
                 targets={1: 3.5, 2: 3}),
        Workload("channel_128_4x4", "channel of 128, 4:4", 2_000_000,
                 400_000, lambda ops: (ops, 4 * triangle(ops // 4)),
                 targets={1: 4, 2: 2.5}),
        Workload("fan_in", "8 senders, 1 receiver", 1_000_000, 200_000,
                 lambda ops: (ops, 8 * triangle(ops // 8))),
        Workload("select_3", "select over three", 1_000_000, 100_000,
                 lambda ops: (ops, triangle(ops)),
                 targets={1: 4.5, 2: 2.5}),
        Workload("skynet", "skynet, {ops} leaves", 1_000_000, 100_000,
                 lambda ops: (1, triangle(ops)), whole=True,
                 lifo=True, targets={1: 12, 2: 15}),
        Workload("fib", "fork and join, fib({ops})", 25, 25,
                 lambda ops: (1, fibonacci(ops)), whole=True,
                 lifo=True, targets={1: 15, 2: 10}),
        Workload("mutex_4", "mutex, 4 goroutines", 4_000_000,
                 1_000_000, lambda ops: (ops, 4),
                 targets={1: 1.8, 2: 1.5}),
        Workload("sleepers", "{ops} sleepers of 100 ms", 100_000,
                 100_000, lambda ops: (ops, ops), whole=True,
                 warm=False, targets={1: 1.2, 2: 1.2}),
        Workload("switch", "bare switch", 20_000_000, 2_000_000,
                 lambda ops: (ops, 0), one_processor=True),
    ]


EMPTY_TASKS = Workload("empty_task", "empty tasks", 200_000, 100_000,
                       lambda ops: (ops, triangle(ops)), kind="pool")

WORKLOADS = [*_scheduler_workloads(), EMPTY_TASKS]
WORKERS = [1, 2, 8, 100]
SUBMITTERS = [1, 4]


@dataclass(frozen=True)
class Row:
    """One workload on so many processors, or workers and submitters."""

    workload: Workload
    quick: bool
    processors: int
    workers: int = 1
    submitters: int = 1

    @property
    def key(self) -> str:
        """The same in every run that may be compared."""
        ops = self.workload.ops_for(self.quick, 1)
        size = f"({ops})" if self.workload.whole else ""
        place = (f"P={self.processors}"
                 if self.workload.kind == "scheduler"
                 else f"W={self.workers} S={self.submitters}")
        return f"{self.workload.name}{size} {place}"

    @property
    def group(self) -> str:
        """Its title, without the place."""
        return self.workload.label_for(
            self.workload.ops_for(self.quick, 1))

    @property
    def place(self) -> str:
        if self.workload.kind == "scheduler":
            return f"P = {self.processors}"
        return (f"{self.workers} worker{'s' * (self.workers > 1)}, "
                f"{self.submitters} submitter"
                f"{'s' * (self.submitters > 1)}")


def rows_for(cores: int, quick: bool, case: str = "") -> list[Row]:
    """All rows on a machine of so many cores, or those of one case."""
    processors = sorted({1, min(2, cores), cores})
    rows = []
    for each in WORKLOADS:
        if case and each.name != case:
            continue
        if each.kind == "scheduler":
            rows += [Row(each, quick, p) for p in processors
                     if p == 1 or not each.one_processor]
        else:
            rows += [Row(each, quick, cores, w, s)
                     for s in SUBMITTERS for w in WORKERS]
    return rows
