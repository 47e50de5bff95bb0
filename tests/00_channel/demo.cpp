// The prime sieve of chained channels: one thread counts, and every
// prime adds a thread that passes on what it does not divide.
//
//   make demo LAB=00

#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "channel.hpp"

namespace {

using workbook::channel;
using workbook::channel_status;

constexpr int wanted = 30;  // primes, and so many threads

// Sends 2, 3, 4, … until the channel is closed.
void count(channel<int>& out) {
  for (int number = 2; out.send(int{number}) == channel_status::ok;) {
    ++number;
  }
}

// Passes on what `prime` does not divide, until either side is closed;
// then closes both, so that the end travels through the whole chain.
void sieve(int prime, channel<int>& in, channel<int>& out) {
  while (std::optional<int> number = in.receive()) {
    if (*number % prime != 0 &&
        out.send(std::move(*number)) != channel_status::ok) {
      break;
    }
  }
  in.close();
  out.close();
}

}  // namespace

int main() {
  // The channels outlive the threads, which are joined first.
  std::vector<std::unique_ptr<channel<int>>> links;
  std::vector<std::jthread> threads;
  links.push_back(std::make_unique<channel<int>>());
  threads.emplace_back(count, std::ref(*links.back()));
  for (int found = 0; found < wanted; ++found) {
    channel<int>& in = *links.back();
    const std::optional<int> prime = in.receive();
    std::printf("%d%c", prime.value(), found % 10 == 9 ? '\n' : ' ');
    links.push_back(std::make_unique<channel<int>>());
    threads.emplace_back(sieve, *prime, std::ref(in),
                         std::ref(*links.back()));
  }
  links.back()->close();
  const std::size_t count_of_threads = threads.size();
  threads.clear();
  std::printf("%zu threads, all of them joined\n", count_of_threads);
}
