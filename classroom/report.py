"""What a class run writes besides the records: marks as CSV, pages."""

import csv
import html
import io
import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

import export


class Problem(Exception):
    """What ends the command with one line."""


def mark(record):
    if record["status"] == "graded":
        score, most = export.asked(record)
        forged = ", results forged" if record["forged"] else ""
        return f"{score} of {most}{forged}"
    words = {"not_gradable": "not gradable",
             "infra_error": "the machine failed"}
    first = (record["message"].splitlines() or [""])[0]
    return f"{words[record['status']]}: {first[:200]}"


# ---- CSV ----------------------------------------------------------------


def cell(value):
    """A spreadsheet computes what begins with one of these."""
    text = "" if value is None else str(value)
    return "'" + text if re.match(r"[=+\-@\t\r]", text) else text


def table(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [cell(value) for value in row] for row in rows)
    return text.getvalue()


def read_roster(file):
    """Rows by the name of the submission."""
    if file is None:
        return {}
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as why:
        raise Problem(f"{file}: {why}") from why
    if rows and "submission" not in rows[0]:
        raise Problem(f"{file}: its first line must name the columns, "
                      "one of them `submission`; then name, email, "
                      "canvas_id, sis_user_id, sis_login_id, section")
    return {row["submission"]: row for row in rows}


def grades_csv(records):
    labs = list(dict.fromkeys(
        lab["lab"] for each in records.values() for lab in each["labs"]))
    rows = [["submission", "status", "score", "max_score", "bonus", *labs,
             "isolation", "forged", "message", "finished"]]
    for record in records.values():
        graded = record["status"] == "graded"
        score, most = export.asked(record) if graded else (None, None)
        by_lab = {lab["lab"]: lab["score"] for lab in record["labs"]}
        rows.append([record["submission"], record["status"], score, most,
                     record["bonus"],
                     *[by_lab.get(lab) if graded else None
                       for lab in labs],
                     record["isolation"], " ".join(record["forged"]),
                     record["message"], record["finished"]])
    return table(rows)


def marked(records):
    """Those with a mark: an import takes an empty cell for one, too."""
    return {slug: export.asked(each)[0]
            for slug, each in records.items()
            if each["status"] == "graded"}


def canvas_csv(records, roster, title, most):
    """Canvas's gradebook import."""
    rows = [["Student", "ID", "SIS User ID", "SIS Login ID", "Section",
             title],
            ["Points Possible", "", "", "", "", most]]
    for slug, score in marked(records).items():
        name = records[slug]["submission"]
        known = roster.get(name, {})
        rows.append([known.get("name") or name,
                     known.get("canvas_id", ""),
                     known.get("sis_user_id", ""),
                     known.get("sis_login_id", ""),
                     known.get("section", ""), score])
    return table(rows)


def moodle_csv(records, roster, title, most):
    """Moodle's gradebook import: a row is matched by email or name."""
    rows = [["username", "email", title, "feedback"]]
    for slug, score in marked(records).items():
        name = records[slug]["submission"]
        rows.append([name, roster.get(name, {}).get("email", ""), score,
                     f"{score} of {most}"])
    return table(rows)


# ---- Pages --------------------------------------------------------------

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;
margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}
td,th{border-bottom:1px solid #ccc;padding:.3rem .5rem;text-align:left;
vertical-align:top}pre{white-space:pre-wrap;overflow-wrap:anywhere;
margin:.2rem 0}.pass{color:#176}.other{color:#a22}
.bar{background:#27a;height:.8rem}"""


def text(value):
    return html.escape(str(value), quote=True)


def page(title, body):
    return ("<!doctype html><html lang='en'><meta charset='utf-8'>"
            "<meta name='viewport' content='width=device-width'>"
            "<meta http-equiv='Content-Security-Policy' "
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
            f"<title>{text(title)}</title><style>{STYLE}</style>"
            f"<h1>{text(title)}</h1>{body}</html>\n")


def rows_of(cells, tag="td"):
    return "<tr>" + "".join(f"<{tag}>{each}</{tag}>"
                            for each in cells) + "</tr>"


def test_row(item):
    kind = "pass" if item.passed else "other"
    words = "" if item.passed else f"<pre>{text(item.message)}</pre>"
    promise = f"<p>{text(item.promise)}</p>" if item.promise else ""
    return rows_of([item.step, f"<b>{text(item.name)}</b>{promise}{words}",
                    f"<span class='{kind}'>{item.status}</span>",
                    f"{item.score} of {item.points}"])


def student_page(record):
    """What one student reads: nothing of hidden tests but their sum."""
    body = [f"<p><b>{text(mark(record))}</b></p>",
            f"<pre>{text(export.heading(record))}</pre>"]
    if record["hidden"] and record["status"] == "graded":
        score = sum(each["score"] for each in record["hidden"])
        most = sum(each["points"] for each in record["hidden"])
        body.append(f"<p>Of these, {score} of {most} for tests that are "
                    "not shown.</p>")
    rows = "".join(test_row(item)
                   for item in export.items(record, hidden=False))
    if rows:
        body.append("<table>" + rows_of(["step", "test", "status",
                                         "points"], "th")
                    + rows + "</table>")
    return page(record["submission"], "".join(body))


def distribution(records):
    shares = []
    for record in records.values():
        if record["status"] == "graded":
            score, most = export.asked(record)
            shares.append(100 * score / most if most else 0)
    if not shares:
        return "<p>No submission has a mark.</p>"
    lines = [f"<p>{len(shares)} marks, median "
             f"{statistics.median(shares):.0f}%, mean "
             f"{statistics.fmean(shares):.0f}%.</p><table>"]
    for low in range(0, 100, 10):
        count = sum(low <= share < low + 10 or (low == 90 and share >= 90)
                    for share in shares)
        width = 100 * count / len(shares)
        lines.append(rows_of([
            f"{low}–{low + 9 if low < 90 else 100}%", count,
            f"<div class='bar' style='width:{width:.0f}%'></div>"]))
    return "".join(lines) + "</table>"


def hardest(records):
    """The tests that most of those who wrote the step fail."""
    counts = {}
    for record in records.values():
        if record["status"] != "graded":
            continue
        for item in export.items(record):
            entry = counts.setdefault(
                item.name, [item.step, item.promise, 0, 0, 0])
            entry[2] += not item.passed
            entry[3] += item.status == "not_written"
            entry[4] += 1
    rows = sorted(counts.items(), key=lambda e: -e[1][2])[:25]
    return ("<table>" + rows_of(["test", "step", "promise", "failed",
                                 "of these not written"], "th")
            + "".join(rows_of([text(name), step, text(promise),
                               f"{failed} of {total}", unwritten])
                      for name, (step, promise, failed, unwritten, total)
                      in rows if failed) + "</table>")


def class_page(records, similar, options):
    rows = []
    for slug, record in records.items():
        attempts = options.out / "submissions" / slug / "attempts"
        count = (len(attempts.read_text().splitlines())
                 if attempts.exists() else 0)
        rows.append(rows_of([
            f"<a href='students/{text(slug)}.html'>"
            f"{text(record['submission'])}</a>", text(mark(record)),
            count, f"{record['cpu_seconds']:.0f} s"]))
    pairs = "".join(rows_of([text(one), text(other), f"{share}%"])
                    for one, other, share in similar)
    pairs = (f"<table>{rows_of(['in', 'as in', 'share'], 'th')}{pairs}"
             "</table>" if pairs else "<p>None were found.</p>")
    return page("The class", (
        distribution(records)
        + "<h2>What fails most</h2>" + hardest(records)
        + "<h2>Similar submissions</h2><p>Of what a submission has beyond "
        "the lab as it was given out, this share of its tokens is in the "
        "other, too. It is a question for the teacher, not a verdict: a "
        "short step has few right answers.</p>" + pairs
        + "<h2>Submissions</h2><table>"
        + rows_of(["submission", "mark", "attempts", "processor"], "th")
        + "".join(rows) + "</table>"))


# ---- Similar submissions ------------------------------------------------


def sources_of(records, options):
    """For each submission the lines that the lab did not give out."""
    sources = {}
    for slug, record in records.items():
        taken = options.out / "submissions" / slug / "taken" / "labs"
        lines = []
        for file in sorted(taken.glob("*/*.[ch]pp")):
            given = options.root / "labs" / file.parent.name / file.name
            known = set(map(str.strip, given.read_text(
                errors="replace").splitlines())) if given.exists() else ()
            lines += [line for line in file.read_text(
                errors="replace").splitlines()
                if line.strip() not in known]
        if record["status"] == "graded":
            sources[slug] = "\n".join(lines) + "\n"
    return sources


def similar_pairs(sources, threshold=60):
    """(one, other, share in percent), by similarity-tester."""
    if not shutil.which("sim_c++") or len(sources) < 2:
        return []
    with tempfile.TemporaryDirectory() as folder:
        for slug, code in sources.items():
            if len(code.split()) >= 40:
                (Path(folder) / slug).write_text(code)
        names = sorted(path.name for path in Path(folder).iterdir())
        done = subprocess.run(
            ["sim_c++", "-p", "-s", "-a", "-e", f"-t{threshold}", "-r12",
             *names], cwd=folder, capture_output=True, text=True,
            errors="replace", timeout=600, check=False)
    found = re.findall(
        r"^(\S+) consists for (\d+) % of (\S+) material", done.stdout,
        re.MULTILINE)
    return sorted(((one, other, int(share))
                   for one, share, other in found),
                  key=lambda pair: -pair[2])


# ---- All of it ----------------------------------------------------------


def write_all(records, roster, sources, options):
    out = options.out
    title = f"Labs {options.labs}"
    most = max((export.asked(each)[1] for each in records.values()
                if each["status"] == "graded"), default=0)
    (out / "students").mkdir(parents=True, exist_ok=True)
    export.write_whole(out / "grades.csv", grades_csv(records))
    export.write_whole(out / "canvas.csv",
                       canvas_csv(records, roster, title, most))
    export.write_whole(out / "moodle.csv",
                       moodle_csv(records, roster, title, most))
    for slug, record in records.items():
        export.write_whole(out / "students" / f"{slug}.html",
                           student_page(record))
    export.write_whole(out / "class.html",
                       class_page(records, similar_pairs(sources),
                                  options))
