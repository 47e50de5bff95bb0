// workbook hint, replay, demo, bench: what helps while one writes.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "workbook/command.hpp"
#include "workbook/commands.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/hints.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/matrix_programs.hpp"
#include "workbook/problem.hpp"
#include "workbook/screen.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

namespace fs = std::filesystem;

// ---- hint ---------------------------------------------------------

struct hint_options {
  std::string step;
  bool all = false;
  bool again = false;
};

int run_hint(const workspace& where, const hint_options& options) {
  const screen look = screen::of_standard_output();
  const chapter of = chapter_of(where, where.lab_of_step(options.step));
  const auto hints = read_hints(where, of, options.step);
  const std::size_t seen =
      std::min(hints_seen(where, of, options.step), hints.size());
  const std::size_t until = options.all ? hints.size()
                            : options.again
                                ? std::max<std::size_t>(seen, 1)
                                : std::min(seen + 1, hints.size());
  const std::size_t from = options.all || options.again ? 0 : until - 1;
  for (std::size_t i = from; i < until; ++i) {
    fmt::print("\n  {}  {}\n\n",
               look.dim(fmt::format("{} of {}", i + 1, hints.size())),
               look.bold(hints[i].title));
    for (const std::string& line : lines_of(trimmed(hints[i].text))) {
      fmt::print("  {}\n", line);
    }
  }
  remember_hints(where, of, options.step, std::max(seen, until));
  fmt::print(
      "\n  {}\n\n",
      look.dim(
          until < hints.size()
              ? "still stuck?  make hint STEP=" + options.step
              : "that was the last hint; the solution is folded in the "
                "book"));
  return 0;
}

void add_hint(command_line& to) {
  auto options = std::make_shared<hint_options>();
  CLI::App* command =
      to.add("hint", "show one more hint of a step",
             [&to, options] { return run_hint(to.where, *options); });
  command->add_option("--step", options->step, "1.3")->required();
  command->add_flag("--all", options->all, "show all of them");
  command->add_flag("--again", options->again,
                    "show those that were shown");
}

// ---- programs that run in our place --------------------------------

void build_or_say(const workspace& where, const test_program& program) {
  std::string error;
  build_programs(where, {program}, 2, [&](const program_built& built) {
    error = built.error;
  });
  if (interrupted()) {
    throw problem("interrupted");
  }
  if (!error.empty()) {
    throw problem("{} does not compile: {}", program.target(), error);
  }
}

/// Becomes the program; the terminal is its own from then on.
[[noreturn]] void become(const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& each : command) {
    words.push_back(const_cast<char*>(each.c_str()));
  }
  words.push_back(nullptr);
  std::fflush(stdout);
  ::execvp(words[0], words.data());
  throw problem("{}: {}", command.front(), std::strerror(errno));
}

// ---- replay ---------------------------------------------------------

struct replay_options {
  std::string test;
  std::string seed;
  std::string variant = "labs";
  bool gdb = false;
};

graded_test find_test(const workspace& where, const chapter& of,
                      const std::string& id) {
  std::string names;
  for (const graded_test& each : list_tests(where, of)) {
    if (each.id == id || each.name == id) {
      return each;
    }
    names += "\n  " + each.id;
  }
  throw problem("there is no test {}; the tests of {} are:{}", id,
                of.lab, names);
}

int run_replay(const workspace& where, const replay_options& options) {
  const std::size_t dot = options.test.find('.');
  if (dot == std::string::npos) {
    throw problem(
        "\"{}\" is no test; one is written like "
        "01.submit_blocks_while_full",
        options.test);
  }
  const chapter of = chapter_of(where, options.test.substr(0, dot));
  const std::string id = of.number() + options.test.substr(dot);
  const graded_test test = find_test(where, of, id);
  const variant judged = variant::parse(options.variant, of, where);
  const workspace built = judged.tree(where);
  std::vector<test_job> jobs = {job_for(where, of, test, judged)};
  configure(where, {});
  if (judged.in_matrix()) {
    plan_matrix(where, jobs);
  }
  const test_program program = jobs.front().program;
  build_or_say(built, program);
  ::setenv("WORKBOOK_SOURCES", jobs.front().reads.c_str(), 1);
  if (!options.seed.empty()) {
    ::setenv("WORKBOOK_SEED", options.seed.c_str(), 1);
  }
  std::vector<std::string> command;
  if (options.gdb) {
    command = {"gdb",   "-q",
               "-ex",   "set breakpoint pending on",
               "-ex",   "set follow-fork-mode child",
               "-ex",   "break explore_failing_step",
               "-ex",   "run",
               "--args"};
  }
  command.push_back((built.build / program.path()).string());
  command.push_back("--gtest_filter=" + test.full_name());
  command.emplace_back("--gtest_brief=1");
  become(command);
}

void add_replay(command_line& to) {
  auto options = std::make_shared<replay_options>();
  CLI::App* command =
      to.add("replay", "run one test again as it ran",
             [&to, options] { return run_replay(to.where, *options); });
  command->add_option("--case", options->test, "01.test")->required();
  command->add_option("--seed", options->seed,
                      "the seed that the report names");
  command->add_option("--variant", options->variant,
                      "labs, solutions, alternatives.<name>");
  command->add_flag("--gdb", options->gdb,
                    "stop in the debugger at the failing step");
}

// ---- demo and bench ------------------------------------------------

struct program_options {
  std::string lab;
  std::string variant = "labs";
  std::string base = "labs";
  std::string minutes;  // of soak
};

int run_program(const workspace& where, const program_options& options,
                const std::string& name) {
  const chapter of = chapter_of(where, options.lab);
  if (!fs::exists(where.tests(of.lab) / (name + ".cpp"))) {
    throw problem("{} has no {}", of.lab, name);
  }
  const fs::path own =
      variant::parse(options.variant, of, where).sources(where, of);
  const bool bench = name == "bench";
  std::vector<std::string> entries = {"WORKBOOK_BASE=" + options.base};
  if (bench) {
    entries.emplace_back("WORKBOOK_BENCH=ON");
  }
  configure(where, entries);
  const test_program program{of.lab, options.variant, name, own};
  build_or_say(where, program);
  std::vector<std::string> command = {
      (where.build / program.path()).string()};
  if (bench) {
    const fs::path out =
        where.root / "build" / "bench" / (program.family() + ".json");
    fs::create_directories(out.parent_path());
    command.push_back("--benchmark_out=" + out.string());
    command.emplace_back("--benchmark_out_format=json");
  }
  if (!options.minutes.empty()) {
    command.push_back(options.minutes);
  }
  become(command);
}

void add_program(command_line& to, const std::string& name,
                 const std::string& purpose) {
  auto options = std::make_shared<program_options>();
  CLI::App* command = to.add(name, purpose, [&to, options, name] {
    return run_program(to.where, *options, name);
  });
  command->add_option("--lab", options->lab, "1, 01 or 01_pooling")
      ->required();
  command->add_option("--variant", options->variant,
                      "labs or solutions");
  command
      ->add_option("--base", options->base,
                   "whose earlier labs it rests on")
      ->check(CLI::IsMember({"labs", "solutions"}));
  if (name == "soak") {
    command
        ->add_option("--minutes", options->minutes,
                     "how long; 1 if not given")
        ->check(CLI::PositiveNumber);
  }
}

}  // namespace

void add_reader_commands(command_line& to) {
  add_hint(to);
  add_replay(to);
  add_program(to, "demo", "run a lab's demonstration");
  add_program(to, "bench", "run a lab's benchmark");
  add_program(to, "soak", "run a lab under load for minutes");
}

}  // namespace workbook
