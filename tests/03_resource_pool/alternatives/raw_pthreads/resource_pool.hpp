// A correct pool on raw pthreads: a table of slots with a state each,
// and a line of waiters, each with a condition of its own, to whom a
// slot is handed by its number.

#pragma once

#include <pthread.h>

#include <chrono>
#include <cstddef>
#include <ctime>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>
#include <vector>

#include "resource_pool_types.hpp"

namespace workbook {

// One mutex, taken for a scope.
class pthread_guard {
 public:
  explicit pthread_guard(pthread_mutex_t& mutex) : mutex_(mutex) {
    pthread_mutex_lock(&mutex_);
  }
  pthread_guard(const pthread_guard&) = delete;
  pthread_guard& operator=(const pthread_guard&) = delete;
  ~pthread_guard() { pthread_mutex_unlock(&mutex_); }

 private:
  pthread_mutex_t& mutex_;
};

// The slots of a pool: who has which, and in what state.
template <typename T>
class slot_table {
 public:
  using clock = std::chrono::steady_clock;
  enum class state { free, idle, used, dying };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  struct slot {
    state now = state::free;
    std::unique_ptr<T> object = nullptr;
    clock::time_point born = {};
    clock::time_point since = {};
    std::size_t turn = 0;  // of the return, to tell who was first
  };
  struct answer {
    acquire_status status;
    std::size_t slot = none;
  };

  explicit slot_table(resource_pool_options<T> wanted)
      : options(std::move(wanted)), capacity_(options.capacity) {
    if (capacity_ == 0 || !options.factory) {
      throw std::invalid_argument("slot_table");
    }
  }
  slot_table(const slot_table&) = delete;
  slot_table& operator=(const slot_table&) = delete;
  ~slot_table() { pthread_mutex_destroy(&mutex_); }

  answer take(bool wait, const std::stop_token& stop,
              std::optional<clock::time_point> deadline) {
    waiter me;
    // Registered outside the mutex: it may call back at once.
    std::stop_callback on_stop(stop, [&] {
      pthread_guard guard(mutex_);
      pthread_cond_signal(&me.condition);
    });
    pthread_guard guard(mutex_);
    if (closed_) {
      return {acquire_status::closed};
    }
    if (stop.stop_requested()) {
      return {acquire_status::cancelled};
    }
    if (const std::size_t found = find(); found != none) {
      return {acquire_status::acquired, found};
    }
    if (!wait) {
      return {acquire_status::busy};
    }
    line_.push_back(&me);
    bool late = false;
    while (me.got.status == acquire_status::busy && !late &&
           !stop.stop_requested()) {
      late = pause(me, deadline);
    }
    if (me.got.status == acquire_status::busy) {
      std::erase(line_, &me);
      me.got.status = stop.stop_requested() ? acquire_status::cancelled
                                            : acquire_status::timed_out;
    }
    return me.got;
  }

  // The slot's owner is done with it; true if it must be destroyed.
  bool put_back(std::size_t number) {
    pthread_guard guard(mutex_);
    slot& s = slots_[number];
    if (closed_ ||
        count(state::idle) + count(state::used) > capacity_) {
      s.now = state::dying;
      return true;
    }
    s.now = state::idle;
    s.since = clock::now();
    s.turn = ++turns_;
    serve();
    return false;
  }
  void discard(std::size_t number) {
    {
      pthread_guard guard(mutex_);
      slots_[number].now = state::dying;
    }
    bury({number});
  }
  void release(std::size_t number) {
    pthread_guard guard(mutex_);
    slots_[number].now = state::free;
    serve();
  }
  void bury(const std::vector<std::size_t>& dying) {
    for (const std::size_t number : dying) {
      std::unique_ptr<T> object;
      {
        pthread_guard guard(mutex_);
        object = std::move(slots_[number].object);
      }
      object.reset();
      release(number);
    }
  }
  void close() {
    std::vector<std::size_t> dying;
    {
      pthread_guard guard(mutex_);
      closed_ = true;
      for (waiter* each : line_) {
        tell(*each, {acquire_status::closed});
      }
      line_.clear();
      while (doom_coldest(dying)) {
      }
    }
    bury(dying);
  }
  void resize(std::size_t capacity) {
    if (capacity == 0) {
      throw std::invalid_argument("resize");
    }
    std::vector<std::size_t> dying;
    {
      pthread_guard guard(mutex_);
      capacity_ = capacity;
      while (count(state::idle) + count(state::used) > capacity_ &&
             doom_coldest(dying)) {
      }
      serve();
    }
    bury(dying);
  }
  std::size_t prune() {
    std::vector<std::size_t> dying;
    {
      pthread_guard guard(mutex_);
      const auto now = clock::now();
      for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].now == state::idle &&
            now - slots_[i].born >= options.max_lifetime) {
          slots_[i].now = state::dying;
          dying.push_back(i);
        }
      }
      while (count(state::idle) > options.min_idle &&
             now - slots_[best(true)].since >= options.max_idle_time) {
        doom_coldest(dying);
      }
    }
    bury(dying);
    return dying.size();
  }
  bool is_open() {
    pthread_guard guard(mutex_);
    return !closed_;
  }
  // A copy of the owner's view would race with the table's growth.
  void fill(std::size_t number, std::unique_ptr<T> object) {
    pthread_guard guard(mutex_);
    slots_[number].object = std::move(object);
    slots_[number].born = clock::now();
    ++created_;
  }
  std::unique_ptr<T> empty(std::size_t number) {
    pthread_guard guard(mutex_);
    return std::move(slots_[number].object);
  }
  std::pair<T*, clock::time_point> look(std::size_t number) {
    pthread_guard guard(mutex_);
    return {slots_[number].object.get(), slots_[number].born};
  }
  resource_pool_stats stats() {
    pthread_guard guard(mutex_);
    return {capacity_, slots_.size() - count(state::free),
            count(state::idle), line_.size(), created_};
  }

  const resource_pool_options<T> options;

 private:
  struct waiter {
    waiter() = default;
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
    ~waiter() { pthread_cond_destroy(&condition); }
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    answer got = {acquire_status::busy};
  };

  // Waits once; true if the deadline has passed.
  bool pause(waiter& me, std::optional<clock::time_point> deadline) {
    if (!deadline) {
      pthread_cond_wait(&me.condition, &mutex_);
      return false;
    }
    const auto since = deadline->time_since_epoch();
    const auto whole =
        std::chrono::duration_cast<std::chrono::seconds>(since);
    const timespec until = {
        whole.count(), std::chrono::nanoseconds(since - whole).count()};
    pthread_cond_clockwait(&me.condition, &mutex_, CLOCK_MONOTONIC,
                           &until);
    return clock::now() >= *deadline;
  }
  std::size_t count(state wanted) const {
    std::size_t found = 0;
    for (const slot& each : slots_) {
      found += each.now == wanted ? 1U : 0U;
    }
    return found;
  }
  // The idle slot that came back first, or last.
  std::size_t best(bool first) const {
    std::size_t found = none;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (slots_[i].now == state::idle &&
          (found == none ||
           (slots_[i].turn < slots_[found].turn) == first)) {
        found = i;
      }
    }
    return found;
  }
  // An idle slot or a free one, now used.
  std::size_t find() {
    std::size_t found = best(options.order == idle_order::fifo);
    if (found == none &&
        slots_.size() - count(state::free) < capacity_) {
      for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].now == state::free) {
          found = i;
        }
      }
      if (found == none) {
        found = slots_.size();
        slots_.emplace_back();
      }
    }
    if (found != none) {
      slots_[found].now = state::used;
    }
    return found;
  }
  void serve() {
    while (!line_.empty()) {
      const std::size_t found = find();
      if (found == none) {
        return;
      }
      waiter& first = *line_.front();
      line_.erase(line_.begin());
      tell(first, {acquire_status::acquired, found});
    }
  }
  void tell(waiter& who, answer what) {
    who.got = what;
    pthread_cond_signal(&who.condition);
  }
  bool doom_coldest(std::vector<std::size_t>& dying) {
    const std::size_t found = best(true);
    if (found != none) {
      slots_[found].now = state::dying;
      dying.push_back(found);
    }
    return found != none;
  }

  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  std::size_t capacity_;
  std::size_t created_ = 0;
  std::size_t turns_ = 0;
  std::vector<slot> slots_;
  std::vector<waiter*> line_;
  bool closed_ = false;
};

template <typename T>
class lease {
 public:
  lease() = default;
  lease(std::shared_ptr<slot_table<T>> table, std::size_t slot)
      : table_(std::move(table)),
        slot_(slot),
        object_(table_->look(slot).first) {}
  lease(lease&& other) noexcept
      : table_(std::move(other.table_)),
        slot_(other.slot_),
        object_(std::exchange(other.object_, nullptr)) {}
  lease& operator=(lease&& other) noexcept {
    if (this != &other) {
      this->~lease();
      new (this) lease(std::move(other));
    }
    return *this;
  }
  ~lease() {
    if (table_ && table_->put_back(slot_)) {
      table_->bury({slot_});
    }
  }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  void invalidate() noexcept {
    if (const auto table = std::exchange(table_, nullptr)) {
      object_ = nullptr;
      table->discard(slot_);
    }
  }
  std::unique_ptr<T> detach() && noexcept {
    std::unique_ptr<T> object;
    if (const auto table = std::exchange(table_, nullptr)) {
      object_ = nullptr;
      object = table->empty(slot_);
      table->release(slot_);
    }
    return object;
  }

 private:
  std::shared_ptr<slot_table<T>> table_;
  std::size_t slot_ = 0;
  T* object_ = nullptr;
};

template <typename T>
struct acquire_result {
  acquire_status status = acquire_status::closed;
  workbook::lease<T> lease = {};
  explicit operator bool() const noexcept { return !!lease; }
};

template <typename T>
class resource_pool {
 public:
  using clock = std::chrono::steady_clock;
  struct pool_closed : std::runtime_error {
    pool_closed() : std::runtime_error("closed") {}
  };

  explicit resource_pool(resource_pool_options<T> options)
      : table_(std::make_shared<slot_table<T>>(std::move(options))) {}
  resource_pool(const resource_pool&) = delete;
  resource_pool& operator=(const resource_pool&) = delete;
  ~resource_pool() { close(); }

  lease<T> acquire() {
    acquire_result<T> got = lend(true, {}, {});
    if (!got) {
      throw pool_closed();
    }
    return std::move(got.lease);
  }
  acquire_result<T> acquire(std::stop_token stop) {
    return lend(true, stop, {});
  }
  acquire_result<T> try_acquire(std::stop_token stop = {}) {
    return lend(false, stop, {});
  }
  acquire_result<T> acquire_until(clock::time_point deadline,
                                  std::stop_token stop = {}) {
    return lend(true, stop, deadline);
  }
  template <typename Rep, typename Period>
  acquire_result<T> acquire_for(
      std::chrono::duration<Rep, Period> limit,
      std::stop_token stop = {}) {
    if (limit > std::chrono::hours(100'000)) {
      return acquire(stop);
    }
    if (limit < limit.zero()) {
      return acquire_until(clock::now(), stop);
    }
    return acquire_until(
        clock::now() + std::chrono::ceil<clock::duration>(limit), stop);
  }
  void close() { table_->close(); }
  void resize(std::size_t capacity) { table_->resize(capacity); }
  std::size_t prune() { return table_->prune(); }
  resource_pool_stats stats() const { return table_->stats(); }

 private:
  acquire_result<T> lend(bool wait, const std::stop_token& stop,
                         std::optional<clock::time_point> deadline) {
    slot_table<T>& table = *table_;
    const auto [status, number] = table.take(wait, stop, deadline);
    if (status != acquire_status::acquired) {
      return {status};
    }
    try {
      ensure_valid(number);
    } catch (...) {
      table.discard(number);
      throw;
    }
    if (!table.is_open()) {
      table.discard(number);
      return {acquire_status::closed};
    }
    return {acquire_status::acquired, lease<T>(table_, number)};
  }
  void ensure_valid(std::size_t number) {
    slot_table<T>& table = *table_;
    const auto [object, born] = table.look(number);
    const auto& options = table.options;
    if (object != nullptr) {
      if (clock::now() - born < options.max_lifetime &&
          (!options.validate || options.validate(*object))) {
        return;
      }
      table.empty(number).reset();
    }
    if (table.is_open()) {
      std::unique_ptr<T> made = options.factory();
      if (!made) {
        throw std::logic_error("null");
      }
      table.fill(number, std::move(made));
    }
  }

  std::shared_ptr<slot_table<T>> table_;
};

}  // namespace workbook
