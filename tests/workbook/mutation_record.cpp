// What is known of machine-made mutants.

#include "workbook/mutation_record.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

using nlohmann::json;

constexpr const char* words[] = {"caught", "survives",
                                 "does not compile"};

json to_json(const tried& what) {
  return {{"how", words[static_cast<std::size_t>(what.how)]},
          {"by", what.by},
          {"why", what.why},
          {"asked", what.asked},
          {"hung", what.hung}};
}

tried from_json(const json& from) {
  tried what;
  const auto how = from.at("how").get<std::string>();
  what.how = how == words[0]   ? tried::kind::caught
             : how == words[1] ? tried::kind::survives
                               : tried::kind::does_not_compile;
  from.at("by").get_to(what.by);
  from.at("why").get_to(what.why);
  from.at("asked").get_to(what.asked);
  from.at("hung").get_to(what.hung);
  return what;
}

}  // namespace

mutation_record::mutation_record(fs::path file, std::string made_from,
                                 bool fresh)
    : file_(std::move(file)), made_from_(std::move(made_from)) {
  if (fresh || !fs::exists(file_)) {
    return;
  }
  try {
    const json all = json::parse(read_text(file_));
    if (all.at("made_from").get<std::string>() != made_from_) {
      return;
    }
    for (const auto& [key, each] : all.at("mutants").items()) {
      known_[key] = from_json(each);
    }
  } catch (const json::exception&) {
    throw problem("{}: is no record of mutants; FRESH=1 begins anew",
                  file_.string());
  }
}

const tried* mutation_record::find(const std::string& key) const {
  const auto found = known_.find(key);
  return found == known_.end() ? nullptr : &found->second;
}

void mutation_record::add(const std::string& key, const tried& what) {
  known_[key] = what;
  write();
}

void mutation_record::write() const {
  json all{{"made_from", made_from_}, {"mutants", json::object()}};
  for (const auto& [key, each] : known_) {
    all["mutants"][key] = to_json(each);
  }
  // A compiler's words may hold what is no UTF-8.
  write_text(
      file_,
      all.dump(1, ' ', false, json::error_handler_t::replace) + "\n");
}

std::map<std::string, excused_mutant> excused_mutants(
    const workspace& where, const chapter& of) {
  const fs::path file = where.tests(of.lab) / "equivalent.json";
  std::map<std::string, excused_mutant> all;
  if (!fs::exists(file)) {
    return all;
  }
  const std::string shown = where.shown(file);
  const json read = json::parse(read_text(file), nullptr, false);
  if (!read.is_array()) {
    throw problem("{}: a list of entries is expected", shown);
  }
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto text = [&](const char* name) {
      const json& entry = read[i];
      if (!entry.is_object() || !entry.contains(name) ||
          !entry.at(name).is_string() ||
          entry.at(name).get_ref<const std::string&>().empty()) {
        throw problem("{}: entry {} needs a text \"{}\"", shown, i + 1,
                      name);
      }
      return entry.at(name).get<std::string>();
    };
    const excused_mutant one{text("verdict"), text("reason")};
    if (one.verdict != "equivalent" && one.verdict != "not promised") {
      throw problem(
          "{}: entry {} has the verdict \"{}\"; it is \"equivalent\" "
          "or \"not promised\"",
          shown, i + 1, one.verdict);
    }
    const std::string key = text("mutant");
    if (!all.emplace(key, one).second) {
      throw problem("{}: entry {} is there twice: {}", shown, i + 1,
                    key);
    }
  }
  return all;
}

}  // namespace workbook
