// Step 5.3: the stage of a pipeline that is told to stop.

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

  // Asks it to stop, and says whether it does.
  void expect_an_end(const char* where) {
    thread.request_stop();
    explore::settle();
    ASSERT_GE(sent, 0) << "step 5.3: told to stop, it still waits in "
                       << where;
    thread.join();
  }

  std::atomic<int> sent = -1;
  std::jthread thread;
};

EXPLORED(leaks_stage, it_leaves_a_full_channel, 5.3, 2,
         .schedules = 200) {
  contract("until `stop` is requested; then it returns at once");
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
      << "the channel belongs to the caller: who closed it?";
}

EXPLORED(leaks_stage, it_leaves_an_empty_channel, 5.3, 1,
         .schedules = 200) {
  contract("it returns at once, whatever it waits for");
  channel<int> in(1);
  channel<int> out(1);

  stage one(in, out);
  one.expect_an_end("receive");

  EXPECT_EQ(one.sent, 0);
  EXPECT_EQ(in.try_send(1), channel_status::ok)
      << "the channel belongs to the caller: who closed it?";
}

EXPLORED(leaks_stage, it_ends_with_its_channels, 5.3, 1,
         .schedules = 200) {
  contract("until one of the two is closed, or `stop` is requested");
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

  EXPECT_GE(two.sent, 1) << "what was sent before the close is lost";
  EXPECT_EQ(wide.try_receive().status, channel_status::ok);
}

EXPLORED(leaks_stage, nobody_wants_its_squares, 5.3, 1,
         .schedules = 100) {
  contract("until one of the two is closed");
  channel<int> in(3);
  channel<int> out(1);
  for (int number = 1; number <= 3; ++number) {
    (void)in.send(int{number});
  }

  stage one(in, out);
  explore::settle();  // 1 is sent, 4 has no room
  out.close();
  explore::settle();

  ASSERT_EQ(one.sent, 1) << "step 5.3: `out` is closed, and it goes on";
  EXPECT_EQ(in.try_receive().value, 3)
      << "what nobody will get was taken out of `in`";
  stage two(in, out);
  two.expect_an_end("receive");
}

EXPLORED(leaks_stage, it_stops_where_nothing_waits, 5.3, 1,
         .schedules = 20) {
  contract("or `stop` is requested; then it returns at once");
  channel<int> in(3);
  channel<int> out(3);
  for (int number = 1; number <= 3; ++number) {
    (void)in.send(int{number});
  }
  std::stop_source told;
  told.request_stop();

  EXPECT_LE(square_all(told.get_token(), in, out), 1)
      << "a call that need not wait says ok, and not cancelled: a "
         "stage that always finds numbers and room never ends";
  channel<int> none;
  stage one(none, out);
  one.expect_an_end("receive");
}

}  // namespace
}  // namespace workbook::step_3
