// The pipe to the grader: one JSON object a line.
//
// With WORKBOOK_CHANNEL=<descriptor> in the environment, events go
// there. Without it nobody listens, and the executable is a plain
// GoogleTest program for people to read.

#pragma once

#include <nlohmann/json_fwd.hpp>

namespace grading::channel {

/// Takes the descriptor over from the environment. It is moved out of
/// the way of a test that closes or reuses low descriptors, programs
/// that a test starts do not inherit it, and the variable goes, so that
/// no child speaks in this process's name.
void open();

/// Whether a grader listens to this very process. A process that a test
/// has forked is not the test, whatever it returns from.
[[nodiscard]] bool is_open();

/// Sends one event; nothing if !is_open(). Blocks while the pipe is
/// full. Any thread may call it.
void send(const nlohmann::json& event);

}  // namespace grading::channel
