// Tries wrong solutions against all tests of a lab, to write mutants.

#include "workbook/try.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "workbook/build.hpp"
#include "workbook/graded_tests.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/run_test.hpp"
#include "workbook/try_build.hpp"
#include "workbook/try_merge.hpp"
#include "workbook/try_sources.hpp"

namespace workbook {

namespace {

/// Beyond this many, one more costs less than another program.
constexpr std::size_t most_in_one = 40;

/// Some solutions, built as the same programs: one a unit.
struct bundle {
  std::string name;
  std::vector<const wrong_solution*> members;
  std::map<std::string, try_program> units;
};

/// Runs `body` for each index, on `cores` threads. Rethrows the first
/// exception.
void for_each_index(std::size_t count, unsigned cores,
                    const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next = 0;
  std::mutex failing;
  std::exception_ptr failure;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(cores, 1U); ++i) {
      threads.emplace_back([&] {
        for (std::size_t at = next++; at < count && !interrupted();
             at = next++) {
          try {
            body(at);
          } catch (...) {
            const std::scoped_lock lock(failing);
            failure = std::current_exception();
          }
        }
      });
    }
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

/// Solutions on their way through compiler and tests.
class trial {
 public:
  trial(const workspace& where, const chapter& of,
        const try_request& wanted, const try_sink& on_tried)
      : where_(where),
        of_(of),
        wanted_(wanted),
        on_tried_(on_tried),
        reference_(reference_files(where, of)),
        wrongs_(wrong_solutions(where, of, wanted.from)) {
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
    make_bundles();
    for_each_index(bundles_.size(), wanted_.cores,
                   [&](std::size_t i) { build(bundles_[i]); });
    std::vector<std::pair<bundle*, const wrong_solution*>> work;
    for (bundle& each : bundles_) {
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
  void make_bundles() {
    std::vector<const wrong_solution*> together;
    for (const wrong_solution& each : wrongs_) {
      if (each.mergeable) {
        together.push_back(&each);
      } else {
        bundles_.push_back({each.name, {&each}, {}});
      }
    }
    const std::size_t count = std::max<std::size_t>(
        (together.size() + most_in_one - 1) / most_in_one,
        together.size() >= 16 ? 2 : 1);
    for (std::size_t k = 0; k < count; ++k) {
      bundle made{fmt::format("together.{}", k + 1), {}, {}};
      for (std::size_t i = k; i < together.size(); i += count) {
        made.members.push_back(together[i]);
      }
      bundles_.insert(bundles_.begin(), std::move(made));
    }
  }

  std::map<std::string, std::string> sources_of(const bundle& from) {
    if (from.members.size() == 1 && !from.members[0]->mergeable) {
      return from.members[0]->files;
    }
    std::map<std::string, std::string> files = reference_;
    for (auto& [name, text] : files) {
      std::vector<wrong_form> forms;
      for (const wrong_solution* each : from.members) {
        if (each->files.at(name) != text) {
          forms.push_back(
              {each->number, each->name, each->files.at(name)});
        }
      }
      if (!forms.empty()) {
        text = merged(
            text, (where_.root / "solutions" / of_.lab / name).string(),
            forms);
      }
    }
    return files;
  }

  void build(bundle& into) {
    std::set<std::string> units;
    for (const graded_test& test : tests_) {
      units.insert(test.unit_together());
    }
    for (const std::string& unit : units) {
      build_unit(into, unit);
    }
  }

  /// A promise that the compiler checks, which some member breaks: each
  /// has a program of its own.
  void build_apart(bundle& into, const std::string& unit) {
    for (const wrong_solution* each : into.members) {
      try_program made{each->name, each->files, unit, {}, {}};
      build_tried(where_, of_, made);
      into.units[unit + "/" + each->name] = made;
    }
  }

  /// A member that does not compile leaves, and the others go on.
  void build_unit(bundle& into, const std::string& unit) {
    for (;;) {
      try_program made{into.name, sources_of(into), unit, {}, {}};
      build_tried(where_, of_, made);
      into.units[unit] = made;
      const auto guilty = std::find_if(
          into.members.begin(), into.members.end(),
          [&](const wrong_solution* each) {
            return made.error.find("try:" + each->name + ":") !=
                   std::string::npos;
          });
      if (!made.error.empty() && unit != "together") {
        build_apart(into, unit);
      }
      if (made.error.empty() || unit != "together") {
        return;
      }
      if (guilty == into.members.end()) {
        give_up(into, made.error);
        return;
      }
      finish({(*guilty)->name,
              tried::kind::does_not_compile,
              made.error,
              {},
              0,
              true},
             **guilty);
      into.members.erase(guilty);
    }
  }

  void give_up(bundle& on, const std::string& error) {
    if (on.members.size() != 1) {
      throw problem("the wrong solutions do not build together: {}",
                    error);
    }
    finish({on.members[0]->name,
            tried::kind::does_not_compile,
            error,
            {},
            0,
            false},
           *on.members[0]);
    on.members.clear();
  }

  /// The tests in the order in which they are likely to catch it.
  std::vector<const graded_test*> in_order(
      const wrong_solution& wrong) {
    std::vector<const graded_test*> order;
    for (const graded_test& each : tests_) {
      order.push_back(&each);
    }
    std::stable_sort(
        order.begin(), order.end(),
        [&](const graded_test* a, const graded_test* b) {
          const auto likely = [&](const graded_test* test) {
            return std::count(wrong.likely.begin(), wrong.likely.end(),
                              test->step) != 0;
          };
          return likely(a) && !likely(b);
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

  static const try_program& program_of(const bundle& in,
                                       const wrong_solution& wrong,
                                       const graded_test& test) {
    const std::string unit = test.unit_together();
    const auto own = in.units.find(unit + "/" + wrong.name);
    return own != in.units.end() ? own->second : in.units.at(unit);
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
    tried result{wrong.name, tried::kind::survives, "", {},
                 0,          wrong.mergeable};
    for (const graded_test* test : in_order(wrong)) {
      if (interrupted()) {
        return;
      }
      const try_program& program = program_of(in, wrong, *test);
      const auto seen = run_one(program, *test, wrong.number);
      ++result.asked;
      if (seen.status == verdict::pass ||
          seen.status == verdict::infrastructure ||
          (program.error.empty() && wrong.mergeable &&
           !holds_for_reference(program, *test))) {
        continue;
      }
      result.how = tried::kind::caught;
      result.by.push_back(
          fmt::format("{} ({}{}{})", test->name, name_of(seen.status),
                      seen.seed.empty() ? "" : ", seed ", seen.seed));
      if (!wanted_.all) {
        break;
      }
    }
    finish(std::move(result), wrong);
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
  const std::map<std::string, std::string> reference_;
  const std::vector<wrong_solution> wrongs_;
  std::vector<graded_test> tests_;
  std::vector<bundle> bundles_;

  // mutex_ guards every field below it, and the calls of on_tried_.
  std::mutex mutex_;
  std::vector<tried> results_;
  std::map<std::string, bool> sound_;  // by test: the reference passes
};

}  // namespace

std::vector<tried> try_solutions(const workspace& where,
                                 const chapter& of,
                                 const try_request& wanted,
                                 const try_sink& on_tried) {
  return trial(where, of, wanted, on_tried).run();
}

}  // namespace workbook
