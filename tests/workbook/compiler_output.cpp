// Finds the first error in what a compiler printed, and says it short.

#include "workbook/compiler_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <regex>
#include <vector>

#include "workbook/screen.hpp"
#include "workbook/text_file.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_message = 240;
constexpr std::size_t longest_error_line = 2000;

struct place {
  fs::path file;
  std::string line;
};

/// The "file:line" that a line of the compiler's begins with, or that
/// follows "In file included from".
std::optional<place> place_in(const std::string& line) {
  static const std::regex form(R"((?:In file included from |\s+from )?)"
                               R"(([^\s:][^:]*):(\d+)[:,].*)");
  std::smatch found;
  if (!std::regex_match(line, found, form)) {
    return std::nullopt;
  }
  return place{found[1].str(), found[2].str()};
}

bool is_below(const fs::path& file, const fs::path& folder) {
  const fs::path relative = file.lexically_normal().lexically_relative(
      folder.lexically_normal());
  return !relative.empty() && !relative.string().starts_with("..");
}

/// Errors in templates name the reader's line in what stands around
/// them: "required from", "in instantiation of", notes.
std::optional<place> own_place_near(
    const std::vector<std::string>& lines, std::size_t error,
    const fs::path& own) {
  static const std::regex context(
      ".*(required from|In instantiation|in instantiation|"
      "requested here|note:|In file included).*");
  static const std::regex next_error(
      R"(.*: (fatal )?error: .*|\[\d+/\d+\].*)");
  for (std::size_t i = error; i-- > 0;) {
    const auto found = place_in(lines[i]);
    if (found && is_below(found->file, own) &&
        std::regex_match(lines[i], context) &&
        lines[i].find("In file included") == std::string::npos) {
      return found;
    }
  }
  for (std::size_t i = error + 1;
       i < lines.size() && !std::regex_match(lines[i], next_error);
       ++i) {
    const auto found = place_in(lines[i]);
    if (found && is_below(found->file, own) &&
        std::regex_match(lines[i], context)) {
      return found;
    }
  }
  return std::nullopt;
}

/// Without what the compiler says the template parameters are.
std::string without_parameters(const std::string& message) {
  std::string kept;
  int depth = 0;
  for (std::size_t i = 0; i < message.size(); ++i) {
    if (depth == 0 && message.compare(i, 7, " [with ") == 0) {
      depth = 1;
      i += 6;
    } else if (depth > 0) {
      depth += message[i] == '[' ? 1 : message[i] == ']' ? -1 : 0;
    } else {
      kept += message[i];
    }
  }
  return kept;
}

std::string shortened(const std::string& words) {
  std::string message = without_parameters(words);
  static const std::regex noise(
      " \\[-W[^\\]]*\\]|std::__cxx11::|workbook::|\\{anonymous\\}::|"
      "\\(anonymous namespace\\)::");
  message = std::regex_replace(message, noise, "");
  static const std::regex string_type(
      "basic_string<char>|std::basic_string<char, "
      "std::char_traits<char>, std::allocator<char> >");
  message = std::regex_replace(message, string_type, "string");
  return columns(message) > longest_message
             ? fitted(message, longest_message)
             : message;
}

std::string linker_error(const std::vector<std::string>& lines,
                         const workspace& root) {
  static const std::regex form(
      R"((?:.*ld: )?(?:(.*?):)?.*)"
      R"((undefined reference to .*|multiple definition of [^;]*).*)");
  for (const std::string& line : lines) {
    std::smatch found;
    if (std::regex_match(line, found, form)) {
      const fs::path file = found[1].str();
      const std::string where =
          file.is_absolute() ? root.shown(file) + ": " : "";
      return where + shortened(found[2]);
    }
  }
  return {};
}

}  // namespace

std::string without_colours(std::string_view text) {
  static const std::regex code("\033\\[[0-9;]*[A-Za-z]");
  return std::regex_replace(std::string(text), code, "");
}

std::string first_error(std::string_view output, const fs::path& own,
                        const fs::path& root) {
  static const std::regex form(
      R"((.+?):(\d+):(?:\d+:)? (?:fatal )?error: (.*))");
  const workspace seen_from{root, {}};
  std::vector<std::string> lines = lines_of(without_colours(output));
  for (std::string& line : lines) {
    // A command line of the build; std::regex recurses on each byte.
    line.resize(std::min(line.size(), longest_error_line));
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::smatch found;
    if (!std::regex_match(lines[i], found, form)) {
      continue;
    }
    const place error{found[1].str(), found[2].str()};
    const std::string message = shortened(found[3]);
    const auto near = is_below(error.file, own)
                          ? std::nullopt
                          : own_place_near(lines, i, own);
    const place& said = near ? *near : error;
    return fmt::format(
        "{}:{}: {}{}", seen_from.shown(said.file), said.line, message,
        near ? fmt::format(" (seen in {}:{})",
                           error.file.filename().string(), error.line)
             : "");
  }
  return linker_error(lines, seen_from);
}

}  // namespace workbook
