"""Charts and recorded runs as HTML that needs no script to be read.

book/charts/<name>.json   bars; the numbers come from build/bench where
                          this machine has measured, else as recorded
book/traces/<name>.json   one explored schedule, step by step

book/README.md describes both formats.
"""

import html
import json
import math
import re
from pathlib import Path

BOOK = Path(__file__).resolve().parent.parent


class Mistake(Exception):
    """What is wrong with a page, a chart or a trace."""


def text(value):
    return html.escape(str(value), quote=True)


def load(folder, name):
    file = BOOK / folder / f"{name}.json"
    if not file.exists():
        raise Mistake(f"no file book/{folder}/{name}.json")
    try:
        return json.loads(file.read_text())
    except json.JSONDecodeError as error:
        raise Mistake(f"book/{folder}/{name}.json: {error}") from error


# ---- Charts ----------------------------------------------------------


def measured(spec):
    """This machine's values by benchmark name, each a median with its
    spread (a coefficient of variation, or None), and words for it."""
    file = BOOK.parent / spec.get("bench", "")
    if not spec.get("bench") or not file.is_file():
        return {}, spec.get("recorded", "")
    run = json.loads(file.read_text())
    medians, spreads = {}, {}
    for entry in run.get("benchmarks", []):
        name = entry.get("run_name", entry["name"])
        value = entry.get(spec.get("field", "real_time"))
        aggregate = entry.get("aggregate_name", "median")
        if aggregate == "median":
            medians[name] = value
        elif aggregate == "cv":
            spreads[name] = value
    context = run.get("context", {})
    values = {name: (value, spreads.get(name))
              for name, value in medians.items() if value is not None}
    return values, (f"Measured on this machine, {context.get('num_cpus')} "
                    f"cores, {str(context.get('date'))[:10]}.")


def bars_of(spec):
    """(group label, bar, value, spread) of every bar; what was not
    measured has the value None. And where the values come from."""
    values, source = measured(spec)
    scale = spec.get("scale", 1)
    bars = []
    for group in spec["groups"]:
        for bar in group["bars"]:
            value, spread = bar.get("value"), bar.get("spread")
            if bar.get("benchmark") in values:
                value, spread = values[bar["benchmark"]]
                value *= scale
            bars.append((group["label"], bar, value, spread))
    return bars, source


def significant(value, digits):
    """`value` with so many significant digits, without an exponent."""
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{value:,.{decimals}f}"


def amount(value, unit):
    """Threads are counted; all else has three significant digits."""
    return f"{value:,.0f}" if unit == "threads" else significant(value, 3)


def ratio(value, reference):
    return ("1" if value == reference
            else significant(value / reference, 2))


def width(value, known):
    """How long a bar is, in percent; logarithmic where the values
    differ by more than a factor of 100."""
    if max(known) <= 100 * min(known):
        return 100 * value / max(known)
    floor = min(known) / 2
    return 100 * math.log(value / floor) / math.log(max(known) / floor)


def chart(name, legend):
    """Bars in groups; each says its value and its ratio to `ours`."""
    spec = load("charts", name)
    bars, source = bars_of(spec)
    known = [value for _, _, value, _ in bars if value]
    if not known:
        return (f"<figure class='chart' id='{name}'><p class='unmeasured'>"
                f"Not measured yet: <code>{text(spec['command'])}</code> "
                "records it, and <code>make book</code> then draws it."
                f"</p>{legend}</figure>")
    ours = {label: value for label, bar, value, _ in bars
            if bar.get("ours")}
    rows, group = [], None
    for label, bar, value, spread in bars:
        if label != group:
            rows.append("<tr class='group'><th colspan='4' "
                        f"scope='rowgroup'>{text(label)}</th></tr>")
            group = label
        # Values that are ratios have no other ratio beside them.
        reference = None if spec["unit"] == "x" else ours.get(label)
        rows.append(bar_row(bar, value, spread, reference, known,
                            spec["unit"]))
    notes = [spec.get("better", "Shorter is better") + "."]
    if max(known) > 100 * min(known):
        notes.append("The bars are logarithmic.")
    return (f"<figure class='chart' id='{name}'><table>"
            f"<thead><tr><th></th><td class='bar'>{text(spec['what'])}</td>"
            f"<td class='value'>{text(spec['unit'])}</td>"
            f"<td class='ratio'>{'' if spec['unit'] == 'x' else 'ratio'}"
            "</td></tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
            f"{legend.replace('</figcaption>', '')} "
            f"<small>{text(' '.join(notes))} {text(source)}</small>"
            "</figcaption></figure>")


def bar_row(bar, value, spread, ours, known, unit):
    kind = " class='ours'" if bar.get("ours") else ""
    head = f"<tr{kind}><th scope='row'>{text(bar['label'])}</th>"
    if value is None:
        return f"{head}<td class='none' colspan='3'>not there</td></tr>"
    times = f"×&thinsp;{ratio(value, ours)}" if ours else ""
    about = (f" <small>±&thinsp;{100 * spread:.0f}%</small>"
             if spread else "")
    long = width(value, known) if value else 0
    return (f"{head}<td class='bar'><i style='width:{long:.1f}%'></i></td>"
            f"<td class='value'>{amount(value, unit)}{about}</td>"
            f"<td class='ratio'>{times}</td></tr>")


# ---- Recorded runs -----------------------------------------------------


def lanes(step, before, count):
    """One cell a thread: the step in its own, a line in the others."""
    cells = []
    for thread in range(count):
        if thread == step["thread"]:
            end = " ends" if step.get("ends") else ""
            cells.append(f"<td class='act{end}'><span>{text(step['op'])}"
                         "</span></td>")
        else:
            cells.append(f"<td class='{before[thread]}'></td>")
    return "".join(cells)


def told(steps):
    """The steps less those that repeat a line: what one thread does,
    without a break, on one line of source is one row."""
    rows = []
    for number, step in enumerate(steps, 1):
        step = {"number": number, **step}
        last = rows[-1] if rows else {}
        if (step.get("where") and not last.get("waits")
                and all(step.get(k) == last.get(k)
                        for k in ("thread", "where"))):
            last["ends"] = step.get("ends")
            last["waits"] = step.get("waits")
            last["op"] = step["op"] if step.get("waits") else last["op"]
        else:
            rows.append(step)
    return rows


def player(name, start, legend):
    """A table of the whole run; the script only moves through it."""
    run = load("traces", name)
    threads, rows = run["threads"], told(run["steps"])
    first = next((n for n, row in enumerate(rows, 1)
                  if str(row["number"]) == start), None)
    if first is None:
        raise Mistake(f"trace {name} shows no step {start}")
    state = ["unborn"] * len(threads)
    drawn = []
    for at, step in enumerate(rows, 1):
        if not 0 <= step["thread"] < len(threads):
            raise Mistake(f"trace {name}, step {at}: no such thread")
        near = "near" if abs(at - first) < 8 else "far"
        drawn.append(
            f"<tr class='{near}'><th scope='row'>{step['number']}</th>"
            f"{lanes(step, state, len(threads))}<td class='source'>"
            f"<code>{text(step.get('text', ''))}</code> "
            f"<small>{text(step.get('where', ''))}</small></td></tr>")
        state[step["thread"]] = ("over" if step.get("ends") else
                                 "waits" if step.get("waits") else "runs")
    names = "".join(f"<th scope='col'>{text(t)}</th>" for t in threads)
    why = [run["failure"].strip().splitlines()[-1]] if run.get(
        "failure") else []
    why += run.get("why", [])
    failure = "".join(f"<p class='failure'>{text(w)}</p>" for w in why)
    heading = (f"<small>Recorded: {text(run['heading'])}.</small>"
               if run.get("heading") else "")
    return (f"<figure class='player' id='{name}' data-start='{first}' "
            f"style='--threads:{len(threads)}'><div class='lanes' "
            f"tabindex='0' aria-label='{len(rows)} steps'><table><thead>"
            f"<tr><th></th>{names}<th class='source' scope='col'>line</th>"
            f"</tr></thead><tbody>{''.join(drawn)}</tbody></table></div>"
            f"{failure}{legend.replace('</figcaption>', '')} {heading}"
            "</figcaption></figure>")
