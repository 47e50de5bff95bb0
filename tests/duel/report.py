"""What a duel came to: as JSON, and as a table of 80 columns."""

import textwrap
from typing import Optional

from contestants import is_bounded_pool
from figures import figure_of, ratio_of
from rounds import Entry

SCHEMA = 1


def _leader(entries: list[Entry]) -> Optional[Entry]:
    """Whom the others are compared with: the reader's code, or the
    first of ours."""
    ours = [each for each in entries
            if each.contestant.ours and not each.void]
    readers = [each for each in ours
               if each.contestant.side == "labs"]
    return next(iter(readers + ours), None)


def _best(entries: list[Entry]) -> Optional[Entry]:
    medians = [(figure_of([v for v in each.values if v is not None]),
                each) for each in entries if not each.void]
    known = [(figure.median, at, each)
             for at, (figure, each) in enumerate(medians) if figure]
    return min(known)[2] if known else None


def _judged(entries: list[Entry], leader: Optional[Entry]) -> list[str]:
    """Of whom the row says how it compares with the peers: the one
    that has a target; of pools, those of the leader's chapter."""
    ours = [each for each in entries
            if leader and not each.void
            and each.contestant.chapter == leader.contestant.chapter]
    workload = entries[0].row.workload
    if workload.kind == "scheduler":
        option = ("lifo=1",) if workload.lifo else ()
        ours = [each for each in ours
                if each.contestant.options == option]
    return [each.contestant.name for each in ours]


def _named_ratio(other: Optional[Entry], own: Entry) -> Optional[dict]:
    ratio = ratio_of(other.values, own.values) if other else None
    return ratio and {"name": other.contestant.name, **ratio.as_json()}


def _contestant_json(entry: Entry, leader: Optional[Entry],
                     peers: list[Entry]) -> dict:
    values = [value for value in entry.values if value is not None]
    figure = None if entry.void else figure_of(values)
    made = {"name": entry.contestant.name,
            "ours": entry.contestant.ours,
            "promises": entry.contestant.promises,
            "ops": entry.ops, "void": entry.void or None,
            "rounds": entry.values,
            "nanoseconds": figure and figure.as_json()}
    if figure is None:
        return made
    if leader is not None:
        ratio = ratio_of(entry.values, leader.values)
        made["ratio"] = ratio and ratio.as_json()
    if entry.contestant.ours:
        go = [each for each in peers if each.contestant.program == "go"]
        bounded = [each for each in peers
                   if is_bounded_pool(each.contestant)]
        made["best_peer"] = _named_ratio(_best(peers), entry)
        made["go"] = _named_ratio(_best(go), entry)
        made["best_bounded"] = _named_ratio(_best(bounded), entry)
    return made


def row_json(entries: list[Entry]) -> dict:
    """One row; `entries` are all who play it."""
    row = entries[0].row
    leader = _leader(entries)
    peers = [each for each in entries
             if not each.contestant.ours and not each.void]
    return {"key": row.key, "group": row.group, "place": row.place,
            "whole": row.workload.whole,
            "target": row.workload.targets.get(row.processors),
            "leader": leader and leader.contestant.name,
            "judged": _judged(entries, leader),
            "contestants": [_contestant_json(each, leader, peers)
                            for each in entries]}


def rows_json(entries: list[Entry]) -> list[dict]:
    by_row: dict[str, list[Entry]] = {}
    for each in entries:
        by_row.setdefault(each.row.key, []).append(each)
    return [row_json(each) for each in by_row.values()]


# ---- The table --------------------------------------------------------

UNITS = [(1e9, "s "), (1e6, "ms"), (1e3, "µs"), (1, "ns")]


def duration(nanoseconds: float) -> str:
    """Three digits and a unit: `12.3 ns`."""
    for size, unit in UNITS:
        if nanoseconds >= size or size == 1:
            value = nanoseconds / size
            digits = 2 if value < 10 else 1 if value < 100 else 0
            return f"{value:.{digits}f} {unit}"
    raise AssertionError("unreachable")


def times(ratio: float) -> str:
    if ratio < 0.1:
        return f"{ratio:.1g}x"
    digits = 2 if ratio < 10 else 1 if ratio < 100 else 0
    return f"{ratio:.{digits}f}x"


def _contestant_line(each: dict) -> str:
    name = f"  {each['name']:<25.25}"
    if each["void"]:
        return f"{name} void: {each['void']}"[:80]
    figure = each["nanoseconds"]
    if figure is None:
        return f"{name} no result in this time"
    percent = (f"±{100 * figure['spread']:.0f}%"
               if figure["values"] > 1 else "")
    ratio = each.get("ratio")
    return (f"{name}{duration(figure['median']):>9} {percent:>5} "
            f"{times(ratio['median']) if ratio else '':>7}  "
            f"{each['promises']:<28.28}").rstrip()


def _verdict_line(row: dict, each: dict) -> str:
    """One of ours against the best peer, the best bounded one, and Go,
    as far as they differ."""
    words, named = [], set()
    for title, kind in (("best peer", "best_peer"),
                        ("bounded", "best_bounded"), ("", "go")):
        peer = each.get(kind)
        if peer and peer["name"] not in named:
            named.add(peer["name"])
            words.append(f"{title} {peer['name']} "
                         f"{times(peer['median'])}".strip())
    go = each.get("go")
    if go and row["target"]:
        met = "met" if go["median"] >= row["target"] else "missed"
        words.append(f"target {row['target']:g}x {met}")
    return f"{each['name']}: " + "; ".join(words) if words else ""


def _verdict_lines(row: dict) -> list[str]:
    lines = [_verdict_line(row, each) for each in row["contestants"]
             if each["name"] in row["judged"]]
    return [part for line in lines for part in textwrap.wrap(
        line, 80, subsequent_indent="      ",
        drop_whitespace=True, initial_indent="    ")]


HEAD = """\
Each line: the median of all rounds, half of what lies between the
quartiles, how many times as long as the first line of the row within
the same round, and what the contestant promises. A scheduler: in which
order goroutines run, and their stacks. A pool: whether its workers are
bounded, tasks have results, and submitters wait.
"""


def table(duel: dict) -> str:
    """All rows, at most 80 columns wide."""
    lines = [HEAD]
    group = None
    for row in duel["rows"]:
        if row["group"] != group:
            group = row["group"]
        lines.append(f"{group}; {row['place']}")
        lines += [_contestant_line(each) for each in row["contestants"]]
        lines += [*_verdict_lines(row), ""]
    for each in duel["missing"]:
        lines.append(f"missing: {each['name']} ({each['package']})")
    machine = duel["machine"]
    lines.append(f"{duel['rounds']} rounds; {machine['cores']} cores, "
                 f"{machine['model']}; {duel['date']}")
    return "\n".join(lines) + "\n"
