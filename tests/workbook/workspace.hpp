// Where things are: the repository, the build directory, the labs.
//
// Book: appendix "How your work is graded".

#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// The repository and the CMake build directory that belongs to it.
struct workspace {
  std::filesystem::path root;  // holds labs/, solutions/, tests/, book/
  std::filesystem::path build;  // holds CMakeCache.txt

  /// The names of the chapters that are there ("01_pooling"), in
  /// order: the folders of tests/ with a chapter.json that
  /// tests/CMakeLists.txt declares.
  [[nodiscard]] std::vector<std::string> labs() const;

  /// The chapter that `wanted` means: "1", "01" or "01_pooling".
  /// Throws problem, with the list of the right ones.
  [[nodiscard]] std::string find_lab(std::string_view wanted) const;

  /// The chapter of step `id` ("1.3" is of 01_…). Throws problem.
  [[nodiscard]] std::string lab_of_step(std::string_view id) const;

  /// tests/<lab>.
  [[nodiscard]] std::filesystem::path tests(
      const std::string& lab) const;

  /// Where what the grading of `variant` leaves is kept.
  [[nodiscard]] std::filesystem::path results(
      const std::string& lab, const std::string& variant) const;

  /// `file` as the reader would type it, seen from the root.
  [[nodiscard]] std::string shown(
      const std::filesystem::path& file) const;
};

}  // namespace workbook
