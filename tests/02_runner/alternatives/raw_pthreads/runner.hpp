// A correct runner in the style of 1995: one lock, one condition for
// everything, and a broadcast at every change.

#pragma once

#include <pthread.h>

#include <cerrno>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "deadline.hpp"
#include "run_report.hpp"

namespace workbook {

class runner {
 public:
  using clock = std::chrono::steady_clock;
  using nanoseconds = std::chrono::nanoseconds;
  static constexpr nanoseconds no_limit = nanoseconds::max();

  explicit runner(nanoseconds limit, runner_options options = {})
      : limit_(limit), options_(std::move(options)) {
    if (limit.count() < 0 || options_.grace.count() < 0) {
      throw std::invalid_argument("negative");
    }
    pthread_mutex_init(&mutex_, nullptr);
    pthread_cond_init(&changed_, nullptr);
  }
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;
  ~runner() {
    pthread_cond_destroy(&changed_);
    pthread_mutex_destroy(&mutex_);
  }

  void add(runner_task task) {
    if (!task) {
      throw std::invalid_argument("empty");
    }
    const held here(mutex_);
    if (busy_) {
      throw std::logic_error("busy");
    }
    tasks_.push_back(std::move(task));
  }

  run_report run(std::stop_token interrupt = {}) {
    begin();
    if (tasks_.empty()) {
      finish();
      return {};
    }
    pthread_t thread;
    if (const int error =
            pthread_create(&thread, nullptr, run_tasks, this)) {
      finish();
      throw std::system_error(error, std::generic_category());
    }
    {
      const std::stop_callback listener(interrupt, [this] {
        const held here(mutex_);
        cause(outcome::interrupted);
      });
      {
        const held here(mutex_);
        go_ = true;  // only now: an early interrupt comes first
        pthread_cond_broadcast(&changed_);
      }
      supervise();
    }
    pthread_join(thread, nullptr);
    run_report told = std::move(told_);
    finish();
    return told;
  }

 private:
  struct held {
    explicit held(pthread_mutex_t& m) : mutex(m) {
      pthread_mutex_lock(&mutex);
    }
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    ~held() { pthread_mutex_unlock(&mutex); }
    pthread_mutex_t& mutex;
  };

  void begin() {
    const held here(mutex_);
    if (busy_) {
      throw std::logic_error("busy");
    }
    busy_ = true;
    go_ = over_ = ended_ = false;
    current_ = -1;
    told_ = {};
    source_ = std::stop_source();
    start_ = clock::now();
    deadline_ = deadline_after(start_, limit_);
  }

  void finish() {
    const held here(mutex_);
    busy_ = false;
  }

  // The caller holds the lock. Sees to a deadline that has passed.
  void cause(outcome how) {
    if (over_) {
      return;
    }
    const auto now = clock::now();
    over_ = true;
    told_.how = now < deadline_ ? how : outcome::timed_out;
    when_ = now < deadline_ ? now : deadline_;
    pthread_cond_broadcast(&changed_);
  }

  void wait_until(clock::time_point until) {
    const auto since = until.time_since_epoch();
    const auto whole =
        std::chrono::duration_cast<std::chrono::seconds>(since);
    timespec time;
    time.tv_sec = whole.count();
    time.tv_nsec = (since - whole).count();
    pthread_cond_clockwait(&changed_, &mutex_, CLOCK_MONOTONIC, &time);
  }

  void supervise() {
    pthread_mutex_lock(&mutex_);
    while (!over_) {
      if (clock::now() >= deadline_) {
        cause(outcome::timed_out);
      } else {
        wait_until(deadline_);
      }
    }
    const bool stop = current_ != -1;
    pthread_mutex_unlock(&mutex_);
    if (stop) {
      source_.request_stop();
    }
    pthread_mutex_lock(&mutex_);
    nanoseconds late = options_.grace;
    while (!ended_) {
      if (late.count() == 0 || !options_.on_overdue) {
        pthread_cond_wait(&changed_, &mutex_);
        continue;
      }
      const auto next = deadline_after(when_, late);
      wait_until(next);
      if (ended_ || current_ == -1 || clock::now() < next) {
        continue;
      }
      const int id = current_;
      pthread_mutex_unlock(&mutex_);
      std::exception_ptr thrown;
      try {
        options_.on_overdue(id, late);
      } catch (...) {
        thrown = std::current_exception();
      }
      pthread_mutex_lock(&mutex_);
      keep(std::move(thrown));
      late += options_.grace;
    }
    pthread_mutex_unlock(&mutex_);
  }

  void keep(std::exception_ptr error) {
    if (error && told_.error) {
      told_.later_errors.push_back(std::move(error));
    } else if (error) {
      told_.error = std::move(error);
    }
  }

  static void* run_tasks(void* of) {
    static_cast<runner*>(of)->work();
    return nullptr;
  }

  void work() {
    pthread_mutex_lock(&mutex_);
    while (!go_) {
      pthread_cond_wait(&changed_, &mutex_);
    }
    if (clock::now() >= deadline_) {
      cause(outcome::timed_out);
    }
    const int count = static_cast<int>(tasks_.size());
    for (int id = 0; !over_ && id != count; ++id) {
      current_ = id;
      pthread_mutex_unlock(&mutex_);
      std::exception_ptr error;
      try {
        tasks_[static_cast<std::size_t>(id)](source_.get_token(), id);
      } catch (...) {
        error = std::current_exception();
      }
      pthread_mutex_lock(&mutex_);
      const auto now = clock::now();
      told_.ended.push_back({id, now - start_});
      if (error) {
        keep(std::move(error));
        cause(outcome::failed);
      } else if (id + 1 == count) {
        cause(outcome::completed);
      } else if (now >= deadline_) {
        cause(outcome::timed_out);
      }
      current_ = -1;
      if (over_ && told_.how != outcome::completed &&
          told_.how != outcome::failed) {
        told_.stopped = {id, now - when_};
      }
    }
    ended_ = true;
    pthread_cond_broadcast(&changed_);
    pthread_mutex_unlock(&mutex_);
  }

  const nanoseconds limit_;
  const runner_options options_;

  // mutex_ guards every field below it; changed_ is broadcast whenever
  // one of them changes.
  pthread_mutex_t mutex_;
  pthread_cond_t changed_;
  std::vector<runner_task> tasks_;
  bool busy_ = false;
  bool go_ = false;
  bool over_ = false;
  bool ended_ = false;
  int current_ = -1;
  clock::time_point start_;
  clock::time_point deadline_;
  clock::time_point when_;
  std::stop_source source_;
  run_report told_;
};

}  // namespace workbook
