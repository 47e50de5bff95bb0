// The pipe to the grader: one JSON object a line.
//
// With WORKBOOK_CHANNEL=<descriptor>:<word> in the environment, events
// go there, each line with the word in front. Without it nobody
// listens, and the executable is a plain GoogleTest program for people
// to read.
//

#pragma once

#include <nlohmann/json_fwd.hpp>

namespace grading::channel {

/// Takes descriptor and word over from the environment, where both are
/// gone afterwards: code that runs later does not know how to speak in
/// the test's name. The descriptor is moved out of the way of a test
/// that closes or reuses low ones, and programs that a test starts do
/// not inherit it.
void open();

/// Whether a grader listens to this very process. A process that a test
/// has forked is not the test, whatever it returns from.
[[nodiscard]] bool is_open();

/// Whether the grader wants to see this test fail: its word ends in +.
[[nodiscard]] bool is_canary();

/// Sends one event; nothing if !is_open(). Blocks while the pipe is
/// full. Any thread may call it.
void send(const nlohmann::json& event);

}  // namespace grading::channel
