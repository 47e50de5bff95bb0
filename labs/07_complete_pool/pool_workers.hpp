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
  return todo<bool>("7.2");
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
  // TODO(7.2): to the worker that became idle last: put the job
  // into it, move it to the end of assigned_, wake it. If none
  // is idle, start_worker. Count the task.
  todo("7.2", job, ticket);
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
  // TODO(7.5): while the pool is open and has_room(): a queued
  // task first, then the first of the waiting submitters. One
  // for whom no worker can be started gets the exception.
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
  return self.dismissed || self.job;
}

// What a worker's thread does from its start to its end; holds no lock
// at first.
template <thread_model Threads>
void elastic_pool<Threads>::work(place self) {
  Threads::local() = this;
  lock_type lock(mutex_);
  // TODO(7.2): until it is dismissed: wait until it may_go, move
  // to running_, run its job, and then: next_task or rest.
  todo("7.2");
  leave(lock, self);
}

// After a task: gives `self` the next one, if there is one for it, and
// returns whether there is.
template <thread_model Threads>
bool elastic_pool<Threads>::next_task([[maybe_unused]] place self) {
  // TODO(7.5): which worker takes no task any more?
  // TODO(7.8): a queued task comes first.
  // TODO(7.3): take the task of the first that waits, count it,
  // and answer; the worker is assigned_ then.
  return false;
}

// A worker without a task becomes idle, or leaves.
template <thread_model Threads>
void elastic_pool<Threads>::rest(place self) {
  // TODO(7.2): dismiss it if the pool is not open, or if there
  // is a surplus; otherwise it is the warmest of idle_, since
  // now. Wake a scavenger that rests.
  todo("7.2", self);
}

// A worker that has no task is to leave.
template <thread_model Threads>
void elastic_pool<Threads>::dismiss(crew& from, place self) {
  self->dismissed = true;
  leaving_.splice(leaving_.end(), from, self);
  self->woken.notify_one();
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
  // TODO(7.4): what becomes of an exception?
  job();
  return true;
}

// Runs the task of `ticket` on the calling worker, between two lines
// of the task that waits for it, unless another worker has taken it.
// Holds no lock.
template <thread_model Threads>
void elastic_pool<Threads>::help(
    [[maybe_unused]] queue_ticket& ticket) {
  // TODO(7.8): if it is queued, take it out and run it.
  todo("7.8");
}

}  // namespace workbook
