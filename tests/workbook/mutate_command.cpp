// workbook mutate: the tests of a lab against machine-made mutants.

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include "workbook/commands.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/mutate.hpp"
#include "workbook/problem.hpp"
#include "workbook/screen.hpp"

namespace workbook {

namespace {

struct mutate_options {
  std::string lab;
  mutate_request wanted;
};

/// Survivors as they are found; a bar in between.
void show(const workspace& where, const chapter& of,
          const judged_mutant& each, std::size_t over, std::size_t all,
          const screen& look) {
  if (each.is_hole()) {
    look.show_in_place("");
    fmt::print("  {} {}", look.red("survives"),
               survivor_text(where, of, each));
  }
  look.show_in_place(fmt::format(
      "  {} {} of {} mutants",
      bar(static_cast<double>(over), static_cast<double>(all), 30),
      over, all));
  std::fflush(stdout);
}

bool is_right(const mutation_score& score) {
  return score.holes() == 0 && score.wrongly_excused() == 0 &&
         score.outdated.empty();
}

int run_mutate(const workspace& where, const mutate_options& options) {
  mutate_request wanted = options.wanted;
  wanted.cores = std::max(1U, std::thread::hardware_concurrency());
  const screen look = screen::of_standard_output();
  int status = 0;
  for (const chapter& each : chapters(where, options.lab)) {
    const auto start = std::chrono::steady_clock::now();
    mutation_score score;
    try {
      score = mutate(where, each, wanted,
                     [&](const judged_mutant& one, std::size_t over,
                         std::size_t all) {
                       show(where, each, one, over, all, look);
                     });
    } catch (const problem&) {
      if (!interrupted()) {  // else a compiler was
        throw;
      }
    }
    look.show_in_place("");
    if (interrupted()) {
      fmt::print("\ninterrupted; `make mutate` goes on from here\n");
      return interrupted_status;
    }
    const std::chrono::duration<double> took =
        std::chrono::steady_clock::now() - start;
    fmt::print("{}({:.0f} s)\n", score_text(where, each, score),
               took.count());
    status = is_right(score) ? status : 1;
  }
  return status;
}

}  // namespace

void add_mutate_command(command_line& to) {
  auto options = std::make_shared<mutate_options>();
  CLI::App* command =
      to.add("mutate", "run machine-made mutants of the solutions",
             [&to, options] { return run_mutate(to.where, *options); });
  command->add_option("--lab", options->lab, "only this one");
  command
      ->add_option("--count", options->wanted.count,
                   "a sample of so many mutants")
      ->check(CLI::Range(1, 1'000'000));
  command->add_option("--seed", options->wanted.seed, "which sample")
      ->check(CLI::Range(0, 1'000'000'000));
  command->add_flag("--all", options->wanted.excused_too,
                    "the excused ones too");
  command->add_flag("--fresh", options->wanted.fresh,
                    "forget what earlier runs have seen");
}

}  // namespace workbook
