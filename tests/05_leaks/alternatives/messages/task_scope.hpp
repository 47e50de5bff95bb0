// A correct scope whose children report their end as a message to the
// one who waits. Nobody else touches the list of children but spawn.

#pragma once

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <list>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>
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
      : options_(std::move(options)),
        outer_(options_.outer, caller{this}) {
    if (options_.deadline) {
      watch_deadline();
    }
  }

  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

  ~task_scope() noexcept {
    cancel();
    std::exception_ptr error = serve_until_none_is_left();
    if (error && options_.on_error) {
      options_.on_error(std::exchange(error, nullptr));
    }
    if (error) {
      std::rethrow_exception(error);
    }
  }

  template <typename F>
  [[nodiscard]] bool spawn(F f,
                           call_place where = call_place::current()) {
    auto task = std::make_unique<F>(std::move(f));
    if (std::unique_lock serving(serving_, std::try_to_lock); serving) {
      while (auto got = mail_.try_receive().value) {
        serve(*got);
      }
    }
    std::scoped_lock lock(list_);
    if (cancelled_) {
      return false;
    }
    children_.emplace_back(where);
    child* const self = &children_.back();
    try {
      self->thread = std::jthread(
          [this, self, own = task.get()](const std::stop_token&) {
            std::unique_ptr<F> body(own);
            self->id = ::gettid();
            inmost_ = this;
            message end{self, nullptr};
            try {
              (*body)(source_.get_token());
              body = nullptr;
            } catch (...) {
              body = nullptr;
              end.error = std::current_exception();
            }
            const bool failed = end.error != nullptr;
            (void)mail_.send(std::move(end));
            if (failed) {
              cancel();
            }
          });
    } catch (...) {
      children_.pop_back();
      throw;
    }
    (void)task.release();
    return true;
  }

  void cancel() {
    {
      std::scoped_lock lock(list_);
      if (!cancelled_) {
        since_ = clock::now();
        cancelled_ = true;
      }
    }
    (void)mail_.send({nullptr, nullptr});  // wakes who waits
    source_.request_stop();
  }

  void join() {
    if (is_mine()) {
      throw std::system_error(std::make_error_code(
          std::errc::resource_deadlock_would_occur));
    }
    if (auto error = serve_until_none_is_left()) {
      std::rethrow_exception(std::move(error));
    }
  }

  [[nodiscard]] std::stop_token token() const {
    return source_.get_token();
  }

 private:
  struct child {
    explicit child(call_place where) : spawned(where) {}
    const call_place spawned;
    std::atomic<pid_t> id = 0;
    std::jthread thread;
  };
  struct message {
    child* ended;  // null: something else has changed
    std::exception_ptr error;
  };
  struct caller {
    task_scope* scope;
    void operator()() const { scope->cancel(); }
  };

  void watch_deadline() {
    if (clock::now() >= *options_.deadline) {
      cancel();
      return;
    }
    watch_ = std::jthread([this] {
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable_any().wait_until(
          lock, source_.get_token(), *options_.deadline,
          [] { return false; });
      lock.unlock();
      cancel();
    });
  }

  // The caller holds serving_.
  void serve(message& what) {
    if (what.error && !first_) {
      first_ = std::move(what.error);
    }
    if (what.ended != nullptr) {
      std::jthread thread;
      {
        std::scoped_lock lock(list_);
        thread = std::move(what.ended->thread);
      }
      thread.join();
      std::scoped_lock lock(list_);
      children_.remove_if(
          [&](const child& each) { return &each == what.ended; });
    }
  }

  std::exception_ptr serve_until_none_is_left() {
    std::scoped_lock serving(serving_);
    for (;;) {
      bool timed = false;
      {
        std::scoped_lock lock(list_);
        if (children_.empty()) {
          return std::exchange(first_, nullptr);
        }
        timed = cancelled_ && !told_;
      }
      if (!timed) {
        message got = *mail_.receive();
        serve(got);
      } else if (auto got = mail_.receive_until(late_from()).value) {
        serve(*got);
      } else {
        tell();
      }
    }
  }

  clock::time_point late_from() const {
    const clock::time_point end = clock::time_point::max();
    return options_.patience > end - since_
               ? end
               : since_ + options_.patience;
  }

  void tell() {
    told_ = true;
    std::vector<late_child> late;
    {
      std::scoped_lock lock(list_);
      for (const child& each : children_) {
        late.push_back({each.spawned, waits_in(each.id)});
      }
    }
    for (const late_child& each : late) {
      options_.on_late ? options_.on_late(each)
                       : (void)std::fputs("a child is late\n", stderr);
    }
  }

  bool is_mine() const {
    const task_scope* each = inmost_;
    while (each != nullptr && each != this) {
      each = each->around_;
    }
    return each != nullptr;
  }

  const task_scope_options options_;
  const task_scope* const around_ = inmost_;
  std::stop_source source_;
  channel<message> mail_{1U << 20U};
  std::mutex serving_;        // before list_
  bool told_ = false;         // serving_ guards it and first_
  std::exception_ptr first_;  // of what was served
  std::mutex list_;
  bool cancelled_ = false;
  clock::time_point since_ = {};
  std::list<child> children_;
  std::stop_callback<caller> outer_;
  std::jthread watch_;
  static inline thread_local const task_scope* inmost_ = nullptr;
};

}  // namespace workbook
