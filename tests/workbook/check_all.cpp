// Everything that must hold before a change is taken in: `make test`.

#include "workbook/check_all.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <regex>

#include "workbook/command.hpp"
#include "workbook/contracts.hpp"
#include "workbook/contracts_report.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/labs.hpp"
#include "workbook/matrix.hpp"
#include "workbook/matrix_report.hpp"
#include "workbook/problem.hpp"
#include "workbook/sanitizers.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

/// Runs the parts one after the other and keeps the count.
class all_checks {
 public:
  all_checks(const workspace& where, const std::vector<chapter>& of,
             const check_request& wanted, const screen& look)
      : where_(where), of_(of), wanted_(wanted), look_(look) {}

  std::vector<part_result> run() {
    table("references", [&](const pipeline_listener& listener) {
      configure(where_, {"WORKBOOK_RUNTIME=explore"});
      return check_references(where_, of_, wanted_.cores, listener);
    });
    part("labs", [&](part_result& into) { labs(into); });
    matrix_part("steps", check_steps);
    matrix_part("mutants", check_mutants);
    matrix_part("alternatives", check_alternatives);
    program("explorer", "explore_test", where_.build);
    program("workbook", "workbook_test", where_.build);
    program("submissions", "classroom_test", where_.build);
    part("classroom",
         [&](part_result& into) { script("classroom", into); });
    for (const std::string which : {"asan", "tsan"}) {
      table(which, [&](const pipeline_listener& listener) {
        return check_sanitizer(where_, of_, which, wanted_.cores,
                               listener);
      });
    }
    program("no explorer", "native_test",
            where_.root / "build" / "tsan");
    part("contracts", [&](part_result& into) { contracts(into); });
    part("front door",
         [&](part_result& into) { script("front_door", into); });
    part("book", [&](part_result& into) { script("book", into); });
    return results_;
  }

 private:
  using table_maker =
      std::function<matrix_table(const pipeline_listener&)>;
  using matrix_check = matrix_table (*)(const workspace&,
                                        const std::vector<chapter>&,
                                        unsigned,
                                        const pipeline_listener&);

  /// A part that cannot be done is one failure; the others go on.
  void part(const std::string& name,
            const std::function<void(part_result&)>& body) {
    if (interrupted()) {
      return;
    }
    fmt::print("\n{}\n", look_.bold(name));
    std::fflush(stdout);
    part_result result{.name = name};
    const auto start = clock::now();
    try {
      body(result);
    } catch (const problem& trouble) {
      look_.show_in_place("");
      fmt::print("  {} {}\n", look_.red("✗"), trouble.what());
      ++result.failed;
    }
    result.seconds =
        std::chrono::duration<double>(clock::now() - start).count();
    results_.push_back(result);
    record();
  }

  void table(const std::string& name, const table_maker& make) {
    part(name, [&](part_result& into) {
      const matrix_table made = with_progress(look_, make);
      into.passed = made.right();
      into.failed = made.rows.size() - made.right();
      fmt::print("{}", short_table_text(made, look_));
    });
  }

  void matrix_part(const std::string& name, matrix_check check) {
    table(name, [&](const pipeline_listener& listener) {
      return check(where_, of_, wanted_.cores, listener);
    });
  }

  /// labs/ is the reader's where nobody is strict.
  void labs(part_result& into) {
    const auto differing = differing_labs(where_, of_);
    for (const std::string& file : differing) {
      fmt::print("  {} {} differs from what the solution generates\n",
                 wanted_.strict ? look_.red("✗") : "·", file);
    }
    if (differing.empty() || !wanted_.strict) {
      into.passed = 1;
    } else {
      into.failed = differing.size();
    }
    fmt::print("{}\n",
               differing.empty() ? "labs/ is what the solutions "
                                   "generate"
               : wanted_.strict  ? "`make labs` generates them anew"
                                 : "labs/ holds work of yours");
  }

  /// What no test checks may only become less.
  void contracts(part_result& into) {
    for (const chapter& each : of_) {
      const contract_account account = account_for(where_, each);
      const bool right = account.open() <= account.allowed;
      (right ? into.passed : into.failed) += 1;
      fmt::print("  {} {}\n", right ? "·" : look_.red("✗"),
                 account_line(account));
    }
  }

  /// A GoogleTest program of ours, told by its own last lines.
  void program(const std::string& name, const std::string& target,
               const fs::path& tree) {
    part(name, [&](part_result& into) {
      const auto built = run_command(
          {"cmake", "--build", tree.string(), "--parallel",
           std::to_string(wanted_.cores), "--target", target},
          where_.root);
      if (built.status != 0) {
        throw problem("{} does not build:\n{}", target,
                      last_part(built.output));
      }
      count_tests(
          run_command({find_program(target, tree)}, where_.root), into);
    });
  }

  [[nodiscard]] std::string find_program(const std::string& target,
                                         const fs::path& tree) const {
    for (const auto& entry : fs::recursive_directory_iterator(
             tree, fs::directory_options::skip_permission_denied)) {
      if (entry.path().filename() == target &&
          entry.is_regular_file()) {
        return entry.path().string();
      }
    }
    throw problem("{}: was not built in {}", target,
                  where_.shown(tree));
  }

  void count_tests(const command_result& done, part_result& into) {
    static const std::regex ok(R"(\[       OK \] .*)");
    static const std::regex failed(R"(\[  FAILED  \] [^,]*\(\d+ ms\))");
    static const std::regex skipped(
        R"(\[  SKIPPED \] [^,]*\(\d+ ms\))");
    for (const std::string& line : lines_of(done.output)) {
      if (line.size() > 1000) {
        continue;
      }
      into.passed += std::regex_match(line, ok) ? 1 : 0;
      into.skipped += std::regex_match(line, skipped) ? 1 : 0;
      if (std::regex_match(line, failed)) {
        ++into.failed;
        fmt::print("  {} {}\n", look_.red("✗"), line.substr(13));
      }
    }
    if (done.status != 0 && into.failed == 0) {
      ++into.failed;
      fmt::print("  {} ended with status {}:\n{}\n", look_.red("✗"),
                 done.status, last_part(done.output));
    }
    fmt::print("{} of {} tests pass\n", into.passed,
               into.passed + into.failed);
  }

  /// A script whose last line is "what: N passed, N failed", and
  /// perhaps ", N skipped"; then a line "skipped …" each says why.
  void script(const std::string& folder, part_result& into) {
    const fs::path file = where_.root / "tests" / folder / "run.sh";
    if (!fs::exists(file)) {
      throw problem("{}: is not there", where_.shown(file));
    }
    const auto done = run_command({file.string()}, where_.root);
    const auto lines = lines_of(done.output);
    static const std::regex last(
        R"([^:]+: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?)");
    std::smatch found;
    if (lines.empty() || !std::regex_match(lines.back(), found, last)) {
      throw problem("{} ended with status {}:\n{}", where_.shown(file),
                    done.status, last_part(done.output));
    }
    into.passed = std::stoul(found[1]);
    into.failed = std::stoul(found[2]);
    into.skipped = found[3].matched ? std::stoul(found[3]) : 0;
    for (const std::string& line : lines) {
      if (into.failed > 0 || line.starts_with("skipped ") ||
          line == lines.back()) {
        fmt::print("{}\n", line);
      }
    }
  }

  static std::string last_part(const std::string& output) {
    constexpr std::size_t most = 2000;
    return output.size() <= most
               ? output
               : "…" + output.substr(output.size() - most);
  }

  void record() const {
    nlohmann::json parts = nlohmann::json::array();
    for (const part_result& each : results_) {
      parts.push_back({{"name", each.name},
                       {"passed", each.passed},
                       {"failed", each.failed},
                       {"skipped", each.skipped},
                       {"seconds", each.seconds}});
    }
    write_text(where_.root / "build" / "results" / "test.json",
               parts.dump(2) + "\n");
  }

  const workspace& where_;
  const std::vector<chapter>& of_;
  const check_request& wanted_;
  const screen& look_;
  std::vector<part_result> results_;
};

}  // namespace

std::vector<part_result> check_all(const workspace& where,
                                   const std::vector<chapter>& of,
                                   const check_request& wanted,
                                   const screen& look) {
  return all_checks(where, of, wanted, look).run();
}

}  // namespace workbook
