// Wrong solutions in as few programs as may be: which share one, and
// what happens where they do not compile together.

#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "workbook/chapter.hpp"
#include "workbook/try.hpp"
#include "workbook/try_build.hpp"
#include "workbook/try_sources.hpp"
#include "workbook/workspace.hpp"

namespace workbook {

/// Some solutions, built as the same programs: one a unit.
struct bundle {
  std::string name;
  std::vector<const wrong_solution*> members;
  std::map<std::string, try_program> units;

  /// The program in which `unit` judges `wrong`.
  [[nodiscard]] const try_program& program(
      const std::string& unit, const wrong_solution& wrong) const;
};

class bundle_builder {
 public:
  /// Called with a solution that does not compile, and why. Calls may
  /// come from several threads at once.
  using refusal =
      std::function<void(const wrong_solution&, const std::string&)>;

  /// The references outlive the object.
  bundle_builder(const workspace& where, const chapter& of,
                 const try_request& wanted, std::set<std::string> units,
                 refusal on_refused);

  /// Builds all of `wrongs`. Those that do not compile are in no
  /// bundle. Throws what the build throws.
  std::vector<bundle> build(const std::vector<wrong_solution>& wrongs);

 private:
  void build_one(bundle into);
  bool build_together(bundle& into);
  void build_apart(bundle& into, const std::string& unit);
  bool refuse(bundle& of, const try_program& failed);
  void split(const bundle& of);
  try_program bare_program(const std::string& name,
                           const std::string& unit) const;
  try_program program_of(
      const bundle& from, const std::string& unit,
      const std::vector<const wrong_solution*>& members) const;

  const workspace& where_;
  const chapter& of_;
  const try_request& wanted_;
  const std::map<std::string, std::string> reference_;
  const std::set<std::string> units_;
  const refusal on_refused_;

  // mutex_ guards built_.
  std::mutex mutex_;
  std::vector<bundle> built_;
};

/// Runs `body` for each index, on `cores` threads. Rethrows the first
/// exception.
void for_each_index(std::size_t count, unsigned cores,
                    const std::function<void(std::size_t)>& body);

}  // namespace workbook
