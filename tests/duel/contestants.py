"""Who takes part: what each promises, which workloads it plays, and the
program that does."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Mapping


@dataclass(frozen=True)
class Contestant:
    """`plays` gives the program's own word for each workload; a
    contestant takes one operation of `shares[workload]`."""

    name: str
    program: str
    promises: str
    plays: Mapping[str, str]
    chapter: str = ""  # ours, if there is one
    package: str = ""  # what a peer needs
    options: tuple[str, ...] = ()
    shares: Mapping[str, int] = field(default_factory=dict)
    side: str = "peers"

    @property
    def ours(self) -> bool:
        return bool(self.chapter)

    @property
    def target(self) -> str:
        """What builds it, and where it is below build/explore/duel."""
        return f"duel.{self.side}.{self.program}"

    def share(self, workload: str) -> int:
        return self.shares.get(workload, 1)


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


SHARED = ["yield_2", "yield_500", "spawn", "ping_pong", "channel_1024",
          "channel_128_4x4", "fan_in", "mutex_4"]
OF_GOROUTINES = [*SHARED, "select_3", "skynet", "fib", "sleepers"]

# Promises of a scheduler: in which order goroutines run, what may take
# the processor from one, what a stack is. Of a pool: whether its
# workers are bounded, whether a task has a result, and whether a
# submitter waits where there is no room.
_SCHEDULERS = [
    Contestant("reference", "scheduler", "fair; fixed stacks",
               _same(*OF_GOROUTINES, "switch"), "06_scheduler"),
    Contestant("reference, LIFO", "scheduler",
               "youngest first, unfair", _same(*OF_GOROUTINES),
               "06_scheduler", options=("lifo=1",)),
    Contestant("Go", "go", "fair; preempts; stacks grow",
               _same(*OF_GOROUTINES), package="golang-go"),
    Contestant("Boost.Fiber", "fiber", "fair; fixed stacks",
               _same(*SHARED), package="libboost-fiber-dev",
               shares={"spawn": 10, "ping_pong": 2,
                       "channel_1024": 4, "channel_128_4x4": 4,
                       "fan_in": 2}),
    Contestant("threads", "threads", "fair; preempts; 8 MB stacks",
               _same(*(each for each in SHARED if each != "yield_500")),
               shares={"yield_2": 20, "spawn": 50, "ping_pong": 20,
                       "channel_1024": 10, "channel_128_4x4": 10,
                       "fan_in": 20}),
    Contestant("oneTBB", "onetbb", "tasks run to their end",
               _same("fib"), package="libtbb-dev"),
    Contestant("Boost.Asio coroutines", "asio", "no stack; no select",
               _same("sleepers"), package="libboost-dev"),
    Contestant("Boost.Context", "boost_context", "a switch alone",
               _same("switch"), package="libboost-fiber-dev"),
    Contestant("ucontext", "ucontext", "saves the signal mask",
               _same("switch"), shares={"switch": 10}),
]


# A task that wakes a thread costs a hundred times what another does.
WAKES_THREADS = {"empty_task": 20}


def _pool(name, program, word, promises, **more):
    return Contestant(name, program, promises, {"empty_task": word},
                      **more)


_POOLS = [
    _pool("elastic_pool, threads", "elastic_pool", "elastic_threads",
          "bounded, waits", chapter="07_complete_pool",
          shares=WAKES_THREADS),
    _pool("elastic_pool, goroutines", "elastic_pool",
          "elastic_goroutines", "bounded, waits",
          chapter="07_complete_pool"),
    _pool("worker_pool", "worker_pool", "worker_pool",
          "bounded, waits", chapter="04_worker_pool",
          shares=WAKES_THREADS),
    _pool("task_pool", "task_pool", "task_pool",
          "bounded, results, waits", chapter="01_pooling",
          shares=WAKES_THREADS),
    _pool("Boost.Asio, bounded", "asio", "bounded", "bounded, waits",
          package="libboost-dev", shares=WAKES_THREADS),
    _pool("Go, channel-fed", "go", "channel_pool", "bounded, waits",
          package="golang-go"),
    _pool("std::async", "threads", "async", "bounded, results, waits",
          shares=WAKES_THREADS),
    _pool("Boost.Asio thread_pool", "asio", "pool",
          "bounded; endless queue", package="libboost-dev",
          shares={"empty_task": 4}),
    _pool("oneTBB, enqueue", "onetbb", "enqueue",
          "bounded; endless queue", package="libtbb-dev",
          shares={"empty_task": 4}),
    _pool("oneTBB, task_group", "onetbb", "group",
          "bounded; submitter works", package="libtbb-dev"),
    _pool("Go, bare goroutines", "go", "bare_goroutines",
          "nothing is bounded", package="golang-go"),
]


def contestants(lab: str = "") -> list[Contestant]:
    """All, in the order of the table. The reader's lab is in the place
    of the reference's chapter."""
    everyone = []
    for each in [*_SCHEDULERS, *_POOLS]:
        if not each.ours:
            everyone.append(each)
            continue
        side = "labs" if each.chapter == lab else "solutions"
        name = (each.name.replace("reference", "your scheduler")
                if lab == "06_scheduler" else each.name)
        if side == "labs" and name == each.name:
            name = f"your {each.name}"
        everyone.append(replace(each, side=side, name=name))
    return everyone


def chapters() -> list[str]:
    """The chapters that take part."""
    return sorted({each.chapter for each in contestants()
                   if each.ours})


def program_path(build: Path, each: Contestant) -> Path:
    """`build` is build/explore; Go's tool puts its program beside."""
    return build / "duel" / each.side / each.program


def is_bounded_pool(each: Contestant) -> bool:
    """Holds its submitters back, as the pools of the chapters do."""
    return each.promises.endswith("waits")
