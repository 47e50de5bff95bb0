// Wrong solutions in as few programs as may be.

#include "workbook/try_bundles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>

#include "workbook/interrupt.hpp"
#include "workbook/try_merge.hpp"

namespace workbook {

namespace {

/// Beyond this many, one more costs less than another program.
constexpr std::size_t most_in_one = 40;

constexpr const char* together = "together";

using members = std::vector<const wrong_solution*>;

/// Names begin with `folder`.
std::vector<bundle> bundles_of(const std::vector<wrong_solution>& all,
                               const std::string& folder) {
  members shared;
  std::vector<bundle> made;
  for (const wrong_solution& each : all) {
    if (each.mergeable) {
      shared.push_back(&each);
    } else {
      made.push_back({each.name, {&each}, {}});
    }
  }
  const std::size_t count = std::max<std::size_t>(
      (shared.size() + most_in_one - 1) / most_in_one,
      shared.size() >= 16 ? 2 : 1);
  for (std::size_t k = 0; k < count; ++k) {
    bundle one{fmt::format("{}.{}", folder, k + 1), {}, {}};
    for (std::size_t i = k; i < shared.size(); i += count) {
      one.members.push_back(shared[i]);
    }
    made.insert(made.begin(), std::move(one));
  }
  return made;
}

}  // namespace

void for_each_index(std::size_t count, unsigned cores,
                    const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next = 0;
  std::mutex failing;
  std::exception_ptr failure;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(cores, 1U); ++i) {
      threads.emplace_back([&] {
        for (std::size_t at = next++; at < count && !interrupted();
             at = next++) {
          try {
            body(at);
          } catch (...) {
            const std::scoped_lock lock(failing);
            failure = std::current_exception();
          }
        }
      });
    }
  }
  if (failure) {
    std::rethrow_exception(failure);
  }
}

const try_program& bundle::program(const std::string& unit,
                                   const wrong_solution& wrong) const {
  const auto own = units.find(unit + "/" + wrong.name);
  return own != units.end() ? own->second : units.at(unit);
}

bundle_builder::bundle_builder(const workspace& where,
                               const chapter& of,
                               const try_request& wanted,
                               std::set<std::string> units,
                               refusal on_refused)
    : where_(where),
      of_(of),
      wanted_(wanted),
      reference_(reference_files(where, of)),
      units_(std::move(units)),
      on_refused_(std::move(on_refused)) {}

std::vector<bundle> bundle_builder::build(
    const std::vector<wrong_solution>& wrongs) {
  const std::vector<bundle> wanted = bundles_of(wrongs, wanted_.folder);
  for_each_index(wanted.size(), wanted_.cores,
                 [&](std::size_t i) { build_one(wanted[i]); });
  return std::move(built_);
}

void bundle_builder::build_one(bundle into) {
  if (!build_together(into)) {
    return;
  }
  for (const std::string& unit : units_) {
    if (unit != together) {
      build_apart(into, unit);
    }
  }
  const std::scoped_lock lock(mutex_);
  built_.push_back(std::move(into));
}

/// Members that do not compile leave, and the others go on. False if
/// none is left here.
bool bundle_builder::build_together(bundle& into) {
  while (!into.members.empty() && !interrupted()) {
    try_program made = program_of(into, together, into.members);
    build_tried(where_, of_, made);
    if (made.error.empty()) {
      into.units[together] = std::move(made);
      return true;
    }
    if (!refuse(into, made)) {
      split(into);
      return false;
    }
  }
  return false;
}

/// Takes the members that the compiler names out of `of`; false if it
/// names none.
bool bundle_builder::refuse(bundle& of, const try_program& failed) {
  const auto guilty = std::stable_partition(
      of.members.begin(), of.members.end(),
      [&](const wrong_solution* each) {
        return of.members.size() > 1 &&
               !failed.guilty.contains(each->name);
      });
  const bool found = guilty != of.members.end();
  for (auto at = guilty; at != of.members.end(); ++at) {
    const auto own = failed.guilty.find((*at)->name);
    const bool known =
        own != failed.guilty.end() && !own->second.empty();
    on_refused_(**at, known ? own->second : failed.error);
  }
  of.members.erase(guilty, of.members.end());
  return found;
}

/// The compiler does not say who is at fault: each half is tried.
void bundle_builder::split(const bundle& of) {
  const auto middle = of.members.begin() + static_cast<std::ptrdiff_t>(
                                               of.members.size() / 2);
  build_one({of.name + ".1", {of.members.begin(), middle}, {}});
  build_one({of.name + ".2", {middle, of.members.end()}, {}});
}

/// A unit that checks a promise by compiling: members that break it
/// have a program of their own, which says so.
void bundle_builder::build_apart(bundle& into,
                                 const std::string& unit) {
  members left = into.members;
  for (;;) {
    try_program made = program_of(into, unit, left);
    build_tried(where_, of_, made);
    if (made.error.empty() || left.size() == 1) {
      into.units[unit] = std::move(made);
      return;
    }
    const bool none_named = std::none_of(
        left.begin(), left.end(), [&](const wrong_solution* each) {
          return made.guilty.contains(each->name);
        });
    members others;
    for (const wrong_solution* each : left) {
      if (!none_named && !made.guilty.contains(each->name)) {
        others.push_back(each);
        continue;
      }
      try_program own =
          bare_program(wanted_.folder + "." + each->name, unit);
      own.files = each->files;
      build_tried(where_, of_, own);
      into.units[unit + "/" + each->name] = std::move(own);
    }
    if (others.empty()) {
      into.units[unit] = std::move(made);
      return;
    }
    left = std::move(others);
  }
}

try_program bundle_builder::bare_program(
    const std::string& name, const std::string& unit) const {
  try_program made;
  made.name = name;
  made.files = reference_;
  made.unit = unit;
  made.warnings_are_errors = wanted_.warnings_are_errors;
  return made;
}

try_program bundle_builder::program_of(const bundle& from,
                                       const std::string& unit,
                                       const members& of) const {
  try_program made = bare_program(from.name, unit);
  if (of.size() == 1 && !of[0]->mergeable) {
    made.files = of[0]->files;
    return made;
  }
  for (auto& [name, text] : made.files) {
    std::vector<wrong_form> forms;
    for (const wrong_solution* each : of) {
      if (each->files.at(name) != text) {
        forms.push_back(
            {each->number, each->name, each->files.at(name)});
      }
    }
    if (!forms.empty()) {
      text = merged(
          text, (where_.root / "solutions" / of_.lab / name).string(),
          forms);
    }
  }
  return made;
}

}  // namespace workbook
