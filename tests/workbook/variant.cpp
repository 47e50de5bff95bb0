// What is judged by a chapter's tests.

#include "workbook/variant.hpp"

#include "workbook/problem.hpp"

namespace workbook {

namespace fs = std::filesystem;

namespace {

const std::string alternative_prefix = "alternatives.";

}  // namespace

variant variant::parse(const std::string& text, const chapter& of,
                       const workspace& where) {
  if (text == "labs") {
    return {kind::lab, {}};
  }
  if (text == "solutions") {
    return {kind::reference, {}};
  }
  if (text.starts_with(alternative_prefix)) {
    const variant found{kind::alternative,
                        text.substr(alternative_prefix.size())};
    if (fs::is_directory(found.sources(where, of))) {
      return found;
    }
  }
  throw problem(
      "there is no variant \"{}\" of {}; the variants are "
      "labs, solutions and alternatives.<name>",
      text, of.lab);
}

std::string variant::text() const {
  switch (what) {
    case kind::lab:
      return "labs";
    case kind::reference:
      return "solutions";
    case kind::alternative:
      return alternative_prefix + name;
    case kind::mutant:
      return "mutants." + name;
    case kind::snapshot:
      return "steps." + name;
  }
  return {};
}

fs::path variant::sources(const workspace& where,
                          const chapter& of) const {
  switch (what) {
    case kind::lab:
    case kind::reference:
      return where.root / text() / of.lab;
    case kind::alternative:
      return where.tests(of.lab) / "alternatives" / name;
    case kind::mutant:
    case kind::snapshot:
      break;
  }
  return matrix_workspace(where).build / of.lab / text() / "sources" /
         of.lab;
}

fs::path variant::fallback(const workspace& where,
                           const chapter& of) const {
  return what == kind::alternative ? where.root / "solutions" / of.lab
                                   : fs::path();
}

fs::path variant::reads(const workspace& where,
                        const chapter& of) const {
  return what == kind::lab || what == kind::snapshot
             ? sources(where, of)
             : where.root / "solutions" / of.lab;
}

workspace variant::tree(const workspace& where) const {
  return in_matrix() ? matrix_workspace(where) : where;
}

test_program variant::program_for(const workspace& where,
                                  const chapter& of,
                                  const graded_test& test) const {
  const bool same_for_all = of.judges_no_sources(test.step);
  const std::string built =
      in_matrix() && same_for_all ? "solutions" : text();
  return {of.lab, built, test.unit(), sources(where, of)};
}

workspace matrix_workspace(const workspace& where) {
  return {where.root, where.root / "build" / "matrix"};
}

}  // namespace workbook
