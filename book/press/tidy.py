"""What Doxygen writes into a page and the frame says better, goes."""

import re


def prototype(match):
    """A member's declaration on one line, which may wrap, in place of
    Doxygen's table; without its scope, which the page's title says."""
    line = " ".join(re.sub(r"</?(table|tr|td|em)\b[^>]*>", " ",
                           match[1]).replace("&#160;", " ").split())
    line = re.sub(r"workbook::(\w+::)+", "", line)
    line = re.sub(r" ?\( ?", "(", line)
    line = re.sub(r" ([,)]|&amp;&amp;|&amp;)", r"\1", line)
    return f'<div class="memname">{line}</div>'


def dedent(match):
    """A listing without the blanks that all its lines begin with."""
    lines = re.findall(r'<div class="line">( *)(.*?)</div>', match[0])
    common = min((len(blanks) for blanks, rest in lines if rest), default=0)
    return match[0].replace('<div class="line">' + " " * common,
                            '<div class="line">')


# A member without a docstring: the summary has said all there is.
EMPTY_MEMBER = re.compile(
    r'(<a id="\w+" name="\w+"></a>)\s*<h2 class="memtitle">'
    r'(?:(?!<div class="memdoc">).)*<div class="memdoc">\s*'
    r'(?:<p class="source-link">(?:(?!</p>).)*</p>)?\s*</div>\s*</div>',
    re.S)


def tidy(text):
    """Doxygen's own furniture: what the frame says better goes."""
    for old, new in (
            (r'<div class="toc">.*?</div>\s*', ""),
            (r'<div class="ttc"[^\n]*\n', ""),
            (r'<div id="nav-path".*?</ul>\s*</div>', ""),
            (r'<div class="summary">.*?</div>', ""),
            (r'<div class="levels">.*?</div>', ""),
            (r'<h2 class="groupheader"> *</h2>', ""),
            (r'<a class="el" href="dir_[^>]*>(.*?)</a>', r"\1"),
            (r'<a href="([^"]+)"><span class="icondoc"></span></a><b>(.*?)</b>',
             r'<a href="\1">\2</a>'),
            (r'<span [^>]*class="(?:arrow|iconf?open|icon)"[^>]*>.*?</span>',
             ""),
            (r' onclick="[^"]*"', ""),
            (r"(?<=<div class=\"textblock\">)Here (?:is|are) .*?:(?=</div>)",
             ""),
            (r'<td class="mlabels-right">.*?</td>', ""),
            (r'<table class="mlabels">\s*<tr>\s*<td[^>]*>(.*?</table>)\s*</td>'
             r"\s*</tr>\s*</table>", r"\1"),
            (r'<p class="definition">.*?<a class="el" href="([^"]+)">'
             r"(\d+)</a> of file .*?>([\w.]+)</a>\.</p>",
             r'<p class="source-link"><a href="\1">\3:\2</a></p>'),
            (r'<hr/>The documentation for this .*?</ul>', ""),
            (r"(?<=<p) (?=>)", ""),
            (r'<p(?: class="\w+")?>\s*</p>', "")):
        text = re.sub(old, new, text, flags=re.S)
    text = re.sub(r'<table class="memname">(.*?)</table>', prototype, text,
                  flags=re.S)
    text = re.sub(r'<div class="fragment">.*?<!-- fragment -->', dedent, text,
                  flags=re.S)
    # Doxygen capitalises a description even where it begins with a name.
    text = re.sub(r'(>)(\w+)(</a></td><td class="desc">)(\w+)',
                  lambda m: m[1] + m[2] + m[3] + (
                      m[2] if m[4] == m[2].capitalize() else m[4]), text)
    text = EMPTY_MEMBER.sub(r"\1", text)
    # The page's title is its <h1>: sections are one level below it.
    return re.sub(r'<h([12])([^>]*>\s*<a class="anchor".*?)</h\1>',
                  lambda m: f"<h{int(m[1]) + 1}{m[2]}</h{int(m[1]) + 1}>",
                  text, flags=re.S)


def unlink_undocumented(pages):
    """In listings, Doxygen links names that have no documentation and
    so no anchor: leaves the name."""
    anchors = {page.file.name: set(re.findall(r'(?:id|name)="([^"]+)"',
                                              page.text))
               for page in pages.values()}

    def keep(match):
        arrives = match[2] in anchors.get(match[1], ())
        return match[0] if arrives else match[3]

    for page in pages.values():
        page.text = re.sub(
            r'<a class="(?:code|line)[^"]*" href="([^"#]+)#([^"]+)">(.*?)</a>',
            keep, page.text)
