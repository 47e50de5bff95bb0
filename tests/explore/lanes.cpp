// A story as text in 80 columns, and as data.

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "report.hpp"

namespace explore {

// ---- As text -----------------------------------------------------

namespace {

constexpr std::size_t text_width = 78;
constexpr std::size_t number_width = 5;

/// The threads that have a row, in order: a column each.
std::vector<int> columns_of(const story& shown) {
  std::set<int> seen;
  for (const lane_row& each : shown.rows) {
    seen.insert(each.thread);
  }
  return {seen.begin(), seen.end()};
}

std::string cut(std::string text, std::size_t width) {
  if (text.size() > width) {
    text.resize(width > 1 ? width - 1 : 0);
    text += "~";
  }
  return text;
}

/// The words of a row in `width` columns. The note is never cut: it
/// says what the step came to.
std::string words_in(const lane_row& row, std::size_t width) {
  constexpr std::size_t shortest_words = 4;
  if (row.note.empty()) {
    return cut(row.words, width);
  }
  const std::string note = "(" + row.note + ")";
  return note.size() + 1 + shortest_words > width
             ? cut(note, std::max(width, note.size()))
             : cut(row.words, width - note.size() - 1) + " " + note;
}

std::size_t lane_width(const story& shown, std::size_t columns) {
  std::size_t longest = 9;
  std::size_t needed = 0;  // for notes
  for (const lane_row& each : shown.rows) {
    const std::size_t note =
        each.note.empty() ? 0 : each.note.size() + 3;
    needed = std::max(
        needed,
        note == 0
            ? 0
            : note + 1 + std::min<std::size_t>(each.words.size(), 12));
    longest = std::max(longest, each.words.size() + note + 2);
  }
  for (const int each : columns_of(shown)) {
    longest = std::max(
        longest,
        shown.roles[static_cast<std::size_t>(each)].size() + 2);
  }
  const std::size_t even = (text_width - 36) / columns;
  const std::size_t most =
      std::min(needed, (text_width - 14) / columns);
  return std::min(longest, std::max(even, most));
}

std::string place(const lane_row& row) {
  return row.where.line == 0
             ? ""
             : fmt::format("{}:{}", row.where.file, row.where.line);
}

/// One row of the lanes, and the source line below where it is new.
void draw_row(std::string& into, const story& shown,
              const std::vector<int>& columns, const lane_row& row,
              bool several) {
  const std::size_t width = lane_width(shown, columns.size());
  std::string line = fmt::format("{:>{}} ", row.step, number_width);
  for (const int each : columns) {
    line += each == row.thread
                ? fmt::format(" {:<{}}", words_in(row, width - 1),
                              width - 1)
                : fmt::format(" {:<{}}", ".", width - 1);
  }
  const std::size_t left =
      line.size() + 2 < text_width ? text_width - line.size() - 2 : 8;
  const std::string source =
      row.where.text.empty()
          ? place(row)
          : fmt::format("{}{} {}", several ? row.where.file + ":" : "",
                        row.where.line, row.where.text);
  into += line + "  " + cut(source, left) + "\n";
}

std::string files_of(const story& shown) {
  std::set<std::string> files;
  for (const lane_row& each : shown.rows) {
    if (each.where.line > 0) {
      files.insert(each.where.file);
    }
  }
  return fmt::format("{}", fmt::join(files, ", "));
}

/// Breaks `text` into lines of the report's width, indented by two.
std::string wrap(const std::string& text) {
  std::string wrapped = "  ";
  std::size_t column = 2;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end =
        std::min(text.find_first_of(" \n", at), text.size());
    const std::string word = text.substr(at, end - at);
    if (column + word.size() > text_width && column > 2) {
      wrapped += "\n  ";
      column = 2;
    }
    wrapped += word;
    column += word.size();
    if (end < text.size() && text[end] == '\n') {
      wrapped += "\n  ";
      column = 2;
    } else if (end < text.size()) {
      wrapped += " ";
      ++column;
    }
    at = end + 1;
  }
  return wrapped + "\n";
}

}  // namespace

namespace {

std::string without_trailing_blanks(const std::string& text) {
  std::string trimmed;
  for (const char each : text) {
    if (each == '\n') {
      trimmed.erase(trimmed.find_last_not_of(' ') + 1);
    }
    trimmed += each;
  }
  return trimmed;
}

}  // namespace

std::string draw_text(const story& shown) {
  const std::vector<int> columns = columns_of(shown);
  std::string drawn = wrap(shown.what) + "\n";
  if (!columns.empty()) {
    const std::size_t width = lane_width(shown, columns.size());
    drawn += fmt::format("{:>{}} ", "step", number_width);
    for (const int each : columns) {
      drawn += fmt::format(
          " {:<{}}",
          cut(shown.roles[static_cast<std::size_t>(each)], width - 1),
          width - 1);
    }
    const std::size_t used = number_width + 3 + columns.size() * width;
    drawn += "  " +
             cut(files_of(shown),
                 used < text_width ? text_width - used : 8) +
             "\n";
  }
  const bool several = files_of(shown).find(", ") != std::string::npos;
  std::uint32_t expected = shown.rows.empty() ? 0 : shown.rows[0].step;
  for (const lane_row& each : shown.rows) {
    if (each.step != expected) {
      const auto folded = each.step - expected;
      drawn += fmt::format("{:>{}}   {} step{}\n", "...", number_width,
                           folded, folded == 1 ? "" : "s");
    }
    draw_row(drawn, shown, columns, each, several);
    expected = each.step + 1;
  }
  if (!shown.why.empty()) {
    drawn += "\n";
    for (const std::string& each : shown.why) {
      drawn += wrap(each);
    }
  }
  return without_trailing_blanks(drawn + "\n" + wrap(shown.heading));
}

// ---- As data -----------------------------------------------------

std::string to_json(const story& shown) {
  nlohmann::json steps = nlohmann::json::array();
  for (const lane_row& each : shown.rows) {
    steps.push_back({{"number", each.step},
                     {"thread", each.thread},
                     {"op", words_in(each, SIZE_MAX)},
                     {"waits", each.waits},
                     {"ends", each.ends},
                     {"where", place(each)},
                     {"text", each.where.text}});
  }
  // Sources may hold any bytes; JSON holds only UTF-8.
  return nlohmann::json{{"threads", shown.roles},
                        {"steps", steps},
                        {"failure", shown.what},
                        {"why", shown.why},
                        {"heading", shown.heading}}
      .dump(1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace explore
