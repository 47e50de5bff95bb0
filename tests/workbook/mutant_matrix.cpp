// The graders graded: every mutant is caught by the tests it names.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "workbook/graded_tests.hpp"
#include "workbook/matrix.hpp"
#include "workbook/matrix_programs.hpp"
#include "workbook/mutant.hpp"
#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

/// A promise that the compiler checks is kept in a file of its own.
bool is_compile_promise(const graded_test& test) {
  return test.file.starts_with("compiles_");
}

/// Whether this verdict means that the test noticed the fault.
bool is_caught(const test_job& job) {
  switch (job.result.status) {
    case verdict::fail:
    case verdict::timeout:
    case verdict::crash:
      return true;
    case verdict::not_run:
      return is_compile_promise(job.test);
    default:
      return false;
  }
}

/// One mutant, its jobs, and what is already known to be wrong.
struct mutant_case {
  const chapter* of = nullptr;
  std::string name;
  mutant head;
  matrix_row row;
};

const graded_test* find_test(const std::vector<graded_test>& tests,
                             const std::string& name) {
  const auto found =
      std::find_if(tests.begin(), tests.end(),
                   [&](const auto& each) { return each.name == name; });
  return found == tests.end() ? nullptr : &*found;
}

test_job job_of(const workspace& where, const mutant_case& each,
                const graded_test& test) {
  test_job job = job_for(where, *each.of, test,
                         {variant::kind::mutant, each.name});
  job.verdict_only = true;
  return job;
}

bool is_job_of(const mutant_case& each, const test_job& job) {
  return job.of == each.of && job.judged.name == each.name;
}

/// Reads the head, sees whether the patch applies, and adds a job for
/// each test that it names.
mutant_case load(const workspace& where, const chapter& of,
                 const std::vector<graded_test>& tests,
                 const std::filesystem::path& patch,
                 std::vector<test_job>& jobs) {
  mutant_case each{&of, patch.stem().string(), {}, {}};
  each.row.name = of.number() + " " + each.name;
  try {
    each.head = read_mutant(where, patch);
  } catch (const problem& trouble) {
    each.row.wrongs.emplace_back(trouble.what());
    return each;
  }
  const variant judged{variant::kind::mutant, each.name};
  const std::string why =
      write_mutant(where, of, each.head, judged.sources(where, of));
  if (!why.empty()) {
    each.row.wrongs.push_back("the patch does not apply: " + why);
    return each;
  }
  for (const std::string& name : each.head.caught_by) {
    const graded_test* test = find_test(tests, name);
    if (test == nullptr) {
      each.row.wrongs.push_back(fmt::format(
          "names a test {} that the chapter does not have", name));
    } else if (of.judges_no_sources(test->step)) {
      each.row.wrongs.push_back(fmt::format(
          "names a test {}, which does not run the chapter's code",
          name));
    } else {
      jobs.push_back(job_of(where, each, *test));
    }
  }
  return each;
}

void judge(mutant_case& each, const std::vector<test_job>& jobs) {
  for (const test_job& job : jobs) {
    if (!is_job_of(each, job)) {
      continue;
    }
    if (is_caught(job)) {
      each.row.found += fmt::format(
          "{}{}", each.row.found.empty() ? "" : ", ", job.test.name);
    } else if (job.result.status == verdict::pass) {
      each.row.wrongs.push_back("survives " + job.test.name);
    } else {
      each.row.wrongs.push_back(fmt::format(
          "{}: {}: {}", job.test.name, name_of(job.result.status),
          first_line(job.result.message)));
    }
  }
}

/// Those that survived a test face all others, to say which one would
/// have caught them.
void try_others(
    const workspace& where, std::vector<mutant_case>& mutant_cases,
    const std::map<const chapter*, std::vector<graded_test>>& tests,
    unsigned cores, const pipeline_listener& listener) {
  std::vector<test_job> jobs;
  for (const mutant_case& each : mutant_cases) {
    const auto& wrongs = each.row.wrongs;
    const bool survived = std::any_of(
        wrongs.begin(), wrongs.end(), [](const std::string& wrong) {
          return wrong.starts_with("survives ");
        });
    for (const graded_test& test : tests.at(each.of)) {
      if (survived && !each.of->judges_no_sources(test.step) &&
          std::count(each.head.caught_by.begin(),
                     each.head.caught_by.end(), test.name) == 0) {
        jobs.push_back(job_of(where, each, test));
      }
    }
  }
  if (jobs.empty()) {
    return;
  }
  run_matrix(where, jobs, cores, listener);
  for (mutant_case& each : mutant_cases) {
    std::vector<std::string> others;
    bool tried = false;
    for (const test_job& job : jobs) {
      const bool own = is_job_of(each, job);
      tried = tried || own;
      if (own && is_caught(job)) {
        others.push_back(job.test.name);
      }
    }
    if (tried) {
      each.row.wrongs.push_back(
          others.empty()
              ? "no other test catches it"
              : fmt::format("caught by {}", fmt::join(others, ", ")));
    }
  }
}

}  // namespace

matrix_table check_mutants(const workspace& where,
                           const std::vector<chapter>& of,
                           unsigned cores,
                           const pipeline_listener& listener) {
  std::map<const chapter*, std::vector<graded_test>> tests;
  std::vector<mutant_case> mutant_cases;
  std::vector<test_job> jobs;
  for (const chapter& each : of) {
    tests[&each] = list_tests(where, each);
    for (const auto& patch : patches_of(where, each)) {
      mutant_cases.push_back(
          load(where, each, tests[&each], patch, jobs));
    }
  }
  run_matrix(where, jobs, cores, listener);
  for (mutant_case& each : mutant_cases) {
    judge(each, jobs);
  }
  try_others(where, mutant_cases, tests, cores, listener);
  matrix_table table{"mutants are caught by the tests they name", {}};
  for (mutant_case& each : mutant_cases) {
    table.rows.push_back(std::move(each.row));
  }
  return table;
}

}  // namespace workbook
