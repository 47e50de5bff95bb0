#include "grading/reporter.hpp"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "explore/child.hpp"
#include "grading/channel.hpp"
#include "grading/grading.hpp"
#include "grading/todo.hpp"

namespace grading {
namespace {

using nlohmann::json;

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
    channel::send({{"event", "promise"}, {"text", words}});
  }
}

void end_of_test() {
  if (channel::is_canary()) {
    ADD_FAILURE() << "planted by the grader";
  }
}

void step_is_not_written(const char* step) noexcept {
  if (explore::in_schedule()) {
    explore::note_unwritten(step);
  }
  channel::send({{"event", "not_written"}, {"step", step}});
  if (!channel::is_open()) {
    std::fprintf(stderr, "step %s is not written yet\n", step);
  }
  ::_exit(exit_not_written);
}

void reporter::OnTestStart(const testing::TestInfo& test) {
  promised = nullptr;
  channel::send({{"event", "begin"},
                 {"test", std::string(test.test_suite_name()) + "." +
                              test.name()}});
}

// What GoogleTest says of a failure; since 1.15 it ends in an empty
// line.
static std::string message_of(const testing::TestPartResult& part) {
  std::string message = part.message();
  message.erase(message.find_last_not_of('\n') + 1);
  return message;
}

void reporter::OnTestPartResult(const testing::TestPartResult& part) {
  const std::string message = message_of(part);
  if (part.skipped()) {
    channel::send({{"event", "not_run"}, {"message", message}});
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
  channel::send(event);
}

void reporter::OnTestEnd(const testing::TestInfo& test) {
  const bool passed = test.result()->Passed();
  if (!passed && promised != nullptr && !channel::is_open()) {
    std::printf("the promise: %s\n", promised);
  }
  channel::send({{"event", "end"}, {"passed", passed}});
}

void report_explored(const explore::test_result& what) {
  if (!what.promise.empty()) {
    channel::send({{"event", "promise"}, {"text", what.promise}});
  }
  if (!what.unwritten.empty()) {
    channel::send({{"event", "not_written"}, {"step", what.unwritten}});
  }
  if (!what.infrastructure.empty()) {
    channel::send({{"event", "infrastructure"},
                   {"message", what.infrastructure}});
  }
  if (!what.unavailable.empty()) {
    channel::send({{"event", "not_run"},
                   {"message", what.unavailable +
                                   ": the explorer does not work on "
                                   "this machine"}});
    std::printf("not run: %s\n", what.unavailable.c_str());
    return;
  }
  if (!what.seed.empty()) {
    channel::send({{"event", "seed"}, {"seed", seed_in(what.seed)}});
  }
  json explored = {{"event", "explored"},
                   {"schedules", what.schedules},
                   {"strategy", what.strategy}};
  if (what.complete_bound >= 0) {
    explored["complete_bound"] = what.complete_bound;
  }
  channel::send(explored);
  if (what.failed) {
    const char* const file =
        what.file.empty() ? nullptr : what.file.c_str();
    ADD_FAILURE_AT(file, file == nullptr ? -1 : what.line)
        << what.failure;
  }
}

}  // namespace grading
