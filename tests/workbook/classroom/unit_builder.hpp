// Builds the test programs of one submission, each in a sandbox.
//
// The commands are those that Ninja would run in the workspace's own
// build directory, with the submission's folder in place of labs/. What
// does not depend on a submission (the explorer, the precompiled header,
// the programs of "break it") is built there once, before. So no file of
// a reference is needed where a submission is compiled, and none is
// there: an #include of one finds nothing.
//
// Book: "The instructor's guide", section What contains a submission.

#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/classroom/bounded_run.hpp"
#include "workbook/classroom/sandbox.hpp"
#include "workbook/compile_commands.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// The folders of one grading: all below one that is removed after it.
struct grading_area {
  std::filesystem::path root;

  /// What was taken in: labs/01_pooling/…
  [[nodiscard]] std::filesystem::path lab(
      const std::string& lab) const {
    return root / "labs" / lab;
  }
  /// The chapters that the lab rests on.
  [[nodiscard]] std::filesystem::path base(
      const std::string& lab) const {
    return root / "base" / lab;
  }
  /// Where its programs are built.
  [[nodiscard]] std::filesystem::path out() const {
    return root / "out";
  }
};

/// How the building of one program ended.
struct unit_result {
  std::filesystem::path program;  // empty if there is none
  std::string error;              // the first error, in one line
  bool infrastructure =
      false;  // it is the workbook that does not build
};

/// Builds in the workspace what all submissions share. Quick if it is
/// there. Throws problem if it cannot be built.
void build_shared_parts(const workspace& where,
                        const std::vector<chapter>& labs);

class unit_builder {
 public:
  unit_builder(const workspace& where, const chapter& of,
               const grading_area& area, const sandbox& in,
               unsigned compiler_seconds);

  /// Builds one test file's program. With `hidden`, that file is
  /// compiled in place of the unit's own, and the program is another.
  [[nodiscard]] unit_result build(
      const std::string& unit,
      const std::filesystem::path& hidden = {}) const;

  /// What the preprocessor makes of a source, in the same sandbox;
  /// nothing if it fails or exceeds a limit. May be called by several
  /// threads.
  [[nodiscard]] std::optional<std::string> preprocess(
      const unit_command& unit) const;

 private:
  [[nodiscard]] std::string placed(std::string command) const;
  [[nodiscard]] bounded_result run_confined(
      const std::string& command,
      const std::filesystem::path& hidden) const;
  [[nodiscard]] unit_result run(
      const std::string& command,
      const std::filesystem::path& hidden) const;

  const workspace& where_;
  const chapter& of_;
  const grading_area& area_;
  const sandbox& sandbox_;
  const unsigned compiler_seconds_;
  std::map<std::string, std::vector<std::string>> commands_;
};

}  // namespace workbook
