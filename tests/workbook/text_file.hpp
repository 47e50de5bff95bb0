// Text files: read whole, written whole or not at all.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace workbook {

/// The whole file. Throws problem if it cannot be read.
std::string read_text(const std::filesystem::path& file);

/// Writes `text` beside `file` and renames it into place, so that a
/// reader never sees half of it. Creates the folder. Leaves a file
/// that already says the same untouched, so that nothing is rebuilt.
/// Throws problem if it cannot be written.
void write_text(const std::filesystem::path& file,
                std::string_view text);

/// The lines of `text` without their ends. A final newline does not
/// begin another line.
std::vector<std::string> lines_of(std::string_view text);

/// `text` up to its first line's end.
std::string first_line(const std::string& text);

/// `text` without the blanks at both ends.
std::string_view trimmed(std::string_view text);

/// A hash of `text` that does not change from run to run (FNV-1a).
std::uint64_t fingerprint(std::string_view text);

}  // namespace workbook
