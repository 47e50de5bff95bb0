"""Checks the built book: every link arrives, nothing was left raw.

Usage: check_links.py build/book/html
       check_links.py --self-test     (it finds each fault it looks for)
"""

import re
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

# What Doxygen leaves in the text where it did not understand.
RAW = re.compile(r"\\(?:end)?[a-z]+\b(?:\{|\s|$)|\^\^|\\ilinebr|@ref\b")
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "source"}


class Reader(HTMLParser):
    """What one page links to, what it can be linked at, and its words."""

    def __init__(self, markup):
        super().__init__()
        self.links, self.ids, self.words = [], [], []
        self.titles, self.pictures_without_words = 0, 0
        self.open = []
        self.feed(markup)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        elif tag == "a" and "name" in found:
            self.ids.append(found["name"])
        for name in ("href", "src"):
            if found.get(name) is not None:
                self.links.append(found[name])
        self.titles += tag == "h1"
        if tag == "img" and not found.get("alt"):
            self.pictures_without_words += 1

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        quiet = {"script", "style", "code", "pre"}
        in_listing = any(tag in quiet for tag in self.open)
        if not in_listing:
            self.words.append(data)


def without_listings(markup):
    return re.sub(r'<div class="fragment">.*?<!-- fragment -->', "", markup,
                  flags=re.S)


def check(folder):
    """All faults, as lines 'page: what'; and how many links were tried."""
    faults, tried = [], 0
    pages = {file.name: Reader(file.read_text())
             for file in sorted(folder.glob("*.html"))}
    if "index.html" not in pages:
        return [f"{folder}: there is no index.html"], 0
    for name, page in pages.items():
        for link in page.links:
            if re.match(r"(https?|mailto):", link):
                continue
            tried += 1
            file, _, anchor = unquote(link).partition("#")
            file = file or name
            if not (folder / file).is_file():
                faults.append(f"{name}: {link}: no such file")
            elif anchor and file in pages and anchor not in pages[file].ids:
                faults.append(f"{name}: {link}: no such anchor")
        doubled = {i for i in page.ids if page.ids.count(i) > 1}
        faults += [f"{name}: two elements are called {i}"
                   for i in sorted(doubled)]
        if page.titles != 1:
            faults.append(f"{name}: {page.titles} titles, not one")
        if page.pictures_without_words:
            faults.append(f"{name}: a picture without words")
        prose = Reader(without_listings((folder / name).read_text()))
        for text in prose.words:
            if raw := RAW.search(text):
                faults.append(f"{name}: left raw: {raw[0].strip()} in "
                              f"'{' '.join(text.split())[:60]}'")
    for style in folder.glob("*.css"):
        for link in re.findall(r"url\([\"']?([^)\"']+)", style.read_text()):
            tried += 1
            if not (folder / link).is_file():
                faults.append(f"{style.name}: {link}: no such file")
    return faults, tried


def self_test():
    """Each broken page must be told; the sound one must not."""
    sound = "<h1>A</h1><p id='x'>text</p><a href='#x'>x</a>"
    broken = {
        "no such file": sound + "<a href='gone.html'>x</a>",
        "no such anchor": sound + "<a href='#gone'>x</a>",
        "called x": sound + "<p id='x'></p>",
        "not one": sound + "<h1>B</h1>",
        "without words": sound + "<img src='index.html'>",
        "left raw": sound + "<p>\\hint{A nudge}</p>",
    }
    wrong = []
    for expected, markup in {"": sound, **broken}.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "index.html").write_text(markup)
            faults, _ = check(Path(folder))
        if (not expected and faults) or (
                expected and not (len(faults) == 1 and expected in faults[0])):
            wrong.append(f"expected '{expected}', got {faults}")
    return wrong, len(broken) + 1


def main():
    if sys.argv[1:] == ["--self-test"]:
        faults, tried = self_test()
        what = "link check on pages with one fault each"
    elif len(sys.argv) == 2:
        faults, tried = check(Path(sys.argv[1]))
        what = "links of the book"
    else:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    for fault in faults:
        print(fault)
    print(f"{what}: {tried} tried, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
