// What the preprocessor makes of a submission: its code, and the files
// that it had read.

#include "workbook/preprocessed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>

#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

bool is_in_folder(const fs::path& file, const fs::path& folder) {
  const auto [end, unused] = std::mismatch(folder.begin(), folder.end(),
                                           file.begin(), file.end());
  return end == folder.end();
}

/// Where a system has its headers.
bool is_of_system(const fs::path& file) {
  constexpr std::array<const char*, 4> folders = {"/usr", "/opt",
                                                  "/nix", "/lib"};
  return std::any_of(
      folders.begin(), folders.end(),
      [&](const char* folder) { return is_in_folder(file, folder); });
}

/// `# 12 "file.hpp" 1 3`.
struct marker {
  std::size_t line = 0;
  std::string file;
  bool enters = false;
  bool leaves = false;
  bool of_system = false;
};

std::optional<marker> marker_in(const std::string& text) {
  static const std::regex form(
      R"re(# (\d+) "((?:[^"\\]|\\.)*)"((?: \d)*))re");
  std::smatch found;
  if (!text.starts_with("# ") || !std::regex_match(text, found, form)) {
    return std::nullopt;
  }
  static const std::regex escaped(R"(\\(["\\]))");
  marker read;
  read.line = std::stoul(found[1]);
  read.file = std::regex_replace(found[2].str(), escaped, "$1");
  const std::string flags = found[3];
  read.enters = flags.find('1') != std::string::npos;
  read.leaves = flags.find('2') != std::string::npos;
  read.of_system = flags.find('3') != std::string::npos;
  return read;
}

class output_reader {
 public:
  explicit output_reader(const submission_files& of) {
    for (const fs::path& each : of.own) {
      own_.push_back(fs::weakly_canonical(each));
    }
    for (const fs::path& each : of.trusted) {
      trusted_.push_back(fs::weakly_canonical(each));
    }
  }

  preprocessed_code run(std::string_view output) {
    for (const std::string& line : lines_of(output)) {
      if (const auto read = marker_in(line)) {
        move(*read);
      } else if (!files_.empty() &&
                 kind_of(files_.back()) == who::own) {
        made_.text += line + '\n';
        made_.places.push_back({files_.back(), line_++});
      }
    }
    return std::move(made_);
  }

 private:
  enum class who { own, trusted, system, other };

  /// Looking a path up costs; most are seen hundreds of times.
  who kind_of(const std::string& file) {
    const auto known = kinds_.find(file);
    if (known != kinds_.end()) {
      return known->second;
    }
    std::error_code failed;
    const fs::path path = fs::weakly_canonical(file, failed);
    const auto holds = [&](const std::vector<fs::path>& folders) {
      return std::any_of(folders.begin(), folders.end(),
                         [&](const fs::path& each) {
                           return is_in_folder(path, each);
                         });
    };
    const who kind = holds(own_)          ? who::own
                     : holds(trusted_)    ? who::trusted
                     : is_of_system(path) ? who::system
                                          : who::other;
    return kinds_[file] = kind;
  }

  void move(const marker& to) {
    const bool from_own =
        !files_.empty() && kind_of(files_.back()) == who::own;
    if (to.enters) {
      const who kind = kind_of(to.file);
      if (from_own && (kind == who::other ||
                       (kind == who::system && !to.of_system))) {
        refuse(fmt::format(
            "a lab includes the labs' own files, not \"{}\"", to.file));
      }
      files_.push_back(to.file);
    } else if (to.leaves) {
      if (!files_.empty()) {
        files_.pop_back();
      }
      if (files_.empty() || files_.back() != to.file) {
        files_.assign({to.file});
      }
    } else if (files_.empty()) {
      main_ = to.file;
      files_.push_back(to.file);
    } else if (files_.back() != to.file) {
      if (!is_preamble(to.file) &&
          (from_own || kind_of(to.file) == who::own)) {
        refuse("a lab does not number its lines");
      }
      files_.back() = to.file;
    }
    line_ = to.line;
  }

  /// Before the first line of the file that is compiled come those of
  /// "<built-in>" and "<command-line>", and a marker back to it.
  [[nodiscard]] bool is_preamble(const std::string& to) const {
    return made_.text.empty() &&
           (to.starts_with('<') ||
            (files_.back().starts_with('<') && to == main_));
  }

  void refuse(const std::string& why) {
    if (made_.refused.empty()) {
      made_.refused = why;
      made_.refused_at = {files_.back(), line_};
    }
  }

  std::vector<fs::path> own_;
  std::vector<fs::path> trusted_;
  std::map<std::string, who> kinds_;
  std::string main_;                // the file that is compiled
  std::vector<std::string> files_;  // the one being read is the last
  std::size_t line_ = 0;
  preprocessed_code made_;
};

}  // namespace

preprocessed_code code_of_submission(std::string_view output,
                                     const submission_files& of) {
  return output_reader(of).run(output);
}

}  // namespace workbook
