// Correct: an empty line that no caller can send is the end.

#pragma once

#include <pthread.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "channel.hpp"

namespace workbook {

class background_log {
 public:
  explicit background_log(std::function<void(const std::string&)> write)
      : write_(std::move(write)) {
    pthread_create(&writer_, nullptr, run, this);
  }
  background_log(const background_log&) = delete;
  background_log& operator=(const background_log&) = delete;
  ~background_log() {
    (void)lines_.send(std::nullopt);
    pthread_join(writer_, nullptr);
  }

  void note(std::string line) { (void)lines_.send(std::move(line)); }

 private:
  static void* run(void* given) {
    auto& self = *static_cast<background_log*>(given);
    for (auto line = self.lines_.receive(); *line;
         line = self.lines_.receive()) {
      self.write_(**line);
    }
    return nullptr;
  }

  std::function<void(const std::string&)> write_;
  channel<std::optional<std::string>> lines_{16};
  pthread_t writer_ = {};
};

}  // namespace workbook
