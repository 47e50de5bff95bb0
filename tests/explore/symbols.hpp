// From addresses in the program to lines of its sources.

#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace explore {

/// One level of a call, innermost first where functions were inlined.
struct source_frame {
  std::string function;
  std::string path;
  int line = 0;
};

/// Resolves addresses of this program by addr2line, all at once.
class symbols {
 public:
  /// Asks for the frames of `addresses`; what lies in another module
  /// (a shared library) has none.
  explicit symbols(const std::set<const void*>& addresses);

  /// The frames at the call that returns to `address`.
  const std::vector<source_frame>& at(const void* address) const;

 private:
  std::map<const void*, std::vector<source_frame>> frames_;
};

/// Whether `path` is the reader's or the test's own code, not the
/// library's, the compiler's or ours.
bool is_readers_code(const std::string& path);

/// The text of a line, without surrounding blanks; empty if unknown.
std::string read_line(const std::string& path, int line);

}  // namespace explore
