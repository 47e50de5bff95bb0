// workbook try: which test catches which wrong solution.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "workbook/commands.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/screen.hpp"
#include "workbook/try.hpp"

namespace workbook {

namespace {

struct try_options {
  std::string lab;
  std::string patch;
  bool all = false;
};

void show(const tried& each, const screen& look) {
  switch (each.how) {
    case tried::kind::caught:
      fmt::print("  {} {:<44} {}\n", look.green("caught  "), each.name,
                 fmt::join(each.by, ", "));
      break;
    case tried::kind::survives:
      fmt::print("  {} {:<44} {} tests pass\n", look.red("survives"),
                 each.name, each.asked);
      break;
    case tried::kind::does_not_compile:
      fmt::print("  {} {:<44} does not compile: {}\n",
                 look.dim("-       "), each.name, each.why);
      break;
  }
  std::fflush(stdout);
}

int run_try(const workspace& where, const try_options& options) {
  if (options.lab.empty() || options.patch.empty()) {
    throw problem("try needs both: LAB=01 PATCH=FILE (or a folder)");
  }
  const screen look = screen::of_standard_output();
  const auto start = std::chrono::steady_clock::now();
  const auto all = try_solutions(
      where, chapter_of(where, options.lab),
      {std::filesystem::absolute(options.patch), options.all,
       std::max(1U, std::thread::hardware_concurrency())},
      [&](const tried& each) { show(each, look); });
  if (interrupted()) {
    return interrupted_status;
  }
  const auto count = [&](tried::kind how) {
    return std::count_if(
        all.begin(), all.end(),
        [&](const tried& each) { return each.how == how; });
  };
  const std::chrono::duration<double> took =
      std::chrono::steady_clock::now() - start;
  fmt::print(
      "{} of {} wrong solutions are caught, {} survive, {} do not "
      "compile ({:.0f} s)\n",
      count(tried::kind::caught), all.size(),
      count(tried::kind::survives),
      count(tried::kind::does_not_compile), took.count());
  return count(tried::kind::caught) ==
                 static_cast<std::ptrdiff_t>(all.size())
             ? 0
             : 1;
}

}  // namespace

void add_try_command(command_line& to) {
  auto options = std::make_shared<try_options>();
  CLI::App* command =
      to.add("try", "run wrong solutions against all tests of a lab",
             [&to, options] { return run_try(to.where, *options); });
  command->add_option("--lab", options->lab, "of which lab");
  command->add_option("--patch", options->patch,
                      "a patch, or a folder of patches or solutions");
  command->add_flag("--all", options->all,
                    "name every test that catches it");
}

}  // namespace workbook
