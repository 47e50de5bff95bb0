// A server under a growing load, once leaking and once mended; then
// what leaks under which abuse in the labs so far, by our detector.
//
//   make demo LAB=05
//
// The first part also writes build/bench/05_leaks_load.json, in the
// form of a benchmark's output, for the chart of the chapter.

#include <sys/wait.h>
#include <unistd.h>

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

// The labs that follow join as soon as chapter.json says that this one
// rests on them.
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

// What every request needs: one of four places, for a millisecond.
class backend {
 public:
  // False if it was told to stop before there was a place.
  bool use(std::stop_token stop) {
    if (places_.send(true, stop) != workbook::channel_status::ok) {
      return false;
    }
    std::this_thread::sleep_for(1ms);
    (void)places_.receive();
    return true;
  }

 private:
  channel<bool> places_{4};
};

constexpr auto clients_patience = 20ms;

// The document's program, for one client: a thread for the answer, and
// a client who may have gone when it comes.
void serve_leaking(const std::shared_ptr<backend>& what) {
  const auto answers = std::make_shared<channel<int>>();
  std::thread([what, answers] {
    (void)what->use({});
    (void)answers->send(1);
  }).detach();
  (void)answers->receive_for(clients_patience);
}

void serve_mended(const std::shared_ptr<backend>& what) {
  channel<int> answers;
  task_scope scope;
  (void)scope.spawn([&](std::stop_token stop) {
    if (what->use(stop)) {
      (void)answers.send(1, stop);
    }
  });
  (void)answers.receive_for(clients_patience);
}

// So many clients at once; returns when all have had their answer, or
// have gone.
template <typename Serve>
void wave(std::size_t clients, Serve serve) {
  const auto what = std::make_shared<backend>();
  std::vector<std::jthread> all;
  for (std::size_t i = 0; i < clients; ++i) {
    all.emplace_back([&] { serve(what); });
  }
}

void print_load(const std::string& file) {
  const leak_check leaking;
  std::string rows;
  std::printf("clients at once   leaking   mended   (threads alive)\n");
  const auto note = [&](const char* server, std::size_t clients,
                        std::size_t threads) {
    rows += std::string(rows.empty() ? "" : ",\n") + R"(  {"name": ")" +
            server + "/" + std::to_string(clients) +
            R"(", "threads": )" + std::to_string(threads) + "}";
  };
  for (std::size_t clients = 8; clients <= 512; clients *= 2) {
    const leak_check mended;
    wave(clients, serve_mended);
    const std::size_t after_mended = 1 + mended.look().size();
    wave(clients, serve_leaking);
    const std::size_t after_leaking = 1 + leaking.look().size();
    note("mended", clients, after_mended);
    note("leaking", clients, after_leaking);
    std::printf("%15zu %9zu %8zu\n", clients, after_leaking,
                after_mended);
  }
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

void wait_for_ever() {
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
       (void)pool.submit(wait_for_ever);
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
    {"02", "a task does not heed its stop",
     [] {
       workbook::runner limited(10ms);
       limited.add([](auto&&...) { wait_for_ever(); });
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
       (void)pool.run(workbook::worker_pool::task(wait_for_ever));
     }},
#endif
    {"05", "a child does not heed its stop",
     [] {
       task_scope scope;
       (void)scope.spawn([](std::stop_token) { wait_for_ever(); });
     }},
};

// In a process of its own, on a thread of its own, since it may hang.
void print_row(const abuse& each) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child != 0) {
    ::waitpid(child, nullptr, 0);
    return;
  }
  const leak_check check({.patience = 300ms});
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
  std::fflush(stdout);
  ::_exit(0);  // the leaking server's threads would outlive main
}
