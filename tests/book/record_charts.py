#!/usr/bin/env python3
"""Writes what this machine has measured into book/charts/*.json.

  make bench LAB=01 RECORD=1

RECORD=1 runs every benchmark eleven times, in mixed order. This script
then takes the medians and their spread from build/bench/ into each
chart of that lab.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CHARTS = ROOT / "book" / "charts"


def repetitions_of(run):
    return max((entry.get("repetitions", 1)
                for entry in run["benchmarks"]), default=1)


def figures_of(run, field):
    """Median and coefficient of variation by name of the benchmark."""
    found = {}
    for entry in run["benchmarks"]:
        kind = entry.get("aggregate_name")
        if kind in ("median", "cv") and field in entry:
            found.setdefault(entry["run_name"], {})[kind] = entry[field]
    return found


def rounded(value, digits):
    """With so many significant digits, and without an exponent."""
    short = float(f"{value:.{digits}g}")
    return int(short) if short == int(short) else short


def record(chart, run, machine):
    """The chart's text with the figures of `run`. Edits the text, not
    the structure, so that a diff shows figures alone."""
    spec = json.loads(chart)
    scale = spec.get("scale", 1)
    figures = figures_of(run, spec.get("field", "real_time"))
    for group in spec["groups"]:
        for bar in group["bars"]:
            figure = figures.get(bar.get("benchmark"))
            if figure is None:
                raise SystemExit(f"record_charts: {bar['label']}: no "
                                 f"benchmark {bar.get('benchmark')}")
            value = rounded(figure["median"] * scale, 3)
            spread = rounded(figure["cv"], 2)
            chart = re.sub(
                r'("benchmark": "' + re.escape(bar["benchmark"]) + r'"'
                r', )"value": [-+.e\d]+(?:, "spread": [-+.e\d]+)?',
                rf'\g<1>"value": {value}, "spread": {spread}', chart)
    source = (f"Recorded on {machine}, {run['context']['date'][:10]}: "
              f"medians of {repetitions_of(run)} runs.")
    return re.sub(r'"recorded": "[^"]*"',
                  lambda _: f'"recorded": {json.dumps(source)}', chart)


def machine_of(run):
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    return f"{run['context']['num_cpus']} cores ({model})"


def measured_in(lab):
    """The file of lab `1`, `01` or `01_pooling`."""
    number = lab.split("_")[0].zfill(2)
    found = list((ROOT / "build" / "bench").glob(
        f"{number}_*.solutions.json"))
    if len(found) != 1:
        raise SystemExit(f"record_charts: no lab {lab} in build/bench")
    return found[0]


def main():
    measured = measured_in(sys.argv[1])
    run = json.loads(measured.read_text())
    if repetitions_of(run) < 3:
        raise SystemExit("record_charts: a chart needs at least 3 "
                         f"repetitions; {measured} has fewer")
    lab = measured.name.removesuffix(".solutions.json")
    for file in sorted(CHARTS.glob("*.json")):
        chart = file.read_text()
        if f'"bench": "build/bench/{lab}.json"' in chart:
            file.write_text(record(chart, run, machine_of(run)))
            print(f"recorded in {file.relative_to(ROOT)}")


main()
