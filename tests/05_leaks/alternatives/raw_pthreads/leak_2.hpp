// Correct: the search closes the channel on every way out; the producer
// hears it from its send.

#pragma once

#include <pthread.h>

#include <functional>
#include <optional>
#include <utility>

#include "channel.hpp"

namespace workbook {

inline std::optional<int> first_wanted(
    const std::function<std::optional<int>()>& source,
    const std::function<bool(int)>& wanted) {
  struct producer {
    explicit producer(const std::function<std::optional<int>()>& from)
        : source(from) {
      pthread_create(&thread, nullptr, run, this);
    }
    ~producer() {
      values.close();
      pthread_join(thread, nullptr);
    }
    static void* run(void* given) {
      auto& self = *static_cast<producer*>(given);
      bool open = true;
      while (open) {
        std::optional<int> value = self.source();
        open = value && self.values.send(std::move(*value)) ==
                            channel_status::ok;
      }
      self.values.close();
      return nullptr;
    }
    const std::function<std::optional<int>()>& source;
    channel<int> values{1};
    pthread_t thread = {};
  } ahead(source);

  std::optional<int> value = ahead.values.receive();
  while (value && !wanted(*value)) {
    value = ahead.values.receive();
  }
  return value;
}

}  // namespace workbook
