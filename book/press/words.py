"""The words of the prose: turns them into what Doxygen understands.

Doxygen runs this as a filter over every book/*.md; book/README.md shows
each word with an example. A word stands at the beginning of its line.
Called with several files, or --check, it only looks for mistakes.
"""

import html
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays clean

import lab_files  # noqa: E402
import pictures  # noqa: E402
import quotes  # noqa: E402
from pictures import Mistake  # noqa: E402

BOOK = Path(__file__).resolve().parent.parent


def inline(text):
    """The little Markdown that titles and captions may hold, as HTML."""
    text = html.escape(text.strip(), quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    text = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", text)


def raw(markup):
    return f"\n\\htmlonly[block]{markup}\\endhtmlonly\n"


# ---- Words that open a block, and are closed by \end<word> ---------
# name: (number of arguments, what opens it, what closes it)

BLOCKS = {
    "lead": (0, "<div class='lead'>", "</div>"),
    "goals": (0, "<section class='goals'><h3>By the end you can</h3>",
              "</section>"),
    "aside": (0, "<aside>", "</aside>"),
    "fault": (2, "<section class='fault' id='fault-{0}'>"
                 "<h3><span>Fault {0}</span> {1}</h3>", "</section>"),
    "predict": (0, "<section class='predict'>"
                   "<h3>Predict</h3>", "</section>"),
    "answer": (1, "<details class='answer'><summary>{0}</summary><div>",
               "</div></details>"),
    "hint": (1, "<details class='hint'><summary><span>Hint</span> {0}"
                "</summary><div>", "</div></details>"),
    "exercise": (1, "<section class='exercise'><h3>{0}</h3>",
                 "</section>"),
    "checkpoint": (0, "<section class='checkpoint'><h3>Checkpoint</h3>",
                   "</section>"),
}


# ---- Words that stand alone: functions of their arguments -----------


def invariant(name, words):
    return (raw(f"<div class='invariant' id='{name}'><b>"
                f"<a href='#{name}'>{name}</a></b>")
            + f"\n{words}\n" + raw("</div>"))


def invariants():
    """All invariants of all chapters, each linked to its place."""
    out = []
    for file in sorted(BOOK.glob("[0-9][0-9]_*.md")):
        text = file.read_text()
        title, anchor = re.match(r"# (.+?) \{#(\w+)\}", text).groups()
        found = re.findall(r"^\\invariant\{(\w+),(.*?)\}$", text, re.M | re.S)
        if not found:
            continue
        out.append(f"\n## {file.name[:2]} {title} {{#inv_{file.name[:2]}}}\n")
        for name, words in found:
            words = " ".join(words.split())
            out.append(raw("<div class='invariant'><b>"
                           f"<a href='{anchor}.html#{name}'>{name}</a></b>")
                       + f"\n{words}\n" + raw("</div>"))
    return "\n".join(out)


# The folder of solutions/ whose files the page at hand speaks of.
chapter = ""


def source_of(file):
    """The solution called `file`: of the page's chapter, if two are."""
    found = sorted((BOOK.parent / "solutions").glob(f"*/{file}"))
    if not found:
        raise Mistake(f"no file {file} below solutions/")
    own = [each for each in found if each.parent.name == chapter]
    if len(found) > 1 and not own:
        raise Mistake(f"{len(found)} files below solutions/ are called "
                      f"{file}, and none is in {chapter or 'a chapter'}")
    return own[0] if own else found[0]


def lines_of(file):
    """A solution's lines as Doxygen sees them: without the //@ ones."""
    return [line.strip()
            for line in source_of(file).read_text().splitlines()
            if not line.lstrip().startswith("//@")]


def snippet(file, region):
    marker = f"// [{region}]"
    found = lines_of(file).count(marker)
    if found != 2:
        raise Mistake(f"{file} has '{marker}' {found} times, not twice")
    source = source_of(file)
    return (f"\n\\snippet{{trimleft}} {source.parent.name}/{file} "
            f"{region}\n")


def where(file, region):
    """The file, linked to the region in it; the step; the region."""
    line = lines_of(file).index(f"// [{region}]") + 2
    page = lab_files.source_page(source_of(file))
    step, _, name = region.partition(" ")
    place = f"step {step}, {inline(name)}" if name else inline(region)
    return (f"<b><a href='{page}#l{line:05}'>{file}</a></b> "
            f"<span>{place}</span>")


def listing(file, region):
    code = snippet(file, region)
    return (raw("<figure class='listing'><figcaption>"
                f"{where(file, region)}</figcaption>")
            + code + raw("</figure>"))


def solution(file, region):
    """A listing, folded until it is asked for."""
    code = snippet(file, region)
    return (raw("<details class='solution'><summary>One way to write it"
                "</summary><figure class='listing'><figcaption>"
                f"{where(file, region)}</figcaption>")
            + code + raw("</figure></details>"))


ARROW_HEAD = ("<marker id='{name}-head' viewBox='0 0 8 8' refX='7' refY='4' "
              "markerWidth='8' markerHeight='8' orient='auto'>"
              "<path class='head' d='M0 0L8 4L0 8z'/></marker>")


def figure(file, number, caption):
    drawing = BOOK / "figures" / f"{file}.svg"
    if not drawing.exists():
        raise Mistake(f"no drawing book/figures/{file}.svg")
    # Arrow heads need a definition, and ids are unique in a page.
    head = ARROW_HEAD.format(name=file)
    svg = drawing.read_text().replace(
        'class="arrow"', f'class="arrow" marker-end="url(#{file}-head)"')
    svg = svg.replace(">", f">{head}", 1)
    return raw(f"<figure class='drawing'>{svg}"
               + legend(number, caption) + "</figure>")


def chart(name, number, caption):
    return raw(pictures.chart(name, legend(number, caption)))


def player(name, start, number, caption):
    return raw(pictures.player(name, start, legend(number, caption)))


def lost(name, contestant):
    """The rows of a chart that the contestant has lost."""
    return raw(quotes.lost(name, contestant))


def legend(number, caption):
    return (f"<figcaption><b>{inline(number)}</b> {inline(caption)}"
            "</figcaption>")


def hints(step):
    """Expands to the ladder in book/hints/<step>.md: one \\hint for
    each line '## title' there and the text below it."""
    file = BOOK / "hints" / f"{step}.md"
    if not file.exists():
        raise Mistake(f"no hints book/hints/{step}.md")
    parts = re.split(r"^## +(.+)$", file.read_text(), flags=re.M)[1:]
    if not parts:
        raise Mistake(f"book/hints/{step}.md has no line '## title'")
    opening, closing = BLOCKS["hint"][1:]
    return "\n".join(
        raw(opening.format(inline(title))) + body + raw(closing)
        for title, body in zip(parts[::2], parts[1::2]))


def cover(title, subtitle):
    drawing = (BOOK / "figures" / "cover.svg").read_text()
    return raw(f"<div class='cover'>{drawing}<h1>{inline(title)}</h1>"
               f"<p>{inline(subtitle)}</p></div>")


def arc():
    return raw("<nav class='arc'></nav>")


ALONE = {f.__name__: f for f in (invariant, invariants, listing,
                                 solution, figure, chart, lost, player, hints,
                                 cover, arc)}

# The documents by names that people can say.
DOCUMENTS = {"000": "the pooling post", "001": "the patterns post",
             "002": "the leak post", "003": "the elastic-pool post",
             "004": "the scheduler post"}


def with_documents(line, before):
    """Expands \\doc{000}; `before` is the line before, for a capital."""

    def named(match):
        name = DOCUMENTS.get(match[1], f"document {match[1]}")
        if re.search(r"(^|[.!?:])\s*$", f"{before} {line[:match.start()]}"):
            name = name[0].upper() + name[1:]
        return f'\\ref doc_{match[1]} "{name}"'

    return re.sub(r"\\doc\{(\d+)\}", named, line)


# ---- Reading a page --------------------------------------------------


def arguments(text, count, word):
    """Splits at the first commas only: the last argument may hold any."""
    given = [a.strip() for a in text.split(",", count - 1)] if text else []
    if len(given) != count:
        raise Mistake(f"\\{word} takes {count} arguments")
    return given


def expand(word, text, open_blocks):
    """What the word becomes; keeps account of the open blocks."""
    if word.startswith("end") and word[3:] in BLOCKS:
        if not open_blocks or open_blocks.pop() != word[3:]:
            raise Mistake(f"\\{word} closes what is not open")
        return raw(BLOCKS[word[3:]][2])
    if word in BLOCKS:
        count, opening, _ = BLOCKS[word]
        open_blocks.append(word)
        parts = arguments(text, count, word)
        return raw(opening.format(*map(inline, parts)))
    function = ALONE[word]
    count = function.__code__.co_argcount
    return function(*arguments(text, count, word))


WORD = re.compile(r"\\([a-z]+)\b(?:\{(.*)\})?\s*$", re.S)


def page(path):
    """The page for Doxygen, and the mistakes in it."""
    global chapter
    chapter = Path(path).stem
    out, mistakes, open_blocks, fence = [], [], [], None
    lines = enumerate(Path(path).read_text().splitlines(), 1)
    for number, line in lines:
        fenced = re.match(r"\s*(```+|~~~+)", line)
        if fenced and fence in (None, fenced[1]):
            fence = None if fence else fenced[1]
        if fence or fenced:
            out.append(line)
            continue
        start = re.match(r"\\([a-z]+)", line)
        known = start and (start[1] in ALONE or start[1] in BLOCKS
                           or start[1][3:] in BLOCKS)
        if not known:
            try:
                while quotes.is_open(line):
                    following = next(lines, (0, "}"))
                    line += " " + following[1].strip()
                line = quotes.with_quotes(line)
            except Mistake as mistake:
                mistakes.append(f"{path}:{number}: {mistake}")
            out.append(with_documents(line, out[-1] if out else ""))
            continue
        while line.count("{") > line.count("}"):
            following = next(lines, None)
            if following is None:
                break
            line += " " + following[1].strip()
        try:
            whole = WORD.match(line)
            if not whole:
                raise Mistake(f"\\{start[1]} does not stand alone")
            out.append(expand(whole[1], whole[2], open_blocks))
        except Mistake as mistake:
            mistakes.append(f"{path}:{number}: {mistake}")
        except KeyError as missing:
            mistakes.append(f"{path}:{number}: \\{whole[1]}: its file "
                            f"lacks {missing}")
    mistakes += [f"{path}:{number}: '{figure}' is not marked as a number "
                 "of the chart" for number, figure in
                 quotes.unchecked(Path(path).read_text())]
    mistakes += [f"{path}: \\{word} is never closed"
                 for word in open_blocks]
    return "\n".join(out) + "\n", mistakes


def main(files):
    check = files[0] == "--check"
    all_mistakes = []
    for file in files[check:]:
        text, mistakes = page(file)
        all_mistakes += mistakes
        if not check:
            sys.stdout.write(text)
    for mistake in all_mistakes:
        print(mistake, file=sys.stderr)
    return 1 if all_mistakes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
