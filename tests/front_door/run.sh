#!/bin/sh
# Tests what runs before the program: .ci/need and .ci/build, on a
# machine that is made of paper. Every command that they could call is
# one of ours; apt-get only notes what it was asked for. Ends with one
# line 'front door: N passed, …'.
set -u
workspace=$(cd "$(dirname "$0")/../.." && pwd)
paper=$(mktemp -d)
trap 'rm -rf "$paper"' EXIT
chmod 755 "$paper"
passed=0 failed=0

# ---- The machine --------------------------------------------------------

# A new machine: a root user, no package, no sudo, today's CMake.
machine() {
  rm -rf "$paper/bin" "$paper/workspace" "$paper/asked"
  mkdir -p "$paper/bin" "$paper/workspace"
  cp -R "$workspace/.ci" "$paper/workspace/.ci"
  for each in sh sed xargs echo grep mktemp rm tail head sort env id \
    dirname cat find stat nproc mkdir; do
    ln -s "/usr/bin/$each" "$paper/bin/$each"
  done
  has id 'echo 0'
  has dpkg-query 'exit 1'
  has apt-get "echo \"\$*\" >>'$paper/asked'"
  has cmake "case \$1 in --version) echo cmake version 3.25.1;; esac"
}

# has NAME SCRIPT: there is a command NAME.
has() {
  rm -f "$paper/bin/$1"
  printf '#!/bin/sh\n%s\n' "$2" >"$paper/bin/$1"
  chmod 755 "$paper/bin/$1"
}

# On Debian dpkg-query lists those packages that it knows.
has_packages() {
  has dpkg-query "for each; do case \" $* \" in
    *\" \$each \"*) echo installed \$each;; esac; done"
}

# Runs a script of .ci there, without a terminal. Sets said and status.
run() {
  script=$1
  shift
  said=$(PATH=$paper/bin "$paper/workspace/.ci/$script" "$@" </dev/null 2>&1)
  status=$?
}

asked() {
  cat "$paper/asked" 2>/dev/null
}

# ---- What is expected ---------------------------------------------------

# that NAME TEST…: counts a test(1) that must hold.
that() {
  name=$1
  shift
  if [ "$@" ]; then
    passed=$((passed + 1))
    echo "passed  $name"
  else
    failed=$((failed + 1))
    printf 'FAILED  %s\n  said: %s\n  status: %s\n  asked: %s\n' \
      "$name" "$said" "$status" "$(asked)"
  fi
}

lines_said() {
  printf '%s\n' "$said" | grep -c .
}

machine
has_packages make
run need make
that "what is there is not installed" "$status$said$(asked)" = 0

machine
run need make
that "root installs what is missing" "$(asked)" = "update
install --yes --no-install-recommends make"
that "and says so before" "$said" = \
  "Installing (apt-get): make, and what they depend on."

machine
has_packages g++ cmake ninja-build libgtest-dev libgmock-dev \
  libfmt-dev nlohmann-json3-dev libsqlite3-dev patch
run need build
that "only what is missing is installed" "$(asked)" = "update
install --yes --no-install-recommends libcli11-dev"

machine
has node 'echo v20'
has npm 'echo 10'
has chromium 'echo 120'
run need browser
that "a command that is there needs no package" \
  "$status$said$(asked)" = 0

machine
has node 'echo v20'
has npm 'echo 10'
run need browser
that "and only the others are installed" "$(asked)" = "update
install --yes --no-install-recommends chromium"

machine
has id 'echo 1000'
run need make
that "without sudo there is a line for the administrator" "$said" = \
  "Packages are missing; please have an administrator run: apt-get\
 update && apt-get install --yes --no-install-recommends make"
that "and exit status 2, and nothing was tried" "$status$(asked)" = 2

machine
has id 'echo 1000'
has sudo "echo sudo >>'$paper/asked'; [ \"\$1\" = -n ] || exec \"\$@\""
run need make
that "with sudo it is used" "$(asked | grep -c sudo)" -ge 2
that "and then it is there" "$status" = 0

machine
has apt-get 'echo E: no network >&2; exit 100'
run need make
that "a failed installation says why" "$said" = \
  "Installing (apt-get): make, and what they depend on.
E: no network
apt-get could not install: make"
that "and ends with exit status 2" "$status" = 2

machine
has dpkg-query 'exit 1'
WORKBOOK_PACKAGES=skip
export WORKBOOK_PACKAGES
run need make
unset WORKBOOK_PACKAGES
that "skip trusts the machine" "$status$said$(asked)" = 0

machine
has cmake 'echo cmake version 3.22.1'
run build workbook
that "a CMake that is too old is named in one line" "$(lines_said)" = 1
that "with what would be right" \
  "$(printf '%s' "$said" | grep -c '3\.25.*3\.22\.1.*Debian 12')" = 1
that "and exit status 2" "$status" = 2

machine
mkdir "$paper/workspace/build"
has find "echo '$paper/workspace/build/explore'"
has stat 'echo root'
has id 'echo reader'
run build workbook
that "a build folder of somebody else's is named, with the repair" \
  "$said" = "$paper/workspace/build/explore belongs to root and reader may\
 not write there: sudo chown -R reader $paper/workspace"
that "and exit status 2 again" "$status" = 2

machine
has cmake 'case $1 in
  --version) echo cmake version 3.25.1;;
  *) echo CMake Error: no compiler >&2; exit 1;;
esac'
run build workbook
that "a failed configuration is shown" "$said" = \
  "CMake Error: no compiler"
that "and exit status 2 with it" "$status" = 2

machine
mkdir -p "$paper/workspace/build/explore"
echo old >"$paper/workspace/build/explore/CMakeCache.txt"
run need make
that "after an installation CMake looks again" \
  ! -e "$paper/workspace/build/explore/CMakeCache.txt"

# A tree that was configured before a package was there.
machine
mkdir -p "$paper/workspace/build/explore"
: >"$paper/workspace/build/explore/build.ninja"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$paper/workspace" \
  >"$paper/workspace/build/explore/CMakeCache.txt"
has cmake "case \$1 in
  --version) echo cmake version 3.25.1;;
  --fresh) echo fresh >>'$paper/asked';;
  --build) [ -s '$paper/asked' ] || {
    echo \"ninja: error: unknown target 'workbook_confine'\"; exit 1; };;
esac"
run build workbook_confine
that "a target that is unknown is looked for once more" \
  "$status$said$(asked)" = 0fresh

machine
mkdir -p "$paper/workspace/build/explore"
: >"$paper/workspace/build/explore/build.ninja"
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$paper/workspace" \
  >"$paper/workspace/build/explore/CMakeCache.txt"
has cmake "case \$1 in
  --version) echo cmake version 3.25.1;;
  --build) echo \"ninja: error: unknown target 'no_such'\"; exit 1;;
esac"
run build no_such
that "and is reported if it is still unknown" \
  "$said" = "ninja: error: unknown target 'no_such'"
that "with exit status 2" "$status" = 2

echo "front door: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
