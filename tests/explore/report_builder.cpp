#include <fmt/format.h>

#include <array>
#include <set>

#include "memory_model.hpp"
#include "places.hpp"
#include "report.hpp"
#include "rows.hpp"

namespace explore {
namespace {

const char* verb(operation what) {
  constexpr std::array verbs{"begins",         "ends",
                             "starts",         "joins",
                             "detaches",       "locks",
                             "tries to lock",  "unlocks",
                             "locks (shared)", "waits",
                             "notifies one",   "notifies all",
                             "reads",          "stores",
                             "changes",        "fence",
                             "waits on",       "wakes",
                             "once",           "sleeps",
                             "yields",         "waits until all rest",
                             "arrives",        "acquires",
                             "releases"};
  return verbs[static_cast<std::size_t>(what)];
}

/// Sentences below the rows; more of them explain nothing.
constexpr std::size_t most_sentences = 8;

/// Turns a record into a story. Lives for one report.
class report_builder {
 public:
  explicit report_builder(const record& log)
      : log_(log), places_(log) {}

  story build(const std::string& heading, bool all) const {
    story shown{.heading = heading, .what = log_.text.data()};
    for (int i = 0; i < log_.threads; ++i) {
      shown.roles.emplace_back(role(i));
    }
    for (const std::uint32_t each :
         all ? all_rows(log_, places_) : choose_rows(log_, places_)) {
      shown.rows.push_back(row_for(each));
    }
    shown.why = explain();
    for (const lane_row& each : shown.rows) {
      if (log_.trace[each.step].stale &&
          shown.why.size() < most_sentences) {
        shown.why.push_back(explain_stale(each));
      }
    }
    return shown;
  }

 private:
  // ---- Words -----------------------------------------------------

  std::string role(int thread) const {
    return log_.thread[static_cast<std::size_t>(thread)].role.data();
  }

  lane_row row_for(std::uint32_t number) const {
    const step& each = log_.trace[number];
    return {.step = number,
            .thread = each.thread,
            .words = words_for(each),
            .note = note_for(each),
            .waits = each.blocked,
            .ends = each.what == operation::end,
            .where = places_.of(each)};
  }

  std::string words_for(const step& what) const {
    if (places_.is_stop_request(what)) {
      return "requests a stop";
    }
    std::string words = verb(what.what);
    if (what.what == operation::join && what.object != nullptr) {
      // The object of a join is the thread itself.
      return words;
    }
    if (const std::string name = places_.name_of(what.object);
        !name.empty()) {
      words += " " + name;
    }
    if (what.bytes > 0 && what.bytes <= 8 && !what.spurious) {
      words += fmt::format(" = {}", what.value);
    }
    return words;
  }

  /// The word that decides what this step came to.
  std::string note_for(const step& what) const {
    const bool notifies = what.what == operation::notify_one ||
                          what.what == operation::notify_all;
    if (what.spurious) {
      return "spurious";
    }
    if (what.timed_out && what.what != operation::sleep) {
      return "timed out";
    }
    if (what.stale) {
      return "stale";
    }
    if (notifies && what.woken == 0) {
      return "nobody";
    }
    const bool waits = what.blocked && what.what != operation::wait &&
                       what.what != operation::sleep &&
                       what.what != operation::settle;
    return waits ? "waits" : "";
  }

  // ---- Old values ------------------------------------------------

  std::string maker(std::uint32_t number) const {
    return number < log_.kept().size()
               ? fmt::format("by {} at step {}",
                             role(log_.trace[number].thread), number)
               : "before the schedule, or by its initialisation";
  }

  std::string explain_stale(const lane_row& row) const {
    const step& load = log_.trace[row.step];
    return fmt::format(
        "{} at step {} reads {}, stored {}; a newer value, stored {}, "
        "is not visible to it: nothing orders that store before this "
        "load{}",
        role(load.thread), row.step, load.value, maker(load.from),
        maker(load.newest), what_would_order(row.step));
  }

  /// The load by which the reader already knew of a later store of the
  /// same thread, if there is one: release and acquire belong there.
  std::string what_would_order(std::uint32_t stale) const {
    const step& load = log_.trace[stale];
    if (load.newest >= log_.kept().size()) {
      return "";
    }
    const step& missed = log_.trace[load.newest];
    for (std::uint32_t i = stale; i-- > 0;) {
      const step& earlier = log_.trace[i];
      const bool knows =
          earlier.thread == load.thread &&
          earlier.from < log_.kept().size() &&
          earlier.from > load.newest &&
          log_.trace[earlier.from].thread == missed.thread;
      if (knows) {
        return orders_between(log_.trace[earlier.from], earlier);
      }
    }
    return missed.order == seq_cst && load.order == seq_cst
               ? ""
               : "; seq_cst for both, and for what each does before, "
                 "would";
  }

  std::string orders_between(const step& store,
                             const step& load) const {
    const source_line from = places_.of(store);
    const source_line to = places_.of(load);
    std::string needs;
    if (!releases(store.order)) {
      needs = fmt::format("release at {}:{}", from.file, from.line);
    }
    if (!acquires(load.order)) {
      needs +=
          fmt::format("{}acquire at {}:{}",
                      needs.empty() ? "" : " and ", to.file, to.line);
    }
    return needs.empty() ? "" : "; it needs " + needs;
  }

  // ---- Why -------------------------------------------------------

  /// Why nobody can go on, both sides of a race, or where it ended.
  std::vector<std::string> explain() const {
    switch (log_.how) {
      case ending::deadlock:
      case ending::leak:
        return explain_waits();
      case ending::race:
        return {
            code_line(role(log_.culprit), places_.innermost(log_.pc)),
            code_line(role(log_.other),
                      places_.innermost(log_.other_pc))};
      case ending::spinning:
        return {code_line(role(log_.culprit) + " keeps running",
                          places_.of(last_step(log_.culprit)))};
      case ending::polling:
        return {code_line(role(log_.culprit),
                          places_.of(last_step(log_.culprit)))};
      default:
        break;
    }
    if (log_.pc == nullptr) {
      return {};
    }
    return {code_line(role(log_.culprit), places_.innermost(log_.pc))};
  }

  static std::string code_line(const std::string& who,
                               const source_line& at) {
    return at.line == 0 ? who + ", in code without source lines"
                        : fmt::format("{} at {}:{}\n  {}", who, at.file,
                                      at.line, at.text);
  }

  std::string waits_how(const thread_summary& each) const {
    const std::string name = places_.name_of(each.object);
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
      case reason::semaphore:
        return fmt::format("waits for the semaphore{}", called);
      case reason::sleep:
        return "sleeps";
      case reason::settle:
        return "waits until all others rest";
      case reason::none:
        return "could go on";
    }
    return "";
  }

  std::vector<std::string> explain_waits() const {
    std::vector<std::string> why;
    for (int i = 0; i < log_.threads; ++i) {
      const auto& each = log_.thread[static_cast<std::size_t>(i)];
      if (!each.alive || (i == 0 && log_.how == ending::leak)) {
        continue;
      }
      const source_line at = places_.of(log_.trace[each.last_step]);
      std::string line = fmt::format("{} {}", role(i), waits_how(each));
      if (at.line > 0) {
        line += fmt::format(" ({}:{})", at.file, at.line);
      }
      why.push_back(line + explain_notify(each));
    }
    return why;
  }

  std::string explain_notify(const thread_summary& waiter) const {
    if (waiter.waits != reason::condition) {
      return "";
    }
    const auto notify = last_notify(log_, waiter.object);
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

  const step& last_step(int thread) const {
    const auto at = static_cast<std::size_t>(thread);
    return log_.trace[log_.thread[at].last_step];
  }

  const record& log_;
  const places places_;
};

}  // namespace

story build_story(const record& log, const std::string& heading,
                  bool all) {
  return report_builder(log).build(heading, all);
}

}  // namespace explore
