// The pool of chapter 7, on threads and on goroutines.

#include "elastic_pool.hpp"

#include <cstddef>
#include <functional>
#include <string_view>
#include <utility>

#include "channel.hpp"
#include "contestant.hpp"
#include "goroutines.hpp"
#include "pool_workload.hpp"
#include "wait_group.hpp"

namespace {

namespace gmp = workbook::gmp;
using namespace workbook::duel;

outcome on_threads(const request& asked) {
  static workbook::elastic_pool<workbook::os_threads> pool(
      {.capacity = static_cast<std::size_t>(asked.workers)});
  return submit_all(
      asked, [&](auto task) { (void)pool.submit(std::move(task)); });
}

// As submit_all, with goroutines for the submitters.
template <typename Submit>
outcome submit_all_from_goroutines(const request& asked,
                                   Submit submit) {
  task_count tasks(asked.ops);
  gmp::wait_group all_ran;
  all_ran.add();
  const auto submit_some = [&](int submitter) {
    for (std::int64_t i = submitter; i < asked.ops;
         i += asked.submitters) {
      submit([&tasks, &all_ran, i] {
        if (tasks.note(i)) {
          all_ran.done();
        }
      });
    }
  };
  const auto took = timed([&] {
    gmp::wait_group submitting;
    for (int i = 1; i < asked.submitters; ++i) {
      submitting.add();
      (void)gmp::go([&submit_some, &submitting, i] {
        submit_some(i);
        submitting.done();
      });
    }
    submit_some(0);
    submitting.wait();
    all_ran.wait();
  });
  return tasks.after(took);
}

workbook::elastic_pool<workbook::goroutines>* pool_of_goroutines =
    nullptr;

outcome on_goroutines(const request& asked) {
  return submit_all_from_goroutines(asked, [&](auto task) {
    (void)pool_of_goroutines->submit(std::move(task));
  });
}

void in_a_scheduler(const request& asked,
                    const std::function<void()>& body) {
  gmp::scheduler scheduler({.processors = asked.processors});
  (void)scheduler.run([&] {
    workbook::elastic_pool<workbook::goroutines> pool(
        {.capacity = static_cast<std::size_t>(asked.workers)});
    pool_of_goroutines = &pool;
    body();
  });
}

}  // namespace

int main(int count, char** words) {
  const bool threads =
      count > 1 && std::string_view(words[1]) == "elastic_threads";
  return play(count, words,
              {{"elastic_threads", on_threads},
               {"elastic_goroutines", on_goroutines}},
              threads ? surroundings(nowhere_else)
                      : surroundings(in_a_scheduler));
}
