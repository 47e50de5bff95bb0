// A correct scope in the style of 1995: pthreads, one condition for
// everything, and a broadcast at every change.

#pragma once

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "channel.hpp"
#include "task_scope_options.hpp"
#include "thread_facts.hpp"

namespace workbook {

class task_scope {
 public:
  using clock = std::chrono::steady_clock;

  explicit task_scope(task_scope_options options = {})
      : options_(std::move(options)) {
    if (options_.deadline) {
      if (clock::now() >= *options_.deadline) {
        cancel();
      } else if (const int error =
                     pthread_create(&watch_, nullptr, watch, this)) {
        throw std::system_error(error, std::generic_category());
      } else {
        watches_ = true;
      }
    }
    outer_.emplace(options_.outer, follower{this});
  }

  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

  ~task_scope() {
    cancel();
    const std::exception_ptr error = finish();
    outer_.reset();
    if (watches_) {
      pthread_join(watch_, nullptr);
    }
    pthread_cond_destroy(&changed_);
    pthread_mutex_destroy(&mutex_);
    if (error) {
      if (!options_.on_error) {
        std::terminate();
      }
      options_.on_error(error);
    }
  }

  template <typename F>
  [[nodiscard]] bool spawn(F f,
                           call_place where = call_place::current()) {
    struct start {
      task_scope* scope;
      child* self;
      std::unique_ptr<F> body;
    };
    const auto run = [](void* given) -> void* {
      const std::unique_ptr<start> own(static_cast<start*>(given));
      own->scope->begin(*own->self);
      std::exception_ptr error;
      try {
        (*own->body)(own->scope->token());
      } catch (...) {
        error = std::current_exception();
      }
      own->body.reset();
      own->scope->end(*own->self, std::move(error));
      return nullptr;
    };
    join_dead();
    auto given = std::make_unique<start>(
        start{this, nullptr, std::make_unique<F>(std::move(f))});
    const hold lock(&mutex_);
    if (cancelled_) {
      return false;
    }
    running_.push_back(std::make_unique<child>());
    given->self = running_.back().get();
    given->self->spawned = where;
    if (const int error = pthread_create(&given->self->thread, nullptr,
                                         run, given.get())) {
      running_.pop_back();
      throw std::system_error(error, std::generic_category());
    }
    (void)given.release();
    return true;
  }

  void cancel() {
    {
      const hold lock(&mutex_);
      if (!cancelled_) {
        cancelled_ = clock::now();
      }
      pthread_cond_broadcast(&changed_);
    }
    stop_.request_stop();
  }

  void join() {
    for (const task_scope* each = mine_; each; each = each->parent_) {
      if (each == this) {
        throw std::system_error(std::make_error_code(
            std::errc::resource_deadlock_would_occur));
      }
    }
    if (const std::exception_ptr error = finish()) {
      std::rethrow_exception(error);
    }
  }

  [[nodiscard]] std::stop_token token() const {
    return stop_.get_token();
  }

 private:
  struct child {
    call_place spawned = {};
    pid_t id = 0;
    pthread_t thread = {};
  };
  using children = std::vector<std::unique_ptr<child>>;

  struct follower {
    task_scope* scope;
    void operator()() const { scope->cancel(); }
  };

  class hold {
   public:
    explicit hold(pthread_mutex_t* mutex) : mutex_(mutex) {
      pthread_mutex_lock(mutex_);
    }
    ~hold() { pthread_mutex_unlock(mutex_); }
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;

   private:
    pthread_mutex_t* mutex_;
  };

  void begin(child& self) {
    mine_ = this;
    const hold lock(&mutex_);
    self.id = ::gettid();
  }

  void end(child& self, std::exception_ptr error) {
    if (error) {
      {
        const hold lock(&mutex_);
        first_ = first_ ? first_ : std::move(error);
      }
      cancel();
    }
    const hold lock(&mutex_);
    const auto at = std::find_if(
        running_.begin(), running_.end(),
        [&](const auto& each) { return each.get() == &self; });
    dead_.push_back(std::move(*at));
    running_.erase(at);
    pthread_cond_broadcast(&changed_);
  }

  // Joins those that have ended; finish() waits until nobody is at it.
  void join_dead() {
    children mine;
    {
      const hold lock(&mutex_);
      mine.swap(dead_);
      ++joining_;
    }
    for (const auto& each : mine) {
      pthread_join(each->thread, nullptr);
    }
    const hold lock(&mutex_);
    --joining_;
    pthread_cond_broadcast(&changed_);
  }

  std::exception_ptr finish() {
    {
      const hold lock(&mutex_);
      while (!running_.empty()) {
        wait_once();
      }
    }
    join_dead();
    const hold lock(&mutex_);
    while (joining_ > 0) {
      pthread_cond_wait(&changed_, &mutex_);
    }
    return std::exchange(first_, nullptr);
  }

  void wait_once() {
    if (!cancelled_ || told_) {
      pthread_cond_wait(&changed_, &mutex_);
      return;
    }
    const auto now = clock::now();
    const auto left = std::min(options_.patience - (now - *cancelled_),
                               clock::time_point::max() - now);
    if (left > left.zero()) {
      const timespec until = time_of(now + left);
      pthread_cond_clockwait(&changed_, &mutex_, CLOCK_MONOTONIC,
                             &until);
      return;
    }
    told_ = true;
    std::vector<late_child> late;
    for (const auto& each : running_) {
      late.push_back({each->spawned, waits_in(each->id)});
    }
    pthread_mutex_unlock(&mutex_);
    for (const late_child& each : late) {
      options_.on_late ? options_.on_late(each)
                       : (void)std::fputs("late\n", stderr);
    }
    pthread_mutex_lock(&mutex_);
  }

  static void* watch(void* given) {
    task_scope& self = *static_cast<task_scope*>(given);
    const timespec until = time_of(*self.options_.deadline);
    {
      const hold lock(&self.mutex_);
      while (!self.cancelled_ &&
             clock::now() < *self.options_.deadline) {
        pthread_cond_clockwait(&self.changed_, &self.mutex_,
                               CLOCK_MONOTONIC, &until);
      }
    }
    self.cancel();
    return nullptr;
  }

  static timespec time_of(clock::time_point when) {
    const auto all = std::chrono::nanoseconds(when.time_since_epoch());
    const auto whole =
        std::chrono::duration_cast<std::chrono::seconds>(all);
    return {whole.count(), (all - whole).count()};
  }

  const task_scope_options options_;
  const task_scope* const parent_ = mine_;
  std::stop_source stop_;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed_ = PTHREAD_COND_INITIALIZER;
  children running_;
  children dead_;
  int joining_ = 0;
  bool told_ = false;
  std::optional<clock::time_point> cancelled_;
  std::exception_ptr first_;
  bool watches_ = false;
  pthread_t watch_ = {};
  std::optional<std::stop_callback<follower>> outer_;
  static inline thread_local const task_scope* mine_ = nullptr;
};

}  // namespace workbook
