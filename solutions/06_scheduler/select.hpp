// select: wait for one of several.
//
// Book: chapter 6, step 6.8. Model: Go's runtime/select.go.
//
// Invariants:
//   (I1) The channels' locks are taken in the order of their addresses,
//        so two selects over the same channels do not deadlock.
//   (I2) All cases are looked at and all waiters are queued under all
//        locks: nothing happens in between that nobody would see.
//   (I3) When select returns, none of its waiters is in a list.

#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <utility>

#include "channel.hpp"
#include "gmp.hpp"
//@ #include "grading/todo.hpp"
#include "limits.hpp"

namespace workbook::gmp {

/// One case of a select. Made by receive_from, send_to, after,
/// stopped and otherwise.
class select_case {
 public:
  enum class kind { receive, send, time, stop, otherwise };

  // What an attempt came to: see channel<T>::attempt.
  enum class outcome { done, closed, must_wait };

  template <typename T>
  static select_case receive(channel<T>& from, std::optional<T>& into) {
    select_case made(kind::receive);
    made.channel_ = &from;
    made.slot_ = &into;
    made.attempt_ = [](channel_base& c, void* slot, goroutine*& woken) {
      return static_cast<outcome>(static_cast<channel<T>&>(c).try_take(
          *static_cast<std::optional<T>*>(slot), woken));
    };
    made.clear_ = [](void* slot) {
      static_cast<std::optional<T>*>(slot)->reset();
    };
    made.ready_ = [](const channel_base& c) {
      return static_cast<const channel<T>&>(c).count_ > 0;
    };
    return made;
  }

  template <typename T>
  static select_case send(channel<T>& to, T& value) {
    select_case made(kind::send);
    made.channel_ = &to;
    made.slot_ = &value;
    made.attempt_ = [](channel_base& c, void* slot, goroutine*& woken) {
      return static_cast<outcome>(static_cast<channel<T>&>(c).try_put(
          *static_cast<T*>(slot), woken));
    };
    made.ready_ = [](const channel_base& c) {
      const auto& own = static_cast<const channel<T>&>(c);
      return own.count_ < own.capacity_;
    };
    return made;
  }

  static select_case at(clock::time_point when) {
    select_case made(kind::time);
    made.when_ = when;
    return made;
  }

  static select_case on(std::stop_token stop) {
    select_case made(kind::stop);
    made.stop_ = std::move(stop);
    return made;
  }

  static select_case none_ready() {
    return select_case(kind::otherwise);
  }

 private:
  friend class selection;

  explicit select_case(kind what) : kind_(what) {}

  kind kind_;
  channel_base* channel_ = nullptr;  // of receive and send
  void* slot_ = nullptr;
  outcome (*attempt_)(channel_base&, void*, goroutine*&) = nullptr;
  bool (*ready_)(const channel_base&) = nullptr;
  void (*clear_)(void*) = nullptr;
  clock::time_point when_ = {};
  std::stop_token stop_ = {};
  waiter waiter_ = {};
};

/// Receives from `from` into `into`, which is empty afterwards if the
/// channel is closed and drained, or another case was taken.
template <typename T>
select_case receive_from(channel<T>& from, std::optional<T>& into) {
  return select_case::receive(from, into);
}

/// Sends `value`; moves from it only if this case is taken with ok.
template <typename T>
select_case send_to(channel<T>& to, T& value) {
  return select_case::send(to, value);
}

/// Is taken when no other case was ready for `length`.
inline select_case after(clock::duration length) {
  return select_case::at(clock::after(length));
}

/// Is taken when a stop is requested and no other case is ready.
inline select_case stopped(std::stop_token stop) {
  return select_case::on(std::move(stop));
}

/// Is taken if no other case is ready: select does not block then.
inline select_case otherwise() {
  return select_case::none_ready();
}

/// Which case was taken, counted from 0, and how it ended: ok; closed
/// (a closed channel is ready, to send as well); timed_out for after;
/// cancelled for stopped; would_block for otherwise.
struct select_result {
  std::size_t index;
  channel_status status;
};

// ---- Implementation ----------------------------------------------

/// The work of one select. On the goroutine's stack.
class selection {
 public:
  static constexpr std::size_t most_cases = 16;

  selection(select_case* cases, std::size_t n) : cases_(cases), n_(n) {
    for (std::size_t i = 0; i < n; ++i) {
      select_case& each = cases[i];
      if (each.channel_ != nullptr) {
        locked_[locks_++] = each.channel_;
      }
      if (each.clear_ != nullptr) {
        each.clear_(each.slot_);
      }
    }
    // [6.8 order]
    //@ // TODO(6.8): in which order are the locks taken, and each once?
    std::sort(locked_.begin(), locked_.begin() + locks_);
    const auto end = locked_.begin() + locks_;
    locks_ = std::unique(locked_.begin(), end) -
             locked_.begin();
    // [6.8 order]
  }

  select_result run() {
    // [6.8 run]
    //@ return todo<select_result>("6.8");
    lock_all();
    if (const std::size_t chosen = choose_ready(); chosen != n_) {
      return take(chosen);
    }
    const std::size_t other = without_waiting();
    if (other != n_) {
      unlock_all();
      return {other, other_status(cases_[other])};
    }
    one_wake once;
    queue_all(once);
    unlock_all();
    const wake how =
        park_within(limit_, once, wait_reason::select, this);
    remove_losers(once.by);
    return result_of(how, once.by);
    // [6.8 run]
  }

 private:
  void lock_all() {
    if (runtime_call::here_and_now().alone) {
      return;  // with one processor the processor is the lock
    }
    for (std::ptrdiff_t i = 0; i < locks_; ++i) {
      locked_[static_cast<std::size_t>(i)]->lock_.lock();
    }
  }

  void unlock_all() {
    if (runtime_call::here_and_now().alone) {
      return;
    }
    for (std::ptrdiff_t i = 0; i < locks_; ++i) {
      locked_[static_cast<std::size_t>(i)]->lock_.unlock();
    }
  }

  // Whether a case could be taken now. The caller holds its lock.
  [[nodiscard]] bool is_ready(const select_case& each) const {
    const channel_base& c = *each.channel_;
    const wait_list& others = each.kind_ == select_case::kind::receive
                                  ? c.senders_
                                  : c.receivers_;
    return c.closed_ || each.ready_(c) || !others.empty();
  }

  // A uniformly random one of those that are ready; n_ if none is.
  std::size_t choose_ready() {
    // [6.8 choose]
    //@ return todo<std::size_t>("6.8");
    std::array<std::size_t, most_cases> ready;
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < n_; ++i) {
      if (cases_[i].channel_ != nullptr && is_ready(cases_[i])) {
        ready[count++] = i;
      }
    }
    processor& p = runtime_call::here_and_now();
    while (count > 0) {
      const std::uint32_t which =
          count == 1 ? 0 : p.random(count);
      const std::size_t chosen = ready[which];
      select_case& each = cases_[chosen];
      outcome_ =
          each.attempt_(*each.channel_, each.slot_, woken_);
      if (outcome_ != select_case::outcome::must_wait) {
        return chosen;
      }
      ready[which] = ready[--count];  // its waiter was taken
    }
    return n_;
    // [6.8 choose]
  }

  select_result take(std::size_t chosen) {
    unlock_all();
    if (woken_ != nullptr) {
      runtime_call::here_and_now().ready(*woken_);
    }
    return {chosen, outcome_ == select_case::outcome::done
                        ? channel_status::ok
                        : channel_status::closed};
  }

  // The stop or default case to take at once; n_ if there is none.
  // Notes the limits of the wait.
  std::size_t without_waiting() {
    std::size_t other = n_;
    for (std::size_t i = 0; i < n_; ++i) {
      const select_case& each = cases_[i];
      if (each.kind_ == select_case::kind::stop) {
        limit_.stop = each.stop_;
        if (each.stop_.stop_requested()) {
          return i;
        }
      } else if (each.kind_ == select_case::kind::otherwise) {
        other = i;
      } else if (each.kind_ == select_case::kind::time) {
        limit_.deadline = limit_.deadline
                              ? std::min(*limit_.deadline, each.when_)
                              : each.when_;
      }
    }
    return other;
  }

  static channel_status other_status(const select_case& each) {
    return each.kind_ == select_case::kind::stop
               ? channel_status::cancelled
               : channel_status::would_block;
  }

  void queue_all(one_wake& once) {
    // [6.8 queue_all]
    //@ todo("6.8", once);
    for (std::size_t i = 0; i < n_; ++i) {
      select_case& each = cases_[i];
      if (each.channel_ == nullptr) {
        continue;
      }
      each.waiter_ = {.g = &runtime_call::self(),
                      .once = &once,
                      .slot = each.slot_};
      list_of(each).push(each.waiter_);
    }
    // [6.8 queue_all]
  }

  static wait_list& list_of(select_case& each) {
    return each.kind_ == select_case::kind::receive
               ? each.channel_->receivers_
               : each.channel_->senders_;
  }

  // (I3). The winner is in no list any more, and its channel may be
  // gone.
  void remove_losers(const waiter* winner) {
    // [6.8 remove_losers]
    //@ todo("6.8", winner);
    for (std::size_t i = 0; i < n_; ++i) {
      select_case& each = cases_[i];
      if (each.channel_ != nullptr && &each.waiter_ != winner) {
        const inner_lock held(each.channel_->lock_);
        list_of(each).remove(each.waiter_);
      }
    }
    // [6.8 remove_losers]
  }

  select_result result_of(wake how, const waiter* winner) const {
    for (std::size_t i = 0; i < n_; ++i) {
      const select_case& each = cases_[i];
      if (how == wake::handed && &each.waiter_ == winner) {
        return {i, winner->done ? channel_status::ok
                                : channel_status::closed};
      }
      if (how == wake::timed_out &&
          each.kind_ == select_case::kind::time &&
          each.when_ == *limit_.deadline) {
        return {i, channel_status::timed_out};
      }
      if (how == wake::cancelled &&
          each.kind_ == select_case::kind::stop) {
        return {i, channel_status::cancelled};
      }
    }
    return {n_, channel_status::would_block};  // not reached
  }

  select_case* const cases_;
  const std::size_t n_;
  std::array<channel_base*, most_cases> locked_;
  std::ptrdiff_t locks_ = 0;
  limits limit_ = {};
  goroutine* woken_ = nullptr;
  select_case::outcome outcome_ = select_case::outcome::must_wait;
};

/// Blocks the goroutine until one of the cases is ready, and takes it;
/// if several are ready, a uniformly random one. At most 16 cases, of
/// each of stopped and otherwise one. O(cases log cases).
template <typename... Case>
select_result select(Case&&... cases) {
  static_assert(sizeof...(cases) <= selection::most_cases);
  std::array<select_case, sizeof...(cases)> all{
      std::forward<Case>(cases)...};
  const runtime_call inside;
  return selection(all.data(), all.size()).run();
}

}  // namespace workbook::gmp
