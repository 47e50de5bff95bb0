// Graded tests on their way from source to verdict.

#include "workbook/pipeline.hpp"

#include <algorithm>
#include <set>
#include <thread>
#include <utility>

#include "workbook/interrupt.hpp"
#include "workbook/run_test.hpp"
#include "workbook/unit_text.hpp"

namespace workbook {

namespace {

constexpr double native_cpu_seconds = 10;
constexpr double explored_cpu_seconds = 90;

test_limits limits_for(const graded_test& test) {
  test_limits limits;
  if (test.kind == "explored") {
    limits.cpu_seconds = explored_cpu_seconds;
    limits.still_seconds = 8;  // the explorer's own watchdog is first
  } else {
    limits.cpu_seconds = native_cpu_seconds;
  }
  return limits;
}

/// An earlier failure's picture must not be taken for this run's.
void forget_lanes(const test_job& job) {
  std::error_code failed;
  std::filesystem::create_directories(job.lanes, failed);
  for (const char* form : {".svg", ".json"}) {
    std::filesystem::remove(job.lanes / (job.test.full_name() + form),
                            failed);
  }
}

/// The programs of all jobs, each once, in the jobs' order.
std::vector<test_program> programs_of(
    const std::vector<test_job>& jobs) {
  std::vector<test_program> programs;
  std::set<std::string> known;
  for (const test_job& job : jobs) {
    if (known.insert(job.program.target()).second) {
      programs.push_back(job.program);
    }
  }
  return programs;
}

}  // namespace

test_job job_for(const workspace& where, const chapter& of,
                 const graded_test& test, const variant& judged) {
  test_job made;
  made.of = &of;
  made.test = test;
  made.judged = judged;
  made.program = judged.program_for(where, of, test);
  made.reads = judged.reads(where, of);
  return made;
}

pipeline::pipeline(const workspace& where, std::vector<test_job>& jobs,
                   unsigned cores, const pipeline_listener& listener)
    : where_(where),
      cores_(std::max(cores, 1U)),
      listener_(listener),
      jobs_(jobs),
      stages_(jobs.size(), stage::waiting) {}

void pipeline::run() {
  if (listener_.on_start) {
    listener_.on_start(jobs_.size());
  }
  {
    std::vector<std::jthread> threads;
    threads.emplace_back([this] { build(); });
    for (unsigned i = 0; i < cores_; ++i) {
      threads.emplace_back([this, i] { test(i == 0); });
    }
  }
  if (failure_) {
    std::rethrow_exception(failure_);
  }
}

void pipeline::build() {
  say("building");
  std::exception_ptr failure;
  try {
    build_programs(
        where_, programs_of(jobs_), cores_,
        [this](const program_built& built) { take_in(built); });
  } catch (...) {
    failure = std::current_exception();
  }
  const std::scoped_lock lock(mutex_);
  failure_ = failure;
  build_over_ = true;
  changed_.notify_all();
}

void pipeline::take_in(const program_built& built) {
  const std::scoped_lock lock(mutex_);
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (stages_[i] != stage::waiting ||
        jobs_[i].program.target() != built.target) {
      continue;
    }
    if (built.how == program_built::kind::ready) {
      stages_[i] = stage::ready;
      continue;
    }
    const bool own = built.how == program_built::kind::does_not_compile;
    outcome result;
    result.status = own ? verdict::not_run : verdict::infrastructure;
    result.message = (own ? "does not compile: "
                          : "the workbook itself does not build: ") +
                     built.error;
    finish_locked(i, std::move(result));
  }
  changed_.notify_all();
}

void pipeline::test(bool early) {
  while (const auto index = next(early)) {
    // A job that is running is this thread's alone but for its result.
    const test_job& job = jobs_[*index];
    say(job.test.id);
    test_request request;
    request.program = where_.build / job.program.path();
    request.name =
        name_inside(job.inside, job.test.suite, job.test.name);
    request.folder = where_.root;
    request.limits = limits_for(job.test);
    request.exhaustive = job.test.exhaustive;
    request.schedules =
        job.thinned > 1 && job.test.schedules >= 0
            ? std::max(1, job.test.schedules / job.thinned)
            : job.test.schedules;
    request.environment = {
        {"WORKBOOK_SOURCES", job.reads.string()},
        {"WORKBOOK_THINNED", std::to_string(job.thinned)}};
    if (job.verdict_only) {
      request.environment.emplace_back("WORKBOOK_VERDICT_ONLY", "1");
    }
    request.fixed_addresses = job.sanitized;
    if (job.sanitized) {
      // Shadow memory is not the test's own; and all is slower.
      request.limits.memory_bytes *= 4;
      request.limits.cpu_seconds = explored_cpu_seconds;
    }
    if (!job.lanes.empty()) {
      forget_lanes(job);
      request.environment.emplace_back("WORKBOOK_LANES",
                                       job.lanes.string());
    }
    outcome result = run_test(request);
    const std::scoped_lock lock(mutex_);
    finish_locked(*index, std::move(result));
  }
}

/// The first job that is ready; none once there will be no more. Until
/// the build is over only the early tester is served, so that the
/// compiler has the other cores.
std::optional<std::size_t> pipeline::next(bool early) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto found =
        std::find(stages_.begin(), stages_.end(), stage::ready);
    if (interrupted() || (found == stages_.end() && build_over_)) {
      return std::nullopt;
    }
    if (found != stages_.end() && (early || build_over_)) {
      *found = stage::running;
      return static_cast<std::size_t>(found - stages_.begin());
    }
    changed_.wait(lock);
  }
}

void pipeline::finish_locked(std::size_t index, outcome result) {
  if (result.promise.empty()) {
    result.promise = jobs_[index].test.promise;
  }
  jobs_[index].result = std::move(result);
  stages_[index] = stage::done;
  if (listener_.on_verdict) {
    listener_.on_verdict(jobs_[index]);
  }
}

void pipeline::say(const std::string& doing) {
  const std::scoped_lock lock(mutex_);
  if (listener_.on_activity) {
    listener_.on_activity(doing);
  }
}

}  // namespace workbook
