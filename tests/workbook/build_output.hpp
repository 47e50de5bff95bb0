// Follows the output of ninja or make: which program is there, which
// failed, and with which words.

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "workbook/build.hpp"

namespace workbook {

class build_output {
 public:
  build_output(const workspace& where,
               const std::vector<test_program>& wanted, bool ninja,
               const program_sink& on_built);

  /// Takes in one line as it was printed.
  void take(std::string_view line);

  /// After the build: every program not told yet is told.
  void finish(int status);

 private:
  void tell(const test_program& program, program_built::kind how,
            const std::string& error);
  void take_progress(const std::string& what);
  void begin_failure(const std::string& what);
  std::string& place_for(const std::string& what);
  [[nodiscard]] std::string error_in(const std::string& output,
                                     const test_program& of) const;

  const workspace& where_;
  const program_sink& on_built_;
  bool ninja_;
  std::map<std::string, test_program> waiting_;     // by target
  std::map<std::string, std::string> by_path_;      // path: target
  std::map<std::string, std::string> family_dirs_;  // "lab/variant/"
  std::map<std::string, std::string> failures_;  // target: its output
  std::map<std::string, std::string> shared_;    // family: output of
                                                 // its other targets
  std::string other_;               // output of targets that are ours
  std::string loose_;               // lines that belong to no failure
  std::string* current_ = nullptr;  // where the next lines belong
};

}  // namespace workbook
