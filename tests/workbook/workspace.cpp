// Where things are: the repository, the build directory, the labs.

#include "workbook/workspace.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "workbook/problem.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

bool is_digit(char each) {
  return std::isdigit(static_cast<unsigned char>(each)) != 0;
}

/// "1" and "01" mean 1; anything but digits means no number.
int number_of(std::string_view text) {
  const bool all_digits =
      !text.empty() && text.size() < 4 &&
      std::all_of(text.begin(), text.end(), is_digit);
  return all_digits ? std::stoi(std::string(text)) : -1;
}

}  // namespace

std::vector<std::string> workspace::labs() const {
  std::vector<std::string> found;
  std::error_code failed;
  const fs::path list = root / "tests" / "CMakeLists.txt";
  const bool listed = fs::exists(list, failed);
  const std::string declared = listed ? read_text(list) : "";
  for (const auto& entry :
       fs::directory_iterator(root / "tests", failed)) {
    const std::string name = entry.path().filename().string();
    const bool is_built =
        !listed || declared.find("workbook_chapter(" + name + ")") !=
                       std::string::npos;
    if (is_built && fs::exists(entry.path() / "chapter.json", failed)) {
      found.push_back(name);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string workspace::find_lab(std::string_view wanted) const {
  const std::vector<std::string> all = labs();
  const int number = number_of(wanted);
  for (const std::string& lab : all) {
    const bool named = lab == wanted;
    if (named || (number >= 0 &&
                  number_of(lab.substr(0, lab.find('_'))) == number)) {
      return lab;
    }
  }
  throw problem("there is no lab \"{}\"; the labs are: {}", wanted,
                all.empty() ? "(none yet)"
                            : fmt::format("{}", fmt::join(all, ", ")));
}

std::string workspace::lab_of_step(std::string_view id) const {
  const std::size_t dot = id.find('.');
  if (dot == std::string_view::npos ||
      number_of(id.substr(0, dot)) < 0 ||
      number_of(id.substr(dot + 1)) < 0) {
    throw problem("\"{}\" is no step; a step is written like 1.3", id);
  }
  return find_lab(id.substr(0, dot));
}

fs::path workspace::tests(const std::string& lab) const {
  return root / "tests" / lab;
}

fs::path workspace::results(const std::string& lab,
                            const std::string& variant) const {
  return root / "build" / "results" / lab / variant;
}

std::string workspace::shown(const fs::path& file) const {
  const fs::path relative = file.lexically_normal().lexically_relative(
      root.lexically_normal());
  const bool inside =
      !relative.empty() && !relative.string().starts_with("..");
  return inside ? relative.string() : file.string();
}

}  // namespace workbook
