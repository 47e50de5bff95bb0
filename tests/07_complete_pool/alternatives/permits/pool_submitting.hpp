// How a task comes into an elastic pool, or does not.
//
// Book: chapter 7, "The complete pool". The part of elastic_pool.hpp
// that runs on the submitters; its invariants are there.

#pragma once

#include "elastic_pool.hpp"

namespace workbook {

template <thread_model Threads>
submit_result elastic_pool<Threads>::submit(task&& job) {
  submitter me{.job = job};
  lock_type lock(mutex_);
  return admit(lock, me);
}

template <thread_model Threads>
submit_result elastic_pool<Threads>::submit(task&& job,
                                            std::stop_token stop) {
  submitter me{.job = job};
  return submit_cancellable(me, std::move(stop));
}

template <thread_model Threads>
submit_result elastic_pool<Threads>::submit_until(
    task&& job, time_point deadline, std::stop_token stop) {
  submitter me{.job = job, .deadline = deadline};
  return submit_cancellable(me, std::move(stop));
}

template <thread_model Threads>
auto elastic_pool<Threads>::submit_batch(std::span<task> jobs)
    -> batch_result {
  std::size_t accepted = 0;
  lock_type lock(mutex_);
  for (task& job : jobs) {
    submitter me{.job = job};
    const submit_result status = admit(lock, me);
    if (status != submit_result::accepted) {
      return {status, accepted};
    }
    ++accepted;
  }
  return {submit_result::accepted, accepted};
}

template <thread_model Threads>
template <typename F>
auto elastic_pool<Threads>::async(F function)
    -> pool_future<std::invoke_result_t<F&>, Threads> {
  using result = std::invoke_result_t<F&>;
  auto state = std::make_shared<result_state<result, Threads>>();
  task job(result_task<F, result, Threads>(std::move(function), state));
  submitter me{.job = job, .ticket = state.get()};
  lock_type lock(mutex_);
  const submit_result status = admit(lock, me);
  lock.unlock();  // before a refused task is destroyed: (I7)
  return {*this, status, std::move(state)};
}

// The stop callback takes mutex_, and its destructor waits until it
// has returned: both are outside of the critical section.
template <thread_model Threads>
submit_result elastic_pool<Threads>::submit_cancellable(
    submitter& me, std::stop_token stop) {
  std::stop_callback on_stop(stop, [this, &me] { cancel(me); });
  lock_type lock(mutex_);
  return admit(lock, me);
}

// Decides about the task of `me`. Every form of submit ends here.
template <thread_model Threads>
submit_result elastic_pool<Threads>::admit(lock_type& lock,
                                           submitter& me) {
  assert(me.job && "elastic_pool: there is nothing to run");
  ++counts_.submitted;
  if (life_ != life::open) {
    return reject(submit_result::closed);
  }
  if (me.cancelled) {
    return reject(submit_result::cancelled);
  }
  if (has_room()) {
    try {
      assign(me.job, me.ticket);
    } catch (...) {
      ++counts_.rejected;
      throw;
    }
    return submit_result::accepted;
  }
  if (inside()) {
    queue_.push_back({task(), me.ticket});
    queue_.back().job = std::move(me.job);
    if (me.ticket != nullptr) {
      me.ticket->queued = true;
      me.ticket->place = std::prev(queue_.end());
    }
    ++counts_.accepted;
    ++unfinished_;
    return submit_result::accepted;
  }
  if (options_.nonblocking ||
      waiting_.size() >= options_.max_blocking) {
    return reject(submit_result::overloaded);
  }
  return wait_for_worker(lock, me);
}

// Waits until a worker has the task of `me`, or none will.
template <thread_model Threads>
submit_result elastic_pool<Threads>::wait_for_worker(lock_type& lock,
                                                     submitter& me) {
  waiting_.push_back(&me);
  while (!me.answer && me.error == nullptr) {
    lock.unlock();
    const bool in_time = !me.deadline || me.go.take_until(*me.deadline);
    if (!me.deadline) {
      me.go.take();
    }
    lock.lock();
    if (!in_time && !me.answer && me.error == nullptr) {
      waiting_.remove(&me);
      return reject(submit_result::overloaded);
    }
  }
  if (me.error != nullptr) {
    ++counts_.rejected;
    std::rethrow_exception(me.error);
  }
  return *me.answer;
}

// Ends the wait of a submitter that has left the line. Notifies under
// the lock: once that is free, `waiting` may be gone.
template <thread_model Threads>
void elastic_pool<Threads>::answer(submitter& waiting,
                                   submit_result with) {
  waiting.answer = with;
  waiting.go.give();
}

// Called by a stop callback, at any time of the call of `me`.
template <thread_model Threads>
void elastic_pool<Threads>::cancel(submitter& me) {
  std::scoped_lock lock(mutex_);
  me.cancelled = true;
  if (waiting_.remove(&me) != 0) {
    answer(me, reject(submit_result::cancelled));
  }
}

template <thread_model Threads>
submit_result elastic_pool<Threads>::reject(submit_result why) {
  ++counts_.rejected;
  return why;
}

}  // namespace workbook
