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
submit_result elastic_pool<Threads>::submit(
    [[maybe_unused]] task&& job,
    [[maybe_unused]] std::stop_token stop) {
  // [7.3 submit with a token]
  //@ return todo<submit_result>("7.3");
  submitter me{.job = job};
  return submit_cancellable(me, std::move(stop));
  // [7.3 submit with a token]
}

template <thread_model Threads>
submit_result elastic_pool<Threads>::submit_until(
    [[maybe_unused]] task&& job, [[maybe_unused]] time_point deadline,
    [[maybe_unused]] std::stop_token stop) {
  // [7.3 submit_until]
  //@ return todo<submit_result>("7.3");
  submitter me{.job = job, .deadline = deadline};
  return submit_cancellable(me, std::move(stop));
  // [7.3 submit_until]
}

template <thread_model Threads>
auto elastic_pool<Threads>::submit_batch(
    [[maybe_unused]] std::span<task> jobs) -> batch_result {
  // [7.3 submit_batch]
  //@ return todo<batch_result>("7.3");
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
  // [7.3 submit_batch]
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
  // [7.3 cancellable]
  //@ // TODO(7.3): let a std::stop_callback call cancel(me); then
  //@ // lock and admit(me), as submit does.
  //@ return todo<submit_result>("7.3", me, stop);
  std::stop_callback on_stop(stop, [this, &me] { cancel(me); });
  lock_type lock(mutex_);
  return admit(lock, me);
  // [7.3 cancellable]
}

// Decides about the task of `me`. Every form of submit ends here.
template <thread_model Threads>
submit_result elastic_pool<Threads>::admit(
    [[maybe_unused]] lock_type& lock, submitter& me) {
  assert(me.job && "elastic_pool: there is nothing to run");
  ++counts_.submitted;
  // [7.4 closed]
  //@ // TODO(7.4): which pool accepts nothing?
  if (life_ != life::open) {
    return reject(submit_result::closed);
  }
  // [7.4 closed]
  // [7.3 cancelled]
  //@ // TODO(7.3): has a stop been requested?
  if (me.cancelled) {
    return reject(submit_result::cancelled);
  }
  // [7.3 cancelled]
  if (has_room()) {
    try {
      assign(me.job, me.ticket);
    } catch (...) {
      ++counts_.rejected;
      throw;
    }
    return submit_result::accepted;
  }
  // [7.8 queue]
  //@ // TODO(7.8): whose task is queued instead of waiting?
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
  // [7.8 queue]
  // [7.3 overloaded]
  //@ // TODO(7.3): which submitter must not wait?
  if (options_.nonblocking ||
      waiting_.size() >= options_.max_blocking) {
    return reject(submit_result::overloaded);
  }
  // [7.3 overloaded]
  return wait_for_worker(lock, me);
}

// Waits until a worker has the task of `me`, or none will.
template <thread_model Threads>
submit_result elastic_pool<Threads>::wait_for_worker(
    [[maybe_unused]] lock_type& lock, [[maybe_unused]] submitter& me) {
  // [7.3 wait]
  //@ // TODO(7.3): join the line; wait until there is an answer or
  //@ // an error; leave the line if the deadline comes first.
  //@ return todo<submit_result>("7.3");
  waiting_.push_back(&me);
  while (!me.answer && me.error == nullptr) {
    if (!me.deadline) {
      me.woken.wait(lock);
    } else if (me.woken.wait_until(lock, *me.deadline) ==
                   std::cv_status::timeout &&
               !me.answer && me.error == nullptr) {
      waiting_.remove(&me);
      return reject(submit_result::overloaded);
    }
  }
  if (me.error != nullptr) {
    ++counts_.rejected;
    std::rethrow_exception(me.error);
  }
  return *me.answer;
  // [7.3 wait]
}

// Ends the wait of a submitter that has left the line. Notifies under
// the lock: once that is free, `waiting` may be gone.
template <thread_model Threads>
void elastic_pool<Threads>::answer(submitter& waiting,
                                   submit_result with) {
  waiting.answer = with;
  waiting.woken.notify_one();
}

// Called by a stop callback, at any time of the call of `me`.
template <thread_model Threads>
void elastic_pool<Threads>::cancel([[maybe_unused]] submitter& me) {
  // [7.3 cancel]
  //@ // TODO(7.3): mark it; if it is in the line, take it out, and
  //@ // answer.
  //@ todo("7.3");
  std::scoped_lock lock(mutex_);
  me.cancelled = true;
  if (waiting_.remove(&me) != 0) {
    answer(me, reject(submit_result::cancelled));
  }
  // [7.3 cancel]
}

template <thread_model Threads>
submit_result elastic_pool<Threads>::reject(submit_result why) {
  ++counts_.rejected;
  return why;
}

}  // namespace workbook
