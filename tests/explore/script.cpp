#include "script.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include "schedule.hpp"

namespace explore {
namespace {

const std::map<std::string, std::vector<operation>, std::less<>>&
points() {
  static const std::map<std::string, std::vector<operation>,
                        std::less<>>
      all{{"lock",
           {operation::lock, operation::lock_shared,
            operation::try_lock}},
          {"unlock", {operation::unlock}},
          {"wait", {operation::wait, operation::futex_wait}},
          {"notify",
           {operation::notify_one, operation::notify_all,
            operation::futex_wake}},
          {"load", {operation::load}},
          {"store", {operation::store}},
          {"change", {operation::exchange}},
          {"start", {operation::create}},
          {"join", {operation::join}},
          {"sleep", {operation::sleep}}};
  return all;
}

/// "expected …" for a line that is not one.
constexpr auto forms =
    "expected `run <thread> until <point>`, `run <thread> past "
    "<point>` "
    "or `run <thread> for <n> steps`, and perhaps `stale`";

std::string point_names() {
  std::string names;
  for (const auto& [name, operations] : points()) {
    names += name + ", ";
  }
  return names + "blocked, done";
}

/// The words of a line without its comment.
std::vector<std::string> words_of(const std::string& line) {
  std::istringstream text(line.substr(0, line.find('#')));
  std::vector<std::string> words;
  for (std::string each; text >> each;) {
    words.push_back(each);
  }
  return words;
}

/// A thread's name may be of several words: it ends at the keyword.
std::size_t keyword_at(const std::vector<std::string>& words) {
  return static_cast<std::size_t>(
      std::ranges::find_if(words,
                           [](const std::string& each) {
                             return each == "until" || each == "past" ||
                                    each == "for";
                           }) -
      words.begin());
}

/// Sets the part of the line from its keyword on; an error in words.
std::optional<std::string> read_stop(script_line& into,
                                     std::vector<std::string> words) {
  using stop = script_line::stop;
  if (words.size() > 2 && words.back() == "stale") {
    into.stale = true;
    words.pop_back();
  }
  if (words[0] == "for") {
    const char* const end = words[1].data() + words[1].size();
    const auto [at, error] =
        std::from_chars(words[1].data(), end, into.steps);
    const bool right = error == std::errc{} && at == end &&
                       into.steps > 0 && words.size() == 3 &&
                       words[2].starts_with("step");
    into.how = stop::steps;
    return right ? std::nullopt : std::optional<std::string>(forms);
  }
  if (words.size() != 2) {
    return forms;
  }
  if (words[0] == "until" && words[1] == "done") {
    into.how = stop::done;
    return std::nullopt;
  }
  if (words[0] == "until" && words[1] == "blocked") {
    into.how = stop::blocked;
    return std::nullopt;
  }
  const auto point = points().find(words[1]);
  if (point == points().end()) {
    return fmt::format("no point is called '{}': there are {}",
                       words[1], point_names());
  }
  into.how = words[0] == "until" ? stop::until : stop::past;
  into.at = point->second;
  return std::nullopt;
}

std::variant<script_line, std::string> read_line(
    const std::vector<std::string>& words) {
  const std::size_t keyword = keyword_at(words);
  if (words[0] != "run" || keyword < 2 || keyword + 1 >= words.size()) {
    return forms;
  }
  script_line line;
  line.thread = fmt::format(
      "{}", fmt::join(words.begin() + 1,
                      words.begin() + static_cast<long>(keyword), " "));
  if (const auto error = read_stop(
          line,
          {words.begin() + static_cast<long>(keyword), words.end()})) {
    return *error;
  }
  return line;
}

/// The threads that exist, or those that could go on, by name.
std::string names_of(std::span<const thread> threads, bool runnable) {
  std::string names;
  for (const thread& each : threads) {
    if (each.alive && (!runnable || each.waits == reason::none)) {
      names += names.empty() ? "" : ", ";
      names += each.role.data();
    }
  }
  return names;
}

class scripted_walk final : public strategy {
 public:
  explicit scripted_walk(script lines) : script_(std::move(lines)) {}

  std::size_t next(std::span<thread* const> runnable, thread* current,
                   bool yields) override {
    while (line_ < script_.lines.size()) {
      const script_line& line = script_.lines[line_];
      thread& wanted = find(line);
      if (!is_reached(line, wanted, current)) {
        require_runnable(line, wanted);
        ++steps_;
        const auto at = std::ranges::find(runnable, &wanted);
        return static_cast<std::size_t>(at - runnable.begin());
      }
      require_staleness(line);
      ++line_;
      steps_ = 0;
      was_stale_ = false;
    }
    const auto asks_at = std::ranges::find(runnable, current);
    const bool stays = asks_at != runnable.end() && !yields;
    return stays ? static_cast<std::size_t>(asks_at - runnable.begin())
                 : 0;
  }

  std::size_t pick(std::size_t) override { return 0; }
  bool happens(nondeterminism) override { return false; }

  bool reads_stale() const override {
    return std::ranges::any_of(script_.lines, &script_line::stale);
  }

  std::size_t stale_read(std::size_t count) override {
    if (line_ == script_.lines.size() || !script_.lines[line_].stale) {
      return 0;
    }
    was_stale_ = true;
    return count - 1;
  }

 private:
  /// Whether `line` is done. A point counts from the second step on:
  /// a thread that stands before a lock runs to its next one.
  bool is_reached(const script_line& line, const thread& wanted,
                  const thread* current) const {
    using stop = script_line::stop;
    const bool stands_at =
        std::ranges::find(line.at, wanted.intends) != line.at.end();
    const bool asks = current == &wanted;
    switch (line.how) {
      case stop::done:
        return !wanted.alive;
      case stop::blocked:
        return wanted.alive && wanted.waits != reason::none;
      case stop::steps:
        return steps_ >= line.steps && (asks || !is_runnable(wanted));
      case stop::until:
        return steps_ > 0 && asks && stands_at;
      case stop::past:
        return steps_ > 0 &&
               std::ranges::find(line.at, wanted.did) != line.at.end();
    }
    return true;
  }

  static bool is_runnable(const thread& each) {
    return each.alive && each.waits == reason::none;
  }

  thread& find(const script_line& line) {
    for (thread& each : current_schedule().threads()) {
      if (line.thread == each.role.data()) {
        return each;
      }
    }
    fail(line,
         fmt::format("no thread is called '{}' here: there are {}",
                     line.thread,
                     names_of(current_schedule().threads(), false)));
  }

  void require_runnable(const script_line& line, const thread& wanted) {
    if (is_runnable(wanted)) {
      return;
    }
    fail(line,
         fmt::format("{} cannot run: it {}; {} could", line.thread,
                     wanted.alive ? "has to wait" : "has ended",
                     names_of(current_schedule().threads(), true)));
  }

  void require_staleness(const script_line& line) {
    if (line.stale && !was_stale_) {
      fail(line, fmt::format("{} has no load here that may return an "
                             "older value than the newest",
                             line.thread));
    }
  }

  [[noreturn]] void fail(const script_line& line,
                         const std::string& text) {
    unexplored here;
    current_schedule().fail(
        ending::impossible,
        fmt::format("{}:{}: {}", script_.file, line.number, text));
  }

  const script script_;
  std::size_t line_ = 0;
  int steps_ = 0;           // made for the current line
  bool was_stale_ = false;  // … one of them a stale read
};

}  // namespace

std::variant<script, std::string> read_script(const std::string& path) {
  script read{.file = path.substr(path.rfind('/') + 1), .lines = {}};
  std::ifstream file(path);
  if (!file) {
    return fmt::format("{}: cannot be read", path);
  }
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    const auto words = words_of(text);
    if (words.empty()) {
      continue;
    }
    auto line = read_line(words);
    if (const auto* error = std::get_if<std::string>(&line)) {
      return fmt::format("{}:{}: {}", read.file, number, *error);
    }
    read.lines.push_back(std::get<script_line>(std::move(line)));
    read.lines.back().number = number;
  }
  return read;
}

std::unique_ptr<strategy> scripted(script lines) {
  return std::make_unique<scripted_walk>(std::move(lines));
}

}  // namespace explore
