// Step 5.7: what becomes of a child's exception, and which caller must
// not join.

#include <unistd.h>

#include <atomic>
#include <exception>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <thread>

#include "channel.hpp"
#include "child_process.hpp"
#include "grading/grading.hpp"
#include "task_scope.hpp"

namespace workbook::step_7 {
namespace {

// What join throws, as text; "" if it does not throw.
std::string thrown_by_join(task_scope& scope) {
  try {
    scope.join();
  } catch (const std::exception& error) {
    return error.what();
  } catch (int number) {
    return std::to_string(number);
  }
  return "";
}

EXPLORED(leaks_failure, the_first_one_cancels_the_rest, 5.7, 2) {
  contract(
      "first_error_ is the first exception of a child that no join has "
      "rethrown.");
  contract(
      "It is cancelled by cancel(), by the first child that throws");
  contract("It is stored before the scope is cancelled.");
  channel<int> quiet;
  task_scope scope;

  for (int i = 0; i < 2; ++i) {
    (void)scope.spawn([&](std::stop_token stop) {
      (void)quiet.receive(stop);
      throw std::logic_error("the second, or the third");
    });
  }
  (void)scope.spawn(
      [](std::stop_token) { throw std::runtime_error("the first"); });

  EXPECT_EQ(thrown_by_join(scope), "the first");
  EXPECT_EQ(thrown_by_join(scope), "") << "rethrown a second time";
  EXPECT_FALSE(scope.spawn([](std::stop_token) {}));
}

EXPLORED(leaks_failure, join_throws_after_all_have_ended, 5.7, 2) {
  contract("Then rethrows the first exception of a child, once.");
  explore::gate table;
  std::atomic<int> returned = 0;
  std::atomic<int> thrown = 0;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token) { table.wait(); });
  (void)scope.spawn(
      [](std::stop_token) { throw std::runtime_error("no"); });
  const auto join = [&] {
    thrown += thrown_by_join(scope) == "no" ? 1 : 0;
    ++returned;
  };
  std::jthread owner(join);
  std::jthread other(join);
  explore::settle();
  EXPECT_EQ(returned, 0) << "join has thrown while a child still runs";
  table.open();
  owner.join();
  other.join();

  EXPECT_EQ(thrown, 1) << "two calls of join; one of them rethrows";
}

EXPLORED(leaks_failure, a_child_may_throw_anything, 5.7, 1,
         .schedules = 50) {
  contract("Then rethrows the first exception of a child, once.");
  task_scope scope;

  (void)scope.spawn([](std::stop_token) { throw 42; });

  EXPECT_EQ(thrown_by_join(scope), "42")
      << "a child may throw what is not a std::exception";
  EXPECT_TRUE(scope.token().stop_requested())
      << "the first child that throws cancels, whatever it throws";
}

EXPLORED(leaks_failure, an_unclaimed_error_is_reported, 5.7, 1) {
  contract("Passes an exception that no join has rethrown to on_error");
  contract(
      "Called by the destructor with the exception that no join has "
      "rethrown.");
  std::string reported;

  {
    task_scope scope({.on_error = [&](std::exception_ptr error) {
      try {
        std::rethrow_exception(error);
      } catch (const std::exception& what) {
        reported += what.what();
      }
    }});
    (void)scope.spawn(
        [](std::stop_token) { throw std::runtime_error("one"); });
    EXPECT_EQ(thrown_by_join(scope), "one");
  }
  EXPECT_EQ(reported, "") << "join has rethrown it already";
  {
    task_scope scope({.on_error = [&](std::exception_ptr error) {
      reported += error ? "one" : "none";
    }});
    (void)scope.spawn(
        [](std::stop_token) { throw std::runtime_error("no"); });
    explore::settle();
  }

  EXPECT_EQ(reported, "one") << "on_error was not called, or twice";
  channel<int> quiet;
  {
    task_scope scope({.on_error = [&](std::exception_ptr) {
      reported += ", late";
    }});
    (void)scope.spawn([&](std::stop_token stop) {
      (void)quiet.receive(stop);
      throw std::runtime_error("stopped");
    });
  }
  EXPECT_EQ(reported, "one, late")
      << "the destructor stopped a child, which threw then";
}

GRADED(leaks_failure, an_error_is_never_lost, 5.7, 1) {
  contract("without on_error it calls std::terminate.");

  const ended_as end = in_a_process([] {
    std::set_terminate([] { ::_exit(7); });
    task_scope scope;
    (void)scope.spawn(
        [](std::stop_token) { throw std::runtime_error("no"); });
  });

  EXPECT_EQ(end.status, 7)
      << "the scope ended as if its child had not failed";
}

// Whether join refuses because the caller would wait for itself.
bool refuses(task_scope& scope) {
  try {
    scope.join();
  } catch (const std::system_error& error) {
    return error.code() == std::errc::resource_deadlock_would_occur;
  }
  return false;
}

EXPLORED(leaks_inside, a_child_cannot_join_its_scope, 5.7, 1,
         .schedules = 100) {
  contract(
      "\"Inside\" means: on the thread of a child of the scope, or of "
      "a child of a scope that was created inside.");
  contract(
      "Throws std::system_error, resource_deadlock_would_occur, if the "
      "caller is inside: it would wait for its own end.");
  contract(
      "Called inside, it throws std::system_error with "
      "resource_deadlock_would_occur.");
  std::atomic<int> refused = 0;
  task_scope scope;

  (void)scope.spawn([&](std::stop_token) {
    refused += refuses(scope) ? 1 : 0;
    task_scope inner;
    (void)inner.spawn([&](std::stop_token) {
      refused += refuses(scope) ? 1 : 0;
      task_scope innermost;
      (void)innermost.spawn([&](std::stop_token) {
        refused += refuses(scope) && refuses(inner) ? 1 : 0;
      });
      innermost.join();
    });
    inner.join();
  });
  scope.join();

  EXPECT_EQ(refused, 3)
      << "a child, a grandchild and a great-grandchild each wait for "
         "their own end if they join the outermost scope";
}

// The destructor of a capture runs on the child's thread, which join
// would wait for.
EXPLORED(leaks_inside, a_capture_cannot_join_either, 5.7, 1,
         .schedules = 50) {
  contract(
      "\"Inside\" means: on the thread of a child of this scope, or of "
      "a child of a scope that was created inside.");
  struct context {
    task_scope* scope;
    bool refused;
  };
  std::atomic<int> alive = 0;
  task_scope scope;
  context its = {&scope, false};
  const auto join = [](void* given) {
    auto* const in = static_cast<context*>(given);
    in->refused = refuses(*in->scope);
  };

  (void)scope.spawn([held = explore::payload(&alive, join, &its)](
                        std::stop_token) {});
  scope.join();

  EXPECT_TRUE(its.refused)
      << "the destructor of a capture waits for its own child";
}

}  // namespace
}  // namespace workbook::step_7
