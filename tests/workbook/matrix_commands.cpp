// workbook steps, mutants, alternatives: tables for maintainers.

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>

#include "workbook/check_all.hpp"
#include "workbook/commands.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/matrix.hpp"
#include "workbook/matrix_report.hpp"
#include "workbook/sanitizers.hpp"
#include "workbook/screen.hpp"

namespace workbook {

namespace {

using check = matrix_table (*)(const workspace&,
                               const std::vector<chapter>&, unsigned,
                               const pipeline_listener&);

unsigned all_cores() {
  return std::max(1U, std::thread::hardware_concurrency());
}

int run_check(const workspace& where, const std::string& lab,
              check look) {
  const screen shown = screen::of_standard_output();
  const std::vector<chapter> of = chapters(where, lab);
  const matrix_table table =
      with_progress(shown, [&](const pipeline_listener& listener) {
        return look(where, of, all_cores(), listener);
      });
  if (interrupted()) {
    return interrupted_status;
  }
  fmt::print("{}", table_text(table, shown));
  return table.right() == table.rows.size() ? 0 : 1;
}

void add_check(command_line& to, const std::string& name,
               const std::string& purpose, check look) {
  auto lab = std::make_shared<std::string>();
  CLI::App* command = to.add(name, purpose, [&to, lab, look] {
    return run_check(to.where, *lab, look);
  });
  command->add_option("--lab", *lab, "only this one");
}

int run_sanitizers(const workspace& where, const std::string& lab) {
  const screen shown = screen::of_standard_output();
  const std::vector<chapter> of = chapters(where, lab);
  int status = 0;
  for (const std::string which : {"asan", "tsan"}) {
    const matrix_table table =
        with_progress(shown, [&](const pipeline_listener& listener) {
          return check_sanitizer(where, of, which, all_cores(),
                                 listener);
        });
    if (interrupted()) {
      return interrupted_status;
    }
    fmt::print("{}", table_text(table, shown));
    status = table.right() == table.rows.size() ? status : 1;
  }
  return status;
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  const std::string text = value == nullptr ? "" : value;
  return !text.empty() && text != "0" && text != "false";
}

int run_test(const workspace& where, bool strict, bool fresh) {
  check_request wanted;
  wanted.cores = all_cores();
  wanted.strict = strict || is_set("CI") || is_set("STRICT");
  wanted.fresh = fresh;
  const std::vector<chapter> of = chapters(where, "");
  const auto parts =
      check_all(where, of, wanted, screen::of_standard_output());
  if (interrupted()) {
    fmt::print("\ninterrupted; `make test` goes on from here\n");
    return interrupted_status;
  }
  std::size_t passed = 0;
  std::size_t failed = 0;
  for (const part_result& each : parts) {
    passed += each.passed;
    failed += each.failed;
  }
  fmt::print("\n{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace

void add_matrix_commands(command_line& to) {
  add_check(to, "steps", "check every step's snapshot", check_steps);
  add_check(to, "mutants", "check that every mutant is caught",
            check_mutants);
  add_check(to, "alternatives", "check every alternative",
            check_alternatives);
  auto lab = std::make_shared<std::string>();
  CLI::App* sanitizers = to.add(
      "sanitizers", "run the references under ASan, UBSan and TSan",
      [&to, lab] { return run_sanitizers(to.where, *lab); });
  sanitizers->add_option("--lab", *lab, "only this one");

  auto strict = std::make_shared<bool>(false);
  auto fresh = std::make_shared<bool>(false);
  CLI::App* test =
      to.add("test", "check everything; ends with N passed, N failed",
             [&to, strict, fresh] {
               return run_test(to.where, *strict, *fresh);
             });
  test->alias("verify");
  test->add_flag("--strict", *strict,
                 "labs/ must be what is generated");
  test->add_flag("--fresh", *fresh,
                 "run what passed and has not changed again");
}

}  // namespace workbook
