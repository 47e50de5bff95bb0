// workbook grade-submission: one submission, whatever is in it.

#include <fmt/format.h>

#include <memory>

#include "workbook/classroom/submission.hpp"
#include "workbook/commands.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/session.hpp"

namespace workbook {

namespace {

struct options {
  submission_request request;
  std::string isolation = "best";
};

std::string line_for(const submission_record& of) {
  using state = submission_record::state;
  const std::string limits =
      of.full_isolation ? "" : " (reduced isolation: " + of.lacks + ")";
  if (of.status == state::graded) {
    return fmt::format("{} of {}{}{}", of.score(), of.max_score(),
                       of.forged.empty() ? "" : ", results forged",
                       limits);
  }
  return fmt::format("{}: {}{}",
                     of.status == state::not_gradable
                         ? "not gradable"
                         : "infrastructure",
                     of.message, limits);
}

int run(const workspace& where, options& given) {
  submission_request& request = given.request;
  request.wanted = given.isolation == "full"      ? isolation::full
                   : given.isolation == "reduced" ? isolation::reduced
                                                  : isolation::best;
  if (request.labs.empty()) {
    throw problem("which labs? --labs 00,01");
  }
  const submission_record result = grade_submission(where, request);
  if (interrupted()) {
    return interrupted_status;
  }
  fmt::print("{}: {}\n", result.name, line_for(result));
  const bool ours =
      result.status == submission_record::state::infra_error;
  return ours ? 2 : 0;
}

}  // namespace

void add_submission_command(command_line& to) {
  auto given = std::make_shared<options>();
  CLI::App* command =
      to.add("grade-submission",
             "grade a folder, tar or zip that somebody handed in",
             [&to, given] { return run(to.where, *given); });
  submission_request& request = given->request;
  command->add_option("submission", request.submission)->required();
  command->add_option("out", request.out, "gets result.json")
      ->required();
  command->add_option("--labs", request.labs, "00,01")->delimiter(',');
  command->add_option("--up-to", request.step,
                      "the last step that counts: 1.4");
  command
      ->add_option("--base", request.base,
                   "whose earlier labs it rests on")
      ->check(CLI::IsMember({"labs", "solutions"}));
  command->add_option("--term", request.term,
                      "chooses the schedules: 2027-spring");
  command->add_option("--hidden", request.hidden,
                      "folder with hidden tests: 01_pooling/*.cpp");
  const auto seconds = CLI::Range(1, 3600);
  command
      ->add_option("--compiler-seconds", request.compiler_seconds,
                   "processor time for a test file")
      ->check(seconds);
  command
      ->add_option("--native-seconds", request.native_seconds,
                   "processor time for a native test")
      ->check(seconds);
  command
      ->add_option("--explored-seconds", request.explored_seconds,
                   "processor time for an explored test")
      ->check(seconds);
  command->add_option("--isolation", given->isolation)
      ->check(CLI::IsMember({"best", "full", "reduced"}));
}

}  // namespace workbook
