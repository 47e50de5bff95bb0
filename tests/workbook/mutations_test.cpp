// The operators of machine-made mutants: what each makes of a line.

#include "workbook/mutations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "workbook/mutate.hpp"

namespace workbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// `line` as the body of a function that the reader writes.
std::string in_region(const std::string& line) {
  return "int f(int a, int b) {\n  // [1.2 f]\n  //@ return 0;\n" +
         line + "\n  // [1.2 f]\n  return 0;\n}\n";
}

/// What `kind` makes of `line`.
std::vector<std::string> made_by(const std::string& kind,
                                 const std::string& line) {
  std::vector<std::string> all;
  for (const mutation& each : mutations_of(in_region(line), "f.hpp")) {
    if (each.kind == kind) {
      all.push_back(each.after);
    }
  }
  return all;
}

// ---- Operators ---------------------------------------------------

TEST(mutations, compare_otherwise) {
  EXPECT_THAT(made_by("relational", "a < b;"), ElementsAre("a <= b;"));
  EXPECT_THAT(made_by("relational", "a >= b;"), ElementsAre("a > b;"));
  EXPECT_THAT(made_by("relational", "a == b;"), ElementsAre("a != b;"));
  EXPECT_THAT(made_by("relational", "std::vector<int> c;"), IsEmpty());
}

TEST(mutations, join_conditions_otherwise) {
  EXPECT_THAT(made_by("logical", "g(a && b);"),
              ElementsAre("g(a || b);"));
  EXPECT_THAT(made_by("logical", "auto&& c = g<T&&>();"), IsEmpty());
}

TEST(mutations, drop_an_operand) {
  EXPECT_THAT(
      made_by("operand", "return a || b;"),
      UnorderedElementsAre("return a || false;", "return false || b;"));
  EXPECT_THAT(made_by("operand", "if (g(a) && b < 1) {}"),
              UnorderedElementsAre("if (g(a) && true) {}",
                                   "if (true && b < 1) {}"));
}

TEST(mutations, compute_otherwise) {
  EXPECT_THAT(made_by("arithmetic", "a = a + b;"),
              ElementsAre("a = a - b;"));
  EXPECT_THAT(made_by("arithmetic", "a -= b;"), ElementsAre("a += b;"));
  EXPECT_THAT(made_by("arithmetic", "++a;"), ElementsAre("--a;"));
  EXPECT_THAT(made_by("arithmetic", "int* c = &a;"), IsEmpty());
}

TEST(mutations, change_constants) {
  EXPECT_THAT(made_by("constant", "a = 8;"),
              ElementsAre("a = 9;", "a = 7;"));
  EXPECT_THAT(made_by("constant", "g(0, 10ms);"),
              ElementsAre("g(1, 10ms);", "g(0, 11ms);", "g(0, 9ms);"));
  EXPECT_THAT(made_by("constant", "g(true);"),
              ElementsAre("g(false);"));
  EXPECT_THAT(made_by("constant", "g(\"7\", 0x7f, a7);"), IsEmpty());
}

TEST(mutations, remove_statements_that_declare_nothing) {
  EXPECT_THAT(made_by("statement", "g(a);"), ElementsAre(";"));
  EXPECT_THAT(made_by("statement", "a = b;"), ElementsAre(";"));
  EXPECT_THAT(made_by("statement", "this->g().h();"), ElementsAre(";"));
  EXPECT_THAT(made_by("statement", "std::abort();"), ElementsAre(";"));
  EXPECT_THAT(made_by("statement", "if (a) throw b;"),
              ElementsAre("if (a) ;"));
  EXPECT_THAT(made_by("statement", "const int c = a;"), IsEmpty());
  EXPECT_THAT(made_by("statement", "g<int> c(a);"), IsEmpty());
  EXPECT_THAT(made_by("statement", "return a;"), IsEmpty());
}

TEST(mutations, wake_another_number_of_waiters) {
  EXPECT_THAT(made_by("notify", "c_.notify_one();"),
              ElementsAre("c_.notify_all();"));
  EXPECT_THAT(made_by("notify", "c_.notify_all();"),
              ElementsAre("c_.notify_one();"));
  EXPECT_THAT(made_by("statement", "c_.notify_all();"),
              ElementsAre(";"));
}

TEST(mutations, weaken_memory_orders) {
  EXPECT_THAT(made_by("order", "g.load(std::memory_order_acquire);"),
              ElementsAre("g.load(std::memory_order_relaxed);"));
  EXPECT_THAT(made_by("order", "h(std::memory_order_acq_rel);"),
              UnorderedElementsAre("h(std::memory_order_acquire);",
                                   "h(std::memory_order_release);"));
  EXPECT_THAT(made_by("order", "g.load();"),
              ElementsAre("g.load(std::memory_order_relaxed);"));
  EXPECT_THAT(made_by("order", "g->store(a);"),
              ElementsAre("g->store(a, std::memory_order_relaxed);"));
}

TEST(mutations, remove_and_narrow_locks) {
  EXPECT_THAT(
      made_by("lock", "std::scoped_lock lock(m);\ng();\nh();"),
      UnorderedElementsAre(";", "g(); std::scoped_lock lock(m);"));
  EXPECT_THAT(
      made_by("lock",
              "const std::unique_lock lock(m);\nif (a) {\nh();\n}"),
      UnorderedElementsAre(
          "const std::unique_lock lock(m, std::defer_lock);",
          "if (a) { h(); } const std::unique_lock lock(m);"));
}

TEST(mutations, take_the_other_way) {
  EXPECT_THAT(made_by("condition", "if (a) {}"),
              UnorderedElementsAre("if (!(a)) {}", "if (false) {}",
                                   "if (true) {}"));
  EXPECT_THAT(made_by("condition", "if (auto c = g(); c) {}"),
              UnorderedElementsAre("if (auto c = g(); !(c)) {}",
                                   "if (auto c = g(); false) {}",
                                   "if (auto c = g(); true) {}"));
  EXPECT_THAT(made_by("condition", "if (auto* c = g()) {}"), IsEmpty());
}

TEST(mutations, wait_without_looking_again) {
  EXPECT_THAT(made_by("loop", "while (a) { c_.wait(lock); }"),
              ElementsAre("if (a) { c_.wait(lock); }"));
  EXPECT_THAT(made_by("loop", "c_.wait(lock, [&] { return a; });"),
              ElementsAre("c_.wait(lock);"));
  EXPECT_THAT(made_by("loop", "do { g(); } while (a);"), IsEmpty());
}

TEST(mutations, return_something_else) {
  EXPECT_THAT(made_by("return", "return a == b;"),
              UnorderedElementsAre("return {};", "return !(a == b);"));
  EXPECT_THAT(made_by("return", "return a;"),
              ElementsAre("return {};"));
  EXPECT_THAT(made_by("return", "return true;"), IsEmpty());
  EXPECT_THAT(made_by("constant", "return true;"),
              ElementsAre("return false;"));
}

TEST(mutations, copy_instead_of_moving_and_take_the_other_end) {
  EXPECT_THAT(made_by("move", "g(std::move(a));"),
              ElementsAre("g((a));"));
  EXPECT_THAT(made_by("end", "q.push_back(q.front());"),
              UnorderedElementsAre("q.push_front(q.front());",
                                   "q.push_back(q.back());"));
  EXPECT_THAT(made_by("bound", "a = std::min(a, b);"),
              ElementsAre("a = std::max(a, b);"));
}

TEST(mutations, are_made_of_what_a_reader_writes_in_bodies) {
  EXPECT_THAT(mutations_of("int f() {\n  return 1 + 1;\n}\n", "f.hpp"),
              IsEmpty());
  EXPECT_THAT(
      mutations_of("// [1.2 f]\nint x = 1 + 1;\n// [1.2 f]\n", "f.hpp"),
      IsEmpty());
  EXPECT_THAT(mutations_of("// [1.2 f]\nconstexpr int f() {\n"
                           "  return 1 + 1;\n}\n// [1.2 f]\n",
                           "f.hpp"),
              IsEmpty());
  EXPECT_THAT(made_by("arithmetic", "// a = a + b;"), IsEmpty());
  EXPECT_THAT(made_by("arithmetic", "//@ a = a + b;"), IsEmpty());
}

TEST(mutations, have_names_that_outlive_their_lines) {
  const auto all =
      mutations_of(in_region("g(a + b);\ng(a + b);"), "f.hpp");
  std::vector<mutation> sums;
  std::copy_if(
      all.begin(), all.end(), std::back_inserter(sums),
      [](const mutation& each) { return each.kind == "arithmetic"; });
  ASSERT_EQ(sums.size(), 2U);
  EXPECT_EQ(sums[0].key(),
            "f.hpp f arithmetic: g(a + b); -> g(a - b);");
  EXPECT_EQ(sums[1].key(), sums[0].key() + " #2");
  EXPECT_EQ(sums[1].line, 5U);
  EXPECT_EQ(sums[1].step, "1.2");
  EXPECT_THAT(sums[1].applied(in_region("g(a + b);\ng(a + b);")),
              HasSubstr("g(a + b);\ng(a - b);"));
}

TEST(mutations, are_sampled_alike_for_the_same_seed) {
  const auto all =
      mutations_of(in_region("a = 1 + 2 + 3 + 4 + 5;"), "f.hpp");
  const auto keys = [&](std::size_t count, std::uint64_t seed) {
    std::vector<std::string> found;
    for (const mutation& each : sample_of(all, count, seed)) {
      found.push_back(each.key());
    }
    return found;
  };
  EXPECT_EQ(keys(4, 1), keys(4, 1));
  EXPECT_NE(keys(4, 1), keys(4, 2));
  EXPECT_EQ(keys(4, 1).size(), 4U);
  EXPECT_EQ(keys(0, 1).size(), all.size());
}

}  // namespace
}  // namespace workbook
