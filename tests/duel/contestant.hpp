// What every contestant of the duel is made of: what it is asked for,
// its clock, its tally, and the one line of JSON that it prints.
//
//   contestant yield_2 ops=1000000 warm=100000 processors=2
//
// Book: chapter 6, "The duel".

#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string_view>
#include <vector>

namespace workbook::duel {

/// One measurement. A workload takes what it needs of it.
struct request {
  std::int64_t ops = 1;   // how often, or how large
  std::int64_t warm = 0;  // the same once before, unmeasured; 0: not
  int processors = 1;
  int workers = 1;
  int submitters = 1;
  bool lifo = false;  // the youngest goroutine first
};

/// What a workload came to. The runner knows what both numbers must
/// be: a row in which they differ is void.
struct outcome {
  std::chrono::nanoseconds took{};
  std::int64_t count = 0;
  std::int64_t sum = 0;
};

struct workload {
  std::string_view name;
  outcome (*run)(const request&);
};

/// Calls `body` and returns how long it took.
template <typename Body>
std::chrono::nanoseconds timed(Body body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::steady_clock::now() - start;
}

/// Counts what ran, without a place that all write to: each task has
/// a byte of its own.
class tally {
 public:
  explicit tally(std::int64_t size)
      : seen_(static_cast<std::size_t>(size)) {}

  void note(std::int64_t i) { ++seen_[static_cast<std::size_t>(i)]; }

  [[nodiscard]] outcome after(std::chrono::nanoseconds took) const {
    outcome all{took};
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      all.count += seen_[i];
      all.sum += static_cast<std::int64_t>(i) * seen_[i];
    }
    return all;
  }

 private:
  std::vector<unsigned char> seen_;
};

[[noreturn]] inline void refuse(const char* what, const char* word) {
  std::fprintf(stderr, "contestant: %s \"%s\"\n", what, word);
  std::exit(2);
}

/// Sets the field that `word` ("ops=1000") names.
inline void set_field(request& asked, const char* word) {
  const char* const equals = std::strchr(word, '=');
  const char* const end = word + std::strlen(word);
  std::int64_t value = 0;
  if (equals == nullptr ||
      std::from_chars(equals + 1, end, value).ptr != end) {
    refuse("is not name=number:", word);
  }
  const std::string_view name(word,
                              static_cast<std::size_t>(equals - word));
  if (name == "ops") {
    asked.ops = value;
  } else if (name == "warm") {
    asked.warm = value;
  } else if (name == "processors") {
    asked.processors = static_cast<int>(value);
  } else if (name == "workers") {
    asked.workers = static_cast<int>(value);
  } else if (name == "submitters") {
    asked.submitters = static_cast<int>(value);
  } else if (name == "lifo") {
    asked.lifo = value != 0;
  } else {
    refuse("has no option", word);
  }
}

/// Calls `body` where the workload is to run: in a scheduler, say.
using surroundings =
    std::function<void(const request&, const std::function<void()>&)>;

inline void nowhere_else(const request& /*asked*/,
                         const std::function<void()>& body) {
  body();
}

/// The main function of a contestant.
inline int play(int count, char** words,
                const std::vector<workload>& all,
                const surroundings& inside = nowhere_else) {
  request asked;
  for (int i = 2; i < count; ++i) {
    set_field(asked, words[i]);
  }
  const std::string_view wanted = count > 1 ? words[1] : "";
  for (const workload& each : all) {
    if (each.name != wanted) {
      continue;
    }
    outcome found;
    inside(asked, [&] {
      if (asked.warm > 0) {
        request warm = asked;
        warm.ops = asked.warm;
        (void)each.run(warm);
      }
      found = each.run(asked);
    });
    std::printf(R"({"workload": "%s", "options": {"processors": %d, )"
                R"("workers": %d, "submitters": %d, "lifo": %d}, )"
                R"("ops": %lld, "nanoseconds": %lld, )"
                R"("check": {"count": %lld, "sum": %lld}})"
                "\n",
                words[1], asked.processors, asked.workers,
                asked.submitters, asked.lifo ? 1 : 0,
                static_cast<long long>(asked.ops),
                static_cast<long long>(found.took.count()),
                static_cast<long long>(found.count),
                static_cast<long long>(found.sum));
    return 0;
  }
  refuse("has no workload", count > 1 ? words[1] : "");
}

}  // namespace workbook::duel
