#include "report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <vector>

#include "symbols.hpp"

namespace explore {
namespace {

constexpr std::size_t most_rows = 12;
constexpr std::size_t last_steps = 5;
constexpr std::size_t rows_before = 3;  // of a preemption

const char* verb(operation what) {
  constexpr std::array verbs{
      "begins",         "ends",    "starts",        "joins",
      "detaches",       "locks",   "tries to lock", "unlocks",
      "locks (shared)", "waits",   "notifies one",  "notifies all",
      "reads",          "stores",  "changes",       "fence",
      "waits on",       "wakes",   "once",          "sleeps",
      "yields",         "settles", "arrives",       "accesses"};
  return verbs[static_cast<std::size_t>(what)];
}

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

/// Turns a record into a story. Lives for one report.
class teller {
 public:
  teller(const record& log, bool all) : log_(log), all_(all) {
    resolve();
    choose_steps();
    name_objects();
  }

  story tell(const std::string& heading) {
    story told{.heading = heading, .what = log_.text.data()};
    for (int i = 0; i < log_.threads; ++i) {
      told.roles.emplace_back(role(i));
    }
    for (const std::uint32_t each : chosen_) {
      told.rows.push_back(
          {.step = each,
           .thread = log_.trace[each].thread,
           .words = words_for(log_.trace[each]),
           .waits = log_.trace[each].blocked,
           .ends = log_.trace[each].what == operation::end,
           .where = place_of(log_.trace[each])});
    }
    if (log_.how == ending::deadlock || log_.how == ending::leak) {
      explain_waits(told);
    } else if (log_.how == ending::race) {
      explain_race(told);
    } else if (log_.how == ending::spinning) {
      const auto& spinner =
          log_.thread[static_cast<std::size_t>(log_.culprit)];
      told.why.push_back(
          code_line(role(log_.culprit) + " keeps running",
                    place_of(log_.trace[spinner.last_step])));
    } else if (log_.pc != nullptr) {
      const source_line at = innermost(log_.pc);
      told.why.push_back(code_line(role(log_.culprit), at));
    }
    return told;
  }

 private:
  // ---- Which steps -----------------------------------------------

  void choose_steps() {
    std::vector<std::uint32_t> told;
    for (std::uint32_t i = 0; i < std::min(log_.steps, max_steps);
         ++i) {
      if (!is_inner(log_.trace[i])) {
        told.push_back(i);
      }
    }
    if (!all_) {
      fold_repetitions(told);
    }
    if (all_) {
      chosen_.insert(told.begin(), told.end());
      return;
    }
    if (log_.how == ending::expectation &&
        insert_last_preemption(told)) {
      return;
    }
    for (int i = 0; i < log_.threads; ++i) {
      const auto& each = log_.thread[static_cast<std::size_t>(i)];
      if (each.alive && each.waits != reason::none) {
        chosen_.insert(each.last_step);
        insert_last_notify(each);
      }
    }
    if (log_.other >= 0) {
      insert_last_of(log_.other);
    }
    for (std::size_t i = told.size();
         i-- > 0 && told.size() - i <= last_steps;) {
      chosen_.insert(told[i]);
    }
    for (std::size_t i = told.size();
         i-- > 0 && chosen_.size() < most_rows;) {
      chosen_.insert(told[i]);
    }
    while (chosen_.size() > most_rows) {
      chosen_.erase(chosen_.begin());
    }
  }

  /// A failed expectation looks at what came out of it; what went wrong
  /// is where one thread took the turn from another. False if none did.
  bool insert_last_preemption(const std::vector<std::uint32_t>& told) {
    for (std::size_t i = told.size(); i-- > 0;) {
      if (!log_.trace[told[i]].preempts) {
        continue;
      }
      const std::size_t first = i - std::min(i, rows_before);
      for (std::size_t j = first;
           j < told.size() && chosen_.size() < most_rows; ++j) {
        chosen_.insert(told[j]);
      }
      return true;
    }
    return false;
  }

  /// A step in the inside of the library (a stop state, a counter of
  /// owners, GoogleTest's lock) that says nothing about the code.
  bool is_inner(const step& what) const {
    // The library's own initialisations (a locale, a message's text).
    if (what.what == operation::once &&
        innermost(what.caller).line == 0) {
      return true;
    }
    constexpr std::array inner{"std::_Stop_",        "std::stop_",
                               "_Stop_state_t",      "_Sp_counted_base",
                               "std::jthread::",     "testing::",
                               "std::__shared_count"};
    for (const source_frame& each : symbols_->at(what.caller)) {
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

  /// Of steps in a row by one thread on one line that only look or
  /// yield, the last one tells the story.
  void fold_repetitions(std::vector<std::uint32_t>& told) const {
    const auto looks = [this](std::uint32_t at) {
      const operation what = log_.trace[at].what;
      return what == operation::load || what == operation::yield;
    };
    const auto repeats = [&](std::uint32_t one, std::uint32_t next) {
      return looks(one) && looks(next) &&
             log_.trace[one].thread == log_.trace[next].thread &&
             place_of(log_.trace[one]).line ==
                 place_of(log_.trace[next]).line;
    };
    std::vector<std::uint32_t> kept;
    for (std::size_t i = 0; i < told.size(); ++i) {
      if (i + 1 == told.size() || !repeats(told[i], told[i + 1])) {
        kept.push_back(told[i]);
      }
    }
    told = kept;
  }

  /// A waiter's notify may have come before its wait.
  void insert_last_notify(const thread_summary& waiter) {
    if (waiter.waits == reason::condition) {
      if (const auto at = last_notify(waiter.object)) {
        chosen_.insert(*at);
      }
    }
  }

  std::optional<std::uint32_t> last_notify(const void* object) const {
    for (std::uint32_t i = std::min(log_.steps, max_steps); i-- > 0;) {
      const step& each = log_.trace[i];
      if (each.object == object &&
          (each.what == operation::notify_one ||
           each.what == operation::notify_all)) {
        return i;
      }
    }
    return std::nullopt;
  }

  void insert_last_of(int thread) {
    for (std::uint32_t i = std::min(log_.steps, max_steps); i-- > 0;) {
      if (log_.trace[i].thread == thread) {
        chosen_.insert(i);
        return;
      }
    }
  }

  // ---- Where they happened ---------------------------------------

  void resolve() {
    std::set<const void*> wanted{log_.pc, log_.other_pc};
    for (std::uint32_t i = 0; i < std::min(log_.steps, max_steps);
         ++i) {
      const step& each = log_.trace[i];
      wanted.insert(each.caller);
      wanted.insert(each.frames.begin(), each.frames.end());
    }
    wanted.erase(nullptr);
    symbols_.emplace(wanted);
  }

  /// The innermost line at `address` that is the reader's own.
  source_line innermost(const void* address) const {
    for (const source_frame& each : symbols_->at(address)) {
      if (each.line > 0 && is_readers_code(each.path)) {
        return {file_name(each.path), each.path, each.line,
                read_line(each.path, each.line)};
      }
    }
    return {};
  }

  source_line place_of(const step& what) const {
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

  // ---- Words -----------------------------------------------------

  std::string role(int thread) const {
    return log_.thread[static_cast<std::size_t>(thread)].role.data();
  }

  /// The test's own names first, then what the code calls them.
  void name_objects() {
    for (int i = 0; i < log_.names; ++i) {
      const auto& each = log_.name[static_cast<std::size_t>(i)];
      names_[each.address] = each.name.data();
    }
    for (std::uint32_t i = 0; i < std::min(log_.steps, max_steps);
         ++i) {
      const step& each = log_.trace[i];
      if (each.object != nullptr && !names_.contains(each.object)) {
        const std::string word =
            word_in_line(each.what, place_of(each).text);
        if (!word.empty()) {
          names_[each.object] = word;
        }
      }
    }
  }

  std::string name_of(const void* object) const {
    const auto found = names_.find(object);
    return found == names_.end() ? "" : found->second;
  }

  std::string words_for(const step& what) const {
    std::string words = verb(what.what);
    if (what.what == operation::join && what.object != nullptr) {
      // The object of a join is the thread itself.
      return words + (what.blocked ? " (waits)" : "");
    }
    if (const std::string name = name_of(what.object); !name.empty()) {
      words += " " + name;
    }
    const bool notifies = what.what == operation::notify_one ||
                          what.what == operation::notify_all;
    if (notifies && what.woken == 0) {
      words += " (nobody)";
    }
    if (what.blocked && what.what != operation::wait &&
        what.what != operation::sleep &&
        what.what != operation::settle) {
      words += " (waits)";
    }
    return words + (what.spurious ? " (spuriously)" : "");
  }

  // ---- Why -------------------------------------------------------

  static std::string code_line(const std::string& who,
                               const source_line& at) {
    return at.line == 0 ? who + ", in code without source lines"
                        : fmt::format("{} at {}:{}\n  {}", who, at.file,
                                      at.line, at.text);
  }

  std::string waits_how(const thread_summary& each) const {
    const std::string name = name_of(each.object);
    const std::string called = name.empty() ? "" : " " + name;
    switch (each.waits) {
      case reason::lock:
        return each.holder < 0
                   ? fmt::format("waits for the mutex{}", called)
                   : fmt::format(
                         "waits for the mutex{}, which {} holds",
                         called, role(each.holder));
      case reason::rwlock:
        return fmt::format("waits for the reader-writer lock{}",
                           called);
      case reason::condition:
        return fmt::format("waits on the condition variable{}", called);
      case reason::join:
        return "waits for a thread to end";
      case reason::futex:
        return fmt::format(
            "waits for{} to change (an atomic, a "
            "semaphore, a latch or a future)",
            called.empty() ? " a value" : called);
      case reason::once:
        return "waits for an initialisation to end";
      case reason::barrier:
        return "waits at a barrier";
      case reason::sleep:
        return "sleeps";
      case reason::settle:
        return "waits until all others rest";
      case reason::none:
        return "could go on";
    }
    return "";
  }

  void explain_waits(story& told) const {
    for (int i = 0; i < log_.threads; ++i) {
      const auto& each = log_.thread[static_cast<std::size_t>(i)];
      if (!each.alive || (i == 0 && log_.how == ending::leak)) {
        continue;
      }
      const source_line at = place_of(log_.trace[each.last_step]);
      std::string line = fmt::format("{} {}", role(i), waits_how(each));
      if (at.line > 0) {
        line += fmt::format(" ({}:{})", at.file, at.line);
      }
      told.why.push_back(line + explain_notify(each));
    }
  }

  std::string explain_notify(const thread_summary& waiter) const {
    if (waiter.waits != reason::condition) {
      return "";
    }
    const auto notify = last_notify(waiter.object);
    if (!notify) {
      return "; nobody ever notified it";
    }
    const step& last = log_.trace[*notify];
    if (*notify < waiter.last_step) {
      return fmt::format(
          "; the last notify on it, by {} at step {}, came before this "
          "wait began: a lost wakeup",
          role(last.thread), *notify);
    }
    return fmt::format(
        "; the last notify on it, by {} at step {}, woke "
        "{}",
        role(last.thread), *notify,
        last.woken == 0 ? "nobody" : "another thread");
  }

  void explain_race(story& told) const {
    const source_line now = innermost(log_.pc);
    const source_line before = innermost(log_.other_pc);
    told.why.push_back(code_line(role(log_.culprit), now));
    told.why.push_back(code_line(role(log_.other), before));
  }

  const record& log_;
  const bool all_;
  std::set<std::uint32_t> chosen_;
  std::optional<symbols> symbols_;
  std::map<const void*, std::string> names_;
};

}  // namespace

story tell(const record& log, const std::string& heading, bool all) {
  return teller(log, all).tell(heading);
}

}  // namespace explore
