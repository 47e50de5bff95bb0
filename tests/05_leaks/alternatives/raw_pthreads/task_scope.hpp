// Correct: pthread_create, one condition variable of the C library, and
// a list that is linked by hand.

#pragma once

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <system_error>
#include <utility>
#include <vector>

#include "call_site.hpp"
#include "scope_limits.hpp"
#include "scope_nesting.hpp"
#include "task_scope_options.hpp"
#include "thread_facts.hpp"

namespace workbook {

class task_scope {
 public:
  using clock = std::chrono::steady_clock;

  explicit task_scope(task_scope_options options = {})
      : on_error_(std::move(options.on_error)),
        limits_(options.deadline, std::move(options.outer), stop_) {}
  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

  ~task_scope() {
    cancel();
    const std::exception_ptr error = finish(nullptr);
    pthread_cond_destroy(&ended_);
    pthread_mutex_destroy(&mutex_);
    if (error) {
      if (!on_error_) {
        std::terminate();
      }
      on_error_(error);
    }
  }

  template <typename F>
  [[nodiscard]] bool spawn(F f,
                           call_site where = call_site::current()) {
    auto self = std::make_unique<child_of<F>>();
    self->scope = this;
    self->spawned = where;
    self->body = std::make_unique<F>(std::move(f));
    const hold lock(&mutex_);
    if (stop_.stop_requested()) {
      return false;
    }
    if (const int error = pthread_create(
            &self->thread, nullptr, child_of<F>::main, self.get())) {
      throw std::system_error(error, std::generic_category());
    }
    child** last = &first_;
    while (*last != nullptr) {
      last = &(*last)->next;
    }
    *last = self.release();
    return true;
  }

  void cancel() { stop_.request_stop(); }

  void join() {
    nesting_.refuse_inside();
    if (const std::exception_ptr error = finish(nullptr)) {
      std::rethrow_exception(error);
    }
  }

  [[nodiscard]] bool join_for(std::chrono::nanoseconds limit) {
    nesting_.refuse_inside();
    const auto now = clock::now();
    const auto far = clock::time_point::max() - now;
    const std::int64_t at =
        (limit > far ? clock::time_point::max() : now + limit)
            .time_since_epoch()
            .count();
    const timespec end = {at > 0 ? at / 1'000'000'000 : 0,
                          at > 0 ? at % 1'000'000'000 : 0};
    bool late = false;
    const std::exception_ptr error = finish(&end, &late);
    if (error) {
      std::rethrow_exception(error);
    }
    return !late;
  }

  [[nodiscard]] std::vector<running_child> still_running() {
    std::vector<running_child> all;
    const hold lock(&mutex_);
    for (const child* each = first_; each; each = each->next) {
      all.push_back({each->spawned, waits_in(each->id)});
    }
    return all;
  }

  [[nodiscard]] std::stop_token token() const {
    return stop_.get_token();
  }

 private:
  struct hold {
    explicit hold(pthread_mutex_t* held) : mutex(held) {
      pthread_mutex_lock(mutex);
    }
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;
    ~hold() { pthread_mutex_unlock(mutex); }
    pthread_mutex_t* mutex;
  };

  struct child {
    task_scope* scope = nullptr;
    child* next = nullptr;
    pthread_t thread = {};
    pid_t id = 0;
    call_site spawned = {};
  };

  template <typename F>
  struct child_of : child {
    std::unique_ptr<F> body;

    static void* main(void* given) {
      std::unique_ptr<child_of> self(static_cast<child_of*>(given));
      task_scope* const scope = self->scope;
      scope->nesting_.enter();
      {
        const hold lock(&scope->mutex_);
        self->id = ::gettid();
      }
      std::exception_ptr error;
      try {
        (*self->body)(scope->token());
      } catch (...) {
        error = std::current_exception();
      }
      self->body.reset();
      if (error) {
        scope->note(std::move(error));
      }
      scope->leave(*self);
      return nullptr;
    }
  };

  void note(std::exception_ptr error) {
    {
      const hold lock(&mutex_);
      if (!error_) {
        error_ = std::move(error);
      }
    }
    cancel();
  }

  void leave(child& self) {
    std::optional<pthread_t> before;
    {
      const hold lock(&mutex_);
      child** at = &first_;
      while (*at != &self) {
        at = &(*at)->next;
      }
      *at = self.next;
      before = std::exchange(last_, self.thread);
      if (first_ == nullptr) {
        pthread_cond_broadcast(&ended_);
      }
    }
    if (before) {
      pthread_join(*before, nullptr);
    }
  }

  std::exception_ptr finish(const timespec* end, bool* late = nullptr) {
    std::exception_ptr error;
    std::optional<pthread_t> last;
    {
      const hold lock(&mutex_);
      while (first_ != nullptr) {
        if (end == nullptr) {
          pthread_cond_wait(&ended_, &mutex_);
        } else if (pthread_cond_clockwait(&ended_, &mutex_,
                                          CLOCK_MONOTONIC, end) != 0 &&
                   first_ != nullptr) {
          *late = true;
          return nullptr;
        }
      }
      std::swap(last, last_);
      std::swap(error, error_);
    }
    if (last) {
      pthread_join(*last, nullptr);
    }
    return error;
  }

  const std::function<void(std::exception_ptr)> on_error_;
  const scope_nesting nesting_;
  std::stop_source stop_;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t ended_ = PTHREAD_COND_INITIALIZER;
  child* first_ = nullptr;  // mutex_ guards this, and what follows
  std::optional<pthread_t> last_;
  std::exception_ptr error_;
  scope_limits limits_;
};

}  // namespace workbook
