#include "litmus.hpp"

#include <array>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "memory_model.hpp"

namespace explore::litmus {
namespace {

int order_named(const std::string& name) {
  static const std::map<std::string, int> all{{"rlx", relaxed},
                                              {"acq", acquire},
                                              {"rel", release},
                                              {"ar", acq_rel},
                                              {"sc", seq_cst}};
  return all.at(name);
}

statement read_statement(const std::string& text) {
  statement read;
  const auto dot = text.find('.');
  if (dot == std::string::npos || dot == 0) {
    throw std::invalid_argument(text);
  }
  const std::string orders = text.substr(dot + 1);
  const auto slash = orders.find('/');
  read.order = order_named(orders.substr(0, slash));
  const std::string left = text.substr(0, dot);
  if (left == "F") {
    read.what = kind::fence;
  } else if (left[0] >= 'x') {  // x=1
    read.what = kind::store;
    read.object = left[0] - 'x';
    read.value = left.at(2) - '0';
  } else {  // a=x, a=x+1, a=x~1, a=x?0>1
    read.result = left[0] - 'a';
    read.object = left.at(2) - 'x';
    if (left.size() > 5) {
      read.what = kind::compare;
      read.expected = left.at(4) - '0';
      read.value = left.at(6) - '0';
      read.failure = order_named(orders.substr(slash + 1));
    } else if (left.size() > 3) {
      read.what = left[3] == '+' ? kind::add : kind::exchange;
      read.value = left.at(4) - '0';
    }
  }
  return read;
}

/// One path through all choices, depth first.
class choices final : public memory_choices {
 public:
  std::size_t choose(std::size_t count) {
    if (count == 1) {
      return 0;
    }
    if (next_ == taken_.size()) {
      taken_.push_back({0, count});
    }
    return taken_[next_++].first;
  }
  std::size_t stale_read(std::size_t count) override {
    return choose(count);
  }
  std::size_t late_store(std::size_t count) override {
    return choose(count);
  }

  /// Whether there is a next path.
  bool advance() {
    next_ = 0;
    while (!taken_.empty()) {
      if (++taken_.back().first < taken_.back().second) {
        return true;
      }
      taken_.pop_back();
    }
    return false;
  }

 private:
  std::vector<std::pair<std::size_t, std::size_t>> taken_;
  std::size_t next_ = 0;
};

/// One execution of a program on the memory model.
template <typename Word>
class machine {
 public:
  machine(memory_model& memory, const program& which)
      : memory_(memory), which_(which), at_(which.size()) {
    memory_.clear();
    thread_view main;
    main.clock.tick(0);
    for (std::size_t i = 0; i < which.size(); ++i) {
      views_.push_back(main);
      views_.back().id = static_cast<int>(i) + 1;
      views_.back().clock.tick(views_.back().id);
    }
  }

  std::string run(choices& choose, const std::string& shown) {
    for (;;) {
      std::vector<std::size_t> runnable;
      for (std::size_t i = 0; i < which_.size(); ++i) {
        if (at_[i] < which_[i].size()) {
          runnable.push_back(i);
        }
      }
      if (runnable.empty()) {
        break;
      }
      const std::size_t next = runnable[choose.choose(runnable.size())];
      step(views_[next], which_[next][at_[next]++], choose);
    }
    for (const auto each : words_) {
      results_.push_back(static_cast<int>(each));
    }
    return show(shown, results_);
  }

 private:
  void step(thread_view& me, const statement& what, choices& choose) {
    auto& word = words_[static_cast<std::size_t>(what.object)];
    const memory_model::object found{
        .address = &word, .size = sizeof word, .memory = {.low = word}};
    const auto value = static_cast<std::uint64_t>(what.value);
    memory_model::outcome got;
    switch (what.what) {
      case kind::fence:
        memory_.fence(me, what.order);
        return;
      case kind::store:
        got = memory_.store(me, found, {.low = value}, what.order,
                            choose);
        word = got.to_memory ? static_cast<Word>(value) : word;
        return;
      case kind::load:
        got = memory_.load(me, found, what.order, choose);
        break;
      case kind::add:
      case kind::exchange: {
        const auto change = [](const void* context, bits old) {
          const auto& how = *static_cast<const statement*>(context);
          const auto operand = static_cast<std::uint64_t>(how.value);
          return bits{.low = how.what == kind::add ? old.low + operand
                                                   : operand};
        };
        got = memory_.modify(me, found, change, &what, what.order,
                             choose);
        if (got.to_memory) {
          word = static_cast<Word>(change(&what, got.value).low);
        }
        break;
      }
      case kind::compare:
        got = memory_.compare_exchange(
            me, found, {.low = static_cast<Word>(what.expected)},
            {.low = value}, what.order, what.failure, false, choose);
        if (got.succeeded && got.to_memory) {
          word = static_cast<Word>(value);
        }
        break;
    }
    results_[static_cast<std::size_t>(what.result)] =
        static_cast<int>(got.value.low);
  }

  memory_model& memory_;
  const program& which_;
  std::vector<std::size_t> at_;
  std::vector<thread_view> views_;
  alignas(16) std::array<Word, objects> words_{};
  std::vector<int> results_ = std::vector<int>(registers);
};

}  // namespace

program read_program(const std::string& text) {
  program read(1);
  std::istringstream words(text);
  for (std::string each; words >> each;) {
    if (each == "||") {
      read.emplace_back();
    } else {
      each.erase(each.find_last_not_of(';') + 1);
      read.back().push_back(read_statement(each));
    }
  }
  return read;
}

std::string show(const std::string& shown,
                 const std::vector<int>& results) {
  std::string text;
  for (const char each : shown) {
    const int index = each >= 'x' ? registers + each - 'x' : each - 'a';
    text += static_cast<char>('0' +
                              results[static_cast<std::size_t>(index)]);
  }
  return text;
}

namespace {

template <typename Word>
outcomes run_all_in(const program& which, const std::string& shown) {
  static const auto memory = std::make_unique<memory_model>();
  outcomes seen;
  choices path;
  do {
    seen.insert(machine<Word>(*memory, which).run(path, shown));
  } while (path.advance());
  return seen;
}

}  // namespace

outcomes run_all(const program& which, const std::string& shown) {
  return run_all_in<std::uint64_t>(which, shown);
}

outcomes run_all_in_bytes(const program& which,
                          const std::string& shown) {
  return run_all_in<std::uint8_t>(which, shown);
}

}  // namespace explore::litmus
