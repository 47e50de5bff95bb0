// What a chapter declares in its chapter.json: files and steps.
//
// Book: appendix "How your work is graded".

#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// One goal of a chapter.
struct step {
  std::string id;  // "1.3"
  std::string title;
  int minutes = 0;                 // an estimate for the reader
  std::string section;             // anchor in the chapter's page
  std::vector<std::string> tests;  // file names in tests/<lab>
  std::string file;    // what the reader writes, if not files[0]
  std::string mutant;  // for "break it" steps
  bool pools = false;  // "test it": its tests judge the reader's tests
  bool bonus = false;  // its points count apart from the 100
};

struct chapter {
  std::string lab;  // "01_pooling"
  std::string title;
  std::string page;                // "ch_pooling"
  std::vector<std::string> files;  // what the reader writes
  std::vector<std::string> rests_on;
  /// The only files in which a reader may write assembly.
  std::vector<std::string> may_use_asm;
  std::vector<step> steps;

  /// The place of step `id` in the order of steps, or steps.size().
  [[nodiscard]] std::size_t place_of(std::string_view id) const;
  /// Whether the step's tests run against a mutant ("break it").
  [[nodiscard]] bool breaks(std::string_view id) const;

  /// Whether the step's tests are the same whatever the variant is:
  /// they judge a schedule or the reader's tests.
  [[nodiscard]] bool judges_no_sources(std::string_view id) const;

  /// "01", which begins the id of every test.
  [[nodiscard]] std::string number() const;

  /// Every file that a reader edits: `files`, then those that only a
  /// step names, each once.
  [[nodiscard]] std::vector<std::string> all_files() const;

  /// "1.1, 1.2, 1.3", for messages.
  [[nodiscard]] std::string step_list() const;
};

/// Reads and checks a chapter.json. Throws problem with the file and
/// the field, and what would be right.
chapter read_chapter(const std::filesystem::path& file);

}  // namespace workbook
