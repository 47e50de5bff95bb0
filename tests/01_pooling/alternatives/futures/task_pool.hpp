// A correct pool in which every wait is a wait for a future: an idle
// worker leaves a promise for its next task, a blocked submitter one
// for its place. There is no queue of tasks: a task goes straight to
// the worker that runs it.

#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <list>
#include <memory>
#include <shared_mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>

namespace workbook {

class pool_closed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class task_pool {
 public:
  explicit task_pool(std::size_t max_workers)
      : free_(max_workers), max_(max_workers) {
    if (max_workers == 0) {
      throw std::invalid_argument("0");
    }
  }
  task_pool(const task_pool&) = delete;
  task_pool& operator=(const task_pool&) = delete;
  ~task_pool() { shutdown(); }

  template <typename F, typename... Args>
  std::future<
      std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>
  submit(F&& f, Args&&... args) {
    using result =
        std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
    // The closure is shared only by the packaged task and the
    // pool, and the pool empties it before it counts the task out.
    auto closure = std::make_shared<
        std::tuple<std::decay_t<F>, std::decay_t<Args>...>>(
        std::forward<F>(f), std::forward<Args>(args)...);
    std::packaged_task<result()> work(
        [held = closure.get()]() -> result {
          return std::apply(
              [](auto& g, auto&... given) -> result {
                return std::invoke(std::move(g), std::move(given)...);
              },
              *held);
        });
    std::future<result> future = work.get_future();
    place(std::make_unique<job_of<decltype(work)>>(std::move(work),
                                                   std::move(closure)));
    return future;
  }

  void wait_idle() {
    refuse_inside();
    std::promise<void> promise;
    {
      std::unique_lock lock(guard_);
      if (free_ == max_) {
        return;
      }
      idle_.push_back(&promise);
    }
    promise.get_future().wait();
    std::unique_lock lock(guard_);  // it is not being set any more
  }

  void shutdown() {
    refuse_inside();
    std::list<worker> mine;
    std::shared_future<void> end;
    {
      std::unique_lock lock(guard_);
      if (!closed_) {
        closed_ = true;
        mine.swap(workers_);
        for (entrant* each : entrants_) {
          each->place.set_value(false);
        }
        entrants_.clear();
        while (idle_workers_.size() > granted_) {
          send(nullptr);
        }
      }
      end = ended_;
    }
    if (!mine.empty()) {
      for (worker& each : mine) {
        each.thread.join();
      }
      {
        std::unique_lock lock(guard_);
        count_ = 0;
      }
      end_.set_value();
    } else if (workers() != 0) {
      end.wait();
    }
  }

  std::size_t workers() const {
    std::shared_lock lock(guard_);
    return count_;
  }

  std::size_t running() const {
    std::shared_lock lock(guard_);
    return max_ - free_;
  }

 private:
  struct job {
    virtual ~job() = default;
    virtual void run() = 0;
  };

  template <typename Work>
  struct job_of final : job {
    job_of(Work&& w, std::shared_ptr<void>&& c)
        : work(std::move(w)), closure(std::move(c)) {}
    void run() override { work(); }
    Work work;
    std::shared_ptr<void> closure;
  };

  using mailbox = std::promise<std::unique_ptr<job>>;

  struct worker {
    std::thread thread;
    mailbox next;  // valid while the worker is idle or new
  };

  struct entrant {
    std::promise<bool> place;  // true: it is yours; false: closed
    bool inside;
  };

  void place(std::unique_ptr<job> made) {
    const bool inside = pool_ == this;
    entrant self{{}, inside};
    std::unique_lock lock(guard_);
    if (closed_) {
      throw pool_closed("submit");
    }
    if (free_ == 0) {
      if (inside && blocked_ + 1 == max_) {
        throw deadlock();
      }
      entrants_.push_back(&self);
      blocked_ += inside ? 1 : 0;
      lock.unlock();
      const bool granted = self.place.get_future().get();
      lock.lock();  // and the thread that set it is done with it
      if (!granted) {
        blocked_ -= inside ? 1 : 0;
        throw pool_closed("submit");
      }
      --granted_;
      send(std::move(made));  // the place came with its idle worker
      return;
    }
    if (max_ - free_ == count_) {
      hire();
    }
    --free_;
    send(std::move(made));
  }

  // The caller holds guard_.
  void hire() {
    std::list<worker> hired(1);
    std::list<worker*> as_idle(1, &hired.front());
    hired.front().thread =
        std::thread([this, self = &hired.front(),
                     next = hired.front().next.get_future()]() mutable {
          work(*self, std::move(next));
        });
    workers_.splice(workers_.end(), hired);
    idle_workers_.splice(idle_workers_.end(), as_idle);
    ++count_;
  }

  // The caller holds guard_. Gives `made` to the last idle worker.
  void send(std::unique_ptr<job> made) {
    worker* const to = idle_workers_.back();
    idle_workers_.pop_back();
    to->next.set_value(std::move(made));
  }

  void work(worker& self, std::future<std::unique_ptr<job>> next) {
    pool_ = this;
    std::list<worker*> as_idle(1, &self);
    for (;;) {
      std::unique_ptr<job> taken = next.get();
      if (taken == nullptr) {
        return;
      }
      taken->run();
      taken.reset();
      mailbox fresh;
      next = fresh.get_future();
      std::unique_lock lock(guard_);
      self.next = std::move(fresh);
      if (as_idle.empty()) {
        as_idle.push_back(&self);
      }
      idle_workers_.splice(idle_workers_.end(), as_idle);
      if (!leave()) {
        return;
      }
    }
  }

  // The caller holds guard_, and is idle again. False: it may go.
  bool leave() {
    if (!entrants_.empty()) {
      entrant* const first = entrants_.front();
      entrants_.pop_front();
      blocked_ -= first->inside ? 1 : 0;
      ++granted_;
      first->place.set_value(true);
      return true;
    }
    if (++free_ == max_) {
      for (std::promise<void>* each : idle_) {
        each->set_value();
      }
      idle_.clear();
    }
    if (!closed_) {
      return true;
    }
    idle_workers_.pop_back();
    return false;
  }

  static std::system_error deadlock() {
    return {
        std::make_error_code(std::errc::resource_deadlock_would_occur)};
  }

  void refuse_inside() const {
    if (pool_ == this) {
      throw deadlock();
    }
  }

  static inline thread_local const task_pool* pool_ = nullptr;

  // guard_ guards every field below it.
  mutable std::shared_mutex guard_;
  std::size_t free_;  // places
  const std::size_t max_;
  std::size_t count_ = 0;    // workers, until they are joined
  std::size_t blocked_ = 0;  // entrants that are tasks of this pool
  bool closed_ = false;
  std::list<worker> workers_;
  std::list<worker*> idle_workers_;  // granted_ of them are promised
  std::size_t granted_ = 0;
  std::list<entrant*> entrants_;
  std::list<std::promise<void>*> idle_;
  std::promise<void> end_;
  std::shared_future<void> ended_ = end_.get_future().share();
};

}  // namespace workbook
