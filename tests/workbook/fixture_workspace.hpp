// A copy of the fixture's workspace for one test, with labs as a reader
// gets them.

#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "workbook/command.hpp"
#include "workbook/scratch.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

class fixture_workspace {
 public:
  /// The program sees no variable of ours that changes what it does.
  fixture_workspace() {
    for (const char* name : {"CI", "STRICT", "NO_COLOR", "MAKEFLAGS"}) {
      ::unsetenv(name);
    }
    std::filesystem::copy(WORKBOOK_FIXTURE, root(),
                          std::filesystem::copy_options::recursive);
    EXPECT_EQ(run("labs").status, 0);
  }

  [[nodiscard]] std::filesystem::path root() const {
    return folder_.path() / "workspace";
  }
  [[nodiscard]] std::filesystem::path lab(
      const std::string& file) const {
    return root() / "labs" / "09_fixture" / file;
  }
  [[nodiscard]] std::filesystem::path mutant(
      const std::string& name) const {
    return root() / "tests" / "09_fixture" / "mutants" /
           (name + ".patch");
  }

  /// Runs `workbook` with these words.
  [[nodiscard]] command_result run(const std::string& words) const {
    return run_command({"sh", "-c",
                        std::string(WORKBOOK_PROGRAM) + " " + words +
                            " --root " + root().string() + " --build " +
                            (root() / "build" / "explore").string()},
                       root());
  }

  /// Solves a step: the reference's file becomes the reader's.
  void solve(const std::string& file) const {
    std::filesystem::copy_file(
        root() / "solutions" / "09_fixture" / file, lab(file),
        std::filesystem::copy_options::overwrite_existing);
  }

  [[nodiscard]] nlohmann::json result(
      const std::string& variant) const {
    return nlohmann::json::parse(
        read_text(root() / "build" / "results" / "09_fixture" /
                  variant / "result.json"));
  }

 private:
  scratch folder_;
};

}  // namespace workbook
