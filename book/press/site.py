"""After Doxygen: contents, home page, previous and next, search index.

Reads the pages in the folder given as argument and rewrites them in
place. Which chapters are linked follows from which pages exist.
"""

import html
import json
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays clean

import lab_files  # noqa: E402
from tidy import tidy, unlink_undocumented  # noqa: E402

BOOK = Path(__file__).resolve().parent.parent
ROOT = BOOK.parent
HEADING = re.compile(r'<h([1-3])[^>]*>\s*<a class="anchor" id="([^"]+)">'
                     r"</a>\s*(.*?)</h\1>", re.S)


def words(markup):
    """The text of some HTML, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", markup)).split())


class Page:
    """One HTML file, and what the rest of the site wants to know of it."""

    def __init__(self, file):
        self.file = file
        self.name = file.stem
        self.text = file.read_text()
        title = re.search(r'<div class="title">(.*?)</div>', self.text, re.S)
        self.title = words(title[1]) if title else self.name
        start = self.text.find('<div class="contents">')
        self.body = self.text[start:self.text.find("<!--previous-next-->")]

    def is_prose(self):
        return (self.name.startswith(("ch_", "ap_"))
                or self.name in ("index", "before_you_begin"))

    def rank(self):
        """How near to the reader's question a page is, for the search."""
        if not self.is_prose():
            return 0
        return 1 if self.name.startswith("ap_") else 4

    def replace(self, old, new):
        self.text = self.text.replace(old, new)


def chapter_page(lab):
    return "ch_" + lab["lab"].partition("_")[2]


# ---- Contents, home page, previous and next ------------------------------


def sections_of(page, steps):
    """The sections of a page; below one that holds steps, the steps."""

    def link(anchor, title):
        return f'<a href="#{anchor}">{html.escape(title)}</a>'

    by_anchor = {step["section"]: step for step in steps}
    items, inner = [], []
    for match in HEADING.finditer(page.body):
        if match[1] == "1":
            items.append([link(match[2], words(match[3])), []])
        elif match[2] in by_anchor and items:
            step = by_anchor[match[2]]
            items[-1][1].append(link(match[2],
                                     f'{step["id"]} {step["title"]}'))
    out = ""
    for section, inner in items:
        listed = "".join(f"<li>{step}</li>" for step in inner)
        out += (f"<li>{section}"
                + (f'<ol class="steps">{listed}</ol>' if inner else "")
                + "</li>")
    return f"<ol>{out}</ol>" if items else ""


def contents(arc, pages, current):
    """The list beside every page; of the current one, its sections too."""

    def entry(name, number, title, steps=()):
        number = f'<span class="number">{number}</span>' if number else ""
        title = html.escape(title)
        if name not in pages:
            return f'<li class="unwritten">{number}{title}</li>'
        here, inner = ("", "")
        if current.name == name:
            here, inner = (' class="here"', sections_of(current, steps))
        return (f'<li{here}>{number}<a href="{name}.html">{title}</a>'
                f"{inner}</li>")

    labs = "".join(entry(name, "", pages[name].title)
                   for name in arc["opening"] if name in pages)
    labs += "".join(entry(chapter_page(lab), lab["lab"][:2], lab["title"],
                          steps_of(lab)) for lab in arc["labs"])
    rest = "".join(entry(name, "", pages[name].title)
                   for name in arc["appendices"] if name in pages)
    for name, title in (("annotated", "API reference"), ("files", "Sources")):
        if name in pages:
            rest += entry(name, "", title)
    return ('<a class="brand" href="index.html">From Pool to Scheduler'
            "<small>eight labs of concurrency in C++20</small></a>"
            f"<ol>{labs}</ol><ul>{rest}</ul>")


def home_arc(arc, pages):
    items = []
    for lab in arc["labs"]:
        inner = (f'<span class="number">{lab["lab"][:2]}</span>'
                 f'<b>{html.escape(lab["title"])}</b>'
                 f'<code>{html.escape(lab["builds"])}</code>'
                 f'<span class="says">{html.escape(lab["says"])}</span>')
        name = chapter_page(lab)
        items.append(f'<li><a href="{name}.html">{inner}</a></li>'
                     if name in pages else
                     f'<li class="unwritten"><div>{inner}'
                     "<small>not written yet</small></div></li>")
    return f"<ol>{''.join(items)}</ol>"


def previous_next(order, pages, current):
    if current.name not in order:
        return ""
    at = order.index(current.name)
    links = []
    for neighbour, kind, label in ((at - 1, "previous", "Previous"),
                                   (at + 1, "next", "Next")):
        if 0 <= neighbour < len(order):
            name = order[neighbour]
            title = "Home" if name == "index" else pages[name].title
            links.append(f'<a class="{kind}" rel="{kind[:4]}" '
                         f'href="{name}.html"><small>{label}</small>'
                         f"{html.escape(title)}</a>")
    return f'<nav class="previous-next" aria-label="Pages">{"".join(links)}</nav>'


# ---- The head of a page -----------------------------------------------------


def steps_of(lab):
    file = ROOT / "tests" / lab["lab"] / "chapter.json"
    return json.loads(file.read_text())["steps"] if file.exists() else []


def effort(lab):
    """How many steps a lab has, and how long they take."""
    steps = steps_of(lab)
    hours = sum(step["minutes"] for step in steps) / 60
    return (f"<span>{len(steps)} steps, about {hours:.0f} hours</span>"
            if steps else "")


def number_steps(arc, page):
    """Says above a step's heading which one it is, and how long."""
    for lab in arc["labs"]:
        for step in steps_of(lab) if chapter_page(lab) == page.name else ():
            anchor = f'<a class="anchor" id="{step["section"]}"></a>'
            page.replace(anchor, f'{anchor}<small class="step">Step '
                         f'{step["id"]}, {step["minutes"]} minutes</small>')


def head(arc, page):
    """A kicker over the title, and the title as the page's one <h1>."""
    kicker, title = "", page.title
    if page.name == "index":
        return ""  # the cover has it
    for lab in arc["labs"]:
        if chapter_page(lab) == page.name:
            kicker = f"Chapter {lab['lab'][:2]} {effort(lab)}"
    if page.name.startswith("ap_"):
        kicker = "Appendix"
    reference = re.match(r"(\S+?)(?:< .* >)? (Class|Struct|Namespace|Concept)"
                         r"(?: Template)? Reference", title)
    if reference:
        scope, _, title = reference[1].rpartition("::")
        kicker = f"{reference[2]} <span>{scope}</span>"
    elif page.name.startswith("lab_"):
        kicker = "Lab file"
    elif page.name.endswith("_source"):
        kicker = "Reference"
    elif title.endswith(" File Reference"):
        kicker, title = "File", title.removesuffix(" File Reference")
    title = {"Class List": "API reference", "File List": "Sources"}.get(
        title, title)
    kicker = f'<p class="kicker">{kicker}</p>' if kicker else ""
    return f'{kicker}<h1 class="title">{html.escape(title)}</h1>'


# ---- Search ------------------------------------------------------------------


def entries(page):
    """One entry a section, one a documented member."""
    if page.name.endswith("_source") or not (
            page.is_prose() or page.name.startswith(("class", "struct"))):
        return
    body = page.body
    heads = list(HEADING.finditer(body))
    members = list(re.finditer(
        r'<a id="(\w+)" name="\w+"></a>\s*<h2 class="memtitle">(.*?)</h2>',
        body, re.S))
    marks = sorted([(m.start(), m[2], words(m[3])) for m in heads]
                   + [(m.start(), m[1], words(m[2]).lstrip("◆ ").strip())
                      for m in members])
    ends = [m[0] for m in marks[1:]] + [len(body)]
    title = "Home" if page.name == "index" else page.title
    title = re.sub(r" (Class|Struct)( Template)? Reference", "", title)
    first = marks[0][0] if marks else len(body)
    yield page.file.name, title, words(body[:first])
    for (start, anchor, name), end in zip(marks, ends):
        memdoc = body.find('<div class="memdoc">', start, end)
        yield (f"{page.file.name}#{anchor}", f"{name} · {title}",
               words(body[max(start, memdoc):end]))


def search_index(pages):
    index = [{"url": url, "title": title, "text": text,
              "rank": page.rank()}
             for page in pages.values()
             for url, title, text in entries(page)]
    return "window.SEARCH_INDEX=" + json.dumps(index, ensure_ascii=False)


# ---- The labs' files, and what only paper needs ----------------------------


def labs_of(arc):
    return [lab["lab"] for lab in arc["labs"]
            if (ROOT / "tests" / lab["lab"] / "chapter.json").is_file()]


def add_skeletons(arc, pages, folder):
    """One page for each file that a reader edits."""
    frame = pages["ap_documents"]
    for lab in labs_of(arc):
        for file in lab_files.files_of(lab):
            name = lab_files.page_name(lab, file)
            start = frame.text.index('<div class="contents">')
            end = frame.text.index("<!--previous-next-->")
            text = (frame.text[:start] + '<div class="contents">'
                    + lab_files.skeleton_body(lab, file) + "</div>"
                    + frame.text[end:])
            title = f"labs/{lab}/{file}"
            text = re.sub(r"<title>.*?</title>",
                          f"<title>{title}</title>", text, flags=re.S)
            text = re.sub(r'(<div class="title">).*?(</div>)',
                          rf"\g<1>{title}\2", text, count=1, flags=re.S)
            (folder / f"{name}.html").write_text(text)
            pages[name] = Page(folder / f"{name}.html")


def guard_references(arc, pages):
    """No link of a chapter opens a solution by surprise."""
    for lab in labs_of(arc):
        for file in lab_files.files_of(lab):
            source = lab_files.doxygen_source(lab, file).removesuffix(".html")
            if source in pages and not lab_files.is_given(lab, file):
                pages[source].text = lab_files.fold_reference(
                    pages[source].text, lab, file)
        name = "ch_" + lab.partition("_")[2]
        if name in pages:
            pages[name].text = lab_files.link_to_skeletons(
                pages[name].text, lab)


def permalinks(text):
    """A heading can be linked to: the mark after it is the link."""
    return re.sub(r'(<h([234])[^>]*>\s*(?:<small.*?</small>)?\s*'
                  r'<a class="anchor" id="([^"]+)"></a>.*?)(</h\2>)',
                  r'\1 <a class="here-link" href="#\3" '
                  r'aria-label="Link to this section">#</a>\4',
                  text, flags=re.S)


def drop_unused(folder):
    """Removes what no page reaches: Doxygen brings pages, styles and
    pictures for the frame that it would draw itself."""
    reached, waiting = set(), ["index.html", "book.css", "OFL.txt"]
    while waiting:
        name = waiting.pop()
        file = folder / name
        if name in reached or not file.is_file():
            continue
        reached.add(name)
        if file.suffix in {".html", ".css"}:
            waiting += re.findall(r"(?:href=|src=|url\()[\"']?([\w.-]+)",
                                  file.read_text())
    for file in folder.iterdir():
        if file.name not in reached:
            file.unlink()


def main(folder):
    arc = json.loads((BOOK / "arc.json").read_text())
    pages = {file.stem: Page(file) for file in sorted(folder.glob("*.html"))}
    arc["appendices"] += sorted(name for name in pages  # a new one: last
                                if name.startswith("ap_")
                                and name not in arc["appendices"])
    prose = (arc["opening"] + [chapter_page(lab) for lab in arc["labs"]]
             + arc["appendices"])
    order = ["index"] + [name for name in prose if name in pages]
    add_skeletons(arc, pages, folder)
    for page in pages.values():
        page.text = tidy(page.text)
        if page.is_prose():
            page.text = permalinks(page.text)
            page.replace("<!--previous-next-->",
                         lab_files.answers_for_paper(page.text)
                         + "<!--previous-next-->")
        page.text = re.sub(
            r'<div class="headertitle">.*?<div class="title">.*?</div>\s*</div>',
            lambda _: head(arc, page), page.text, flags=re.S)
        number_steps(arc, page)
        page.replace("<!--contents-->", contents(arc, pages, page))
        page.replace("<nav class='arc'></nav>",
                     f'<nav class="arc" aria-label="The eight labs">'
                     f"{home_arc(arc, pages)}</nav>")
        page.replace("<!--previous-next-->",
                     previous_next(order, pages, page))
        kind = ("home" if page.name == "index" else
                "prose" if page.is_prose() else "api")
        page.replace("<body>", f'<body class="{kind}">')
    guard_references(arc, pages)
    unlink_undocumented(pages)
    for page in pages.values():
        page.file.write_text(page.text)
    drop_unused(folder)
    (folder / "search-index.js").write_text(search_index(pages))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
