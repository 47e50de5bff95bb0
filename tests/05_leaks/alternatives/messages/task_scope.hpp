// Correct: no condition variable. A channel that is closed says that no
// child runs; another one carries the thread that ended last.

#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "call_site.hpp"
#include "channel.hpp"
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
        limits_(options.deadline, std::move(options.outer), source_) {
    none_runs_->close();
    (void)ended_.send(std::thread());
  }
  task_scope(const task_scope&) = delete;
  task_scope& operator=(const task_scope&) = delete;

  ~task_scope() noexcept {
    cancel();
    (void)idle()->receive();
    if (auto error = finish(); error && on_error_) {
      on_error_(std::move(error));
    } else if (error) {
      std::rethrow_exception(error);
    }
  }

  template <typename F>
  [[nodiscard]] bool spawn(F f,
                           call_site where = call_site::current()) {
    auto task = std::make_unique<F>(std::move(f));
    auto self = std::make_unique<child>(where);
    auto busy = std::make_shared<channel<bool>>();
    std::scoped_lock lock(list_);
    if (source_.stop_requested()) {
      return false;
    }
    children_.reserve(children_.size() + 1);
    std::thread thread([this, self = self.get(), own = task.get()] {
      nesting_.enter();
      std::unique_ptr<F> body(own);
      begin(*self);
      std::exception_ptr error;
      try {
        (*body)(source_.get_token());
      } catch (...) {
        error = std::current_exception();
      }
      body = nullptr;
      if (error) {
        fail(std::move(error));
      }
      end(self);
    });
    (void)task.release();
    self->handle.set_value(std::move(thread));
    if (children_.empty()) {
      none_runs_ = std::move(busy);
    }
    children_.push_back(std::move(self));
    return true;
  }

  void cancel() { source_.request_stop(); }

  void join() {
    nesting_.refuse_inside();
    (void)idle()->receive();
    if (auto error = finish()) {
      std::rethrow_exception(std::move(error));
    }
  }

  [[nodiscard]] bool join_for(std::chrono::nanoseconds limit) {
    nesting_.refuse_inside();
    if (idle()->receive_for(limit).status != channel_status::closed) {
      return false;
    }
    if (auto error = finish()) {
      std::rethrow_exception(std::move(error));
    }
    return true;
  }

  [[nodiscard]] std::vector<running_child> still_running() {
    std::scoped_lock lock(list_);
    std::vector<running_child> all;
    for (const auto& each : children_) {
      all.push_back({each->spawned, waits_in(each->id)});
    }
    return all;
  }

  [[nodiscard]] std::stop_token token() const {
    return source_.get_token();
  }

 private:
  struct child {
    explicit child(call_site where) : spawned(where) {}
    const call_site spawned;
    pid_t id = 0;
    std::promise<std::thread> handle;
  };

  std::shared_ptr<channel<bool>> idle() {
    std::scoped_lock lock(list_);
    return none_runs_;
  }

  void begin(child& self) {
    std::scoped_lock lock(list_);
    self.id = ::gettid();
  }

  void fail(std::exception_ptr error) {
    {
      std::scoped_lock lock(list_);
      if (!first_) {
        first_ = std::move(error);
      }
    }
    cancel();
  }

  void end(const child* self) {
    std::thread before = std::move(*ended_.receive());
    std::unique_lock lock(list_);
    const auto at = std::find_if(
        children_.begin(), children_.end(),
        [&](const auto& each) { return each.get() == self; });
    (void)ended_.send((*at)->handle.get_future().get());
    children_.erase(at);
    if (children_.empty()) {
      none_runs_->close();
    }
    lock.unlock();
    if (before.joinable()) {
      before.join();
    }
  }

  // When no child runs: joins the last, and takes the error.
  std::exception_ptr finish() {
    std::thread last = std::move(*ended_.receive());
    (void)ended_.send(std::thread());
    if (last.joinable()) {
      last.join();
    }
    std::scoped_lock lock(list_);
    return std::exchange(first_, nullptr);
  }

  const std::function<void(std::exception_ptr)> on_error_;
  const scope_nesting nesting_;
  std::stop_source source_;
  channel<std::thread> ended_{1};  // always holds one, maybe empty
  std::mutex list_;                // guards what follows
  std::vector<std::unique_ptr<child>> children_;
  std::exception_ptr first_;
  std::shared_ptr<channel<bool>> none_runs_ =
      std::make_shared<channel<bool>>();
  scope_limits limits_;
};

}  // namespace workbook
