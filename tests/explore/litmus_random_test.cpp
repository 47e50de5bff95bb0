// The memory model against the axioms, on random litmus programs, and
// the one outcome by which the two are known to differ.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "litmus.hpp"

namespace {

using namespace explore::litmus;

const std::vector<std::string> store_orders{"rlx", "rel", "sc"};
const std::vector<std::string> load_orders{"rlx", "acq", "sc"};

// C++20 says that S need not agree with happens-before where seq_cst
// and weaker accesses are mixed (Lahav et al., "Repairing sequential
// consistency in C/C++11", PLDI 2017; P0668). The model runs in S.
TEST(litmus, z6u_is_a_known_limit) {
  const std::string text =
      "x=1.sc; y=1.rel || a=y+1.sc; b=y.rlx || y=3.sc; c=x.sc";
  const program read = read_program(text);
  EXPECT_TRUE(allowed(read, "abc").contains("130"));
  EXPECT_FALSE(allowed_with_s(read, "abc").contains("130"));
  EXPECT_EQ(run_all(read, "abc"), allowed_with_s(read, "abc"));
}

/// A random program of two or three threads, small enough for all.
std::string random_program(std::uint64_t seed) {
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  const auto below = [&state](std::uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<std::size_t>(state % bound);
  };
  static const std::vector<std::string> modify_orders{
      "rlx", "acq", "rel", "ar", "sc"};
  std::string text;
  char result = 'a';
  char value = '1';
  const std::size_t threads = 2 + below(2);
  for (std::size_t i = 0; i < threads; ++i) {
    text += i == 0 ? "" : " || ";
    const std::size_t length = 1 + below(threads == 2 ? 3 : 2);
    for (std::size_t j = 0; j < length; ++j) {
      const std::string object(1, "xy"[below(2)]);
      text += j == 0 ? "" : "; ";
      switch (below(9)) {
        case 0:
        case 1:
        case 2:
          text += object + "=" + value++ + "." + store_orders[below(3)];
          break;
        case 3:
        case 4:
        case 5:
          text += std::string(1, result++) + "=" + object + "." +
                  load_orders[below(3)];
          break;
        case 6:
          text += std::string(1, result++) + "=" + object + "~" +
                  value++ + "." + modify_orders[below(5)];
          break;
        case 7:
          text += std::string(1, result++) + "=" + object + "?" +
                  std::string(1, "012"[below(3)]) + ">" + value++ +
                  "." + modify_orders[below(5)] + "/" +
                  load_orders[below(3)];
          break;
        default:
          text += "F." + modify_orders[1 + below(4)];
      }
    }
  }
  return text;
}

// The model against the axioms, on programs that nobody thought of.
TEST(litmus, random_programs_have_the_outcomes_of_the_axioms) {
  constexpr std::uint64_t programs = 4'000;
  for (std::uint64_t seed = 1; seed <= programs; ++seed) {
    const std::string text = random_program(seed);
    const program read = read_program(text);
    const std::string shown = "abcdefxy";
    ASSERT_EQ(run_all(read, shown), allowed_with_s(read, shown))
        << "seed " << seed << ": " << text;
  }
}

}  // namespace
