// Three servers under a growing load; then what leaks under which abuse
// in the labs so far, according to our detector.
//
//   make demo LAB=05
//
// The first part also writes build/bench/05_leaks_load.json, in the
// form of a benchmark's output, for the chart of the chapter.

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "channel.hpp"
#include "leak_check.hpp"
#include "task_pool.hpp"
#include "task_scope.hpp"

// Labs that this one rests on, according to chapter.json.
#if __has_include("runner.hpp")
#include "runner.hpp"
#endif
#if __has_include("resource_pool.hpp")
#include "resource_pool.hpp"
#endif
#if __has_include("worker_pool.hpp")
#include "worker_pool.hpp"
#endif

namespace {

using workbook::channel;
using workbook::leak_check;
using workbook::task_scope;
using namespace std::chrono_literals;

// ---- A server under a growing load -------------------------------

// Every request needs one of four slots for a millisecond.
class backend {
 public:
  // False if a stop was requested before a slot was free.
  bool use(std::stop_token stop) {
    if (slots_.send(true, stop) != workbook::channel_status::ok) {
      return false;
    }
    std::this_thread::sleep_for(1ms);
    (void)slots_.receive();
    return true;
  }

 private:
  channel<bool> slots_{4};
};

constexpr auto client_limit = 20ms;  // then a client gives up

// Document 002's program, one call for each client: the channel has
// room for every child, and the parent's loop has no exit. The parent
// is detached, as a goroutine is; its client waits for the one result.
void serve_document(const std::shared_ptr<backend>& what) {
  const auto done = std::make_shared<channel<bool>>(1);
  std::thread([what, done] {  // the parent
    channel<bool> results(1);
    const std::jthread child([&] {
      (void)what->use({});
      (void)results.send(true);
    });
    auto timer = channel<bool>::clock::now() + client_limit;
    for (;;) {
      if (results.receive_until(timer).status ==
          workbook::channel_status::ok) {
        (void)done->try_send(true);
      } else {
        timer = channel<bool>::clock::time_point::max();
        // and the context is cancelled, which no child checks
      }
    }
  })
      .detach();
  (void)done->receive_for(client_limit);
}

// Not in the document: the parent has an exit, the channel has no room,
// and the child's send cannot be cancelled.
void serve_unbuffered(const std::shared_ptr<backend>& what) {
  const auto answers = std::make_shared<channel<int>>();
  std::thread([what, answers] {
    (void)what->use({});
    (void)answers->send(1);
  }).detach();
  (void)answers->receive_for(client_limit);
}

void serve_scope(const std::shared_ptr<backend>& what) {
  channel<int> answers;
  task_scope scope;
  (void)scope.spawn([&](std::stop_token stop) {
    if (what->use(stop)) {
      (void)answers.send(1, stop);
    }
  });
  (void)answers.receive_for(client_limit);
}

struct server {
  const char* name;
  void (*serve)(const std::shared_ptr<backend>& what);
};

constexpr server servers[] = {{"document", serve_document},
                              {"unbuffered", serve_unbuffered},
                              {"scope", serve_scope}};

// Runs so many clients at once, in a process of its own. Returns the
// threads that are left when each client has its answer or has given
// up, main included.
std::size_t threads_after(const server& which, std::size_t clients) {
  int pipe[2] = {};
  if (::pipe(pipe) != 0) {
    return 0;
  }
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child == 0) {
    const leak_check check;
    {
      const auto what = std::make_shared<backend>();
      std::vector<std::jthread> all;
      for (std::size_t i = 0; i < clients; ++i) {
        all.emplace_back([&] { which.serve(what); });
      }
    }
    const std::size_t left = 1 + check.look().size();
    (void)!::write(pipe[1], &left, sizeof left);
    ::_exit(0);
  }
  std::size_t left = 0;
  ::close(pipe[1]);
  (void)!::read(pipe[0], &left, sizeof left);
  ::close(pipe[0]);
  ::waitpid(child, nullptr, 0);
  return left;
}

constexpr int repetitions = 5;

std::size_t median_after(const server& which, std::size_t clients) {
  std::vector<std::size_t> all;
  for (int i = 0; i < repetitions; ++i) {
    all.push_back(threads_after(which, clients));
  }
  std::sort(all.begin(), all.end());
  return all[repetitions / 2];
}

void print_load(const std::string& file) {
  std::string rows;
  std::printf("threads left, median of %d runs\nclients at once",
              repetitions);
  for (const server& each : servers) {
    std::printf(" %12s", each.name);
  }
  for (std::size_t clients = 8; clients <= 512; clients *= 2) {
    std::printf("\n%15zu", clients);
    for (const server& each : servers) {
      const std::size_t left = median_after(each, clients);
      std::printf(" %12zu", left);
      rows += std::string(rows.empty() ? "" : ",\n") +
              R"(  {"name": ")" + each.name + "/" +
              std::to_string(clients) + R"(", "threads": )" +
              std::to_string(left) + "}";
    }
  }
  std::printf("\n");
  const std::filesystem::path folder =
      std::filesystem::path(file).parent_path();
  if (!folder.empty()) {
    std::filesystem::create_directories(folder);
  }
  std::ofstream(file) << "{\"context\": {\"num_cpus\": "
                      << std::thread::hardware_concurrency()
                      << "}, \"benchmarks\": [\n"
                      << rows << "\n]}\n";
}

// ---- What leaks under which abuse --------------------------------

struct abuse {
  const char* lab;
  const char* what;
  void (*run)();
};

void wait_without_end() {
  std::promise<void> never;
  never.get_future().wait();
}

const abuse abuses[] = {
    {"00", "a send that nobody receives",
     [] {
       const auto values = std::make_shared<channel<int>>();
       std::thread([values] { (void)values->send(1); }).detach();
     }},
    {"00", "the same, and the channel is closed",
     [] {
       const auto values = std::make_shared<channel<int>>();
       std::thread([values] { (void)values->send(1); }).detach();
       values->close();
     }},
    {"00", "the same with a token, and a stop",
     [] {
       std::stop_source context;
       const auto values = std::make_shared<channel<int>>();
       std::thread([values, stop = context.get_token()] {
         (void)values->send(1, stop);
       }).detach();
       context.request_stop();
     }},
    {"01", "the pool ends while its tasks run",
     [] {
       workbook::task_pool pool(2);
       (void)pool.submit([] { std::this_thread::sleep_for(20ms); });
       (void)pool.submit([] { std::this_thread::sleep_for(20ms); });
     }},
    {"01", "nobody destroys the pool",
     [] {
       auto* const pool = new workbook::task_pool(2);
       (void)pool->submit([] {});
       (void)pool->submit([] {});
       pool->wait_idle();
     }},
    {"01", "a task never ends",
     [] {
       workbook::task_pool pool(2);
       (void)pool.submit(wait_without_end);
     }},
    {"01", "two pools whose tasks wait for each other",
     [] {
       workbook::task_pool one(1);
       workbook::task_pool two(1);
       std::promise<void> both;
       const auto begun = both.get_future().share();
       const auto cross = [begun](workbook::task_pool& other) {
         begun.wait();
         (void)other.submit([] {});
       };
       (void)one.submit([&] { cross(two); });
       (void)two.submit([&] { cross(one); });
       both.set_value();
       one.wait_idle();
     }},
#if __has_include("runner.hpp")
    {"02", "a task ignores its stop",
     [] {
       workbook::runner limited(10ms);
       limited.add([](auto&&...) { wait_without_end(); });
       (void)limited.run();
     }},
#endif
#if __has_include("resource_pool.hpp")
    {"03", "a lease is kept, and the next caller waits",
     [] {
       workbook::resource_pool<int> pool(
           {.factory = [] { return std::make_unique<int>(1); }});
       const auto kept = pool.acquire();
       (void)pool.acquire();
     }},
#endif
#if __has_include("worker_pool.hpp")
    {"04", "a task never ends",
     [] {
       workbook::worker_pool pool(2);
       (void)pool.run(workbook::worker_pool::task(wait_without_end));
     }},
#endif
    {"05", "a child ignores its stop",
     [] {
       task_scope scope;
       (void)scope.spawn([](std::stop_token) { wait_without_end(); });
     }},
};

// Runs in a process of its own, on a thread of its own: it may hang.
void print_row(const abuse& each) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child != 0) {
    ::waitpid(child, nullptr, 0);
    return;
  }
  const leak_check check({.wait_limit = 300ms});
  std::promise<void> done;
  std::future<void> is_done = done.get_future();
  std::thread([&] {
    each.run();
    done.set_value();
  }).detach();
  const auto left = check.look();
  const bool hangs = is_done.wait_for(0s) != std::future_status::ready;
  std::string where;
  for (const workbook::leak& leak : left) {
    where += (where.empty() ? "" : ", ") + leak.waits_in;
  }
  std::printf("%-4s %-44s %-8s %zu thread%s%s%s\n", each.lab, each.what,
              hangs ? "hangs" : "returns", left.size(),
              left.size() == 1 ? "" : "s", left.empty() ? "" : ": ",
              where.c_str());
  std::fflush(stdout);
  ::_exit(0);
}

}  // namespace

int main(int count, char** arguments) {
  print_load(count > 1 ? arguments[1]
                       : "build/bench/05_leaks_load.json");
  std::printf("\nlab  abuse%40scaller   left behind\n", "");
  for (const abuse& each : abuses) {
    print_row(each);
  }
  return 0;
}
