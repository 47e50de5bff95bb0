// The workers of an elastic pool, from their start to their end.
//
// Book: chapter 7, "The complete pool". The part of elastic_pool.hpp
// that runs on the workers; its invariants are there. The caller of a
// function holds mutex_, unless it has a lock as an argument or the
// comment says otherwise.

#pragma once

#include "elastic_pool.hpp"

namespace workbook {

// ---- Who may have a worker -------------------------------------

// The workers that exist.
template <thread_model Threads>
std::size_t elastic_pool<Threads>::alive() const {
  return idle_.size() + assigned_.size() + running_.size() +
         leaving_.size();
}

// Whether a task can have a worker at once.
template <thread_model Threads>
bool elastic_pool<Threads>::has_room() const {
  return !idle_.empty() || alive() < capacity_;
}

// Whether one of the workers that are not leaving should.
template <thread_model Threads>
bool elastic_pool<Threads>::surplus() const {
  return alive() - leaving_.size() > capacity_;
}

// Gives `job` to a worker; has_room() is true. If this throws, nothing
// has changed.
template <thread_model Threads>
void elastic_pool<Threads>::assign(task& job, queue_ticket* ticket) {
  if (idle_.empty()) {
    start_worker(job, ticket);
  } else {
    const place warm = std::prev(idle_.end());
    warm->job = std::move(job);
    warm->ticket = ticket;
    assigned_.splice(assigned_.end(), idle_, warm);
    warm->go.give();
  }
  ++counts_.accepted;
  ++unfinished_;
}

// Starts a worker that begins with `job`. If this throws, nothing has
// changed. The thread is started under the lock, which it takes first:
// so it finds its job, and nobody sees half a worker.
template <thread_model Threads>
void elastic_pool<Threads>::start_worker(task& job,
                                         queue_ticket* ticket) {
  crew fresh(1);
  const place self = fresh.begin();
  self->thread = Threads::spawn([this, self] { work(self); });
  self->job = std::move(job);
  self->ticket = ticket;
  assigned_.splice(assigned_.end(), fresh);
  ++counts_.spawned;
  counts_.high_water = std::max(counts_.high_water, alive());
}

// Gives workers to queued tasks, then to waiting submitters, as far as
// there are workers: keeps (I2).
template <thread_model Threads>
void elastic_pool<Threads>::serve() {
  while (life_ == life::open && has_room() && !queue_.empty()) {
    try {
      queued_task& first = queue_.front();
      start_worker(first.job, first.ticket);
    } catch (...) {
      break;  // a worker will come by: the one that queued it
    }
    (void)take_queued(queue_.begin());
  }
  while (life_ == life::open && has_room() && !waiting_.empty()) {
    submitter& first = *waiting_.front();
    waiting_.pop_front();
    try {
      assign(first.job, first.ticket);
      answer(first, submit_result::accepted);
    } catch (...) {
      first.error = std::current_exception();
      first.go.give();
    }
  }
}

// Takes a task out of the queue.
template <thread_model Threads>
auto elastic_pool<Threads>::take_queued(
    std::list<queued_task>::iterator which) -> task {
  if (which->ticket != nullptr) {
    which->ticket->queued = false;
  }
  task job = std::move(which->job);
  queue_.erase(which);
  return job;
}

// ---- A worker ---------------------------------------------------

// Whether a worker has something to do: to leave, or a task to begin.
template <thread_model Threads>
bool elastic_pool<Threads>::may_go(const worker& self) const {
  return self.dismissed || (self.job && !paused_);
}

// What a worker's thread does from its start to its end; holds no lock
// at first.
template <thread_model Threads>
void elastic_pool<Threads>::work(place self) {
  Threads::local() = this;
  lock_type lock(mutex_);
  for (;;) {
    while (!may_go(*self)) {
      lock.unlock();
      self->go.take();
      lock.lock();
    }
    if (self->dismissed) {
      break;
    }
    running_.splice(running_.end(), assigned_, self);
    run(lock, std::move(self->job));
    if (!next_task(self)) {
      rest(self);
    }
  }
  leave(lock, self);
}

// After a task: gives `self` the next one, if there is one for it, and
// returns whether there is.
template <thread_model Threads>
bool elastic_pool<Threads>::next_task(place self) {
  if (surplus()) {
    return false;
  }
  if (!queue_.empty()) {
    self->ticket = queue_.front().ticket;
    self->job = take_queued(queue_.begin());
    assigned_.splice(assigned_.end(), running_, self);
    return true;
  }
  if (!waiting_.empty()) {
    submitter& first = *waiting_.front();
    waiting_.pop_front();
    self->ticket = first.ticket;
    self->job = std::move(first.job);
    assigned_.splice(assigned_.end(), running_, self);
    ++counts_.accepted;
    ++unfinished_;
    answer(first, submit_result::accepted);
    return true;
  }
  return false;
}

// A worker without a task becomes idle, or leaves.
template <thread_model Threads>
void elastic_pool<Threads>::rest(place self) {
  if (life_ != life::open || surplus()) {
    dismiss(running_, self);
    return;
  }
  self->idle_since = clock::now();
  idle_.splice(idle_.end(), running_, self);
  if (scavenger_rests_) {
    scavenger_rests_ = false;
    cold_.notify_one();
  }
}

// A worker that has no task is to leave.
template <thread_model Threads>
void elastic_pool<Threads>::dismiss(crew& from, place self) {
  self->dismissed = true;
  leaving_.splice(leaving_.end(), from, self);
  self->go.give();
}

// The last that a worker does. Once the lock is free the pool may be
// gone: nothing of it is touched then.
template <thread_model Threads>
void elastic_pool<Threads>::leave(lock_type& lock, place self) {
  crew gone;
  gone.splice(gone.end(), leaving_, self);
  // (I8)
  auto before_me =
      std::exchange(last_to_leave_, std::move(self->thread));
  serve();  // there is room for one worker more
  if (alive() == 0) {
    ended_.notify_all();
  }
  lock.unlock();
  if (before_me.joinable()) {
    before_me.join();
  }
}

// Runs a task that was accepted, without the lock, and counts it out.
template <thread_model Threads>
void elastic_pool<Threads>::run(lock_type& lock, task job) {
  lock.unlock();
  const bool completed = perform(job);
  { const task destroyed = std::move(job); }  // (I7)
  lock.lock();
  ++(completed ? counts_.completed : counts_.failed);
  if (--unfinished_ == 0) {
    idle_pool_.notify_all();
  }
}

// Calls the task; returns whether it returned. Holds no lock.
template <thread_model Threads>
bool elastic_pool<Threads>::perform(task& job) noexcept {
  try {
    job();
    return true;
  } catch (...) {
    if (!options_.on_exception) {
      // Ends the program, as the exception of a thread does.
      std::rethrow_exception(std::current_exception());
    }
    options_.on_exception(std::current_exception());
    return false;
  }
}

// Runs the task of `ticket` on the calling worker, between two lines
// of the task that waits for it, unless another worker has taken it.
// Holds no lock.
template <thread_model Threads>
void elastic_pool<Threads>::help(queue_ticket& ticket) {
  lock_type lock(mutex_);
  if (ticket.queued) {
    run(lock, take_queued(ticket.place));
  }
}

}  // namespace workbook
