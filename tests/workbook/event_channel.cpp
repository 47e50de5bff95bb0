// What a test process tells the grader: JSON, an object a line.

#include "workbook/event_channel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

namespace workbook {

namespace {

using nlohmann::json;

constexpr std::size_t longest_line = 1024 * 1024;
constexpr std::size_t most_failures = 16;
constexpr std::ptrdiff_t report_lines = 8;

std::string text_in(const json& event, const char* name) {
  const auto found = event.find(name);
  return found != event.end() && found->is_string()
             ? found->get<std::string>()
             : std::string();
}

std::optional<std::int64_t> number_in(const json& event,
                                      const char* name) {
  const auto found = event.find(name);
  if (found == event.end() || !found->is_number_integer()) {
    return std::nullopt;
  }
  return found->get<std::int64_t>();
}

/// A native failure says where; an explored one is a whole report.
std::string failure_text(const json& event) {
  std::string message = text_in(event, "message");
  // GoogleTest's word for a failure without an expectation.
  if (message.starts_with("Failed\n")) {
    message.erase(0, 7);
  }
  const std::string file = text_in(event, "file");
  const auto line = number_in(event, "line");
  const auto lines = std::count(message.begin(), message.end(), '\n');
  if (file.empty() || !line || lines >= report_lines) {
    return message;
  }
  return fmt::format("{}\n  at {}:{}", message,
                     std::filesystem::path(file).filename().string(),
                     *line);
}

}  // namespace

void event_channel::append(std::string_view bytes) {
  total_ += bytes.size();
  unfinished_ += bytes;
  std::size_t start = 0;
  for (std::size_t end = unfinished_.find('\n');
       end != std::string::npos; end = unfinished_.find('\n', start)) {
    take(std::string_view(unfinished_).substr(start, end - start));
    start = end + 1;
  }
  unfinished_.erase(0, start);
  if (unfinished_.size() > longest_line) {
    unfinished_.clear();
  }
}

void event_channel::take(std::string_view line) {
  if (!line.starts_with(word_ + " ")) {
    return;
  }
  line.remove_prefix(word_.size() + 1);
  const json event = json::parse(line, nullptr, false);
  if (!event.is_object()) {
    return;
  }
  const std::string kind = text_in(event, "event");
  if (kind == "begin") {
    began = true;
  } else if (kind == "promise") {
    facts.promise = text_in(event, "text");
  } else if (kind == "seed") {
    const auto number = number_in(event, "seed");
    facts.seed =
        number ? std::to_string(*number) : text_in(event, "seed");
  } else if (kind == "explored") {
    facts.schedules = number_in(event, "schedules");
    facts.strategy = text_in(event, "strategy");
    facts.complete_bound = number_in(event, "complete_bound");
  } else if (kind == "failure" && failures.size() < most_failures) {
    failures.push_back(failure_text(event));
  } else if (kind == "not_written" && step_not_written.empty()) {
    step_not_written = text_in(event, "step");
  } else if (kind == "infrastructure" && infrastructure.empty()) {
    infrastructure = text_in(event, "message");
  } else if (kind == "not_run" && unavailable.empty()) {
    unavailable = text_in(event, "message");
  } else if (kind == "end") {
    ended = true;
    passed = event.value("passed", json(false)) == json(true);
  }
}

}  // namespace workbook
