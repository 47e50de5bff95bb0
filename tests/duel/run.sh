#!/bin/sh
# The tests of the runner of the duel: figures, void rows, missing
# peers, the record. No contestant runs. Ends with one line
# 'duel: N passed, …'.
set -u
cd "$(dirname "$0")" || exit 2
said=$(PYTHONDONTWRITEBYTECODE=1 python3 -m unittest -v \
  test_duel test_commands 2>&1)
status=$?
failed=$(printf '%s\n' "$said" | grep -cE '^(FAIL|ERROR): ')
passed=$(printf '%s\n' "$said" | grep -cE ' \.\.\. ok$')
if [ $status -ne 0 ]; then
  printf '%s\n' "$said"
  [ "$failed" -ne 0 ] || failed=1
fi
echo "duel: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
