// Text files: read whole, written whole or not at all.

#include "workbook/text_file.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>

#include "workbook/problem.hpp"

namespace workbook {

namespace fs = std::filesystem;

std::string read_text(const fs::path& file) {
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) {
    throw problem("{}: is a folder, a file is expected", file.string());
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    throw problem(
        "{}: {}", file.string(),
        fs::exists(file, ignored) ? "cannot be read" : "is not there");
  }
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

namespace {

bool says_already(const fs::path& file, std::string_view text) {
  std::error_code failed;
  if (fs::file_size(file, failed) != text.size() || failed) {
    return false;
  }
  return read_text(file) == text;
}

}  // namespace

void write_text(const fs::path& file, std::string_view text) {
  if (says_already(file, text)) {
    return;
  }
  std::error_code failed;
  if (file.has_parent_path()) {
    fs::create_directories(file.parent_path(), failed);
  }
  fs::path unfinished = file;
  unfinished += ".unfinished" + std::to_string(::getpid());
  {
    std::ofstream out(unfinished, std::ios::binary);
    out << text;
    out.close();
    if (!out) {
      fs::remove(unfinished, failed);
      throw problem("{}: cannot be written", file.string());
    }
  }
  fs::rename(unfinished, file, failed);
  if (failed) {
    const std::string why = failed.message();
    fs::remove(unfinished, failed);
    throw problem("{}: cannot be written: {}", file.string(), why);
  }
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    lines.emplace_back(line);
    if (end == std::string_view::npos) {
      break;
    }
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) {
    return {};
  }
  const std::size_t last = text.find_last_not_of(blanks);
  return text.substr(first, last - first + 1);
}

std::uint64_t fingerprint(std::string_view text) {
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char each : text) {
    hash ^= static_cast<unsigned char>(each);
    hash *= 1'099'511'628'211U;
  }
  return hash;
}

}  // namespace workbook
