// Workloads that goroutines, fibers and threads have in common, written
// once for each model of them.
//
// A model has
//   group            start(f) runs f() beside the caller; wait() blocks
//                    until all that were started have ended
//   most_at_once     so many are started before they are waited for
//   channel<T>(n)    send(value), receive() -> optional, close()
//   mutex            lock(), unlock()
//   yield()

#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

#include "contestant.hpp"

namespace workbook::duel {

template <typename Model>
struct workloads {
  using group = typename Model::group;
  using int_channel = typename Model::template channel<std::int64_t>;

  // `ops` turns, shared among some that only give way.
  static outcome yield_among(const request& asked, int many) {
    std::vector<std::int64_t> turns(static_cast<std::size_t>(many));
    outcome found;
    found.took = timed([&] {
      group all;
      for (std::int64_t& own : turns) {
        all.start([&own, mine = asked.ops / many] {
          std::int64_t taken = 0;
          while (taken < mine) {
            Model::yield();
            ++taken;
          }
          own = taken;
        });
      }
      all.wait();
    });
    for (const std::int64_t own : turns) {
      found.count += own;
      found.sum += 1;
    }
    return found;
  }

  static outcome yield_2(const request& asked) {
    return yield_among(asked, 2);
  }

  static outcome yield_500(const request& asked) {
    return yield_among(asked, 500);
  }

  // Starts `ops` of them, and waits for all.
  static outcome spawn(const request& asked) {
    tally seen(asked.ops);
    return seen.after(timed([&] {
      std::int64_t next = 0;
      while (next < asked.ops) {
        group some;
        for (std::int64_t i = 0;
             i < Model::most_at_once && next < asked.ops; ++i) {
          some.start([&seen, next] { seen.note(next); });
          ++next;
        }
        some.wait();
      }
    }));
  }

  // A value there and one back.
  static outcome ping_pong(const request& asked) {
    outcome found;
    int_channel there(0);
    int_channel back(0);
    group answering;
    answering.start([&] {
      while (auto value = there.receive()) {
        back.send(*value);
      }
    });
    found.took = timed([&] {
      for (std::int64_t i = 0; i < asked.ops; ++i) {
        there.send(i);
        found.sum += *back.receive();
        ++found.count;
      }
    });
    there.close();
    answering.wait();
    return found;
  }

  // How many send to how many, and over how large a channel.
  struct traffic {
    std::size_t capacity;
    int senders;
    int receivers;
  };

  static outcome through_channel(const request& asked,
                                 const traffic& wanted) {
    std::atomic<std::int64_t> count = 0;
    std::atomic<std::int64_t> sum = 0;
    const auto took = timed([&] {
      int_channel values(wanted.capacity);
      group receivers;
      group senders;
      for (int i = 0; i < wanted.receivers; ++i) {
        receivers.start([&] { receive_all(values, count, sum); });
      }
      for (int i = 0; i < wanted.senders; ++i) {
        senders.start([&values, mine = asked.ops / wanted.senders] {
          for (std::int64_t value = 0; value < mine; ++value) {
            values.send(value);
          }
        });
      }
      senders.wait();
      values.close();
      receivers.wait();
    });
    return {took, count, sum};
  }

  static outcome channel_1024(const request& asked) {
    return through_channel(asked, {1'024, 1, 1});
  }

  static outcome channel_128_4x4(const request& asked) {
    return through_channel(asked, {128, 4, 4});
  }

  static outcome fan_in(const request& asked) {
    return through_channel(asked, {0, 8, 1});
  }

  static outcome mutex_4(const request& asked) {
    constexpr int many = 4;
    typename Model::mutex mutex;
    outcome found;  // guarded by mutex
    found.took = timed([&] {
      group all;
      for (int i = 0; i < many; ++i) {
        all.start([&mutex, &found, mine = asked.ops / many] {
          for (std::int64_t turn = 0; turn < mine; ++turn) {
            const std::scoped_lock lock(mutex);
            ++found.count;
          }
          const std::scoped_lock lock(mutex);
          ++found.sum;
        });
      }
      all.wait();
    });
    return found;
  }

 private:
  static void receive_all(int_channel& values,
                          std::atomic<std::int64_t>& count,
                          std::atomic<std::int64_t>& sum) {
    std::int64_t own_count = 0;
    std::int64_t own_sum = 0;
    while (auto value = values.receive()) {
      ++own_count;
      own_sum += *value;
    }
    count += own_count;
    sum += own_sum;
  }
};

}  // namespace workbook::duel
