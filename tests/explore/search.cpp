#include "search.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <system_error>

#include "child.hpp"
#include "schedule.hpp"
#include "symbols.hpp"

namespace explore {
namespace {

/// What shorten() may spend.
constexpr std::uint64_t shorten_preemptions = 4;
constexpr int shorten_stale_reads = 3;
constexpr std::uint64_t shorten_tries = 150;
constexpr std::uint64_t shorten_steps = 100'000;

/// Steps of the shortest schedule that PCT draws from.
constexpr std::size_t shortest_length = 16;

/// What a simpler schedule can show better. (The others are long, or
/// have nothing to do with who goes on.)
bool is_worth_shortening(ending how) {
  return how == ending::expectation || how == ending::deadlock ||
         how == ending::leak || how == ending::race ||
         how == ending::misuse || how == ending::polling ||
         how == ending::terminated;
}

/// While it lives, what this process and its children print is lost.
class silence {
 public:
  silence() {
    std::fflush(nullptr);
    const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
  }
  ~silence() {
    std::fflush(nullptr);
    dup2(out_, STDOUT_FILENO);
    dup2(err_, STDERR_FILENO);
    close(out_);
    close(err_);
  }
  silence(const silence&) = delete;
  silence& operator=(const silence&) = delete;

 private:
  int out_ = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
  int err_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
};

/// WORKBOOK_SEEDS=n: seeds are counted from n, so that a course's
/// schedules are others each term. Below few_preemptions_seeds, which mean more.
std::uint64_t first_seed() {
  const char* const text = std::getenv("WORKBOOK_SEEDS");
  return text == nullptr ? 0
                         : std::strtoull(text, nullptr, 10) %
                               (few_preemptions_seeds / 2);
}

std::uint64_t unguessable() {
  std::uint64_t number = 0;
  while (getrandom(&number, sizeof number, 0) < 0) {
  }
  return number;
}

}  // namespace

std::string schedule_id::text() const {
  return bound < 0
             ? std::to_string(number)
             : std::to_string(bound) + ":" + std::to_string(number);
}

std::optional<schedule_id> schedule_id::parse(const std::string& text) {
  schedule_id id;
  const char* at = text.data();
  const char* const end = at + text.size();
  if (const auto colon = text.find(':'); colon != std::string::npos) {
    const auto [stop, error] =
        std::from_chars(at, at + colon, id.bound);
    if (error != std::errc{} || stop != at + colon || id.bound < 0) {
      return std::nullopt;
    }
    at += colon + 1;
  }
  const auto [stop, error] = std::from_chars(at, end, id.number);
  if (error != std::errc{} || stop != end) {
    return std::nullopt;
  }
  return id;
}

search::search(scenario body, const options& wanted)
    : seal_(unguessable()), body_(body), wanted_(wanted) {
  void* const shared =
      mmap(nullptr, sizeof(record), PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (shared == MAP_FAILED) {
    throw std::bad_alloc();
  }
  record_ = static_cast<record*>(shared);  // zero is its initial state
  record_->other = -1;
  mallopt(M_ARENA_MAX, 1);  // one heap: the same addresses every time
}

search::~search() {
  munmap(record_, sizeof(record));
}

void search::reset() {
  record_->how = ending::running;
  record_->text[0] = '\0';
  record_->where[0] = '\0';
  record_->unwritten = nullptr;
  record_->pc = record_->other_pc = record_->address = nullptr;
  record_->other = -1;
  record_->steps = 0;
  record_->preemptions = 0;
  record_->stale_reads = 0;
  record_->threads = 0;
  record_->hash = 0;
  record_->seal = 0;
  record_->names = 0;
}

/// PCT draws its steps from the length of a schedule. That of seed 0
/// serves for all, so that a seed alone still means one schedule.
void search::measure() {
  if (length_ == 0) {
    const silence here;
    length_ = shortest_length;
    run_child({}, false);
    length_ = std::max<std::size_t>(length_, record_->steps);
  }
}

finding search::run() {
  const silence here;
  measure();
  finding found;
  found.bound = wanted_.exhaustive;
  record_->choices.fixed = 0;
  record_->choices.truncated = false;
  const std::uint64_t first = wanted_.exhaustive < 0 ? first_seed() : 0;
  for (; found.schedules < wanted_.schedules; ++found.schedules) {
    found.id = {first + static_cast<std::uint64_t>(found.schedules),
                wanted_.exhaustive};
    run_one(found.id, false);
    if (record_->how != ending::passed) {
      found.failed = true;
      ++found.schedules;
      return found;
    }
    if (wanted_.exhaustive >= 0 && !advance(record_->choices)) {
      found.complete = !record_->choices.truncated;
      ++found.schedules;
      return found;
    }
  }
  return found;
}

void search::replay(const schedule_id& id, bool quiet) {
  measure();
  std::optional<silence> here;
  if (quiet) {
    here.emplace();
  }
  if (reach(id)) {
    run_one(id, true);
  }
}

void search::replay_here(const schedule_id& id) {
  measure();
  reach(id);
  reset();
  be_child(id, true);
}

/// Brings choices to the path of `id`; false if the search ends before.
bool search::reach(const schedule_id& id) {
  if (id.bound < 0) {
    return true;
  }
  record_->choices.fixed = 0;
  for (std::uint64_t i = 0; i < id.number; ++i) {
    run_one({i, id.bound}, false);
    if (!advance(record_->choices)) {
      return false;
    }
  }
  return true;
}

schedule_id search::shorten(const schedule_id& found) {
  const silence here;
  measure();
  run_one(found, false);
  const failure before{record_->how, record_->preemptions,
                       record_->stale_reads};
  if (!is_worth_shortening(before.how)) {
    return found;
  }
  const int most =
      std::min<int>(before.stale_reads, shorten_stale_reads);
  for (int stale = 0; stale <= most; ++stale) {
    if (const auto simpler = find_simpler(before, stale)) {
      return *simpler;
    }
  }
  return found;
}

/// A schedule that ends like `before`, with `stale` stale reads at most
/// and fewer preemptions, or with fewer stale reads.
std::optional<schedule_id> search::find_simpler(const failure& before,
                                                int stale) {
  std::uint64_t steps = 0;
  for (std::uint64_t most = 0; most < shorten_preemptions; ++most) {
    for (std::uint64_t i = 0; i < shorten_tries; ++i) {
      if (steps > shorten_steps) {
        return std::nullopt;
      }
      const schedule_id simpler{
          few_preemptions_seed(most,
                               static_cast<std::uint64_t>(stale)) +
              i,
          -1};
      run_one(simpler, false);
      steps += record_->steps;
      if (record_->how == before.how &&
          (record_->preemptions < before.preemptions ||
           record_->stale_reads < before.stale_reads)) {
        return simpler;
      }
    }
  }
  return std::nullopt;
}

void search::follow(const script& lines) {
  const silence here;
  script_ = lines;
  run_one({}, true);
}

void search::run_one(const schedule_id& id, bool traced) {
  run_child(id, traced);
  while (record_->how == ending::race &&
         record_->suppressions < max_suppressions) {
    const void* const guilty =
        is_suppressible(record_->pc) ? record_->pc : record_->other_pc;
    if (!is_suppressible(guilty)) {
      return;
    }
    record_->suppressed[static_cast<std::size_t>(
        record_->suppressions++)] = guilty;
    run_child(id, traced);
  }
}

/// libstdc++'s atomic<shared_ptr> unlocks itself with a relaxed store,
/// which is a race by the letter and harmless on every machine.
bool search::is_suppressible(const void* pc) {
  const auto known = suppressible_.find(pc);
  if (known != suppressible_.end()) {
    return known->second;
  }
  const symbols asked({pc});
  bool found = false;
  for (const source_frame& each : asked.at(pc)) {
    found =
        found || each.function.find("_Sp_atomic<") != std::string::npos;
  }
  return suppressible_[pc] = found;
}

void search::run_child(const schedule_id& id, bool traced) {
  reset();
  const pid_t child = fork();
  if (child == 0) {
    be_child(id, traced);
  }
  if (child < 0) {
    throw std::system_error(errno, std::generic_category(), "fork");
  }
  watch_child(child, *record_, seal_);
}

void search::be_child(const schedule_id& id, bool traced) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(static_cast<unsigned>(sched_getcpu()), &here);
  sched_setaffinity(0, sizeof here, &here);  // turns change faster
  prepare_child();
  auto how =
      script_ ? scripted(*script_)
      : id.bound < 0
          ? strategy_for(id.number, wanted_.timeouts_race, length_)
          : exhaustive_search(record_->choices, id.bound,
                              wanted_.stale_reads,
                              wanted_.timeouts_race);
  current_schedule().begin(*record_, std::move(how), wanted_, traced);
  run_scenario(body_);
  current_schedule().finish();
  record_->seal = seal_;
  std::fflush(nullptr);  // what the reader's code printed
  _exit(0);
}

}  // namespace explore
