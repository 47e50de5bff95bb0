// Where every test executable begins, and what it reports to the grader.
//
// All of this is one translation unit, so that what can report has no
// name that the code under test could call it by: the channel, the
// listener and the observer have internal linkage.
//
// Book: appendix "How your work is graded".

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "explore/child.hpp"
#include "explore/observer.hpp"
#include "grading/channel.hpp"
#include "grading/grading.hpp"
#include "grading/todo.hpp"

namespace grading {
namespace {

using nlohmann::json;

// The one channel of this process.
constinit channel to_grader;

// Before the code under test, which may have objects that are made
// before main. 101 is the first number that is not the system's own.
[[gnu::constructor(101)]] void begin(int, char** argv, char** envp) {
  explore::prepare(argv);  // may begin the program anew
  to_grader.open(envp);
}

// What a test process ends with where a step is not written.
constexpr int exit_not_written = 97;

// The promise of the running test, for whoever reads the terminal.
const char* promised = nullptr;

// A seed is a number, or a text such as "2:350" (exhaustive search).
json seed_in(const std::string& text) {
  const json number = json::parse(text, nullptr, false);
  return number.is_number_unsigned() ? number : json(text);
}

}  // namespace

void contract(const char* words) {
  promised = words;
  if (explore::in_schedule()) {
    explore::note_promise(words);
  } else {
    to_grader.send({{"event", "promise"}, {"text", words}});
  }
}

void end_of_test() {
  if (to_grader.is_canary()) {
    ADD_FAILURE() << "planted by the grader";
  }
}

void step_is_not_written(const char* step) noexcept {
  if (explore::in_schedule()) {
    explore::note_unwritten(step);
  }
  to_grader.send({{"event", "not_written"}, {"step", step}});
  if (!to_grader.is_open()) {
    std::fprintf(stderr, "step %s is not written yet\n", step);
  }
  ::_exit(exit_not_written);
}

namespace {

// What GoogleTest says of a failure; since 1.15 it ends in an empty
// line.
std::string message_of(const testing::TestPartResult& part) {
  std::string message = part.message();
  message.erase(message.find_last_not_of('\n') + 1);
  return message;
}

// In the process of one schedule it tells the explorer instead, which
// then ends the schedule.
class reporter : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override;
  void OnTestPartResult(const testing::TestPartResult& part) override;
  void OnTestEnd(const testing::TestInfo& test) override;
};

void reporter::OnTestStart(const testing::TestInfo& test) {
  promised = nullptr;
  to_grader.send({{"event", "begin"},
                  {"test", std::string(test.test_suite_name()) + "." +
                               test.name()}});
}

void reporter::OnTestPartResult(const testing::TestPartResult& part) {
  const std::string message = message_of(part);
  if (part.skipped()) {
    to_grader.send({{"event", "not_run"}, {"message", message}});
  }
  if (!part.failed()) {
    return;
  }
  if (explore::in_schedule()) {
    explore::note_failure(part.file_name(), part.line_number(),
                          message.c_str());
  }
  json event = {{"event", "failure"}, {"message", message}};
  if (part.file_name() != nullptr) {
    event["file"] = part.file_name();
    event["line"] = part.line_number();
  }
  to_grader.send(event);
}

void reporter::OnTestEnd(const testing::TestInfo& test) {
  const bool passed = test.result()->Passed();
  if (!passed && promised != nullptr && !to_grader.is_open()) {
    std::printf("the promise: %s\n", promised);
  }
  to_grader.send({{"event", "end"}, {"passed", passed}});
}

// How an explored test went: an explore::observer.
void report_explored(const explore::test_result& what) {
  if (!what.promise.empty()) {
    to_grader.send({{"event", "promise"}, {"text", what.promise}});
  }
  if (!what.unwritten.empty()) {
    to_grader.send(
        {{"event", "not_written"}, {"step", what.unwritten}});
  }
  if (!what.infrastructure.empty()) {
    to_grader.send({{"event", "infrastructure"},
                    {"message", what.infrastructure}});
  }
  if (!what.unavailable.empty()) {
    to_grader.send({{"event", "not_run"},
                    {"message", what.unavailable +
                                    ": the explorer does not work on "
                                    "this machine"}});
    std::printf("not run: %s\n", what.unavailable.c_str());
    return;
  }
  if (!what.seed.empty()) {
    to_grader.send({{"event", "seed"}, {"seed", seed_in(what.seed)}});
  }
  json explored = {{"event", "explored"},
                   {"schedules", what.schedules},
                   {"strategy", what.strategy}};
  if (what.complete_bound >= 0) {
    explored["complete_bound"] = what.complete_bound;
  }
  to_grader.send(explored);
  if (what.failed) {
    const char* const file =
        what.file.empty() ? nullptr : what.file.c_str();
    ADD_FAILURE_AT(file, file == nullptr ? -1 : what.line)
        << what.failure;
  }
}

}  // namespace

static int run(int argc, char** argv) {
  explore::set_observer(report_explored);
  testing::InitGoogleTest(&argc, argv);

  // The reporter goes before the printer: what fails within a schedule
  // is the explorer's to tell, not the printer's.
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  auto* const printer =
      listeners.Release(listeners.default_result_printer());
  listeners.Append(new reporter);
  listeners.Append(printer);
  return RUN_ALL_TESTS();
}

}  // namespace grading

int main(int argc, char** argv) {
  return grading::run(argc, argv);
}
