// The programs of the matrix: which variants share one.

#include "workbook/matrix_programs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "workbook/interrupt.hpp"
#include "workbook/text_file.hpp"
#include "workbook/unit_text.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

using kind = variant::kind;

/// What a unit costs apart from its variants is saved once a variant;
/// but a unit is compiled by one core.
std::size_t most_together(kind what) {
  switch (what) {
    case kind::mutant:
      return 20;
    case kind::snapshot:
      return 6;
    default:
      return 3;
  }
}

constexpr int most_rounds = 5;

bool is_step_file(const std::string& file) {
  return file.starts_with("step_");
}

/// A namespace for the variant.
std::string namespace_of(const variant& judged) {
  std::string name = judged.what == kind::mutant     ? "mutant_"
                     : judged.what == kind::snapshot ? "after_"
                                                     : "alternative_";
  name += judged.name;
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

/// What is compiled together of one variant: mutants are judged by some
/// tests of a file, all others by all step files at once.
std::string part_of(const test_job& job) {
  const bool whole =
      job.judged.what != kind::mutant && is_step_file(job.test.file);
  return whole ? "together" : job.test.unit();
}

/// One variant in one unit, and the jobs that it serves.
struct member {
  const chapter* of = nullptr;
  variant judged;
  std::string part;
  std::vector<test_job*> jobs;

  /// Names it in the list of those that cannot share.
  [[nodiscard]] std::string key() const {
    return of->lab + " " + judged.text() + " " + part;
  }
};

unit_section section_of(const workspace& where, const member& each,
                        bool shared) {
  unit_section made;
  made.inside = shared ? namespace_of(each.judged) : "";
  made.sources = each.judged.sources(where, *each.of);
  made.fallback = each.judged.fallback(where, *each.of);
  std::set<std::string> files;
  for (const test_job* job : each.jobs) {
    files.insert(job->test.file);
    made.wanted.insert(job->test.name);
  }
  for (const std::string& file : files) {
    made.tests.push_back(where.tests(each.of->lab) / file);
  }
  return made;
}

/// build/matrix/alone.txt: variants that cannot share a program, with
/// the fingerprint of what was tried.
class loners {
 public:
  explicit loners(const workspace& where)
      : file_(matrix_workspace(where).build / "alone.txt") {
    if (fs::exists(file_)) {
      for (const std::string& line : lines_of(read_text(file_))) {
        known_.insert(line);
      }
    }
  }

  [[nodiscard]] bool contains(const workspace& where,
                              const member& each) const {
    return known_.contains(line_of(where, each));
  }

  void add(const workspace& where, const member& each) {
    known_.insert(line_of(where, each));
    write_text(file_, fmt::format("{}\n", fmt::join(known_, "\n")));
  }

 private:
  static std::string line_of(const workspace& where,
                             const member& each) {
    return fmt::format(
        "{:016x} {}",
        fingerprint(unit_text(where, *each.of,
                              {section_of(where, each, true)})),
        each.key());
  }

  fs::path file_;
  std::set<std::string> known_;
};

/// Distributes members over units and writes these.
class planner {
 public:
  explicit planner(const workspace& where)
      : where_(where),
        matrix_(matrix_workspace(where)),
        alone_(where) {}

  void take(std::vector<test_job>& jobs) {
    std::map<std::string, std::size_t> places;
    std::vector<member> all;
    for (test_job& job : jobs) {
      const member fresh{job.of, job.judged, part_of(job), {}};
      const auto [place, added] =
          places.emplace(fresh.key(), all.size());
      if (added) {
        all.push_back(fresh);
      }
      all[place->second].jobs.push_back(&job);
    }
    distribute(std::move(all));
  }

  /// Writes which units there are, and configures the tree.
  void finish() {
    const fs::path list = matrix_.build / "units.cmake";
    std::set<std::string> lines;
    if (fs::exists(list)) {
      for (const std::string& line : lines_of(read_text(list))) {
        lines.insert(line);
      }
    }
    lines.insert(units_.begin(), units_.end());
    write_text(list, fmt::format("{}\n", fmt::join(lines, "\n")));
    configure(matrix_,
              {"WORKBOOK_MATRIX=ON",
               "WORKBOOK_PROGRAM=" +
                   fs::read_symlink("/proc/self/exe").string()});
  }

  void set_alone(const member& each) { alone_.add(where_, each); }

 private:
  void distribute(std::vector<member> all) {
    std::map<std::string, std::vector<member>> groups;
    for (member& each : all) {
      if (!is_step_file(each.jobs.front()->test.file) ||
          alone_.contains(where_, each)) {
        write({each}, each.judged.text() + "." + each.part);
        continue;
      }
      const std::string text = each.judged.text();
      groups[each.of->lab + " " + text.substr(0, text.find('.')) + "." +
             each.part]
          .push_back(std::move(each));
    }
    for (auto& [name, members] : groups) {
      share(name.substr(name.find(' ') + 1), std::move(members));
    }
  }

  /// A mutant stays in its unit when others come and go, so that most
  /// units need not be compiled again.
  void share(const std::string& name, std::vector<member> members) {
    const std::size_t most = most_together(members.front().judged.what);
    const std::size_t count = (members.size() + most - 1) / most;
    std::map<std::size_t, std::vector<member>> units;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const bool by_name = members[i].judged.what == kind::mutant;
      units[by_name ? fingerprint(members[i].judged.name) % count
                    : i / most]
          .push_back(std::move(members[i]));
    }
    for (const auto& [number, unit] : units) {
      write(unit, fmt::format("{}.{}", name, number));
    }
  }

  void write(const std::vector<member>& members,
             const std::string& name) {
    const chapter& of = *members.front().of;
    const bool shared = members.size() > 1;
    std::vector<unit_section> sections;
    for (const member& each : members) {
      sections.push_back(section_of(where_, each, shared));
      const test_program program{
          of.lab, "matrix", name,
          shared ? matrix_.build / of.lab : sections.back().sources};
      for (test_job* job : each.jobs) {
        job->program = program;
        job->inside = sections.back().inside;
      }
    }
    write_text(matrix_.build / of.lab / "units" / (name + ".cpp"),
               unit_text(where_, of, sections));
    units_.insert(fmt::format("workbook_unit({} {})", of.lab, name));
  }

  const workspace& where_;
  const workspace matrix_;
  loners alone_;
  std::set<std::string> units_;
};

bool is_unit(const test_job& job) {
  return job.judged.in_matrix() &&
         !job.of->judges_no_sources(job.test.step);
}

/// Whether a shared program did not compile, which says nothing yet.
bool must_try_again(const test_job& job) {
  return job.result.status == verdict::not_run && !job.inside.empty() &&
         !job.result.unavailable;
}

/// Whether the compiler's first error is in this variant.
bool is_named(const workspace& where, const test_job& job) {
  return job.result.message.find(
             where.shown(job.judged.sources(where, *job.of)) + "/") !=
             std::string::npos ||
         job.result.message.find(job.inside + "::") !=
             std::string::npos;
}

/// Runs the jobs, and those again that shared what does not compile.
class matrix_run {
 public:
  matrix_run(const workspace& where, unsigned cores,
             const pipeline_listener& listener)
      : where_(where), cores_(cores), listener_(listener) {
    held_back_ = listener;
    held_back_.on_start = {};
    held_back_.on_verdict = [this](const test_job& job) {
      if (listener_.on_verdict && !must_try_again(job)) {
        listener_.on_verdict(job);
      }
    };
  }

  void run(std::vector<test_job> jobs) {
    for (int round = 0; !jobs.empty() && !interrupted(); ++round) {
      plan_matrix(where_, jobs);
      pipeline(matrix_workspace(where_), jobs, cores_, held_back_)
          .run();
      separate(jobs, round);
      std::vector<test_job> again;
      for (test_job& job : jobs) {
        (must_try_again(job) ? again : done_).push_back(std::move(job));
      }
      jobs = std::move(again);
    }
    std::move(jobs.begin(), jobs.end(), std::back_inserter(done_));
  }

  std::vector<test_job> take_done() { return std::move(done_); }

 private:
  /// Those that the compiler names go alone; if it names none, or has
  /// done so often, all.
  void separate(std::vector<test_job>& jobs, int round) {
    std::map<std::string, std::vector<test_job*>> failed;
    for (test_job& job : jobs) {
      if (must_try_again(job)) {
        failed[job.program.target()].push_back(&job);
      }
    }
    planner plan(where_);
    for (const auto& [target, members] : failed) {
      const auto named = [&](const test_job* job) {
        return is_named(where_, *job);
      };
      const bool all =
          round + 2 >= most_rounds ||
          std::none_of(members.begin(), members.end(), named);
      for (test_job* job : members) {
        if (all || named(job)) {
          alone(plan, jobs, *job);
        }
      }
    }
  }

  static void alone(planner& plan, std::vector<test_job>& jobs,
                    const test_job& named) {
    member found{named.of, named.judged, part_of(named), {}};
    for (test_job& job : jobs) {
      if (job.of == found.of && job.judged == found.judged &&
          part_of(job) == found.part) {
        found.jobs.push_back(&job);
      }
    }
    plan.set_alone(found);
  }

  const workspace& where_;
  const unsigned cores_;
  const pipeline_listener& listener_;
  pipeline_listener held_back_;
  std::vector<test_job> done_;
};

}  // namespace

void plan_matrix(const workspace& where, std::vector<test_job>& jobs) {
  planner plan(where);
  plan.take(jobs);
  plan.finish();
}

void run_matrix(const workspace& where, std::vector<test_job>& jobs,
                unsigned cores, const pipeline_listener& listener) {
  if (listener.on_start) {
    listener.on_start(jobs.size());
  }
  std::vector<test_job> units;
  std::vector<test_job> others;
  for (test_job& job : jobs) {
    (is_unit(job) ? units : others).push_back(std::move(job));
  }
  matrix_run run(where, cores, listener);
  run.run(std::move(units));
  jobs = run.take_done();
  pipeline_listener rest = listener;
  rest.on_start = {};
  pipeline(where, others, cores, rest).run();
  std::move(others.begin(), others.end(), std::back_inserter(jobs));
}

}  // namespace workbook
