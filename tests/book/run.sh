#!/bin/sh
# Builds the book and tests it. Ends with one line 'book: N passed, …'.
# Usage: tests/book/run.sh [output folder, else build/book]
set -u
cd "$(dirname "$0")/../.."
out=${1:-build/book}
export PYTHONDONTWRITEBYTECODE=1  # the tree stays clean
passed=0 failed=0 skipped=0

# Runs the command that follows the name and counts it.
check() {
  name=$1
  shift
  said=$("$@" 2>&1)
  status=$?
  if [ $status -ne 0 ]; then
    failed=$((failed + 1))
    printf 'FAILED  %s\n%s\n' "$name" "$said"
  elif reason=$(printf '%s\n' "$said" | grep 'skipped, '); then
    skipped=$((skipped + 1))
    echo "skipped $name: ${reason##*skipped, }"
  else
    passed=$((passed + 1))
    echo "passed  $name"
  fi
}

check "the words of the prose" python3 -m unittest discover -s tests/book
check "the link check finds faults" python3 tests/book/check_links.py --self-test
check "the book builds without a warning" book/build.sh "$out"
if [ "$failed" -eq 0 ]; then
  check "every link arrives" python3 tests/book/check_links.py "$out/html"
  check "the book in a browser" tests/book/browser.sh "$out/html"
else
  skipped=2
  echo "skipped links and browser: there is no book to read"
fi

echo "book: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
