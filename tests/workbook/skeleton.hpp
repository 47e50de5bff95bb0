// What a reader has before she begins, and after each step: cut from
// the single source in solutions/.
//
// README: "To add a chapter".

#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// A chapter's files as they are for one reader: name to text.
using file_set = std::map<std::string, std::string>;

/// The files of `of`, read from the folder `sources`, as one has them
/// who did all steps up to and including `done` ("0": none). Throws
/// problem that lists every fault of every file, and every file that
/// is missing.
file_set skeleton(const chapter& of,
                  const std::filesystem::path& sources,
                  const std::string& done, const workspace& shown_in);

/// Writes each file of `files` into `folder`.
void write_files(const file_set& files,
                 const std::filesystem::path& folder);

}  // namespace workbook
