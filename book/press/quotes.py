"""What the prose takes from the record of a chart: numbers, and claims.

A new recording changes the numbers that are rendered, and fails the
build where a sentence has become wrong. book/README.md shows each word.
The record counts, not what this machine has measured since.
"""

import re
from typing import NamedTuple

from pictures import Mistake, load, significant, text

# A spread (coefficient of variation) above which no conclusion is drawn.
NOISE = 0.3

# The workbook's own contestants, which no row can be lost to.
OWN = ("reference", "elastic_pool", "worker_pool", "task_pool")


class Figure(NamedTuple):
    value: float
    spread: float
    unit: str  # of the chart; "x" for a ratio


def time_of(name):
    """The time '<key of a row>/<contestant>' in the record of the duel."""
    row_key, _, contestant = name.strip().partition("/")
    for row in load("records", "duel")["records"][-1]["rows"]:
        for each in row["contestants"]:
            if ((row["key"], each["name"]) == (row_key, contestant)
                    and each["nanoseconds"]):
                return Figure(each["nanoseconds"]["median"] / 1000,
                              each["nanoseconds"]["spread"], "µs")
    raise Mistake(f"the record of the duel has no '{name.strip()}'")


def bar(chart_name, name):
    """The bar '<group>/<label>' as it was recorded."""
    if chart_name == "duel":
        return time_of(name)
    spec = load("charts", chart_name)
    for group in spec["groups"]:
        for each in group["bars"]:
            if (f"{group['label']}/{each['label']}" == name.strip()
                    and each.get("value") is not None):
                return Figure(each["value"], each.get("spread") or 0,
                              spec["unit"])
    raise Mistake(f"chart {chart_name} records no bar '{name.strip()}'")


def figure(chart_name, expression):
    """A bar, or with ÷ the ratio of two."""
    over, divided, under = expression.partition("÷")
    figure_over = bar(chart_name, over)
    if not divided:
        return figure_over
    figure_under = bar(chart_name, under)
    return Figure(figure_over.value / figure_under.value,
                  figure_over.spread + figure_under.spread, "x")


def refuse_noise(chart_name, *names):
    for name in names:
        spread = bar(chart_name, name).spread
        if spread > NOISE:
            raise Mistake(f"chart {chart_name}: '{name.strip()}' has a "
                          f"spread of {spread:.0%}: it says nothing")


def rendered(recorded):
    """With two digits, and a unit that can be read aloud."""
    value, _, unit = recorded
    if unit in ("thousand", "million"):
        value *= 1e3 if unit == "thousand" else 1e6
        return f"{float(f'{value:.2g}'):,.0f}"
    if unit == "threads":
        return f"{value:,.0f} threads"
    value = float(f"{value:.2g}")
    return f"{significant(value, 2)} {'times' if unit == 'x' else unit}"


# ---- The words within a sentence ------------------------------------


def number(chart_name, expression):
    """The number itself, with its unit; a ratio in 'times'."""
    refuse_noise(chart_name, *expression.split("÷"))
    return rendered(figure(chart_name, expression))


def percent(chart_name, expression):
    """The ratio of two bars as '7% more' or '7% less'."""
    refuse_noise(chart_name, *expression.split("÷"))
    more = round(100 * (figure(chart_name, expression).value - 1))
    return f"{abs(more)}% {'more' if more >= 0 else 'less'}"


def quoted(words, chart_name, expression):
    """`words`, if the number in them is within 15% of the record."""
    recorded = figure(chart_name, expression)
    wanted, is_ratio = recorded.value, "÷" in expression
    found = re.search(r"\d[\d,]*\.?\d*", words)
    if not found:
        raise Mistake(f"there is no number in '{words}'")
    said = float(found[0].replace(",", ""))
    if "%" in words:
        said /= 100
        wanted -= is_ratio  # 7% more is 1.07 times
    if abs(said - wanted) > 0.15 * abs(wanted):
        raise Mistake(f"'{words}', but the record of {chart_name} says "
                      f"{significant(recorded.value, 3)}")
    return words


def holds(words, chart_name, claim):
    """`words`, if 'a < b' or 'a ~ b' is true of the record: bars that
    differ by more than their spreads, or by less."""
    sides = re.fullmatch(r"(.+?) ([<~]) (.+)", claim.strip())
    if not sides:
        raise Mistake(f"'{claim}' is neither 'a < b' nor 'a ~ b'")
    less, sign, more = sides.groups()
    refuse_noise(chart_name, less, more)
    a, b = bar(chart_name, less), bar(chart_name, more)
    below = a.value * (1 + a.spread) < b.value * (1 - b.spread)
    above = b.value * (1 + b.spread) < a.value * (1 - a.spread)
    if not (below if sign == "<" else not below and not above):
        raise Mistake(f"'{words}', but the record of {chart_name} says "
                      f"{significant(a.value, 3)} ±{a.spread:.0%} and "
                      f"{significant(b.value, 3)} ±{b.spread:.0%}")
    return words


def noise(words, chart_name, name):
    """`words`, if the spread of a bar forbids every conclusion."""
    spread = bar(chart_name, name).spread
    if spread <= NOISE:
        raise Mistake(f"'{words}', but the spread of '{name.strip()}' in "
                      f"{chart_name} is {spread:.0%}")
    return words


WORDS = {"number": (number, 2), "percent": (percent, 2),
         "quoted": (quoted, 3), "holds": (holds, 3), "noise": (noise, 3)}
OPENED = re.compile(
    rf"(?<!`)\\({'|'.join(WORDS)})\{{([^{{}}]*)(\}}?)")


def is_open(line):
    """Whether a word of `line` is closed on a later line only."""
    return any(not closed for _, _, closed in OPENED.findall(line))


def with_quotes(line):
    """Expands the words of a line."""

    def expanded(match):
        function, count = WORDS[match[1]]
        given = [each.strip() for each in match[2].split(",", count - 1)]
        if not match[3] or len(given) != count:
            raise Mistake(f"\\{match[1]} takes {count} arguments, in "
                          "braces")
        return function(*given)

    return OPENED.sub(expanded, line)


# ---- What a contestant has lost -------------------------------------


def losses(chart_name, name):
    """(group, peer, its time ÷ ours) of every row in which a peer was
    faster than the contestant `name` by more than the spreads."""
    found = []
    for group in load("charts", chart_name)["groups"]:
        bars = {each["label"]: each for each in group["bars"]
                if each.get("value") is not None}
        if name not in bars:
            continue
        ours = bars[name]["value"], bars[name].get("spread") or 0
        for label, peer in bars.items():
            spread = peer.get("spread") or 0
            if (not label.startswith(OWN) and max(spread, ours[1]) <= NOISE
                    and peer["value"] * (1 + spread)
                    < ours[0] * (1 - ours[1])):
                found.append((group["label"], label,
                              peer["value"] / ours[0]))
    return found


def lost(chart_name, name):
    """The same as a table."""
    rows = "".join(f"<tr><td>{text(group)}</td><td>{text(peer)}</td>"
                   f"<td>{significant(ratio, 2)}</td></tr>"
                   for group, peer, ratio in losses(chart_name, name))
    if not rows:
        return "<p>In this record no row is lost.</p>"
    return ("<table class='markdownTable lost'><thead><tr>"
            "<th>lost row</th><th>to</th><th>its time ÷ ours</th></tr>"
            f"</thead><tbody>{rows}</tbody></table>")


# ---- Numbers that nothing checks ------------------------------------

MEASURED = re.compile(r"\d[\d,.]*\s?(?:times|%|µs|ns|ms)|"
                      r"\b(?:twice|half) as\b")


def unchecked(page):
    """(line, number) of each measured number, in a section that shows
    a chart, that is not one of the words above."""

    def as_lines(match):
        return "\n" * match[0].count("\n")

    found, section, has_chart = [], [], False
    page = re.sub(r"^```.*?^```", as_lines, page, flags=re.S | re.M)
    page = OPENED.sub(as_lines, re.sub(r"`[^`\n]*`", "", page))
    for at, line in enumerate([*page.splitlines(), "## "], 1):
        if re.match(r"#{2,} ", line):
            found += section if has_chart else []
            section, has_chart = [], False
        has_chart |= line.startswith("\\chart{")
        if not line.startswith(("|", "\\")):
            section += [(at, each) for each in MEASURED.findall(line)]
    return found
