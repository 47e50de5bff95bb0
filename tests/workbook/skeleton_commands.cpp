// workbook skeleton, labs, reset: what is cut from the single source.

#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "workbook/commands.hpp"
#include "workbook/labs.hpp"
#include "workbook/problem.hpp"
#include "workbook/skeleton.hpp"

namespace workbook {

namespace {

namespace fs = std::filesystem;

struct skeleton_options {
  std::string lab;
  std::string step = "0";
  std::string out;
  std::string source;
};

int run_skeleton(const workspace& where,
                 const skeleton_options& options) {
  workspace from = where;
  if (!options.source.empty()) {
    from.root = fs::absolute(options.source);
  }
  const chapter of = chapter_of(from, options.lab);
  const file_set files = skeleton(of, from.root / "solutions" / of.lab,
                                  options.step, from);
  write_files(files, options.out);
  return 0;
}

int run_labs(const workspace& where, const std::string& lab) {
  int status = 0;
  for (const lab_file& each :
       generate_labs(where, chapters(where, lab))) {
    if (each.how == lab_file::state::written) {
      fmt::print("{}: written\n", each.file);
    } else if (each.how == lab_file::state::edited) {
      fmt::print(
          stderr,
          "{0}: has edits of yours and was left alone; `make "
          "reset LAB={1}` writes it anew and keeps a copy\n",
          each.file,
          fs::path(each.file).parent_path().filename().string().substr(
              0, 2));
      status = 1;
    }
  }
  return status;
}

int check_labs(const workspace& where, const std::string& lab) {
  const auto differing = differing_labs(where, chapters(where, lab));
  for (const std::string& file : differing) {
    fmt::print("{}: differs from what the solution generates\n", file);
  }
  return differing.empty() ? 0 : 1;
}

int run_reset(const workspace& where, const std::string& lab) {
  const chapter of = chapter_of(where, lab);
  const fs::path kept = reset_lab(where, of);
  fmt::print("labs/{} is as it was in the beginning", of.lab);
  if (!kept.empty()) {
    fmt::print("; what you had is in {}", where.shown(kept));
  }
  fmt::print("\n");
  return 0;
}

}  // namespace

void add_skeleton_commands(command_line& to) {
  auto options = std::make_shared<skeleton_options>();
  CLI::App* cut = to.add(
      "skeleton", "cut the files that a reader has after a step",
      [&to, options] { return run_skeleton(to.where, *options); });
  cut->add_option("--chapter,--lab", options->lab,
                  "1, 01 or 01_pooling")
      ->required();
  cut->add_option("--step", options->step,
                  "the last step done; 0 for none");
  cut->add_option("--out", options->out, "the folder to write to")
      ->required();
  cut->add_option("--source", options->source,
                  "another workbook's root to read from");

  auto lab = std::make_shared<std::string>();
  auto check = std::make_shared<bool>(false);
  CLI::App* labs = to.add("labs", "regenerate the skeletons in labs/",
                          [&to, lab, check] {
                            return *check ? check_labs(to.where, *lab)
                                          : run_labs(to.where, *lab);
                          });
  labs->add_option("--lab", *lab, "only this one");
  labs->add_flag("--check", *check, "only list what differs");

  auto which = std::make_shared<std::string>();
  CLI::App* reset =
      to.add("reset", "begin a lab anew; keeps a copy of your work",
             [&to, which] { return run_reset(to.where, *which); });
  reset->add_option("--lab", *which, "1, 01 or 01_pooling")->required();
}

}  // namespace workbook
