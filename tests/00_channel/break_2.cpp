// Step 0.8, break it: the reader's schedule against a channel whose
// stop callback notifies without the mutex.

#include <stop_token>
#include <thread>

#include "channel.hpp"
#include "grading/grading.hpp"

namespace workbook {
namespace {

BREAKS(channel_break, the_stop_is_not_noticed, 0.8, 2,
       "break_2.schedule") {
  contract(
      "As receive(), and returns cancelled once `stop` is requested.");
  std::stop_source source;
  channel<int> numbers(1);

  std::jthread receiver = explore::actor(
      "receiver", [&] { (void)numbers.receive(source.get_token()); });
  std::jthread stopper =
      explore::actor("stopper", [&] { source.request_stop(); });
}  // a deadlock here: the receiver sleeps although it was to stop

}  // namespace
}  // namespace workbook
