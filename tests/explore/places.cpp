#include "places.hpp"

#include <array>
#include <iterator>
#include <regex>
#include <set>

namespace explore {
namespace {

std::string file_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// What a line of code calls the object that it works on: a word
/// before `.lock(`, `.wait(`, `.notify`, or in a guard's brackets.
std::string word_in_line(operation what, const std::string& text) {
  static const std::regex guard(
      R"((?:lock_guard|scoped_lock|unique_lock|shared_lock)(?:<[^>]*>)?\s*\w*[({]\s*\*?(?:this->)?([\w.\->]+?)\s*[,)}])");
  static const std::regex call(
      R"(([A-Za-z_][\w.\->]*?)(?:\.|->)(?:lock|unlock|try_lock\w*|wait\w*|notify_\w+|acquire|release|load|store|exchange|fetch_\w+|compare_exchange_\w+|join|count_down|arrive\w*|try_acquire\w*|test_and_set|clear|get|set_value)\s*\()");
  const bool locks = what == operation::lock ||
                     what == operation::lock_shared ||
                     what == operation::try_lock;
  std::smatch found;
  if (locks && std::regex_search(text, found, guard)) {
    return found[1];
  }
  // A wait's own line names the lock as well: only the call counts.
  const std::sregex_iterator first(text.begin(), text.end(), call);
  if (what == operation::unlock || first == std::sregex_iterator()) {
    return "";
  }
  const bool alone = std::next(first) == std::sregex_iterator();
  return alone ? (*first)[1].str() : "";
}

/// Every address that `log` speaks of.
std::set<const void*> addresses_of(const record& log) {
  std::set<const void*> wanted{log.pc, log.other_pc};
  for (const step& each : log.kept()) {
    wanted.insert(each.caller);
    wanted.insert(each.frames.begin(), each.frames.end());
  }
  wanted.erase(nullptr);
  return wanted;
}

}  // namespace

places::places(const record& log) : symbols_(addresses_of(log)) {
  name_objects(log);
}

source_line places::innermost(const void* address) const {
  for (const source_frame& each : symbols_.at(address)) {
    if (each.line > 0 && is_readers_code(each.path)) {
      return {file_name(each.path), each.path, each.line,
              read_line(each.path, each.line)};
    }
  }
  return {};
}

source_line places::of(const step& what) const {
  if (const source_line direct = innermost(what.caller);
      direct.line > 0) {
    return direct;
  }
  for (const void* each : what.frames) {
    if (const source_line found = innermost(each); found.line > 0) {
      return found;
    }
  }
  return {};
}

bool places::is_inner(const step& what) const {
  // The library's own initialisations (a locale, a message's text).
  if (what.what == operation::once &&
      innermost(what.caller).line == 0) {
    return true;
  }
  constexpr std::array inner{"std::_Stop_",        "std::stop_",
                             "_Stop_state_t",      "_Sp_counted_base",
                             "std::jthread::",     "testing::",
                             "std::__shared_count"};
  for (const source_frame& each : symbols_.at(what.caller)) {
    for (const char* part : inner) {
      if (each.function.starts_with(part) ||
          each.function.find(std::string("::") + part) !=
              std::string::npos) {
        return what.what != operation::join;
      }
    }
  }
  return false;
}

/// The test's own names first, then what the code calls them.
void places::name_objects(const record& log) {
  for (int i = 0; i < log.names; ++i) {
    const auto& each = log.name[static_cast<std::size_t>(i)];
    names_[each.address] = each.name.data();
  }
  for (const step& each : log.kept()) {
    if (each.object != nullptr && !names_.contains(each.object)) {
      const std::string word = word_in_line(each.what, of(each).text);
      if (!word.empty()) {
        names_[each.object] = word;
      }
    }
  }
}

std::string places::name_of(const void* object) const {
  const auto found = names_.find(object);
  return found == names_.end() ? "" : found->second;
}

}  // namespace explore
