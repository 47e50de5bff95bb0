// Step 6.8: select.

#include <array>
#include <optional>
#include <vector>

#include "grading/grading.hpp"
#include "on_one.hpp"
#include "select.hpp"

namespace workbook::gmp::step_8 {
namespace {

using namespace testing_kit;

GRADED(gmp_select, takes_the_case_that_is_ready, 6.8, 1) {
  contract("Blocks the goroutine until one of the cases is ready");
  contract(
      "Which case was taken, counted from 0, and how it ended: ok; "
      "closed");

  run_on_one([&] {
    channel<int> quiet;
    channel<int> loud(1);
    std::optional<int> left;
    std::optional<int> right;
    (void)loud.send(7);

    const auto first = gmp::select(receive_from(quiet, left),
                                   receive_from(loud, right));
    EXPECT_EQ(first.index, 1u);
    EXPECT_EQ(right, 7);
    EXPECT_EQ(left, std::nullopt);

    handle sender = go([&] { (void)quiet.send(8); });
    const auto second = gmp::select(receive_from(quiet, left),
                                    receive_from(loud, right));
    sender.join();
    EXPECT_EQ(second.index, 0u);
    EXPECT_EQ(second.status, channel_status::ok);
    EXPECT_EQ(left, 8);
  });
}

GRADED(gmp_select, sends_as_well, 6.8, 1) {
  contract("moves from it only if this case is taken with ok");

  run_on_one([&] {
    channel<int> in;
    channel<int> out;
    std::optional<int> got;
    int value = 3;
    std::optional<int> arrived;
    handle receiver = go([&] { arrived = out.receive(); });
    const auto taken =
        gmp::select(receive_from(in, got), send_to(out, value));
    receiver.join();
    EXPECT_EQ(taken.index, 1u);
    EXPECT_EQ(arrived, 3);
  });
}

GRADED(gmp_select, does_not_block_with_otherwise, 6.8, 1) {
  contract("Is taken if no other case is ready: select does not block");

  run_on_one([&] {
    channel<int> quiet;
    std::optional<int> got;
    const auto taken =
        gmp::select(receive_from(quiet, got), otherwise());
    EXPECT_EQ(taken.index, 1u);
    EXPECT_EQ(taken.status, channel_status::would_block);
  });
}

GRADED(gmp_select, a_closed_channel_is_ready, 6.8, 1) {
  contract("a closed channel is ready, to send as well");
  contract("which is empty afterwards if the");

  run_on_one([&] {
    channel<int> quiet;
    channel<int> gone;
    std::optional<int> got;
    int value = 1;
    gone.close();
    auto taken =
        gmp::select(receive_from(quiet, got), receive_from(gone, got));
    EXPECT_EQ(taken.index, 1u);
    EXPECT_EQ(taken.status, channel_status::closed);
    EXPECT_EQ(got, std::nullopt);
    taken = gmp::select(receive_from(quiet, got), send_to(gone, value));
    EXPECT_EQ(taken.status, channel_status::closed);
  });
}

GRADED(gmp_select, leaves_no_loser_queued, 6.8, 2) {
  contract("When select returns, none of its waiters is in a list.");
  contract(
      "A waiter is on the stack of its goroutine, and in a list only");

  run_on_one([&] {
    channel<int> one;
    channel<int> two;
    {
      std::optional<int> got;
      handle sender = go([&] { (void)one.send(1); });
      (void)gmp::select(receive_from(one, got), receive_from(two, got));
      sender.join();
    }
    EXPECT_EQ(two.try_send(2), channel_status::would_block)
        << "nobody waits, and the send found a receiver";
  });
}

GRADED(gmp_select, only_one_wakes_it, 6.8, 1) {
  contract("it is woken by the one that sets `claimed`");
  contract("Whether the caller may wake the goroutine, and so must.");
  contract(
      "Takes out the oldest waiter that may be woken; the caller must");
  one_wake once;
  waiter first{.once = &once};
  waiter second{.once = &once};
  wait_list one;
  wait_list two;
  one.push(first);
  two.push(second);

  EXPECT_EQ(one.pop(), &first);
  EXPECT_EQ(two.pop(), nullptr) << "it would be woken twice";
  EXPECT_FALSE(once.claim(wake::timed_out));

  EXPECT_EQ(once.claimed, wake::handed);
  EXPECT_EQ(once.by, &first);
}

// Three of four are ready; 3,000 draws. Six standard deviations.
GRADED(gmp_select, chooses_uniformly, 6.8, 2) {
  contract("if several are ready, a uniformly random one");
  std::array<int, 4> taken{};

  run_on_one([&] {
    channel<int> quiet;
    channel<int> a(1);
    channel<int> b(1);
    channel<int> c(1);
    for (int i = 0; i < 3000; ++i) {
      (void)a.try_send(1);
      (void)b.try_send(1);
      (void)c.try_send(1);
      std::optional<int> got;
      const auto which =
          gmp::select(receive_from(a, got), receive_from(quiet, got),
                      receive_from(b, got), receive_from(c, got));
      ++taken[which.index];
    }
  });

  EXPECT_EQ(taken[1], 0);
  for (const std::size_t each : {0u, 2u, 3u}) {
    EXPECT_GT(taken[each], 845) << "case " << each << " of 0, 2, 3";
    EXPECT_LT(taken[each], 1155) << "case " << each << " of 0, 2, 3";
  }
}

}  // namespace
}  // namespace workbook::gmp::step_8
