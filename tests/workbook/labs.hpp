// The folder labs/: generated, then edited by the reader.
//
// labs/.generated records what the generator wrote last, a fingerprint
// a file. A file that differs from that is the reader's work, whether
// she committed it or not, and is never overwritten.
//
// README: "To add a chapter".

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// What happened, or would happen, to one file of labs/.
struct lab_file {
  enum class state {
    current,  // says what the generator says
    written,  // was missing or of an earlier generation
    edited,   // the reader's; left alone
  };
  std::string file;  // "labs/01_pooling/task_pool.hpp"
  state how = state::current;
};

/// Regenerates the skeletons of these chapters. Faults of one do not
/// keep the others from being written; they are thrown as one problem.
std::vector<lab_file> generate_labs(const workspace& where,
                                    const std::vector<chapter>& of);

/// The files of labs/ that differ from what would be generated.
std::vector<std::string> differing_labs(const workspace& where,
                                        const std::vector<chapter>& of);

/// When a file of the lab was last changed by its reader; empty if all
/// are as they were generated.
std::optional<std::filesystem::file_time_type> last_change(
    const workspace& where, const chapter& of);

/// Puts the skeleton of one chapter back. Files that differ are kept
/// in the folder that is returned; empty if none differed.
std::filesystem::path reset_lab(const workspace& where,
                                const chapter& of);

}  // namespace workbook
