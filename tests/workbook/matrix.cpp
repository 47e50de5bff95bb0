// The graders graded: step snapshots and alternatives.

#include "workbook/matrix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "workbook/graded_tests.hpp"
#include "workbook/skeleton.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string describe(const test_job& job) {
  return fmt::format("{}: {}{}{}", job.test.id,
                     name_of(job.result.status),
                     job.result.message.empty() ? "" : ": ",
                     first_line(job.result.message));
}

/// Adds a job for each test of the chapter: `subject` is what is
/// judged, `variant` what is built for it.
void add_jobs(std::vector<test_job>& jobs, const chapter& of,
              const std::vector<graded_test>& tests,
              const std::string& subject, const std::string& variant,
              const fs::path& own, const fs::path& reads) {
  for (const graded_test& test : tests) {
    test_job job{test, program_of(of, test, variant, own), reads, {}};
    job.subject = of.lab + "." + subject;
    jobs.push_back(std::move(job));
  }
}

/// The jobs that judge one subject ("01_pooling.steps.1.3").
std::vector<const test_job*> of_subject(
    const std::vector<test_job>& jobs, const std::string& subject) {
  std::vector<const test_job*> own;
  for (const test_job& job : jobs) {
    if (job.subject == subject) {
      own.push_back(&job);
    }
  }
  return own;
}

/// Whether a test that fails tells the reader which step is to be done.
/// Most steps are not written yet; one that is to be mended is there,
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

/// A step that only writes a schedule leaves the code as it was: what
/// was built after so many steps serves.
std::size_t code_of(const chapter& of, std::size_t done) {
  while (done > 0 && of.breaks(of.steps[done - 1].id)) {
    --done;
  }
  return done;
}

/// Whether the verdict on `test` after `done` steps is that of an
/// earlier snapshot: same program, and it reads no schedule.
bool is_known(const chapter& of, std::size_t done,
              const graded_test& test) {
  return code_of(of, done) != done && !of.breaks(test.step);
}

std::string subject_of(const chapter& of, std::size_t done) {
  return of.lab + ".steps." + id_after(of, done);
}

void add_snapshot(std::vector<test_job>& jobs, const workspace& where,
                  const chapter& of, std::size_t done,
                  const std::vector<graded_test>& tests) {
  const std::string id = id_after(of, done);
  const fs::path reads =
      where.build / of.lab / ("steps." + id) / "reads";
  write_files(
      skeleton(of, where.root / "solutions" / of.lab, id, where),
      reads);
  const std::string variant =
      "steps." + id_after(of, code_of(of, done));
  std::vector<graded_test> unknown;
  std::copy_if(tests.begin(), tests.end(), std::back_inserter(unknown),
               [&](const graded_test& test) {
                 return !is_known(of, done, test);
               });
  const std::size_t first = jobs.size();
  add_jobs(jobs, of, unknown, "steps." + id, variant,
           where.build / of.lab / variant, reads);
  for (std::size_t i = first; i < jobs.size(); ++i) {
    jobs[i].thinned = snapshot_thinned;
  }
}

/// The jobs that judge the snapshot after `done` steps.
std::vector<const test_job*> of_snapshot(
    const std::vector<test_job>& jobs, const chapter& of,
    std::size_t done) {
  std::vector<const test_job*> own =
      of_subject(jobs, subject_of(of, done));
  for (const test_job* job :
       of_subject(jobs, subject_of(of, code_of(of, done)))) {
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

workspace matrix_workspace(const workspace& where) {
  return {where.root, where.root / "build" / "matrix"};
}

void configure_matrix(const workspace& where, bool whole) {
  configure(where, {"WORKBOOK_MATRIX=ON",
                    fmt::format("WORKBOOK_WHOLE_MUTANTS={}",
                                whole ? "ON" : "OFF"),
                    "WORKBOOK_PROGRAM=" +
                        fs::read_symlink("/proc/self/exe").string()});
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
  configure_matrix(where);
  pipeline(where, jobs, cores, listener).run();
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
      add_jobs(jobs, each, tests, "alternatives." + word,
               "alternatives." + word,
               where.tests(each.lab) / "alternatives" / word,
               where.root / "solutions" / each.lab);
    }
  }
  configure_matrix(where);
  pipeline(where, jobs, cores, listener).run();
  matrix_table table{"alternatives get full marks", {}};
  for (const chapter& each : of) {
    for (const std::string& word : alternatives_of(where, each)) {
      matrix_row row = judge_full(
          of_subject(jobs, each.lab + ".alternatives." + word));
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
  std::vector<test_job> jobs;
  for (const chapter& each : of) {
    const fs::path own = where.root / "solutions" / each.lab;
    add_jobs(jobs, each, list_tests(where, each), "solutions",
             "solutions", own, own);
  }
  pipeline(where, jobs, cores, listener).run();
  matrix_table table{"references get full marks", {}};
  for (const chapter& each : of) {
    matrix_row row =
        judge_full(of_subject(jobs, each.lab + ".solutions"));
    row.name = each.number() + " " + each.title;
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace workbook
