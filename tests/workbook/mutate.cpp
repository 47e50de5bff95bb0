// The tests of a lab against wrong solutions that a machine makes.

#include "workbook/mutate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "workbook/graded_tests.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/test_inputs.hpp"
#include "workbook/text_file.hpp"
#include "workbook/try_sources.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

/// So many are built, then run: two programs full of them.
constexpr std::size_t at_once = 80;

/// What the verdicts depend on.
std::string made_from(const workspace& where, const chapter& of) {
  std::vector<fs::path> folders{where.root / "solutions" / of.lab,
                                where.root / "tests" / "grading",
                                where.root / "tests" / "explore",
                                where.root / "tests" / "workbook"};
  for (const std::string& other : of.rests_on) {
    folders.push_back(where.root / "solutions" / other);
  }
  std::string texts = fingerprint_of(folders);
  std::set<std::string> files;
  for (const graded_test& each : list_tests(where, of)) {
    files.insert(each.file);
  }
  for (const std::string& each : files) {
    texts += each + read_text(where.tests(of.lab) / each);
  }
  return fmt::format("{:016x}", fingerprint(texts));
}

/// One run: mutants in portions through compiler and tests.
class mutation_run {
 public:
  mutation_run(const workspace& where, const chapter& of,
               const mutate_request& wanted,
               const mutant_sink& on_judged)
      : where_(where),
        of_(of),
        wanted_(wanted),
        on_judged_(on_judged),
        reference_(reference_files(where, of)),
        record_(where.root / "build" / "mutate" / (of.lab + ".json"),
                made_from(where, of), wanted.fresh) {}

  mutation_score run() {
    auto excused = excused_mutants(where_, of_);
    const std::vector<mutation> all = mutants_of(where_, of_);
    for (const mutation& each :
         sample_of(all, wanted_.count, wanted_.seed)) {
      judged_mutant one{each, std::nullopt, std::nullopt};
      if (const auto known = excused.find(each.key());
          known != excused.end()) {
        one.excused = known->second;
      }
      score_.mutants.push_back(std::move(one));
    }
    for (const mutation& each : all) {
      excused.erase(each.key());
    }
    for (const auto& [key, unused] : excused) {
      score_.outdated.push_back(key);
    }
    judge();
    return std::move(score_);
  }

 private:
  void judge() {
    std::vector<judged_mutant*> left;
    for (judged_mutant& each : score_.mutants) {
      if (each.excused && !wanted_.excused_too) {
        continue;
      }
      ++all_;
      if (const tried* known = record_.find(each.what.key())) {
        each.result = *known;
        ++over_;
      } else {
        left.push_back(&each);
      }
    }
    for (std::size_t i = 0; i < left.size() && !interrupted();
         i += at_once) {
      const auto begin = left.begin() + static_cast<std::ptrdiff_t>(i);
      judge_portion(
          {begin, begin + static_cast<std::ptrdiff_t>(
                              std::min(at_once, left.size() - i))});
    }
  }

  void judge_portion(const std::vector<judged_mutant*>& portion) {
    std::map<std::string, judged_mutant*> by_name;
    std::vector<wrong_solution> wrongs;
    for (judged_mutant* each : portion) {
      auto files = reference_;
      std::string& text = files.at(each->what.file);
      text = each->what.applied(text);
      const std::string name = fmt::format("m{}", wrongs.size() + 1);
      wrongs.push_back(described(name, std::move(files), reference_));
      wrongs.back().number = static_cast<int>(wrongs.size());
      wrongs.back().likely = {each->what.step};
      by_name[name] = each;
    }
    try_request wanted;
    wanted.cores = wanted_.cores;
    wanted.folder = "mutate";
    wanted.warnings_are_errors = false;
    try_solutions(where_, of_, wanted, std::move(wrongs),
                  [&](const tried& each) {
                    judged_mutant& whose = *by_name.at(each.name);
                    whose.result = each;
                    record_.add(whose.what.key(), each);
                    on_judged_(whose, ++over_, all_);
                  });
  }

  const workspace& where_;
  const chapter& of_;
  const mutate_request& wanted_;
  const mutant_sink& on_judged_;
  const std::map<std::string, std::string> reference_;
  mutation_record record_;
  mutation_score score_;
  std::size_t over_ = 0;
  std::size_t all_ = 0;
};

}  // namespace

std::size_t mutation_score::wrongly_excused() const {
  return static_cast<std::size_t>(std::count_if(
      mutants.begin(), mutants.end(), [](const judged_mutant& each) {
        return each.excused && each.ended_as(tried::kind::caught);
      }));
}

std::size_t mutation_score::holes() const {
  return static_cast<std::size_t>(
      std::count_if(mutants.begin(), mutants.end(),
                    [](const auto& each) { return each.is_hole(); }));
}

double mutation_score::score() const {
  const auto caught = static_cast<double>(std::count_if(
      mutants.begin(), mutants.end(), [](const judged_mutant& each) {
        return !each.excused && each.ended_as(tried::kind::caught);
      }));
  const auto all = caught + static_cast<double>(holes());
  return all == 0 ? 1 : caught / all;
}

std::vector<mutation> mutants_of(const workspace& where,
                                 const chapter& of) {
  std::vector<mutation> all;
  for (const std::string& file : of.files) {
    if (file.ends_with(".hpp") || file.ends_with(".cpp")) {
      const std::string text =
          read_text(where.root / "solutions" / of.lab / file);
      for (mutation& each : mutations_of(text, file)) {
        all.push_back(std::move(each));
      }
    }
  }
  return all;
}

std::vector<mutation> sample_of(const std::vector<mutation>& all,
                                std::size_t count, std::uint64_t seed) {
  if (count == 0 || count >= all.size()) {
    return all;
  }
  std::vector<std::pair<std::uint64_t, std::size_t>> drawn;
  for (std::size_t i = 0; i < all.size(); ++i) {
    drawn.emplace_back(
        fingerprint(fmt::format("{} {}", seed, all[i].key())), i);
  }
  std::sort(drawn.begin(), drawn.end());
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; ++i) {
    places.push_back(drawn[i].second);
  }
  std::sort(places.begin(), places.end());
  std::vector<mutation> sample;
  for (const std::size_t place : places) {
    sample.push_back(all[place]);
  }
  return sample;
}

mutation_score mutate(const workspace& where, const chapter& of,
                      const mutate_request& wanted,
                      const mutant_sink& on_judged) {
  return mutation_run(where, of, wanted, on_judged).run();
}

}  // namespace workbook
