// What a check of the graders looks like on a terminal.

#include "workbook/matrix_report.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace workbook {

namespace {

constexpr std::size_t progress_bar_width = 20;

/// How far a pipeline is. Its length is told by its first activity.
class moving_bar {
 public:
  moving_bar(const screen& look, const std::string& part)
      : look_(look), part_(part) {}

  void activity(const std::string& doing) {
    doing_ = doing;
    draw();
  }

  void verdict() {
    ++done_;
    draw();
  }

  void expect(std::size_t jobs) { expected_ += jobs; }

 private:
  void draw() const {
    look_.show_in_place(
        fitted(fmt::format("{}  {} of {} tests  {}",
                           part_.empty() ? "  " + own_bar() : part_,
                           done_, expected_, doing_),
               page_width - 1));
  }

  [[nodiscard]] std::string own_bar() const {
    return bar(static_cast<double>(done_),
               static_cast<double>(expected_), progress_bar_width);
  }

  const screen& look_;
  const std::string& part_;
  std::size_t done_ = 0;
  std::size_t expected_ = 0;
  std::string doing_;
};

std::string row_text(const matrix_row& row, std::size_t width,
                     const screen& look) {
  const std::size_t room =
      width + 10 < page_width ? page_width - width - 7 : 20;
  const std::string mark =
      row.right() ? look.green("✓") : look.red("✗");
  const std::string found =
      columns(row.found) > room ? fitted(row.found, room) : row.found;
  std::string text =
      found.empty()
          ? fmt::format("  {} {}\n", mark, row.name)
          : fmt::format("  {} {}  {}\n", mark, fitted(row.name, width),
                        look.dim(found));
  for (const std::string& wrong : row.wrongs) {
    for (const std::string& line : wrapped(wrong, page_width - 8)) {
      text += "      " + line + "\n";
    }
  }
  return text;
}

}  // namespace

std::string last_line(const matrix_table& table) {
  return fmt::format("{} of {} {}", table.right(), table.rows.size(),
                     table.what);
}

std::string table_text(const matrix_table& table, const screen& look) {
  std::size_t width = 0;
  for (const matrix_row& row : table.rows) {
    width = std::max(width, columns(row.name));
  }
  std::string text;
  for (const matrix_row& row : table.rows) {
    text += row_text(row, width, look);
  }
  return text + last_line(table) + "\n";
}

std::string short_table_text(const matrix_table& table,
                             const screen& look) {
  std::string text;
  for (const matrix_row& row : table.rows) {
    if (!row.right()) {
      text += row_text(row, columns(row.name), look);
    }
  }
  return text + last_line(table) + "\n";
}

matrix_table with_progress(
    const screen& look,
    const std::function<matrix_table(const pipeline_listener&)>& check,
    const std::string& part) {
  moving_bar shown(look, part);
  pipeline_listener listener;
  listener.on_start = [&](std::size_t jobs) { shown.expect(jobs); };
  listener.on_activity = [&](const std::string& doing) {
    shown.activity(doing);
  };
  listener.on_verdict = [&](const test_job&) { shown.verdict(); };
  matrix_table table = check(listener);
  look.show_in_place("");
  return table;
}

}  // namespace workbook
