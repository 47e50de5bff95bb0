// What a chapter declares in its chapter.json: files and steps.

#include "workbook/chapter.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>

#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

using nlohmann::json;

/// Reads fields of one JSON object and says which one is wrong.
class fields {
 public:
  fields(const json& object, std::string where)
      : object_(object), where_(std::move(where)) {
    if (!object.is_object()) {
      throw problem("{}: an object {{…}} is expected", where_);
    }
  }

  template <typename T>
  T required(const char* name, const char* right) const {
    if (!object_.contains(name)) {
      throw problem("{}: \"{}\" is missing, {} is expected", where_,
                    name, right);
    }
    return optional<T>(name, right, T{});
  }

  template <typename T>
  T optional(const char* name, const char* right, T otherwise) const {
    if (!object_.contains(name)) {
      return otherwise;
    }
    try {
      return object_.at(name).get<T>();
    } catch (const json::exception&) {
      throw problem("{}: \"{}\" is {}, {} is expected", where_, name,
                    object_.at(name).dump(), right);
    }
  }

 private:
  const json& object_;
  std::string where_;
};

step read_step(const json& object, const std::string& where) {
  const fields field(object, where);
  step read;
  read.id = field.required<std::string>("id", "a step like \"1.3\"");
  static const std::regex form(R"(\d+\.\d+)");
  if (!std::regex_match(read.id, form)) {
    throw problem(
        "{}: \"id\" is \"{}\", a step like \"1.3\" is "
        "expected",
        where, read.id);
  }
  read.title = field.required<std::string>("title", "a text");
  read.minutes = field.optional<int>("minutes", "a number", 0);
  read.section =
      field.optional<std::string>("section", "an anchor", "");
  read.tests = field.required<std::vector<std::string>>(
      "tests", "a list of file names");
  read.file = field.optional<std::string>("file", "a file name", "");
  read.mutant = field.optional<std::string>("mutant", "a name", "");
  read.bonus = field.optional<bool>("bonus", "true or false", false);
  read.pools = object.contains("pools");
  return read;
}

void check_step_ids(const chapter& read, const std::string& where) {
  const std::string own =
      std::to_string(std::stoi(read.number())) + ".";
  for (std::size_t i = 0; i < read.steps.size(); ++i) {
    const std::string& id = read.steps[i].id;
    if (!id.starts_with(own)) {
      throw problem("{}: step {} is not one of chapter {}", where, id,
                    read.lab);
    }
    if (read.place_of(id) != i) {
      throw problem("{}: step {} is declared twice", where, id);
    }
  }
}

json parse(const std::filesystem::path& file) {
  try {
    return json::parse(read_text(file));
  } catch (const json::parse_error& error) {
    throw problem(
        "{}: is not JSON (byte {}: a comma, a quote or a bracket is "
        "missing or extra)",
        file.string(), error.byte);
  }
}

}  // namespace

std::size_t chapter::place_of(std::string_view id) const {
  const auto found =
      std::find_if(steps.begin(), steps.end(),
                   [&](const step& each) { return each.id == id; });
  return static_cast<std::size_t>(found - steps.begin());
}

bool chapter::breaks(std::string_view id) const {
  const std::size_t place = place_of(id);
  return place < steps.size() && !steps[place].mutant.empty();
}

bool chapter::judges_no_sources(std::string_view id) const {
  const std::size_t place = place_of(id);
  return breaks(id) || (place < steps.size() && steps[place].pools);
}

std::string chapter::number() const {
  return lab.substr(0, lab.find('_'));
}

std::vector<std::string> chapter::all_files() const {
  std::vector<std::string> all = files;
  for (const step& each : steps) {
    const bool known =
        std::find(all.begin(), all.end(), each.file) != all.end();
    if (!each.file.empty() && !known) {
      all.push_back(each.file);
    }
  }
  return all;
}

std::string chapter::step_list() const {
  std::string list;
  for (const step& each : steps) {
    list += (list.empty() ? "" : ", ") + each.id;
  }
  return list;
}

chapter read_chapter(const std::filesystem::path& file) {
  const std::string where = file.string();
  const json object = parse(file);
  const fields field(object, where);
  chapter read;
  read.lab = field.required<std::string>("lab", "the folder's name");
  if (read.lab != file.parent_path().filename()) {
    throw problem(
        "{}: \"lab\" is \"{}\", the folder's name \"{}\" is "
        "expected",
        where, read.lab, file.parent_path().filename().string());
  }
  if (read.number().find_first_not_of("0123456789") !=
          std::string::npos ||
      read.number().empty()) {
    throw problem(
        "{}: \"lab\" is \"{}\", a name like \"01_pooling\" "
        "is expected",
        where, read.lab);
  }
  read.title = field.required<std::string>("title", "a text");
  read.page = field.required<std::string>("page", "a page's id");
  const char* names = "a list of file names";
  using list = std::vector<std::string>;
  read.files = field.required<list>("files", names);
  read.rests_on = field.optional<list>("rests_on", names, {});
  read.may_use_asm = field.optional<list>("may_use_asm", names, {});
  int number = 0;
  for (const json& each :
       field.required<std::vector<json>>("steps", "a list of steps")) {
    read.steps.push_back(read_step(
        each, fmt::format("{}: step no. {}", where, ++number)));
  }
  check_step_ids(read, where);
  for (const std::string& name : read.may_use_asm) {
    const std::vector<std::string> all = read.all_files();
    if (std::find(all.begin(), all.end(), name) == all.end()) {
      throw problem(
          "{}: \"may_use_asm\" names {}, which is not one of "
          "\"files\"",
          where, name);
    }
  }
  return read;
}

}  // namespace workbook
