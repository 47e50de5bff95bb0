// The reader's tests (step 4.8) against one pool.

#pragma once

#include <string>

namespace workbook::test_it {

/// How the tests went.
struct verdict {
  bool failed = false;  // one of them did, or the process crashed
  std::string words;    // which, and why
};

/// Runs the reader's tests against the pool that is called `pool`,
/// until the first of them fails. Blocks until that is known. It is
/// done in a process of its own: what a wrong pool or a test breaks
/// there, it breaks for nobody else. The program, its arguments and
/// its environment are the same for every pool.
verdict try_pool(const std::string& pool);

}  // namespace workbook::test_it
