// Step 5.3: a stage of a pipeline that is asked to stop.

#include <atomic>
#include <stop_token>
#include <thread>

#include "channel.hpp"
#include "grading/grading.hpp"
#include "leak_3.hpp"

namespace workbook::step_3 {
namespace {

// A stage on a thread of its own.
struct stage {
  stage(channel<int>& in, channel<int>& out)
      : thread([&, this](std::stop_token stop) {
          explore::role("stage");
          sent = square_all(stop, in, out);
        }) {}

  // Asks it to stop, and expects that it does.
  void expect_an_end(const char* where) {
    thread.request_stop();
    explore::settle();
    ASSERT_GE(sent, 0) << "step 5.3: asked to stop, it still waits in "
                       << where;
    thread.join();
  }

  std::atomic<int> sent = -1;
  std::jthread thread;
};

EXPLORED(leaks_stage, it_leaves_a_full_channel, 5.3, 3,
         .schedules = 200, .polls = false) {
  contract(
      "Also returns when `stop` is requested: at once if it is "
      "waiting, and before the next number if not. Returns the number "
      "of squares sent. Never closes the channels");
  channel<int> in(3);
  channel<int> out(1);
  (void)in.send(2);
  (void)in.send(3);

  stage one(in, out);
  explore::settle();  // 4 is sent, 9 has no room
  one.expect_an_end("send");

  EXPECT_EQ(one.sent, 1);
  EXPECT_EQ(out.receive(), 4);
  EXPECT_EQ(out.try_receive().status, channel_status::would_block)
      << "the stage has closed a channel of its caller";
}

EXPLORED(leaks_stage, it_leaves_an_empty_channel, 5.3, 1,
         .schedules = 200, .polls = false) {
  contract("at once if it is waiting, and before the next number");
  contract("Never closes the channels");
  channel<int> in(1);
  channel<int> out(1);

  stage one(in, out);
  one.expect_an_end("receive");

  EXPECT_EQ(one.sent, 0);
  EXPECT_EQ(in.try_send(1), channel_status::ok)
      << "the stage has closed a channel of its caller";
  channel<int> numbers(3);
  channel<int> squares(3);
  for (int number = 1; number <= 3; ++number) {
    (void)numbers.send(int{number});
  }
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_LE(square_all(stopped.get_token(), numbers, squares), 1)
      << "a call that does not have to wait returns ok, not cancelled: "
         "a stage that always finds numbers and room never stops";
}

EXPLORED(leaks_stage, it_ends_with_its_channels, 5.3, 1,
         .schedules = 200) {
  contract(
      "until a receive finds `in` closed and empty … Returns the "
      "number "
      "of squares sent.");
  channel<int> in(4);
  channel<int> out(2);
  for (int number = 1; number <= 3; ++number) {
    (void)in.send(int{number});
  }

  {
    stage one(in, out);  // 1 and 4 are sent, 9 has no room
    one.expect_an_end("send");
  }
  channel<int> wide(4);
  (void)in.send(5);
  in.close();
  stage two(in, wide);
  two.thread.join();

  EXPECT_GE(two.sent, 1) << "a number sent before the close is lost";
  EXPECT_EQ(wide.try_receive().status, channel_status::ok);
  EXPECT_EQ(wide.try_send(1), channel_status::ok)
      << "`in` was closed, and the stage has closed `out`";
}

EXPLORED(leaks_stage, it_ends_when_out_is_closed, 5.3, 1,
         .schedules = 100) {
  contract("or a send finds `out` closed.");
  channel<int> in(3);
  channel<int> out(1);
  for (int number = 1; number <= 3; ++number) {
    (void)in.send(int{number});
  }

  stage one(in, out);
  explore::settle();  // 1 is sent, 4 has no room
  out.close();
  explore::settle();

  ASSERT_EQ(one.sent, 1) << "step 5.3: `out` is closed, and it runs on";
  EXPECT_EQ(in.try_receive().value, 3)
      << "a number was received whose square cannot be sent";
  stage two(in, out);
  two.expect_an_end("receive");
}

}  // namespace
}  // namespace workbook::step_3
