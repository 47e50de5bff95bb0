// Code that does not end well, or not at all: the explorer must report
// how it ended, and outlive it.

#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "ending_of.hpp"
#include "grading/grading.hpp"
#include "grading/todo.hpp"

namespace {

using explore::ending;
using explore::ending_of;

TEST(explorer_finds, endless_spinning) {
  EXPECT_EQ(ending_of([] {
              std::atomic<bool> never = false;
              while (!never) {
              }
            }),
            ending::spinning);
}

TEST(explorer_finds, busy_wait_where_a_thread_should_rest) {
  EXPECT_EQ(ending_of([] {
              std::atomic<bool> done = false;
              std::jthread poller([&] {
                while (!done) {
                  std::this_thread::yield();
                }
              });
              explore::settle();
              done = true;
            }),
            ending::spinning);
}

TEST(explorer_finds, endless_loop_without_a_step) {
  EXPECT_EQ(ending_of([] {
              volatile bool never = false;
              while (!never) {
              }
            }),
            ending::endless);
}

TEST(explorer_finds, uncaught_exception_in_a_thread) {
  EXPECT_EQ(ending_of([] {
              std::jthread([] { throw std::runtime_error("oops"); });
            }),
            ending::terminated);
}

TEST(explorer_finds, exception_that_leaves_the_scenario) {
  EXPECT_EQ(ending_of([] { throw std::runtime_error("oops"); }),
            ending::terminated);
}

TEST(explorer_finds, segmentation_fault) {
  EXPECT_EQ(ending_of([] { *static_cast<volatile int*>(nullptr) = 1; }),
            ending::crashed);
}

TEST(explorer_finds, exit_in_the_code_under_test) {
  EXPECT_EQ(ending_of([] { std::_Exit(0); }), ending::crashed);
}

TEST(explorer_finds, exit_of_a_thread_and_names_it) {
  explore::search looking(
      [] {
        const std::jthread leaver = explore::actor("leaver", [] {
          std::atomic<int> steps = 0;
          ++steps;
          _exit(3);
        });
      },
      {});
  looking.run();
  EXPECT_EQ(looking.log().how, ending::crashed);
  const std::string drawn = explore::draw_text(
      explore::build_story(looking.log(), "the schedule", false));
  EXPECT_NE(drawn.find("exit(3)"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("leaver"), std::string::npos) << drawn;
}

// The record of a schedule lies in memory that its process shares with
// ours, and so can be found; that it passed is not believed.
TEST(explorer_finds, record_that_says_passed_by_another_hand) {
  EXPECT_EQ(ending_of([] {
              std::ifstream maps("/proc/self/maps");
              for (std::string line; std::getline(maps, line);) {
                if (line.find(" rw-s ") != std::string::npos) {
                  const auto at = std::stoull(line, nullptr, 16);
                  reinterpret_cast<explore::record*>(at)->how =
                      ending::passed;
                }
              }
              std::_Exit(0);
            }),
            ending::crashed);
}

TEST(explorer_names, a_pipe_as_what_it_cannot_explore) {
  explore::search looking(
      [] {
        int ends[2];
        ASSERT_EQ(pipe(ends), 0);
        char byte;
        (void)!read(ends[0], &byte, 1);
      },
      {});
  looking.run();
  EXPECT_EQ(looking.log().how, ending::unexplorable);
  EXPECT_NE(std::string(looking.log().text.data()).find("read"),
            std::string::npos);
}

TEST(explorer_finds, posix_semaphore_that_nobody_posts) {
  EXPECT_EQ(ending_of([] {
              sem_t never;
              sem_init(&never, 0, 0);
              sem_wait(&never);
            }),
            ending::deadlock);
}

TEST(explorer_finds, unwritten_step) {
  EXPECT_EQ(ending_of([] {
              std::jthread([] { grading::step_is_not_written("1.1"); });
            }),
            ending::not_written);
}

}  // namespace
