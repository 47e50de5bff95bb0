// What the preprocessor makes of a submission: its code, and the files
// that it had read.

#pragma once

#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// Where a submission's files are, and what they may read besides.
struct submission_files {
  std::vector<std::filesystem::path> own;      // folders; judged
  std::vector<std::filesystem::path> trusted;  // folders or files
};

/// The code of a submission's files out of one translation unit.
struct preprocessed_code {
  struct place {
    std::filesystem::path file;
    std::size_t line = 0;
  };
  std::string text;           // theirs alone, in order
  std::vector<place> places;  // of each line of text
  /// The first file that was read and may not be, or the first line
  /// that says it is of another file; its message is empty if none.
  place refused_at;
  std::string refused;
};

/// Takes apart what `c++ -E` printed. What a file of the system reads
/// is the system's.
preprocessed_code code_of_submission(std::string_view output,
                                     const submission_files& of);

}  // namespace workbook
