// A trace as text: for Perfetto, for the book's player, for checks.
//
// Book: chapter 6, step 6.12. Model: the Chrome trace event format.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

//@ #include "grading/todo.hpp"
#include "trace.hpp"

namespace workbook::gmp {

inline const char* name_of(event_kind what) {
  static constexpr std::array names = {
      "spawned", "started", "resumed",  "yielded",  "preempted",
      "parked",  "readied", "injected", "ended",    "overflowed",
      "fetched", "stolen",  "blocked",  "returned", "retaken",
      "slept",   "woke"};
  return names[static_cast<std::size_t>(what)];
}

/// The events as JSON for chrome://tracing and ui.perfetto.dev: a row
/// per processor, a slice per stretch in which a goroutine ran.
inline std::string chrome_json(const std::vector<trace_event>& events) {
  std::string text = "{\"traceEvents\":[";
  std::map<int, trace_event> running;  // by processor
  const auto close = [&](int p, std::int64_t end) {
    const auto found = running.find(p);
    if (found == running.end()) {
      return;
    }
    const trace_event& begin = found->second;
    text += text.back() == '[' ? "" : ",\n";
    text += "{\"ph\":\"X\",\"pid\":0,\"tid\":" + std::to_string(p) +
            ",\"name\":\"G" + std::to_string(begin.g) +
            "\",\"ts\":" + std::to_string(begin.time / 1000) +
            ",\"dur\":" + std::to_string((end - begin.time) / 1000) +
            ",\"args\":{\"m\":" + std::to_string(begin.m) + "}}";
    running.erase(found);
  };
  for (const trace_event& each : events) {
    switch (each.kind) {
      case event_kind::started:
      case event_kind::resumed:
      case event_kind::returned:
        close(each.p, each.time);
        running[each.p] = each;
        break;
      case event_kind::yielded:
      case event_kind::preempted:
      case event_kind::parked:
      case event_kind::ended:
      case event_kind::blocked:
      case event_kind::retaken:
        close(each.p, each.time);
        break;
      default:
        break;
    }
  }
  return text + "]}\n";
}

/// The events as JSON for the book's player: one object each.
inline std::string player_json(const std::vector<trace_event>& events) {
  std::string text = "{\"events\":[";
  for (const trace_event& each : events) {
    text += text.back() == '[' ? "" : ",\n";
    text += "{\"t\":" + std::to_string(each.time) + ",\"what\":\"" +
            name_of(each.kind) + "\",\"g\":" + std::to_string(each.g) +
            ",\"m\":" + std::to_string(each.m) +
            ",\"p\":" + std::to_string(each.p) +
            ",\"other\":" + std::to_string(each.other) +
            ",\"detail\":" + std::to_string(each.detail) + "}";
  }
  return text + "]}\n";
}

/// What is wrong with a complete trace; "" if nothing is. Checks that
/// a goroutine runs on one machine at a time, that it runs only after
/// it was put into a queue, and that a processor runs one at a time.
inline std::string check_trace(const std::vector<trace_event>& events) {
  // [6.12 check]
  //@ return todo<std::string>("6.12", events);
  enum class state { queued, running, waiting, ended };
  std::map<std::uint64_t, state> states;
  const auto wrong = [](const trace_event& e, const char* why) {
    return "event " + std::to_string(e.order) + ": goroutine " +
           std::to_string(e.g) + " " + name_of(e.kind) +
           ": " + why;
  };
  for (const trace_event& e : events) {
    const auto known = states.find(e.g);
    const bool there = known != states.end();
    switch (e.kind) {
      case event_kind::started:
      case event_kind::resumed:
        if (there && known->second == state::running) {
          return wrong(e, "it runs already");
        }
        if (there && known->second == state::ended) {
          return wrong(e, "it has ended");
        }
        states[e.g] = state::running;
        break;
      case event_kind::spawned:
      case event_kind::yielded:
      case event_kind::preempted:
      case event_kind::injected:
        states[e.g] = state::queued;
        break;
      case event_kind::returned:
        states[e.g] = state::running;
        break;
      case event_kind::parked:
        states[e.g] = state::waiting;
        break;
      case event_kind::ended:
        if (!there || known->second != state::running) {
          return wrong(e, "it does not run");
        }
        states[e.g] = state::ended;
        break;
      default:
        break;
    }
  }
  return "";
  // [6.12 check]
}

}  // namespace workbook::gmp
