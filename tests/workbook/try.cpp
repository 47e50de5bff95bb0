// Tries wrong solutions against all tests of a lab, to write mutants.

#include "workbook/try.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "workbook/build.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/run_test.hpp"
#include "workbook/try_build.hpp"
#include "workbook/try_bundles.hpp"
#include "workbook/try_sources.hpp"

namespace workbook {

namespace {

/// Solutions on their way through compiler and tests.
class trial {
 public:
  trial(const workspace& where, const chapter& of,
        const try_request& wanted, std::vector<wrong_solution> wrongs,
        const try_sink& on_tried)
      : where_(where),
        of_(of),
        wanted_(wanted),
        on_tried_(on_tried),
        wrongs_(std::move(wrongs)) {
    for (graded_test& test : list_tests(where, of)) {
      if (!of.breaks(test.step)) {
        tests_.push_back(std::move(test));
      }
    }
    results_.resize(wrongs_.size());
  }

  std::vector<tried> run() {
    configure(where_, {});
    build_what_tests_share(where_);
    std::set<std::string> units;
    for (const graded_test& test : tests_) {
      units.insert(test.unit_together());
    }
    bundle_builder builder(
        where_, of_, wanted_, std::move(units),
        [this](const wrong_solution& wrong, const std::string& why) {
          tried result;
          result.name = wrong.name;
          result.how = tried::kind::does_not_compile;
          result.why = why;
          result.in_one_program = wrong.mergeable;
          finish(std::move(result), wrong);
        });
    const std::vector<bundle> bundles = builder.build(wrongs_);
    std::vector<std::pair<const bundle*, const wrong_solution*>> work;
    for (const bundle& each : bundles) {
      for (const wrong_solution* member : each.members) {
        work.emplace_back(&each, member);
      }
    }
    for_each_index(work.size(), wanted_.cores, [&](std::size_t i) {
      judge(*work[i].first, *work[i].second);
    });
    return results_;
  }

 private:
  /// The tests in the order in which they are likely to catch it: of
  /// its steps first, and what has caught most so far.
  std::vector<const graded_test*> in_order(
      const wrong_solution& wrong) {
    std::vector<const graded_test*> order;
    for (const graded_test& each : tests_) {
      order.push_back(&each);
    }
    const std::scoped_lock lock(mutex_);
    const auto rank = [&](const graded_test* test) {
      const bool likely =
          std::count(wrong.likely.begin(), wrong.likely.end(),
                     test->step) != 0;
      const auto caught = catches_.find(test->id);
      return std::pair(!likely,
                       caught == catches_.end() ? 0 : -caught->second);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](const graded_test* a, const graded_test* b) {
                       return rank(a) < rank(b);
                     });
    return order;
  }

  outcome run_one(const try_program& program, const graded_test& test,
                  int which) {
    if (!program.error.empty()) {
      outcome result;
      result.message = "does not compile: " + program.error;
      return result;
    }
    test_request request;
    request.program = program.program;
    request.name = test.full_name();
    request.folder = where_.root;
    request.limits.cpu_seconds = test.kind == "explored" ? 90 : 10;
    request.limits.still_seconds = test.kind == "explored" ? 8 : 4;
    request.environment = {
        {"WORKBOOK_SOURCES",
         (where_.root / "solutions" / of_.lab).string()},
        {"WORKBOOK_TRY", std::to_string(which)}};
    return run_test(request);
  }

  /// Whether the reference, in the same program, passes.
  bool holds_for_reference(const try_program& program,
                           const graded_test& test) {
    {
      const std::scoped_lock lock(mutex_);
      const auto known = sound_.find(test.id);
      if (known != sound_.end()) {
        return known->second;
      }
    }
    const bool holds =
        run_one(program, test, 0).status == verdict::pass;
    const std::scoped_lock lock(mutex_);
    return sound_[test.id] = holds;
  }

  void judge(const bundle& in, const wrong_solution& wrong) {
    tried result;
    result.name = wrong.name;
    result.in_one_program = wrong.mergeable;
    for (const graded_test* test : in_order(wrong)) {
      if (interrupted()) {
        return;
      }
      const try_program& program =
          in.program(test->unit_together(), wrong);
      const auto seen = run_one(program, *test, wrong.number);
      ++result.asked;
      if (seen.status == verdict::pass ||
          seen.status == verdict::infrastructure ||
          (program.error.empty() && wrong.mergeable &&
           !holds_for_reference(program, *test))) {
        continue;
      }
      result.how = tried::kind::caught;
      result.hung = result.hung || seen.status == verdict::timeout;
      count_catch(*test);
      result.by.push_back(
          fmt::format("{} ({}{}{})", test->name, name_of(seen.status),
                      seen.seed.empty() ? "" : ", seed ", seen.seed));
      if (!wanted_.all) {
        break;
      }
    }
    finish(std::move(result), wrong);
  }

  void count_catch(const graded_test& by) {
    const std::scoped_lock lock(mutex_);
    ++catches_[by.id];
  }

  void finish(tried result, const wrong_solution& of) {
    const std::scoped_lock lock(mutex_);
    tried& kept = results_[static_cast<std::size_t>(of.number) - 1];
    kept = std::move(result);
    on_tried_(kept);
  }

  const workspace& where_;
  const chapter& of_;
  const try_request& wanted_;
  const try_sink& on_tried_;
  const std::vector<wrong_solution> wrongs_;
  std::vector<graded_test> tests_;

  // mutex_ guards every field below it, and the calls of on_tried_.
  std::mutex mutex_;
  std::vector<tried> results_;
  std::map<std::string, bool> sound_;   // by test: the reference passes
  std::map<std::string, int> catches_;  // by test: how many it caught
};

}  // namespace

std::vector<tried> try_solutions(const workspace& where,
                                 const chapter& of,
                                 const try_request& wanted,
                                 const try_sink& on_tried) {
  return try_solutions(where, of, wanted,
                       wrong_solutions(where, of, wanted.from),
                       on_tried);
}

std::vector<tried> try_solutions(const workspace& where,
                                 const chapter& of,
                                 const try_request& wanted,
                                 std::vector<wrong_solution> wrongs,
                                 const try_sink& on_tried) {
  return trial(where, of, wanted, std::move(wrongs), on_tried).run();
}

}  // namespace workbook
