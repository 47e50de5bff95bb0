// The life of an elastic pool: construction, capacity, pause, the end,
// and a new beginning.
//
// Book: chapter 7, "The complete pool". The part of elastic_pool.hpp
// that its owner calls; its invariants are there.

#pragma once

#include "elastic_pool.hpp"

namespace workbook {

template <thread_model Threads>
elastic_pool<Threads>::elastic_pool(pool_options options)
    : options_(std::move(options)), capacity_(options_.capacity) {
  if (capacity_ == 0 || capacity_ < options_.min_workers) {
    throw std::invalid_argument(options_.name + ": capacity " +
                                std::to_string(capacity_));
  }
  start_scavenger();
}

template <thread_model Threads>
elastic_pool<Threads>::~elastic_pool() {
  assert(!inside() && "elastic_pool: destroyed by its own task");
  (void)shutdown(shutdown_mode::drain);
}

// ---- Capacity and pause -----------------------------------------

template <thread_model Threads>
void elastic_pool<Threads>::resize(std::size_t capacity) {
  if (capacity == 0) {
    throw std::invalid_argument(options_.name + ": capacity 0");
  }
  std::scoped_lock lock(mutex_);
  capacity_ = capacity;
  while (surplus() && !idle_.empty()) {
    dismiss(idle_, idle_.begin());
  }
  serve();
}

template <thread_model Threads>
void elastic_pool<Threads>::pause() {
  std::scoped_lock lock(mutex_);
  paused_ = life_ == life::open;
}

template <thread_model Threads>
void elastic_pool<Threads>::resume() {
  std::scoped_lock lock(mutex_);
  paused_ = false;
  changed_.notify_all();
}

// ---- The end ----------------------------------------------------

template <thread_model Threads>
auto elastic_pool<Threads>::shutdown(shutdown_mode mode)
    -> std::vector<task> {
  refuse_inside(": shutdown inside waits for itself");
  std::vector<task> unrun;
  lock_type lock(mutex_);
  if (mode == shutdown_mode::discard) {
    take_back(unrun);
  }
  if (life_ == life::open) {
    close();
    end_generation(lock);
  }
  const std::size_t mine = generation_;
  while (life_ == life::closing && generation_ == mine) {
    changed_.wait(lock);
  }
  return unrun;
}

// Nothing is accepted from now on. The caller holds mutex_.
template <thread_model Threads>
void elastic_pool<Threads>::close() {
  life_ = life::closing;
  while (!waiting_.empty()) {
    submitter& first = *waiting_.front();
    waiting_.pop_front();
    answer(first, reject(submit_result::closed));
  }
  while (!idle_.empty()) {
    dismiss(idle_, idle_.begin());
  }
  paused_ = false;
  changed_.notify_all();
}

// Moves the tasks that have not begun to `unrun`. If this throws,
// nothing has changed. The caller holds mutex_.
template <thread_model Threads>
void elastic_pool<Threads>::take_back(std::vector<task>& unrun) {
  unrun.reserve(assigned_.size() + queue_.size());
  while (!assigned_.empty()) {
    worker& first = assigned_.front();
    unrun.push_back(std::move(first.job));
    if (first.ticket != nullptr) {
      first.ticket->discarded();
    }
    dismiss(assigned_, assigned_.begin());
  }
  while (!queue_.empty()) {
    queue_ticket* const ticket = queue_.front().ticket;
    unrun.push_back(take_queued(queue_.begin()));
    if (ticket != nullptr) {
      ticket->discarded();
    }
  }
  counts_.returned += unrun.size();
  unfinished_ -= unrun.size();
  if (unfinished_ == 0) {
    changed_.notify_all();
  }
}

// Blocks until the last worker of a closing pool has left, joins it
// and the scavenger, and then the pool is closed.
template <thread_model Threads>
void elastic_pool<Threads>::end_generation(lock_type& lock) {
  while (alive() != 0) {
    changed_.wait(lock);
  }
  auto last = std::move(last_to_leave_);
  auto scavenger = std::move(scavenger_);
  lock.unlock();
  for (auto* each : {&last, &scavenger}) {
    if (each->joinable()) {
      each->join();  // with it those that left before: (I8)
    }
  }
  lock.lock();
  life_ = life::closed;
  changed_.notify_all();
}

template <thread_model Threads>
bool elastic_pool<Threads>::reboot() {
  refuse_inside(": reboot inside waits for itself");
  lock_type lock(mutex_);
  while (life_ == life::closing) {
    changed_.wait(lock);
  }
  if (life_ == life::open) {
    return false;
  }
  start_scavenger();
  life_ = life::open;
  ++generation_;
  return true;
}

// ---- Waiting and looking -----------------------------------------

template <thread_model Threads>
bool elastic_pool<Threads>::wait_idle_until(time_point deadline) {
  refuse_inside(": wait_idle_until inside waits for itself");
  lock_type lock(mutex_);
  while (unfinished_ != 0) {
    if (changed_.wait_until(lock, deadline) ==
        std::cv_status::timeout) {
      return unfinished_ == 0;
    }
  }
  return true;
}

template <thread_model Threads>
pool_stats elastic_pool<Threads>::stats() const {
  std::scoped_lock lock(mutex_);
  pool_stats now = counts_;
  now.capacity = capacity_;
  now.workers = alive();
  now.idle = idle_.size();
  now.waiting = waiting_.size();
  now.unfinished = unfinished_;
  return now;
}

// Throws where a call would wait for the task that makes it.
template <thread_model Threads>
void elastic_pool<Threads>::refuse_inside(const char* call) const {
  if (inside()) {
    throw std::system_error(
        std::make_error_code(std::errc::resource_deadlock_would_occur),
        options_.name + call);
  }
}

}  // namespace workbook
