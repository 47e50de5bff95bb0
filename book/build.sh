#!/bin/sh
# Builds the book into build/book/html. Warnings are errors; a book that
# was built before stays until the new one is done.
# Usage: book/build.sh [output folder, instead of build/book]
set -eu
cd "$(dirname "$0")/.."
out=${1:-build/book}

for tool in doxygen python3; do
  command -v "$tool" >/dev/null || {
    echo "book: $tool is not installed (package: $tool)" >&2
    exit 2
  }
done

# Doxygen counts the lines of a page after its words were expanded:
# shows the line itself.
show_lines() {
  sed -n 's/.*\(book\/[a-z0-9_]*\.md\):\([0-9]*\): .*/\1 \2/p' "$1" |
    while read -r page line; do
      python3 book/press/words.py "$page" | sed -n "${line}s|^|  $page: |p"
    done
}

python3 book/press/words.py --check book/*.md
mkdir -p "$out"
rm -rf "$out/new"
# What checks each sentence of a contract, where the program is built.
workbook=build/explore/tests/workbook/workbook
rm -rf "$out/pages"
mkdir -p "$out/pages"
if [ -x $workbook ]; then
  $workbook contracts --page "$out/pages/appendix_contracts.md"
fi
{
  cat book/Doxyfile
  echo "INPUT += $out/pages"
  echo "OUTPUT_DIRECTORY = $out"
  echo "HTML_OUTPUT = new"
} | doxygen - 2>"$out/warnings" || {
  cat "$out/warnings"
  show_lines "$out/warnings"
  exit 1
} >&2
python3 book/press/site.py "$out/new"
rm -rf "$out/html"
mv "$out/new" "$out/html"
echo "book: $out/html/index.html"
