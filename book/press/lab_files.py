"""The files of the labs as pages: the skeleton opens, the reference is
behind a fold.

A step says "File: task_pool.hpp". Doxygen links that name to the
complete reference, which would give the step away. Here the link goes
to a page of the reader's own file instead, and the page of the
reference says what it is before it shows it.
"""

import html
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

TOKEN = re.compile(
    r'(?P<comment>//[^\n]*|/\*.*?\*/)|(?P<preprocessor>^\s*\#[^\n]*)'
    r'|(?P<stringliteral>"(?:\\.|[^"\\\n])*")'
    r"|(?P<charliteral>'(?:\\.|[^'\\\n])+')"
    r"|(?P<keyword>\b(?:auto|class|const|constexpr|explicit|friend|inline"
    r"|namespace|noexcept|operator|private|protected|public|requires"
    r"|static|static_assert|struct|template|this|typename|using|virtual"
    r"|override|final|mutable|nullptr|true|false|enum|concept|default"
    r"|delete)\b)"
    r"|(?P<keywordflow>\b(?:if|else|for|while|do|return|switch|case|break"
    r"|continue|throw|try|catch|co_await|co_return|co_yield)\b)"
    r"|(?P<keywordtype>\b(?:bool|char|int|long|short|unsigned|void|float"
    r"|double)\b)", re.M | re.S)


def coloured(code):
    """`code` as HTML, its tokens in Doxygen's classes."""
    out, at = [], 0
    for match in TOKEN.finditer(code):
        out.append(html.escape(code[at:match.start()], quote=False))
        words = html.escape(match[0], quote=False).split("\n")
        kind = match.lastgroup
        out.append("\n".join(f'<span class="{kind}">{w}</span>'
                             for w in words))
        at = match.end()
    return "".join(out) + html.escape(code[at:], quote=False)


def fragment(code):
    """A numbered listing as Doxygen writes one."""
    lines = coloured(code.rstrip("\n")).split("\n")
    rows = "\n".join(
        f'<div class="line"><a id="l{n:05}"></a>'
        f'<span class="lineno">{n:5}</span>&#160;{line}</div>'
        for n, line in enumerate(lines, 1))
    return f'<div class="fragment">{rows}</div><!-- fragment -->'


def files_of(lab):
    """The files that a reader of `lab` has: sources and schedules."""
    declared = json.loads(
        (ROOT / "tests" / lab / "chapter.json").read_text())
    extra = [step["file"] for step in declared["steps"] if "file" in step]
    return [name for name in declared["files"] + extra
            if (ROOT / "labs" / lab / name).is_file()]


def page_name(lab, file):
    return "lab_" + re.sub(r"\W", "_", f"{lab}_{file}")


def is_given(lab, file):
    """Whether the reader gets this file complete."""
    reference = ROOT / "solutions" / lab / file
    return reference.is_file() and "//@" not in reference.read_text()


def skeleton_body(lab, file):
    """What the page of a reader's file says and shows."""
    code = (ROOT / "labs" / lab / file).read_text()
    note = ("Given to you complete; no step changes it."
            if is_given(lab, file) else
            "Your file, as it was when this book was built. What a step "
            "asks of you is marked <code>TODO</code> with its number.")
    return f"<p>{note}</p>{fragment(code)}"


def source_page(source):
    """What Doxygen calls the page of a solution's source: after its
    name, and after its folder too where two have the same name."""
    same = list(source.parent.parent.glob(f"*/{source.name}"))
    name = (source.name if len(same) == 1 else
            f"{source.parent.name}/{source.name}")
    for plain, mangled in (("_", "__"), ("/", "_2"), (".", "_8")):
        name = name.replace(plain, mangled)
    return name + "_source.html"


def doxygen_source(lab, file):
    return source_page(ROOT / "solutions" / lab / file)


def fold_reference(text, lab, file):
    """Puts the listing of a reference behind a fold that says so."""
    mine = page_name(lab, file)
    opening = (f'<p>This is the reference for <a href="{mine}.html">'
               f"labs/{lab}/{html.escape(file)}</a>. It shows the answer "
               "to every step.</p><details class='solution reference'>"
               "<summary>Show the complete reference</summary>")
    return re.sub(r'(<div class="fragment">.*?<!-- fragment -->)',
                  lambda m: opening + m[1] + "</details>", text, flags=re.S)


def link_to_skeletons(text, lab):
    """In a chapter, a name of one of its files opens the reader's."""
    for file in files_of(lab):
        source = re.escape(doxygen_source(lab, file))
        text = re.sub(rf'(<a class="el" href=")({source})(")',
                      rf"\g<1>{page_name(lab, file)}.html\3", text)
        text = re.sub(rf'(?<!">)<code>{re.escape(file)}</code>(?!</a>)',
                      f'<code><a class="el" '
                      f'href="{page_name(lab, file)}.html">'
                      f"{html.escape(file)}</a></code>", text)
        # Names that Doxygen does not know: schedules.
        if not file.endswith((".hpp", ".cpp")):
            text = text.replace(
                f"<code>labs/{lab}/{file}</code>",
                f'<a class="el" href="{page_name(lab, file)}.html">'
                f"<code>labs/{lab}/{file}</code></a>")
    return text


def answers_for_paper(text):
    """On paper a fold stays closed: the answers follow at the end."""
    found = re.findall(r"<details class='answer'><summary>(.*?)</summary>"
                       r"<div>(.*?)</div></details>", text, re.S)
    if not found:
        return ""
    items = "".join(
        f"<li><b>{question}</b> "
        f"{re.sub(r' id=.[^> ]*', '', answer)}</li>"
        for question, answer in found)
    return (f"<section class='paper-answers'><h2>Answers</h2>"
            f"<ol>{items}</ol></section>")
