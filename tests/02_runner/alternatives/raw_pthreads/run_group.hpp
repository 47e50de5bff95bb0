// A correct group of actors with pthreads and one condition.

#pragma once

#include <pthread.h>

#include <cerrno>
#include <ctime>
#include <exception>
#include <functional>
#include <list>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include "deadline.hpp"

namespace workbook {

struct group_report {
  std::optional<std::size_t> first;
  std::exception_ptr error;
  std::vector<std::size_t> overdue;
};

class run_group {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  explicit run_group(nanoseconds grace) : grace_(grace) {
    if (grace.count() < 0) {
      throw std::invalid_argument("negative");
    }
    pthread_mutex_init(&mutex_, nullptr);
    pthread_cond_init(&returned_, nullptr);
  }
  run_group(const run_group&) = delete;
  run_group& operator=(const run_group&) = delete;
  ~run_group() {
    pthread_cond_destroy(&returned_);
    pthread_mutex_destroy(&mutex_);
  }

  void add(std::function<void()> execute,
           std::function<void()> interrupt) {
    if (!execute || !interrupt) {
      throw std::invalid_argument("empty");
    }
    actors_.push_back({this,
                       actors_.size(),
                       std::move(execute),
                       std::move(interrupt),
                       {},
                       false});
  }

  group_report run() {
    told_ = {};
    int error = 0;
    std::list<actor*> started;  // the last started first
    for (actor& each : actors_) {
      each.running = true;
      error = pthread_create(&each.thread, nullptr, work, &each);
      if (error != 0) {
        break;
      }
      started.push_front(&each);
    }
    pthread_mutex_lock(&mutex_);
    while (error == 0 && !started.empty() && !told_.first) {
      pthread_cond_wait(&returned_, &mutex_);
    }
    pthread_mutex_unlock(&mutex_);
    for (actor* const each : started) {
      each->interrupt();
    }
    note_who_is_overdue(started);
    for (actor* const each : started) {
      pthread_join(each->thread, nullptr);
    }
    if (error != 0) {
      throw std::system_error(error, std::generic_category());
    }
    return std::exchange(told_, {});
  }

 private:
  struct actor {
    run_group* group;
    std::size_t id;
    std::function<void()> execute;
    std::function<void()> interrupt;
    pthread_t thread;
    bool running;
  };

  void note_who_is_overdue(const std::list<actor*>& started) {
    const auto since = deadline_after(grace_).time_since_epoch();
    const auto whole =
        std::chrono::duration_cast<std::chrono::seconds>(since);
    timespec until;
    until.tv_sec = whole.count();
    until.tv_nsec = (since - whole).count();
    pthread_mutex_lock(&mutex_);
    for (actor* const each : started) {
      int waited = 0;
      while (each->running && waited != ETIMEDOUT) {
        waited = pthread_cond_clockwait(&returned_, &mutex_,
                                        CLOCK_MONOTONIC, &until);
      }
    }
    for (actor* const each : started) {
      if (each->running) {
        told_.overdue.push_back(each->id);
      }
    }
    pthread_mutex_unlock(&mutex_);
  }

  static void* work(void* of) {
    actor& mine = *static_cast<actor*>(of);
    run_group& group = *mine.group;
    std::exception_ptr error;
    try {
      mine.execute();
    } catch (...) {
      error = std::current_exception();
    }
    pthread_mutex_lock(&group.mutex_);
    mine.running = false;
    if (!group.told_.first) {
      group.told_.first = mine.id;
      group.told_.error = std::move(error);
    }
    pthread_cond_broadcast(&group.returned_);
    pthread_mutex_unlock(&group.mutex_);
    return nullptr;
  }

  const nanoseconds grace_;
  std::list<actor> actors_;

  // mutex_ guards told_, and `running` of each actor.
  pthread_mutex_t mutex_;
  pthread_cond_t returned_;
  group_report told_;
};

}  // namespace workbook
