// The record of a grading: what result.json says.

#include "workbook/record.hpp"

#include <fmt/chrono.h>

#include <ctime>
#include <nlohmann/json.hpp>
#include <set>

#include "workbook/problem.hpp"
#include "workbook/test_inputs.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr int schema_version = 1;

template <typename T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

/// A number where it is one; "2:350" is a text.
json seed_to_json(const std::string& seed) {
  if (seed.empty()) {
    return nullptr;
  }
  const json number = json::parse(seed, nullptr, false);
  return number.is_number_unsigned() ? number : json(seed);
}

std::string seed_from_json(const json& seed) {
  if (seed.is_null()) {
    return {};
  }
  return seed.is_string() ? seed.get<std::string>() : seed.dump();
}

json test_to_json(const record& of, const chapter& declared,
                  const graded& each) {
  const graded_test& test = each.test;
  const outcome& result = each.result;
  return {{"name", test.id},
          {"suite", test.suite},
          {"step", test.step},
          {"points", test.points},
          {"score", each.earned()},
          {"bonus", test.bonus},
          {"kind", test.kind},
          {"status", name_of(result.status)},
          {"message", result.message},
          {"promise", result.promise},
          {"seed", seed_to_json(result.seed)},
          {"schedules", or_null(result.schedules)},
          {"complete_bound", or_null(result.complete_bound)},
          {"duration", result.duration},
          {"made_from", result.made_from},
          {"older", result.older},
          {"section", section_of(declared, test.step)},
          {"replay", replay_command(of, each)},
          {"file", "tests/" + of.lab + "/" + test.file},
          {"line", test.line}};
}

json steps_to_json(const record& of, const chapter& declared) {
  json steps = json::array();
  for (const step& each : declared.steps) {
    const step_score points = of.of_step(each.id);
    steps.push_back({{"id", each.id},
                     {"title", each.title},
                     {"minutes", each.minutes},
                     {"bonus", each.bonus},
                     {"score", points.score},
                     {"max_score", points.max_score}});
  }
  return steps;
}

template <typename T>
std::optional<T> maybe(const json& from, const char* name) {
  return from.contains(name) && !from.at(name).is_null()
             ? std::optional<T>(from.at(name).get<T>())
             : std::nullopt;
}

/// "step 1.3 is not written yet" names 1.3.
std::string step_named_in(const std::string& message) {
  const std::string before = "step ";
  const std::size_t start = message.find(before);
  if (start == std::string::npos) {
    return {};
  }
  const std::size_t first = start + before.size();
  return message.substr(first, message.find(' ', first) - first);
}

graded test_from_json(const json& from) {
  graded each;
  each.test.id = from.at("name").get<std::string>();
  each.test.name = each.test.id.substr(each.test.id.find('.') + 1);
  each.test.suite = from.at("suite").get<std::string>();
  each.test.step = from.at("step").get<std::string>();
  each.test.points = from.at("points").get<int>();
  each.test.bonus = from.at("bonus").get<bool>();
  each.test.kind = from.at("kind").get<std::string>();
  each.test.file =
      fs::path(from.at("file").get<std::string>()).filename();
  each.test.line = from.at("line").get<std::size_t>();
  outcome& result = each.result;
  result.status = verdict_of(from.at("status").get<std::string>());
  result.message = from.at("message").get<std::string>();
  if (result.status == verdict::not_written) {
    result.step_not_written = step_named_in(result.message);
  }
  result.promise = from.at("promise").get<std::string>();
  result.seed = seed_from_json(from.at("seed"));
  result.schedules = maybe<std::int64_t>(from, "schedules");
  result.complete_bound = maybe<std::int64_t>(from, "complete_bound");
  result.duration = from.at("duration").get<double>();
  result.made_from = maybe<std::string>(from, "made_from").value_or("");
  result.older = maybe<bool>(from, "older").value_or(false);
  return each;
}

record from_json(const json& from) {
  record read;
  read.lab = from.at("lab").get<std::string>();
  read.title = from.at("title").get<std::string>();
  read.page = from.at("page").get<std::string>();
  read.variant = from.at("variant").get<std::string>();
  read.base = from.at("base").get<std::string>();
  read.runtime =
      maybe<std::string>(from, "runtime").value_or("explore");
  read.partial = maybe<std::string>(from, "partial").value_or("");
  read.finished = from.at("finished").get<std::string>();
  read.duration = from.at("duration").get<double>();
  for (const json& each : from.at("tests")) {
    read.tests.push_back(test_from_json(each));
  }
  return read;
}

}  // namespace

int record::score() const {
  int sum = 0;
  for (const graded& each : tests) {
    sum += each.test.bonus ? 0 : each.earned();
  }
  return sum;
}

int record::max_score() const {
  int sum = 0;
  for (const graded& each : tests) {
    sum += each.test.bonus ? 0 : each.test.points;
  }
  return sum;
}

int record::bonus() const {
  int sum = 0;
  for (const graded& each : tests) {
    sum += each.test.bonus ? each.earned() : 0;
  }
  return sum;
}

step_score record::of_step(const std::string& id) const {
  step_score points;
  for (const graded& each : tests) {
    if (each.test.step == id) {
      points.score += each.earned();
      points.max_score += each.test.points;
      points.older = points.older || each.result.older;
    }
  }
  return points;
}

outcome not_run_since(bool ever, const std::string& promise) {
  outcome result;
  result.message =
      ever ? "not run since your last change" : "not run yet";
  result.promise = promise;
  result.older = ever;
  return result;
}

void mark_older(record& of, const workspace& where,
                const chapter& declared) {
  test_inputs inputs(where, declared,
                     variant::parse(of.variant, declared, where),
                     of.base);
  for (graded& each : of.tests) {
    outcome& result = each.result;
    if (!result.made_from.empty() &&
        result.made_from != inputs.of(each.test)) {
      result = not_run_since(true, result.promise);
    }
  }
}

std::string replay_command(const record& of, const graded& each) {
  std::string command = "make replay CASE=" + each.test.id;
  if (!each.result.seed.empty()) {
    command += " SEED=" + each.result.seed;
  }
  if (of.variant != "labs") {
    command += " VARIANT=" + of.variant;
  }
  return command;
}

fs::path lanes_of(const workspace& where, const std::string& lab,
                  const std::string& variant) {
  const std::string number = lab.substr(0, lab.find('_'));
  return where.root / "build" / "lanes" /
         (variant == "labs" ? number : number + "." + variant);
}

std::string section_of(const chapter& of, const std::string& id) {
  const std::size_t place = of.place_of(id);
  const std::string anchor =
      place < of.steps.size() && !of.steps[place].section.empty()
          ? "#" + of.steps[place].section
          : "";
  return of.page + ".html" + anchor;
}

json to_json(const record& of, const chapter& declared) {
  std::set<std::string> instruments;
  json tests = json::array();
  for (const graded& each : of.tests) {
    instruments.insert(each.test.kind == "explored" &&
                               of.runtime != "explore"
                           ? of.runtime
                           : each.test.kind);
    tests.push_back(test_to_json(of, declared, each));
  }
  return {{"schema", schema_version},
          {"lab", of.lab},
          {"title", of.title},
          {"page", of.page},
          {"variant", of.variant},
          {"base", of.base},
          {"runtime", of.runtime},
          {"score", of.score()},
          {"max_score", of.max_score()},
          {"bonus", of.bonus()},
          {"instruments", instruments},
          {"partial",
           of.partial.empty() ? json(nullptr) : json(of.partial)},
          {"finished", of.finished},
          {"duration", of.duration},
          {"steps", steps_to_json(of, declared)},
          {"tests", tests}};
}

std::optional<record> read_record(const workspace& where,
                                  const chapter& of,
                                  const std::string& variant) {
  const fs::path file = where.results(of.lab, variant) / "result.json";
  if (!fs::exists(file)) {
    return std::nullopt;
  }
  try {
    return from_json(json::parse(read_text(file)));
  } catch (const json::exception&) {
    throw problem(
        "{}: is not a whole record of a grading; remove it, "
        "or grade again: make grade LAB={}",
        where.shown(file), of.number());
  }
}

fs::path write_record(const workspace& where, const record& of,
                      const chapter& declared) {
  const fs::path file =
      where.results(of.lab, of.variant) / "result.json";
  write_text(file, to_json(of, declared)
                           .dump(2, ' ', false,
                                 json::error_handler_t::replace) +
                       "\n");
  return file;
}

std::optional<record> current_record(const workspace& where,
                                     const chapter& of,
                                     const std::string& variant) {
  std::optional<record> found = read_record(where, of, variant);
  if (found) {
    mark_older(*found, where, of);
  }
  return found;
}

std::string time_stamp() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::time(nullptr)));
}

}  // namespace workbook
