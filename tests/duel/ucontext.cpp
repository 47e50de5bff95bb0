// The bare switch of POSIX's ucontext.

#include <ucontext.h>

#include <cstdint>
#include <vector>

#include "contestant.hpp"

namespace {

using namespace workbook::duel;

std::int64_t switches = 0;

ucontext_t measuring;
ucontext_t other;

void switch_back() {
  for (;;) {
    ++switches;
    ::swapcontext(&other, &measuring);
  }
}

outcome posix(const request& asked) {
  std::vector<char> memory(64 * 1024);
  switches = 0;
  ::getcontext(&other);
  other.uc_stack.ss_sp = memory.data();
  other.uc_stack.ss_size = memory.size();
  ::makecontext(&other, switch_back, 0);
  outcome found;
  found.took = timed([&] {
    for (std::int64_t i = 0; i < asked.ops; i += 2) {
      ::swapcontext(&measuring, &other);
      ++switches;
    }
  });
  found.count = switches;
  return found;
}

}  // namespace

int main(int count, char** words) {
  return play(count, words, {{"switch", posix}});
}
