// The public functions of the explorer: explore::run and the helpers of scenarios.

#include <fmt/format.h>
#include <sys/personality.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "explore.hpp"
#include "observer.hpp"
#include "report.hpp"
#include "schedule.hpp"
#include "script.hpp"
#include "search.hpp"

namespace explore {

namespace {

observer observe = nullptr;

void notify_observer(const test_result& what) {
  if (observe != nullptr) {
    observe(what);
  }
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string strategy_of(const schedule_id& id, const options& wanted) {
  return id.bound >= 0
             ? fmt::format(
                   "exhaustive, at most {} preemptions and {} "
                   "stale reads",
                   id.bound, wanted.stale_reads)
             : strategy_name(id.number, wanted.timeouts_race);
}

std::string count_of(int count, const char* what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// "26 steps, 2 preemptions, 1 stale read".
std::string size_of(const record& log) {
  return fmt::format(
      "{}, {}{}", count_of(static_cast<int>(log.steps), "step"),
      count_of(log.preemptions, "preemption"),
      log.stale_reads == 0
          ? ""
          : ", " + count_of(log.stale_reads, "stale read"));
}

std::string heading_of(const finding& found, const schedule_id& shown,
                       const record& log) {
  return fmt::format("schedule {}: {}; the failure was found in {}",
                     shown.text(), size_of(log),
                     count_of(found.schedules, "schedule"));
}

void save(const std::string& name, const story& shown) {
  const std::string folder = environment("WORKBOOK_LANES");
  if (!folder.empty()) {
    std::ofstream(folder + "/" + name + ".svg") << draw_svg(shown);
    std::ofstream(folder + "/" + name + ".json") << to_json(shown);
  }
}

/// Splits "file:line", which a failed expectation left.
void set_place(test_result& what, const record& log) {
  const std::string where = log.where.data();
  if (const auto colon = where.rfind(':'); colon != std::string::npos) {
    what.file = where.substr(0, colon);
    what.line = std::atoi(where.c_str() + colon + 1);
  }
}

/// The story of a failing schedule; with WORKBOOK_VERDICT_ONLY only
/// that it failed, which is much quicker.
void report(const char* name, search& looking, const finding& found,
            const options& wanted) {
  const ending how = looking.log().how;
  test_result what{.failed = true,
                   .schedules = found.schedules,
                   .strategy = strategy_of(found.id, wanted)};
  what.promise =
      looking.log().promise == nullptr ? "" : looking.log().promise;
  if (how == ending::not_written) {
    what.unwritten = looking.log().unwritten;
    what.failure = "step " + what.unwritten + " is not written yet";
    notify_observer(what);
    return;
  }
  if (how != ending::unexplorable &&
      !environment("WORKBOOK_VERDICT_ONLY").empty()) {
    what.seed = found.id.text();
    what.failure = looking.log().text.data();
    notify_observer(what);
    return;
  }
  const schedule_id shown =
      how == ending::endless || how == ending::unexplorable
          ? found.id
          : looking.shorten(found.id);
  looking.replay(shown, true);
  if (looking.log().how != how) {
    looking.replay(found.id, true);
  }
  what.seed = shown.text();
  if (how == ending::unexplorable) {
    what.infrastructure = looking.log().text.data();
  }
  const story drawn = build_story(
      looking.log(), heading_of(found, shown, looking.log()), false);
  save(name, drawn);
  set_place(what, looking.log());
  what.failure = draw_text(drawn);
  notify_observer(what);
}

/// WORKBOOK_SEED: that one schedule, in full.
void replay(const char* name, search& looking, const std::string& seed,
            const options& wanted) {
  const auto id = schedule_id::parse(seed);
  if (!id) {
    notify_observer({.failed = true,
                     .failure = fmt::format(
                         "'{}' is no schedule: a number such as 17, or "
                         "bound:number such as 2:350, would be",
                         seed)});
    return;
  }
  if (!environment("WORKBOOK_GDB").empty()) {
    looking.replay_here(*id);
  }
  looking.replay(*id, false);
  const record& log = looking.log();
  const std::string heading =
      fmt::format("schedule {} ({}): {}, trace {:016x}", seed,
                  strategy_of(*id, wanted), size_of(log), log.hash);
  const story drawn = build_story(log, heading, true);
  save(name, drawn);
  test_result what{.failed = log.how != ending::passed,
                   .failure = draw_text(drawn),
                   .schedules = 1,
                   .strategy = strategy_of(*id, wanted)};
  what.seed = what.failed ? seed : "";
  set_place(what, log);
  if (!what.failed) {
    std::printf("%s\nThis schedule passes.\n", what.failure.c_str());
  }
  notify_observer(what);
}

/// WORKBOOK_THINNED=4: a fourth of the schedules will do, because the
/// same code is tried in all of them elsewhere.
int thinned(int schedules) {
  const int by = std::atoi(environment("WORKBOOK_THINNED").c_str());
  return by > 1 ? std::max(1, schedules / by) : schedules;
}

}  // namespace

void set_observer(observer added) {
  observe = added;
}

void prepare(char** arguments) {
  const int now = personality(0xffffffff);
  if (now < 0 || (now & ADDR_NO_RANDOMIZE) != 0) {
    return;
  }
  const auto wanted =
      static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE;
  if (personality(wanted) >= 0) {
    execv("/proc/self/exe", arguments);
  }
}

void run_broken(const char* name, void (*body)(), const char* step,
                const char* file) {
  auto read = read_script(environment("WORKBOOK_SOURCES") + "/" + file);
  test_result what{
      .failed = true, .schedules = 1, .strategy = "your schedule"};
  if (const auto* error = std::get_if<std::string>(&read)) {
    what.failure = *error;
    notify_observer(what);
    return;
  }
  if (std::get<script>(read).lines.empty()) {
    what.unwritten = step;
    what.failure = fmt::format("step {} is not written yet", step);
    notify_observer(what);
    return;
  }
  search looking(body, {.spurious_wakeups = false});
  looking.follow(std::get<script>(read));
  const record& log = looking.log();
  what.promise = log.promise == nullptr ? "" : log.promise;
  what.failed = log.how == ending::passed ||
                log.how == ending::impossible ||
                log.how == ending::not_written;
  const story drawn =
      build_story(log, std::string("schedule of ") + file, true);
  save(name, drawn);
  what.failure =
      (log.how == ending::passed
           ? "under your schedule the promise holds: look where the "
             "threads interleave\n"
           : "") +
      draw_text(drawn);
  if (!what.failed) {
    std::printf("%s", what.failure.c_str());
  }
  notify_observer(what);
}

void run(const char* name, void (*body)(), options wanted) {
  if (wanted.exhaustive < 0) {
    wanted.schedules = thinned(wanted.schedules);
  }
  search looking(body, wanted);
  if (const auto seed = environment("WORKBOOK_SEED"); !seed.empty()) {
    replay(name, looking, seed, wanted);
    return;
  }
  const finding found = looking.run();
  if (found.failed) {
    report(name, looking, found, wanted);
    return;
  }
  const record& log = looking.log();
  notify_observer(
      {.schedules = found.schedules,
       .strategy = found.bound < 0 ? "portfolio" : "exhaustive",
       .complete_bound = found.complete ? found.bound : -1,
       .promise = log.promise == nullptr ? "" : log.promise});
  if (wanted.exhaustive >= 0) {
    std::printf(
        "%s up to %d preemptions and %d stale reads, "
        "%d schedules\n",
        found.complete ? "complete" : "NOT complete", wanted.exhaustive,
        wanted.stale_reads, found.schedules);
  }
}

// ---- Helpers of scenarios ----------------------------------------

bool exploring() {
  return true;
}

void role(std::string_view name) {
  current_schedule().name_thread(*schedule::self(), name);
}

void name(const void* address, std::string_view name) {
  record& log = current_schedule().log();
  if (log.names == max_names) {
    return;
  }
  auto& entry = log.name[static_cast<std::size_t>(log.names++)];
  entry = named_object{.address = address};
  std::copy_n(name.begin(),
              std::min(name.size(), entry.name.size() - 1),
              entry.name.begin());
}

std::chrono::nanoseconds now() {
  return std::chrono::nanoseconds(current_schedule().now());
}

void settle() {
  current_schedule().settle(__builtin_return_address(0));
}

int waiting() {
  return static_cast<int>(std::ranges::count_if(
      current_schedule().threads(), [](const thread& each) {
        return each.waits != reason::none &&
               each.waits != reason::sleep;
      }));
}

int sleeping() {
  return static_cast<int>(std::ranges::count_if(
      current_schedule().threads(),
      [](const thread& each) { return each.waits == reason::sleep; }));
}

int timed_waits() {
  return current_schedule().timed_waits();
}

int threads_alive() {
  return current_schedule().alive_besides_first();
}

int threads_started() {
  return static_cast<int>(current_schedule().threads().size()) - 1;
}

void fail_thread_start(int nth) {
  current_schedule().failing_start = nth;
}

int locks_held() {
  return schedule::self()->locks;
}

}  // namespace explore
