// The record in the words of other systems.

#include "workbook/exporters.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <string_view>
#include <vector>

#include "workbook/utf8.hpp"

namespace workbook {

namespace {

using nlohmann::json;

/// Whether XML 1.0 has the character at all.
bool is_xml(char32_t each) {
  return each == U'\t' || each == U'\n' || each == U'\r' ||
         (each >= 0x20 && each <= 0xD7FF) ||
         (each >= 0xE000 && each <= 0xFFFD) || each >= 0x10000;
}

/// `text` for content and attributes alike. What XML cannot say is
/// U+FFFD.
std::string xml(std::string_view bytes) {
  std::string safe;
  for (const std::string_view each : characters(bytes)) {
    const char32_t point = code_point(each);
    if (each == "&") {
      safe += "&amp;";
    } else if (each == "<") {
      safe += "&lt;";
    } else if (each == ">") {
      safe += "&gt;";
    } else if (each == "\"") {
      safe += "&quot;";
    } else if (each == "\r") {
      safe += "&#13;";
    } else if (!is_xml(point)) {
      safe += replacement;
    } else {
      safe += each;
    }
  }
  return safe;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::vector<std::string> steps_in(const record& of) {
  std::vector<std::string> steps;
  for (const graded& each : of.tests) {
    if (steps.empty() || steps.back() != each.test.step) {
      steps.push_back(each.test.step);
    }
  }
  return steps;
}

std::string junit_case(const graded& each) {
  std::string text = fmt::format(
      R"(    <testcase classname="{}" name="{}" time="{:.3f}")",
      xml(each.test.suite), xml(each.test.id), each.result.duration);
  if (each.passed()) {
    return text + "/>\n";
  }
  const bool ours = each.result.status == verdict::infrastructure;
  const char* kind = ours ? "error" : "failure";
  return text +
         fmt::format(
             ">\n      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n"
             "    </testcase>\n",
             kind, name_of(each.result.status),
             xml(first_line(each.result.message)),
             xml(each.result.message));
}

/// The rules of GitHub's workflow commands.
std::string github_escaped(const std::string& bytes, bool in_property) {
  std::string safe;
  for (const char each : valid_utf8(bytes)) {
    if (each == '%' || each == '\r' || each == '\n' ||
        (in_property && (each == ':' || each == ','))) {
      safe += fmt::format("%{:02X}", static_cast<unsigned>(each));
    } else {
      safe += each;
    }
  }
  return safe;
}

/// The reader's file and line, if a message begins with them.
std::string github_place(const record& of, const graded& each) {
  static const std::regex form(
      R"(.*?((?:labs|solutions)/[^\s:]+):(\d+))");
  const std::string message =
      first_line(each.result.message).substr(0, 1000);
  std::smatch found;
  const bool named = std::regex_search(message, found, form);
  const std::string file =
      named ? found[1].str() : "tests/" + of.lab + "/" + each.test.file;
  return fmt::format(
      "file={},line={}", github_escaped(file, true),
      named ? found[2].str() : std::to_string(each.test.line));
}

}  // namespace

std::string junit_xml(const record& of) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const std::string& id : steps_in(of)) {
    std::string cases;
    int tests = 0;
    int failures = 0;
    int errors = 0;
    for (const graded& each : of.tests) {
      if (each.test.step != id) {
        continue;
      }
      const bool ours = each.result.status == verdict::infrastructure;
      ++tests;
      errors += ours ? 1 : 0;
      failures += each.passed() || ours ? 0 : 1;
      cases += junit_case(each);
    }
    text += fmt::format(
        "  <testsuite name=\"{} step {}\" tests=\"{}\" failures=\"{}\" "
        "errors=\"{}\">\n{}  </testsuite>\n",
        xml(of.lab), id, tests, failures, errors, cases);
  }
  return text + "</testsuites>\n";
}

std::string gradescope_json(const record& of) {
  json tests = json::array();
  for (const graded& each : of.tests) {
    tests.push_back(
        {{"name", each.test.id},
         {"number", each.test.step},
         {"score", each.earned()},
         {"max_score", each.test.bonus ? 0 : each.test.points},
         {"status", each.passed() ? "passed" : "failed"},
         {"output", each.result.message},
         {"visibility", "visible"}});
  }
  const json whole = {{"score", of.score() + of.bonus()},
                      {"execution_time", of.duration},
                      {"output", of.title},
                      {"tests", tests}};
  return whole.dump(2, ' ', false, json::error_handler_t::replace) +
         "\n";
}

std::string autolab_line(const record& of) {
  return json{{"scores", {{of.lab, of.score() + of.bonus()}}}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

std::string github_annotations(const record& of) {
  std::string text;
  for (const graded& each : of.tests) {
    if (!each.passed()) {
      text += fmt::format(
          "::error {},title={}::{}\n", github_place(of, each),
          github_escaped(each.test.id + ": " + each.result.promise,
                         true),
          github_escaped(each.result.message, false));
    }
  }
  return text;
}

}  // namespace workbook
