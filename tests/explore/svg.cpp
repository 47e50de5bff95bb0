// A failing schedule as a picture: a column a thread, time downwards.

#include <fmt/format.h>

#include <set>

#include "report.hpp"

namespace explore {
namespace {

constexpr int lane = 150;        // pixels a column
constexpr int row = 30;          // … and a row
constexpr int left_margin = 56;  // room for step numbers
constexpr int top = 70;          // … for the heading and roles
constexpr int source = 380;      // … for source lines

std::string escape(const std::string& text) {
  std::string escaped;
  for (const char each : text) {
    switch (each) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      default:
        escaped += each;
    }
  }
  return escaped;
}

std::string text_at(int x, int y, const char* look,
                    const std::string& text) {
  return fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>\n",
                     x, y, look, escape(text));
}

constexpr auto style = R"svg(<style>
text{font:13px ui-monospace,monospace;fill:#22262b}
.role{font-weight:700}.quiet{fill:#707880}
.lane{stroke:#c8ccd0;stroke-dasharray:2 4}
.act{fill:#e8f1f5;stroke:#0b6b8a}.last{fill:#fbe6e0;stroke:#b23a1a}
@media(prefers-color-scheme:dark){text{fill:#d6d9dc}.quiet{fill:#98a1aa}
.act{fill:#173039;stroke:#5cc1e0}.last{fill:#40231a;stroke:#f0a36b}}
</style>
)svg";

}  // namespace

std::string draw_svg(const story& shown) {
  std::set<int> used;
  for (const lane_row& each : shown.rows) {
    used.insert(each.thread);
  }
  const auto column = [&](int thread) {
    return static_cast<int>(
        std::distance(used.begin(), used.find(thread)));
  };
  const int lanes = static_cast<int>(used.size());
  const int rows = static_cast<int>(shown.rows.size());
  const int width = left_margin + lanes * lane + source;
  const int bottom = top + rows * row;
  std::string drawn = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" "
      "role=\"img\">\n{}",
      width, bottom + 24 + 20 * static_cast<int>(shown.why.size()),
      style);
  drawn += text_at(8, 20, "role", shown.what);
  for (const int each : used) {
    const int x = left_margin + column(each) * lane;
    drawn += text_at(x, top - 18, "role",
                     shown.roles[static_cast<std::size_t>(each)]);
    drawn += fmt::format(
        "<line class=\"lane\" x1=\"{0}\" x2=\"{0}\" "
        "y1=\"{1}\" y2=\"{2}\"/>\n",
        x + 4, top - 10, bottom);
  }
  int y = top;
  for (const lane_row& each : shown.rows) {
    const int x = left_margin + column(each.thread) * lane;
    const bool last = &each == &shown.rows.back();
    drawn += text_at(8, y + 17, "quiet", std::to_string(each.step));
    drawn += fmt::format(
        "<rect class=\"{}\" x=\"{}\" y=\"{}\" "
        "width=\"{}\" height=\"{}\" rx=\"4\"/>\n",
        last ? "last" : "act", x, y, lane - 10, row - 6);
    drawn += text_at(x + 7, y + 17, "op",
                     each.note.empty() ? each.words.substr(0, 18)
                                       : each.words.substr(0, 7) +
                                             " (" + each.note + ")");
    drawn += text_at(left_margin + lanes * lane + 8, y + 17, "quiet",
                     each.where.line == 0
                         ? ""
                         : fmt::format("{}  {}", each.where.line,
                                       each.where.text.substr(0, 44)));
    y += row;
  }
  y += 22;
  for (const std::string& each : shown.why) {
    drawn += text_at(8, y, "op", each);
    y += 20;
  }
  return drawn + "</svg>\n";
}

}  // namespace explore
