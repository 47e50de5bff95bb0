// The bare switch of Boost.Context.

#include <boost/context/fiber.hpp>
#include <cstdint>
#include <utility>

#include "contestant.hpp"

namespace {

using namespace workbook::duel;

std::int64_t switches = 0;

outcome boost_context(const request& asked) {
  namespace ctx = boost::context;
  switches = 0;
  ctx::fiber other([](ctx::fiber&& back) {
    for (;;) {
      ++switches;
      back = std::move(back).resume();
    }
    return std::move(back);
  });
  outcome found;
  found.took = timed([&] {
    for (std::int64_t i = 0; i < asked.ops; i += 2) {
      other = std::move(other).resume();
      ++switches;
    }
  });
  found.count = switches;
  return found;
}

}  // namespace

int main(int count, char** words) {
  return play(count, words, {{"switch", boost_context}});
}
