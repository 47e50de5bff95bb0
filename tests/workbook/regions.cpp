// The markup of the single source: regions, stubs, and what is wrong
// with them.

#include "workbook/regions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <regex>

#include "workbook/screen.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

constexpr std::size_t widest_region = 64;

std::size_t indentation(std::string_view line) {
  const std::size_t first = line.find_first_not_of(' ');
  return first == std::string_view::npos ? line.size() : first;
}

/// Reads a source line by line; knows the region it is in.
class cutter {
 public:
  cutter(std::string shown_as, const chapter& of, known_regions& known)
      : file_(std::move(shown_as)), of_(of), known_(known) {
    comment_ =
        file_.ends_with("pp") || file_.ends_with(".h") ? "//" : "#";
  }

  marked_source cut(std::string_view text) {
    const std::vector<std::string> lines = lines_of(text);
    for (const std::string& line : lines) {
      ++line_;
      read(line);
    }
    if (in_region_) {
      fault(here().first_line,
            "region [{0}] is opened and never closed; it ends with a "
            "second line \"{1} [{0}]\"",
            here().name, comment_);
    }
    look_for_strays(lines);
    return std::move(found_);
  }

 private:
  template <typename... Values>
  void fault(std::size_t line, fmt::format_string<Values...> words,
             Values&&... values) {
    found_.faults.push_back(fmt::format(
        "{}:{}: {}", file_, line,
        fmt::format(words, std::forward<Values>(values)...)));
  }

  piece& here() { return found_.pieces.back(); }

  void read(const std::string& line) {
    const std::string_view bare = trimmed(line);
    const std::string stub_mark = comment_ + "@";
    if (bare.starts_with(stub_mark)) {
      read_stub(line, bare.substr(stub_mark.size()));
      return;
    }
    const std::string open = comment_ + " [";
    if (bare.starts_with(open) && bare.ends_with(']')) {
      read_marker(std::string(
          bare.substr(open.size(), bare.size() - open.size() - 1)));
      return;
    }
    refuse_almost_marker(bare);
    if (found_.pieces.empty() ||
        (!in_region_ && !here().name.empty())) {
      begin_plain();
    }
    here().lines.push_back(line);
    if (in_region_ && !here().step.empty()) {
      widths_.emplace_back(line_, line);
    }
  }

  void begin_plain() {
    found_.pieces.emplace_back();
    here().first_line = line_;
  }

  /// "//[1.2 x]", "// [ 1.2 x]", "/// [1.2 x]", "// [1.2 x" …
  void refuse_almost_marker(std::string_view bare) {
    static const std::regex form(R"((//+|#+)\s*\[\s*\d+\.\d+\b.*)");
    if (std::regex_match(bare.begin(), bare.end(), form)) {
      fault(line_,
            "\"{}\" looks like a region's marker; one is written "
            "\"{} [1.2 name]\", alone on its line",
            bare, comment_);
    }
  }

  void read_stub(const std::string& line, std::string_view rest) {
    stub_line stub;
    if (rest.starts_with('[')) {
      const std::size_t end = rest.find(']');
      stub.from =
          rest.substr(1, end == std::string_view::npos ? end : end - 1);
      rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
      check_stub_step(stub.from);
    }
    stub.bare = rest.empty();
    if (!rest.empty() && rest.front() != ' ') {
      fault(line_, "a stub is written \"{}@ text\", with a blank",
            comment_);
    }
    if (!rest.empty()) {
      stub.text = std::string(indentation(line), ' ') +
                  std::string(rest.substr(1));
    }
    if (in_region_) {
      here().stubs.push_back(stub);
    } else {
      begin_plain();
      here().stubs.push_back(stub);
      found_.pieces.emplace_back();
      here().first_line = line_ + 1;
    }
  }

  void check_stub_step(const std::string& from) {
    if (of_.place_of(from) == of_.steps.size()) {
      fault(line_, "chapter {} declares no step {}; its steps are {}",
            of_.lab, from, of_.step_list());
    } else if (!in_region_) {
      fault(line_,
            "a stub that serves from step {} on stands outside "
            "every region; only \"{}@ text\" may",
            from, comment_);
    } else if (of_.place_of(from) >= of_.place_of(here().step)) {
      fault(line_,
            "a stub that serves from step {} on stands in a "
            "region of step {}; it must serve an earlier one",
            from, here().step);
    }
  }

  void read_marker(const std::string& name) {
    if (!in_region_) {
      open(name);
    } else if (here().name == name) {
      close();
    } else {
      fault(line_,
            "region [{}] begins inside region [{}] of line {}; "
            "close that one first: regions do not nest",
            name, here().name, here().first_line);
    }
  }

  void open(const std::string& name) {
    piece region;
    region.name = name;
    region.first_line = line_;
    static const std::regex numbered(R"((\d+\.\d+)( .*)?)");
    std::smatch match;
    if (std::regex_match(name, match, numbered)) {
      region.step = match[1];
      if (of_.place_of(region.step) == of_.steps.size()) {
        fault(line_, "chapter {} declares no step {}; its steps are {}",
              of_.lab, region.step, of_.step_list());
      }
    }
    const auto [met, is_new] =
        known_.emplace(name, fmt::format("{}:{}", file_, line_));
    if (!is_new) {
      fault(line_,
            "region [{}] was already there at {}; each name "
            "occurs exactly twice, around one region",
            name, met->second);
    }
    found_.pieces.push_back(std::move(region));
    in_region_ = true;
  }

  void close() {
    in_region_ = false;
    if (here().step.empty()) {
      return;
    }
    const auto& stubs = here().stubs;
    const bool has_own =
        std::any_of(stubs.begin(), stubs.end(),
                    [](const auto& each) { return each.from.empty(); });
    if (!has_own) {
      fault(here().first_line,
            "region [{}] has no \"{}@\" line that "
            "says what stands here in the skeleton; a bare \"{}@\" "
            "says: nothing",
            here().name, comment_, comment_);
    }
    check_width();
  }

  /// The book shows a region without its common indentation.
  void check_width() {
    std::size_t common = std::string::npos;
    for (const auto& [number, line] : widths_) {
      if (!trimmed(line).empty()) {
        common = std::min(common, indentation(line));
      }
    }
    for (const auto& [number, line] : widths_) {
      const std::size_t width = columns(line);
      if (width > common + widest_region) {
        fault(number,
              "the line is {} columns wide in the book; a "
              "region is at most {} wide",
              width - common, widest_region);
      }
    }
    widths_.clear();
  }

  /// Doxygen finds "[name]" anywhere, so a name stands in markers only.
  void look_for_strays(const std::vector<std::string>& lines) {
    for (const piece& each : found_.pieces) {
      for (std::size_t i = 0; !each.name.empty() && i < lines.size();
           ++i) {
        const std::string label = "[" + each.name + "]";
        if (lines[i].find(label) != std::string::npos &&
            trimmed(lines[i]) != comment_ + " " + label) {
          fault(i + 1,
                "\"{}\" is a region's name and may stand in its "
                "two markers only",
                label);
        }
      }
    }
  }

  std::string file_;
  const chapter& of_;
  known_regions& known_;
  std::string comment_;
  std::size_t line_ = 0;
  bool in_region_ = false;
  std::vector<std::pair<std::size_t, std::string>> widths_;
  marked_source found_;
};

}  // namespace

marked_source cut(std::string_view text, const std::string& shown_as,
                  const chapter& of, known_regions& known) {
  return cutter(shown_as, of, known).cut(text);
}

}  // namespace workbook
