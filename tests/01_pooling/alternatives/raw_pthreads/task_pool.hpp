// A correct pool in the style of 1995: pthreads, one condition for
// everything, and a broadcast at every change.

#pragma once

#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <new>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace workbook {

class pool_closed : public std::exception {
 public:
  const char* what() const noexcept override { return "closed"; }
};

class task_pool {
 public:
  explicit task_pool(std::size_t max_workers) : limit_(max_workers) {
    if (limit_ == 0) {
      throw std::invalid_argument("task_pool needs a worker");
    }
    pthread_mutex_init(&mutex_, nullptr);
    pthread_cond_init(&changed_, nullptr);
  }
  task_pool(const task_pool&) = delete;
  task_pool& operator=(const task_pool&) = delete;
  ~task_pool() {
    shutdown();
    pthread_cond_destroy(&changed_);
    pthread_mutex_destroy(&mutex_);
  }

  template <typename F, typename... Args>
  std::future<
      std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>>
  submit(F&& f, Args&&... args) {
    using result =
        std::invoke_result_t<std::decay_t<F>, std::decay_t<Args>...>;
    using stored = std::tuple<std::decay_t<F>, std::decay_t<Args>...>;
    struct closure {
      stored parts;
      std::promise<result> promise;
    };

    auto* const built = new closure{
        stored(std::forward<F>(f), std::forward<Args>(args)...), {}};
    entry* added = nullptr;
    try {
      added = new entry{built, run<closure, result>, destroy<closure>,
                        nullptr};
    } catch (...) {
      delete built;
      throw;
    }
    std::future<result> future = built->promise.get_future();
    if (const int refusal = admit(added); refusal != 0) {
      added->destroy(added->closure);
      delete added;
      if (refusal < 0) {
        throw pool_closed();
      }
      if (refusal == ENOMEM) {
        throw std::bad_alloc();
      }
      throw std::system_error(refusal, std::generic_category());
    }
    return future;
  }

  void wait_idle() {
    refuse_inside();
    pthread_mutex_lock(&mutex_);
    while (in_flight_ > 0) {
      pthread_cond_wait(&changed_, &mutex_);
    }
    pthread_mutex_unlock(&mutex_);
  }

  void shutdown() {
    refuse_inside();
    pthread_mutex_lock(&mutex_);
    closed_ = true;
    pthread_cond_broadcast(&changed_);
    // Every caller joins whom it finds; the count falls after a join.
    while (!threads_.empty()) {
      const pthread_t one = threads_.back();
      threads_.pop_back();
      pthread_mutex_unlock(&mutex_);
      pthread_join(one, nullptr);
      pthread_mutex_lock(&mutex_);
      --alive_;
      pthread_cond_broadcast(&changed_);
    }
    while (alive_ > 0) {
      pthread_cond_wait(&changed_, &mutex_);
    }
    pthread_mutex_unlock(&mutex_);
  }

  std::size_t workers() const { return read(alive_); }
  std::size_t running() const { return read(in_flight_); }

 private:
  struct entry {
    void* closure;
    void (*run)(void*);
    void (*destroy)(void*);
    entry* next;
  };

  template <typename Closure, typename Result>
  static void run(void* of) {
    auto* const closure = static_cast<Closure*>(of);
    const auto call = [](auto&& f, auto&&... args) -> Result {
      return std::invoke(std::move(f), std::move(args)...);
    };
    try {
      if constexpr (std::is_void_v<Result>) {
        std::apply(call, std::move(closure->parts));
        closure->promise.set_value();
      } else {
        closure->promise.set_value(
            std::apply(call, std::move(closure->parts)));
      }
    } catch (...) {
      closure->promise.set_exception(std::current_exception());
    }
  }

  template <typename Closure>
  static void destroy(void* of) {
    delete static_cast<Closure*>(of);
  }

  // 0, or an error number, or -1 for a closed pool.
  int admit(entry* added) {
    const bool task = pool_here_ == this;
    int refusal = 0;
    pthread_mutex_lock(&mutex_);
    if (!closed_ && task && in_flight_ == limit_ &&
        stuck_ + 1 >= in_flight_) {
      refusal = EDEADLK;
    } else {
      if (task) {
        ++stuck_;
      }
      while (!closed_ && in_flight_ >= limit_) {
        pthread_cond_wait(&changed_, &mutex_);
      }
      if (task) {
        --stuck_;
      }
      refusal = closed_ ? -1 : hire();
      if (refusal == 0) {
        ++in_flight_;
        *end_ = added;
        end_ = &added->next;
        pthread_cond_broadcast(&changed_);
      }
    }
    pthread_mutex_unlock(&mutex_);
    return refusal;
  }

  // The caller holds mutex_. 0, or an error number.
  int hire() {
    if (in_flight_ < threads_.size()) {
      return 0;
    }
    try {
      threads_.reserve(threads_.size() + 1);
    } catch (const std::bad_alloc&) {
      return ENOMEM;
    }
    pthread_t thread;
    const int error = pthread_create(&thread, nullptr, work, this);
    if (error == 0) {
      threads_.push_back(thread);
      ++alive_;
    }
    return error;
  }

  static void* work(void* of) {
    auto* const pool = static_cast<task_pool*>(of);
    pool_here_ = pool;
    pthread_mutex_lock(&pool->mutex_);
    for (;;) {
      while (pool->begin_ == nullptr && !pool->closed_) {
        pthread_cond_wait(&pool->changed_, &pool->mutex_);
      }
      entry* const taken = pool->begin_;
      if (taken == nullptr) {
        break;
      }
      pool->begin_ = taken->next;
      if (pool->begin_ == nullptr) {
        pool->end_ = &pool->begin_;
      }
      pthread_mutex_unlock(&pool->mutex_);
      taken->run(taken->closure);
      taken->destroy(taken->closure);
      delete taken;
      pthread_mutex_lock(&pool->mutex_);
      --pool->in_flight_;
      pthread_cond_broadcast(&pool->changed_);
    }
    pthread_mutex_unlock(&pool->mutex_);
    return nullptr;
  }

  std::size_t read(const std::size_t& count) const {
    pthread_mutex_lock(&mutex_);
    const std::size_t seen = count;
    pthread_mutex_unlock(&mutex_);
    return seen;
  }

  void refuse_inside() const {
    if (pool_here_ == this) {
      throw std::system_error(EDEADLK, std::generic_category());
    }
  }

  static inline thread_local const task_pool* pool_here_ = nullptr;

  const std::size_t limit_;

  // mutex_ guards every field below it; changed_ is broadcast
  // whenever one of them changes.
  mutable pthread_mutex_t mutex_;
  pthread_cond_t changed_;
  bool closed_ = false;
  std::size_t in_flight_ = 0;
  std::size_t stuck_ = 0;
  std::size_t alive_ = 0;
  std::vector<pthread_t> threads_;
  entry* begin_ = nullptr;
  entry** end_ = &begin_;
};

}  // namespace workbook
