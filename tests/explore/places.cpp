#include "places.hpp"

#include <algorithm>
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

bool places::is_stop_request(const step& what) const {
  const auto& frames = symbols_.at(what.caller);
  return what.what == operation::exchange && !what.spurious &&
         std::ranges::any_of(frames, [](const source_frame& each) {
           return each.function.find("_M_try_lock_and_stop") !=
                  std::string::npos;
         });
}

bool places::is_tests_own(const step& what) const {
  return of(what).path.find("/tests/") != std::string::npos;
}

bool places::is_bookkeeping(const step& what) const {
  const bool counts = what.what == operation::load ||
                      what.what == operation::store ||
                      what.what == operation::exchange;
  return readers_code_ && counts && !what.stale && is_tests_own(what);
}

bool places::is_inner(const step& what) const {
  if (is_stop_request(what)) {
    return false;
  }
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

/// How good a name `word` is: a field's is the same everywhere, while
/// a parameter's changes from function to function.
static int rank_of(const std::string& word) {
  if (word.ends_with('_')) {
    return 2;
  }
  return word.find_first_of(".>") == std::string::npos ? 0 : 1;
}

static std::string last_part(const std::string& word) {
  const auto dot = word.find_last_of(".>");
  return dot == std::string::npos ? word : word.substr(dot + 1);
}

/// The test's own names first, then the best of what the code calls
/// them: one name an object.
void places::name_objects(const record& log) {
  std::map<const void*, int> ranks;
  for (const step& each : log.kept()) {
    const source_line at = of(each);
    readers_code_ =
        readers_code_ || (at.line > 0 && !is_tests_own(each));
    const std::string word =
        each.object == nullptr ? "" : word_in_line(each.what, at.text);
    const auto ranked = ranks.find(each.object);
    if (!word.empty() &&
        (ranked == ranks.end() || ranked->second < rank_of(word))) {
      ranks[each.object] = rank_of(word);
      names_[each.object] = last_part(word);
    }
  }
  for (int i = 0; i < log.names; ++i) {
    const auto& each = log.name[static_cast<std::size_t>(i)];
    names_[each.address] = each.name.data();
  }
}

std::string places::name_of(const void* object) const {
  const auto found = names_.find(object);
  return found == names_.end() ? "" : found->second;
}

}  // namespace explore
