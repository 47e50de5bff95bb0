#!/bin/sh
# Reads the built book in a real browser. Optional: says why if it can't.
# Usage: tests/book/browser.sh [folder of the html, else build/book/html]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
html=${1:-$root/build/book/html}
place=$root/build/book-browser

skip() {
  echo "book in a browser: skipped, $1"
  exit 0
}

for tool in node npm chromium; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ -f "$html/index.html" ] || {
  echo "book in a browser: $html/index.html is not there; make book" >&2
  exit 2
}

mkdir -p "$place"
if ! cmp -s "$root/tests/book/package-lock.json" "$place/package-lock.json" ||
   ! [ -d "$place/node_modules/playwright-core" ] ||
   ! [ -d "$place/node_modules/axe-core" ]; then
  cp "$root/tests/book/package.json" "$root/tests/book/package-lock.json" "$place"
  npm ci --prefix "$place" --silent --no-audit --no-fund >/dev/null 2>&1 ||
    skip "playwright-core could not be installed (offline?)"
fi
cp "$root/tests/book/browser.test.mjs" "$place"
BOOK=$(cd "$html" && pwd) CHROMIUM=$(command -v chromium) \
  node --test --test-reporter=spec "$place/browser.test.mjs"
