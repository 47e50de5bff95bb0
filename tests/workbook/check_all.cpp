// Everything that must hold before a change is taken in: `make test`.

#include "workbook/check_all.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
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
#include "workbook/test_inputs.hpp"
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
    declare();
    take_known();
    announce();
    for (const check_part& each : parts_) {
      run_part(each);
    }
    return results_;
  }

 private:
  using body = std::function<void(part_result&)>;
  using matrix_check = matrix_table (*)(const workspace&,
                                        const std::vector<chapter>&,
                                        unsigned,
                                        const pipeline_listener&);
  using paths = std::vector<fs::path>;

  /// What is run, and what its verdict depends on.
  struct check_part {
    std::string name;
    double usual_seconds = 0;  // on two idle cores
    paths inputs;
    body run;
  };

  // ---- The parts, a line each -----------------------------------------

  void declare() {
    add("labs", 1, {"solutions", "labs", "tests"},
        [this](part_result& into) { labs(into); });
    for (const chapter& each : of_) {
      add_chapter(each);
    }
    add_program("explorer", 75, {"tests/explore"}, "explore_test",
                where_.build);
    add_program("workbook", 90, {"tests/workbook"}, "workbook_test",
                where_.build);
    add_program("submissions", 60, {"tests/workbook"}, "classroom_test",
                where_.build);
    add_script("classroom", 30, {"classroom", "tests/workbook"});
    add_program("no explorer", 15, {"tests/explore"}, "native_test",
                where_.root / "build" / "tsan");
    add("contracts", 3, {"solutions", "tests"},
        [this](part_result& into) { contracts(into); });
    add_script("lints", 10, {"solutions", "tests"});
    add_script("front door", 3, {".ci", "tests/front_door"});
    add_script("book", 60, {"book", "solutions", "tests/book"});
    add_script("duel", 5, {});
    add("instructions", 20, {"solutions", "tests/duel"},
        [this](part_result& into) {
          script("duel/instructions.py", into);
        });
  }

  void add_chapter(const chapter& each) {
    add_table("reference", 25, each, check_references);
    add_table("steps", 30, each, check_steps);
    add_table("mutants", 30, each, check_mutants);
    add_table("alternatives", 30, each, check_alternatives);
    for (const std::string which : {"asan", "tsan"}) {
      add(which + " " + each.number(), 25, inputs_of(each),
          [this, &each, which](part_result& into) {
            judge(into, [&](const pipeline_listener& listener) {
              return check_sanitizer(where_, {each}, which,
                                     wanted_.cores, listener);
            });
          });
    }
  }

  void add(const std::string& name, double seconds, paths inputs,
           body run) {
    for (fs::path& each : inputs) {
      each = where_.root / each;
    }
    parts_.push_back(
        {name, seconds, std::move(inputs), std::move(run)});
  }

  void add_table(const std::string& name, double seconds,
                 const chapter& each, matrix_check check) {
    add(name + " " + each.number(), seconds, inputs_of(each),
        [this, &each, check](part_result& into) {
          judge(into, [&](const pipeline_listener& listener) {
            configure(where_, {"WORKBOOK_RUNTIME=explore"});
            return check(where_, {each}, wanted_.cores, listener);
          });
        });
  }

  /// A GoogleTest program of ours.
  void add_program(const std::string& name, double seconds,
                   paths inputs, const std::string& target,
                   const fs::path& tree) {
    inputs.emplace_back("tests/grading");
    add(name, seconds, std::move(inputs),
        [this, target, tree](part_result& into) {
          program(into, target, tree);
        });
  }

  /// tests/<name>/run.sh.
  void add_script(const std::string& name, double seconds,
                  paths inputs) {
    std::string folder = name;
    std::replace(folder.begin(), folder.end(), ' ', '_');
    inputs.push_back("tests/" + folder);
    add(name, seconds, std::move(inputs),
        [this, folder](part_result& into) {
          script(folder + "/run.sh", into);
        });
  }

  static paths inputs_of(const chapter& of) {
    paths inputs = {"solutions/" + of.lab, "tests/" + of.lab,
                    "tests/explore", "tests/grading", "tests/workbook"};
    for (const std::string& other : of.rests_on) {
      inputs.push_back("solutions/" + other);
    }
    return inputs;
  }

  // ---- Running them ---------------------------------------------------

  void take_known() {
    const fs::path file = record_file();
    if (!fs::exists(file)) {
      return;
    }
    const auto read =
        nlohmann::json::parse(read_text(file), nullptr, false);
    if (!read.is_array()) {
      return;
    }
    for (const auto& each : read) {
      part_result known;
      known.name = each.value("name", "");
      known.passed = each.value("passed", std::size_t{0});
      known.failed = each.value("failed", std::size_t{1});
      known.skipped = each.value("skipped", std::size_t{0});
      known.seconds = each.value("seconds", 0.0);
      known.inputs = each.value("inputs", "");
      known_[known.name] = known;
    }
  }

  [[nodiscard]] bool is_known(const check_part& each,
                              const std::string& inputs) const {
    const auto found = known_.find(each.name);
    return !wanted_.fresh && found != known_.end() &&
           found->second.inputs == inputs &&
           found->second.failed == 0 && found->second.passed > 0;
  }

  [[nodiscard]] double expected(const check_part& each) const {
    const auto found = known_.find(each.name);
    return found != known_.end() && found->second.seconds > 0
               ? found->second.seconds
               : each.usual_seconds;
  }

  void announce() {
    std::size_t known = 0;
    for (const check_part& each : parts_) {
      const std::string inputs = fingerprint_of(each.inputs);
      if (is_known(each, inputs)) {
        ++known;
      } else {
        seconds_left_ += expected(each);
      }
    }
    seconds_ = seconds_left_;
    fmt::print("{} parts{}: about {:.0f} minutes\n\n", parts_.size(),
               known == 0 ? ""
                          : fmt::format(", {} of which passed before "
                                        "and have not changed",
                                        known),
               std::max(1.0, seconds_left_ / 60));
    std::fflush(stdout);
  }

  /// A part that cannot be done is one failure; the others go on.
  void run_part(const check_part& each) {
    if (interrupted()) {
      return;
    }
    part_result result;
    result.name = each.name;
    result.inputs = fingerprint_of(each.inputs);
    if (is_known(each, result.inputs)) {
      result = known_.at(each.name);
      result.earlier = true;
      results_.push_back(result);
      return;
    }
    look_.show_in_place(progress() + each.name);
    const auto start = clock::now();
    current_ = each.name;
    try {
      each.run(result);
    } catch (const problem& trouble) {
      complain(trouble.what());
      ++result.failed;
    }
    seconds_left_ -= expected(each);
    if (interrupted()) {
      return;
    }
    result.seconds =
        std::chrono::duration<double>(clock::now() - start).count();
    show(result);
    known_[each.name] = result;
    results_.push_back(std::move(result));
    write_known();
  }

  void show(const part_result& done) const {
    look_.show_in_place("");
    fmt::print("  {} {:<18}{:>5} passed {:>4} failed {:>6.0f} s{}\n",
               done.failed == 0 ? look_.green("✓") : look_.red("✗"),
               done.name, done.passed, done.failed, done.seconds,
               done.skipped == 0
                   ? ""
                   : fmt::format("  {} skipped", done.skipped));
    std::fflush(stdout);
  }

  /// Shows a failure when it is found.
  void complain(const std::string& words) const {
    look_.show_in_place("");
    fmt::print("  {} {}: {}\n", look_.red("✗"), current_, words);
    std::fflush(stdout);
  }

  /// How far all parts are together, and how long the rest will take.
  [[nodiscard]] std::string progress() const {
    return fmt::format("  {} {:.0f} min left  ",
                       bar(seconds_ - seconds_left_, seconds_, 20),
                       std::max(1.0, seconds_left_ / 60));
  }

  void judge(part_result& into, const std::function<matrix_table(
                                    const pipeline_listener&)>& make) {
    const matrix_table made =
        with_progress(look_, make, progress() + current_);
    into.passed = made.right();
    into.failed = made.rows.size() - made.right();
    if (into.failed != 0 && !interrupted()) {
      complain(last_line(made));
      fmt::print("{}", short_table_text(made, look_));
    }
  }

  /// labs/ is the reader's where nobody is strict.
  void labs(part_result& into) {
    const auto differing = differing_labs(where_, of_);
    if (differing.empty() || !wanted_.strict) {
      into.passed = 1;
      return;
    }
    for (const std::string& file : differing) {
      complain(file +
               " differs from what the solution generates; "
               "`make labs` generates it anew");
    }
    into.failed = differing.size();
  }

  /// What no test checks may only become less.
  void contracts(part_result& into) {
    for (const chapter& each : of_) {
      const contract_account account = account_for(where_, each);
      const bool right = account.open() <= account.allowed;
      (right ? into.passed : into.failed) += 1;
      if (!right) {
        complain(account_line(account));
      }
    }
  }

  /// Builds and runs a GoogleTest program.
  void program(part_result& into, const std::string& target,
               const fs::path& tree) {
    const auto built =
        run_command({"cmake", "--build", tree.string(), "--parallel",
                     std::to_string(wanted_.cores), "--target", target},
                    where_.root);
    if (built.status != 0 && !interrupted()) {
      throw problem("{} does not build:\n{}", target,
                    last_part(built.output));
    }
    if (!interrupted()) {
      count_tests(
          run_command({find_program(target, tree)}, where_.root), into);
    }
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

  static std::string first_lines(const std::vector<std::string>& said) {
    constexpr std::size_t shown = 15;
    std::string lines;
    for (std::size_t i = 0; i < said.size() && i < shown; ++i) {
      lines += "\n      " + said[i];
    }
    return lines;
  }

  void count_tests(const command_result& done, part_result& into) {
    static const std::regex ok(R"(\[       OK \] .*)");
    static const std::regex failed(R"(\[  FAILED  \] (.*) \(\d+ ms\))");
    static const std::regex skipped(
        R"(\[  SKIPPED \] (.*) \(\d+ ms\))");
    std::vector<std::string> said;  // by the test at hand
    for (const std::string& line : lines_of(done.output)) {
      if (line.size() > 1000) {
        continue;
      }
      into.passed += std::regex_match(line, ok) ? 1 : 0;
      into.skipped += std::regex_match(line, skipped) ? 1 : 0;
      std::smatch name;
      if (line.starts_with("[ RUN ")) {
        said.clear();
      } else if (std::regex_match(line, name, failed)) {
        ++into.failed;
        complain(name[1].str() + first_lines(said));
      } else {
        said.push_back(line);
      }
    }
    if (done.status != 0 && into.failed == 0) {
      ++into.failed;
      complain(fmt::format("ended with status {}:\n{}", done.status,
                           last_part(done.output)));
    }
  }

  /// A script in tests/; its last line is "what: N passed, N failed",
  /// perhaps with ", N skipped"; then "skipped …" lines say why.
  void script(const std::string& name, part_result& into) {
    const fs::path file = where_.root / "tests" / name;
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
      if (into.failed > 0 || line.starts_with("skipped ")) {
        look_.show_in_place("");
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

  [[nodiscard]] fs::path record_file() const {
    return where_.root / "build" / "results" / "test.json";
  }

  void write_known() const {
    nlohmann::json parts = nlohmann::json::array();
    for (const auto& [name, each] : known_) {
      parts.push_back({{"name", name},
                       {"passed", each.passed},
                       {"failed", each.failed},
                       {"skipped", each.skipped},
                       {"inputs", each.inputs},
                       {"seconds", each.seconds}});
    }
    write_text(record_file(), parts.dump(2) + "\n");
  }

  const workspace& where_;
  const std::vector<chapter>& of_;
  const check_request& wanted_;
  const screen& look_;
  std::vector<check_part> parts_;
  std::map<std::string, part_result> known_;  // of earlier runs too
  std::vector<part_result> results_;
  std::string current_;  // the part that runs
  double seconds_ = 0;   // of all that is to be run, as expected
  double seconds_left_ = 0;
};

}  // namespace

std::vector<part_result> check_all(const workspace& where,
                                   const std::vector<chapter>& of,
                                   const check_request& wanted,
                                   const screen& look) {
  return all_checks(where, of, wanted, look).run();
}

}  // namespace workbook
