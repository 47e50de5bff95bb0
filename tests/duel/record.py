"""The committed record of each kind of machine, the charts that the
book draws from it, and what has moved since."""

import datetime
import json
import os
import platform
import re
from pathlib import Path
from typing import Optional

from figures import moved

CHARTS = {"duel_one": ("P = 1", "make duel"),
          "duel_two": ("P = 2", "make duel"),
          "duel_pools": (None, "make duel")}


def machine() -> dict:
    """What decides whether two runs may be compared."""
    model = platform.processor() or platform.machine()
    try:
        found = re.search(r"^model name\s*:\s*(.*)$",
                          Path("/proc/cpuinfo").read_text(), re.M)
        model = found[1].strip() if found else model
    except OSError:
        pass
    return {"arch": platform.machine(), "model": model,
            "cores": len(os.sched_getaffinity(0))}


def today() -> str:
    return datetime.date.today().isoformat()


def read(file: Path) -> list[dict]:
    """All records; none if there is no file."""
    if not file.exists():
        return []
    return json.loads(file.read_text())["records"]


def of_kind(records: list[dict], kind: dict) -> Optional[dict]:
    return next((each for each in records if each["machine"] == kind),
                None)


def recorded(duel: dict) -> dict:
    """What of a duel is kept: the figures, not each round."""
    rows = []
    for row in duel["rows"]:
        kept = {name: row[name]
                for name in ("key", "group", "place", "leader")}
        kept["contestants"] = [
            {name: each.get(name)
             for name in ("name", "void", "nanoseconds", "ratio")}
            for each in row["contestants"]]
        rows.append(kept)
    return {"machine": duel["machine"], "date": duel["date"],
            "versions": duel["versions"], "rounds": duel["rounds"],
            "rows": rows}


def renew(file: Path, duel: dict) -> None:
    """Puts a duel in the place of the record of its kind of machine."""
    others = [each for each in read(file)
              if each["machine"] != duel["machine"]]
    write(file, {"records": [*others, recorded(duel)]})


def write(file: Path, value: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(value, indent=1, ensure_ascii=False)
                    + "\n")


# ---- What has moved ---------------------------------------------------


def _ratios(rows: list[dict]) -> dict[tuple[str, str], tuple]:
    found = {}
    for row in rows:
        for each in row["contestants"]:
            if each.get("ratio") and each["name"] != row["leader"]:
                found[row["key"], each["name"]] = (row, each["ratio"])
    return found


def changes(now: dict, before: dict) -> list[str]:
    """A line for each ratio that moved by more than its spread."""
    lines = []
    earlier = _ratios(before["rows"])
    for key, (row, ratio) in _ratios(now["rows"]).items():
        if key not in earlier:
            continue
        was = earlier[key][1]
        if moved(ratio, was):
            lines.append(
                f"  {row['group']}; {row['place']}: {key[1]} "
                f"{ratio['median']:.2f}x, was {was['median']:.2f}x "
                f"({was['least']:.2f} to {was['most']:.2f})")
    return lines


# ---- Charts -----------------------------------------------------------


def _bar(each: dict, leader: str) -> dict:
    bar = {"label": each["name"], "value": None}
    if each["name"] == leader:
        bar["ours"] = True
    ratio = each.get("ratio")
    if ratio:
        bar.update(value=float(f"{ratio['median']:.3g}"),
                   spread=float(f"{ratio['spread']:.2g}"))
    return bar


def _source(duel: Optional[dict]) -> str:
    if duel is None:
        return ""
    kind = duel["machine"]
    return (f"Recorded on {kind['cores']} cores ({kind['model']}), "
            f"{duel['date']}, medians of {duel['rounds']} rounds.")


def chart(duel: Optional[dict], place: Optional[str],
          command: str) -> dict:
    """The rows of one place (None: the pools) as bars."""
    groups = []
    for row in duel["rows"] if duel else []:
        is_pool = row["key"].startswith("empty_task")
        if row["place"] == place or (is_pool and place is None):
            label = row["place"] if is_pool else row["group"]
            groups.append({
                "label": label,
                "bars": [_bar(each, row["leader"])
                         for each in row["contestants"]]})
    return {"what": "time, as a multiple of ours", "unit": "x",
            "command": f"{command} RECORD=1", "recorded": _source(duel),
            "groups": groups}


def draw(folder: Path, duel: Optional[dict]) -> None:
    """Writes the charts; without a duel, as not measured yet."""
    for name, (place, command) in CHARTS.items():
        write(folder / f"{name}.json", chart(duel, place, command))
