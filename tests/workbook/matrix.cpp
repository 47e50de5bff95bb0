// The graders graded: step snapshots and alternatives.

#include "workbook/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "workbook/graded_tests.hpp"
#include "workbook/matrix_programs.hpp"
#include "workbook/skeleton.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

std::string describe(const test_job& job) {
  return fmt::format("{}: {}{}{}", job.test.id,
                     name_of(job.result.status),
                     job.result.message.empty() ? "" : ": ",
                     first_line(job.result.message));
}

/// The jobs that judge one variant of one chapter.
std::vector<const test_job*> of_variant(
    const std::vector<test_job>& jobs, const chapter& of,
    const variant& judged) {
  std::vector<const test_job*> own;
  for (const test_job& job : jobs) {
    if (job.of == &of && job.judged == judged) {
      own.push_back(&job);
    }
  }
  return own;
}

/// Whether a test that fails tells the reader which step is to be done.
/// Most steps are not written yet; one that is to be repaired is there,
/// and wrong, and its tests say its number.
bool names_its_step(const test_job& job) {
  return job.result.status == verdict::not_written ||
         job.result.message.find("step " + job.test.step + ":") !=
             std::string::npos;
}

/// Steps done in a snapshot, 0 for the skeleton.
matrix_row judge_snapshot(const chapter& of, std::size_t done,
                          const std::vector<const test_job*>& jobs) {
  matrix_row row;
  std::size_t asked = 0;
  std::size_t passed = 0;
  for (const test_job* job : jobs) {
    const bool must_pass = of.place_of(job->test.step) < done;
    const bool passes = job->result.status == verdict::pass;
    asked += must_pass ? 1 : 0;
    passed += must_pass && passes ? 1 : 0;
    if (must_pass && !passes) {
      row.wrongs.push_back("must pass, but " + describe(*job));
    } else if (!must_pass && passes) {
      row.wrongs.push_back(fmt::format("{}: passes before its step {}",
                                       job->test.id, job->test.step));
    } else if (done == 0 && !names_its_step(*job)) {
      row.wrongs.push_back("must name a step, but " + describe(*job));
    }
  }
  row.found = fmt::format("{} of {} pass, {} wait for later steps",
                          passed, asked, jobs.size() - asked);
  return row;
}

std::string id_after(const chapter& of, std::size_t done) {
  return done == 0 ? "0" : of.steps[done - 1].id;
}

/// What a snapshot has of the reference was tried in every schedule
/// with the reference; here it is asked whether the step has it at all.
constexpr int snapshot_thinned = 4;

/// A step that only writes a schedule or tests leaves the code as it
/// was: what was built after so many steps serves.
std::size_t code_of(const chapter& of, std::size_t done) {
  while (done > 0 && of.judges_no_sources(of.steps[done - 1].id)) {
    --done;
  }
  return done;
}

/// Whether the verdict on `test` after `done` steps is that of an
/// earlier snapshot: same program, and it reads no file.
bool is_known(const chapter& of, std::size_t done,
              const graded_test& test) {
  return code_of(of, done) != done && !of.judges_no_sources(test.step);
}

variant snapshot_of(const chapter& of, std::size_t done) {
  return {variant::kind::snapshot, id_after(of, done)};
}

void add_snapshot(std::vector<test_job>& jobs, const workspace& where,
                  const chapter& of, std::size_t done,
                  const std::vector<graded_test>& tests) {
  const variant own = snapshot_of(of, done);
  write_files(
      skeleton(of, where.root / "solutions" / of.lab, own.name, where),
      own.sources(where, of));
  for (const graded_test& test : tests) {
    if (!is_known(of, done, test)) {
      test_job job = job_for(where, of, test, own);
      job.thinned = snapshot_thinned;
      job.verdict_only = true;
      jobs.push_back(std::move(job));
    }
  }
}

/// The jobs that judge the snapshot after `done` steps.
std::vector<const test_job*> of_snapshot(
    const std::vector<test_job>& jobs, const chapter& of,
    std::size_t done) {
  std::vector<const test_job*> own =
      of_variant(jobs, of, snapshot_of(of, done));
  for (const test_job* job :
       of_variant(jobs, of, snapshot_of(of, code_of(of, done)))) {
    if (is_known(of, done, job->test)) {
      own.push_back(job);
    }
  }
  return own;
}

std::vector<std::string> alternatives_of(const workspace& where,
                                         const chapter& of) {
  std::vector<std::string> words;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(
           where.tests(of.lab) / "alternatives", none)) {
    if (entry.is_directory()) {
      words.push_back(entry.path().filename().string());
    }
  }
  std::sort(words.begin(), words.end());
  return words;
}

matrix_row judge_full(const std::vector<const test_job*>& jobs) {
  matrix_row row;
  int score = 0;
  int whole = 0;
  for (const test_job* job : jobs) {
    const bool passes = job->result.status == verdict::pass;
    whole += job->test.points;
    score += passes ? job->test.points : 0;
    if (!passes) {
      row.wrongs.push_back(describe(*job));
    }
  }
  row.found = fmt::format("{} of {}", score, whole);
  return row;
}

}  // namespace

std::size_t matrix_table::right() const {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(),
                    [](const auto& row) { return row.right(); }));
}

matrix_table check_steps(const workspace& where,
                         const std::vector<chapter>& of, unsigned cores,
                         const pipeline_listener& listener) {
  std::vector<test_job> jobs;
  for (const chapter& each : of) {
    const auto tests = list_tests(where, each);
    for (std::size_t done = 0; done <= each.steps.size(); ++done) {
      add_snapshot(jobs, where, each, done, tests);
    }
  }
  run_matrix(where, jobs, cores, listener);
  matrix_table table{"snapshots pass exactly the tests of their steps",
                     {}};
  for (const chapter& each : of) {
    for (std::size_t done = 0; done <= each.steps.size(); ++done) {
      const std::string id = id_after(each, done);
      matrix_row row =
          judge_snapshot(each, done, of_snapshot(jobs, each, done));
      row.name = fmt::format("{} after step {}", each.number(), id);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

matrix_table check_alternatives(const workspace& where,
                                const std::vector<chapter>& of,
                                unsigned cores,
                                const pipeline_listener& listener) {
  std::vector<test_job> jobs;
  for (const chapter& each : of) {
    const auto tests = list_tests(where, each);
    for (const std::string& word : alternatives_of(where, each)) {
      for (const graded_test& test : tests) {
        // A schedule, or the reader's tests, are judged elsewhere.
        if (!each.judges_no_sources(test.step)) {
          jobs.push_back(job_for(where, each, test,
                                 {variant::kind::alternative, word}));
        }
      }
    }
  }
  run_matrix(where, jobs, cores, listener);
  matrix_table table{"alternatives get full marks", {}};
  for (const chapter& each : of) {
    for (const std::string& word : alternatives_of(where, each)) {
      matrix_row row = judge_full(
          of_variant(jobs, each, {variant::kind::alternative, word}));
      row.name = each.number() + " " + word;
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

matrix_table check_references(const workspace& where,
                              const std::vector<chapter>& of,
                              unsigned cores,
                              const pipeline_listener& listener) {
  const variant reference{variant::kind::reference, {}};
  std::vector<test_job> jobs;
  for (const chapter& each : of) {
    for (const graded_test& test : list_tests(where, each)) {
      jobs.push_back(job_for(where, each, test, reference));
    }
  }
  pipeline(where, jobs, cores, listener).run();
  matrix_table table{"references get full marks", {}};
  for (const chapter& each : of) {
    matrix_row row = judge_full(of_variant(jobs, each, reference));
    row.name = each.number() + " " + each.title;
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace workbook
