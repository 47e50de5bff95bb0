// A folder for one test of the program, gone when the test is over.

#pragma once

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>

namespace workbook {

class scratch {
 public:
  scratch() {
    static std::atomic<int> count = 0;
    path_ = std::filesystem::temp_directory_path() /
            ("workbook_test." + std::to_string(::getpid()) + "." +
             std::to_string(++count));
    std::filesystem::create_directories(path_);
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const {
    return path_;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace workbook
