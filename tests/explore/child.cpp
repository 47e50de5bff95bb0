#include "child.hpp"

#include <cxxabi.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "schedule.hpp"

namespace explore {

void prepare_threads();  // threads.cpp

namespace {

bool is_child = false;

/// The exception in flight, in words.
std::string in_flight() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) {
    return "std::terminate was called";
  }
  int status = 0;
  char* const demangled =
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string words = fmt::format(
      "an exception that nobody caught ends the program: {}",
      status == 0 ? demangled : type->name());
  std::free(demangled);
  try {
    throw;
  } catch (const std::exception& error) {
    words += fmt::format(" ({})", error.what());
  } catch (...) {
  }
  return words;
}

void on_terminate() {
  unexplored here;
  current_schedule().fail(ending::terminated, in_flight());
}

const char* signal_name(int number) {
  switch (number) {
    case SIGSEGV:
      return "segmentation fault";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "arithmetic error (a division by zero?)";
    case SIGILL:
      return "illegal instruction";
    case SIGABRT:
      return "abort: an assertion failed, or abort() was called";
    default:
      return "a signal";
  }
}

const void* program_counter(const void* context) {
#if defined(__x86_64__)
  const auto* where = static_cast<const ucontext_t*>(context);
  return reinterpret_cast<const void*>(
      where->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  const auto* where = static_cast<const ucontext_t*>(context);
  return reinterpret_cast<const void*>(where->uc_mcontext.pc);
#else
  return nullptr;
#endif
}

void on_signal(int number, siginfo_t*, void* context) {
  unexplored here;
  schedule& running = current_schedule();
  running.log().pc = program_counter(context);
  if (number == SIGXCPU) {  // sent by the watchdog
    running.fail(
        ending::endless,
        "the thread computes without end, and never comes to a "
        "lock, a wait or an atomic operation");
  }
  running.fail(ending::crashed, signal_name(number));
}

}  // namespace

void prepare_child() {
  is_child = true;
  prepare_threads();
  std::set_terminate(on_terminate);
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESETHAND;
  for (const int each :
       {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGXCPU}) {
    sigaction(each, &action, nullptr);
  }
}

void run_scenario(void (*body)()) {
  try {
    body();
  } catch (...) {
    current_schedule().fail(ending::terminated, in_flight());
  }
}

bool in_schedule() {
  return is_child;
}

void note_promise(const char* words) {
  current_schedule().log().promise = words;
}

void note_failure(const char* file, int line, const char* message) {
  unexplored here;
  schedule& running = current_schedule();
  fmt::format_to_n(running.log().where.data(),
                   running.log().where.size() - 1, "{}:{}", file, line);
  running.fail(ending::expectation, message);
}

void note_unwritten(const char* step) {
  unexplored here;
  current_schedule().log().unwritten = step;
  current_schedule().fail(ending::not_written, "");
}

}  // namespace explore
