"""Charts and recorded runs as HTML that needs no script to be read.

book/charts/<name>.json   bars; the numbers come from build/bench where
                          this machine has measured, else as recorded
book/traces/<name>.json   one explored schedule, step by step

book/README.md describes both formats.
"""

import html
import json
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
    """This machine's values by benchmark name, and its words for it."""
    file = BOOK.parent / spec.get("bench", "")
    if not spec.get("bench") or not file.is_file():
        return {}, spec.get("recorded", "")
    run = json.loads(file.read_text())
    values = {}
    for entry in run.get("benchmarks", []):
        if entry.get("aggregate_name", "median") == "median":
            name = entry.get("run_name", entry["name"])
            values[name] = entry.get(spec.get("field", "real_time"))
    context = run.get("context", {})
    return values, (f"Measured on this machine, {context.get('num_cpus')} "
                    f"cores, {str(context.get('date'))[:10]}.")


def short(value):
    """Three significant digits, without an exponent."""
    digits = max(0, 2 - len(str(int(abs(value)))) + 1)
    return f"{value:,.{digits}f}"


def ratio(value, reference):
    times = value / reference
    return "1" if value == reference else f"{times:.{1 if times < 10 else 0}f}"


def chart(name, legend):
    """Bars in groups; each says its value and its ratio to `ours`."""
    spec = load("charts", name)
    values, source = measured(spec)
    scale = spec.get("scale", 1)

    def value(bar):
        found = values.get(bar.get("benchmark"))
        return found * scale if found is not None else bar.get("value")

    known = [v for g in spec["groups"] for b in g["bars"]
             if (v := value(b)) is not None]
    if not known:
        return (f"<figure class='chart' id='{name}'><p class='unmeasured'>"
                f"Not measured yet: <code>{text(spec['command'])}</code> "
                "records it, and <code>make book</code> then draws it."
                f"</p>{legend}</figure>")
    longest = max(known)
    rows = []
    for group in spec["groups"]:
        rows.append(f"<tr class='group'><th colspan='4' scope='rowgroup'>"
                    f"{text(group['label'])}</th></tr>")
        ours = next((value(b) for b in group["bars"] if b.get("ours")), None)
        for bar in group["bars"]:
            v = value(bar)
            kind = " class='ours'" if bar.get("ours") else ""
            if v is None:
                rows.append(f"<tr{kind}><th>{text(bar['label'])}</th>"
                            "<td class='none' colspan='3'>not there</td></tr>")
                continue
            times = f"×&thinsp;{ratio(v, ours)}" if ours else ""
            rows.append(
                f"<tr{kind}><th scope='row'>{text(bar['label'])}</th>"
                f"<td class='bar'><i style='width:{100 * v / longest:.1f}%'>"
                f"</i></td><td class='value'>{short(v)}</td>"
                f"<td class='ratio'>{times}</td></tr>")
    return (f"<figure class='chart' id='{name}'><table>"
            f"<thead><tr><th></th><td class='bar'>{text(spec['what'])}</td>"
            f"<td class='value'>{text(spec['unit'])}</td>"
            "<td class='ratio'>ratio</td></tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
            f"{legend.replace('</figcaption>', '')} "
            f"<small>{text(source)}</small></figcaption></figure>")


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
