// Ctrl-C: noticed, so that nothing that was started stays behind.

#include "workbook/interrupt.hpp"

#include <atomic>
#include <csignal>

namespace workbook {

namespace {

std::atomic<bool> came = false;

extern "C" void note_interrupt(int signal) {
  if (came.exchange(true)) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, note_interrupt);
  std::signal(SIGTERM, note_interrupt);
}

bool interrupted() {
  return came.load();
}

}  // namespace workbook
