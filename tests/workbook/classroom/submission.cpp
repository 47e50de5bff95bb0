// Grades one submission, whatever is in it.

#include "workbook/classroom/submission.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "workbook/classroom/bounded_run.hpp"
#include "workbook/classroom/unit_builder.hpp"
#include "workbook/interrupt.hpp"
#include "workbook/problem.hpp"
#include "workbook/run_test.hpp"
#include "workbook/skeleton.hpp"
#include "workbook/submission_lint.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace fs = std::filesystem;
using nlohmann::json;

namespace {

constexpr std::size_t longest_message = 16 * 1024;

/// Where the other programs of ours are: beside this one.
fs::path programs() {
  return fs::read_symlink("/proc/self/exe").parent_path() / "classroom";
}

/// A new folder that others may enter, gone when the object is.
class temporary_area {
 public:
  temporary_area() {
    std::string form =
        (fs::temp_directory_path() / "workbook.XXXXXX").string();
    if (::mkdtemp(form.data()) == nullptr) {
      throw problem("{}: no folder can be made there",
                    fs::temp_directory_path().string());
    }
    area_.root = form;
    ::chmod(form.c_str(), 0755);
  }
  temporary_area(const temporary_area&) = delete;
  temporary_area& operator=(const temporary_area&) = delete;
  ~temporary_area() {
    std::error_code ignored;
    fs::remove_all(area_.root, ignored);
  }

  [[nodiscard]] const grading_area& area() const { return area_; }

 private:
  grading_area area_;
};

void give(const fs::path& folder, unsigned user) {
  fs::create_directories(folder);
  if (::geteuid() == 0 && ::chown(folder.c_str(), user, user) != 0) {
    throw problem("{}: cannot be given to user {}", folder.string(),
                  user);
  }
}

/// Text for people: valid UTF-8 without what a terminal obeys.
std::string harmless(std::string text) {
  text = json::parse(json(text).dump(-1, ' ', false,
                                     json::error_handler_t::replace))
             .get<std::string>();
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are controls, too: C2 80 to C2 9F.
    const auto next = i + 1 < text.size()
                          ? static_cast<unsigned char>(text[i + 1])
                          : 0U;
    if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {
      safe += "\xEF\xBF\xBD";
      ++i;
    } else if ((byte < 0x20 && byte != '\n' && byte != '\t') ||
               byte == 0x7F) {
      safe += "\xEF\xBF\xBD";
    } else {
      safe += text[i];
    }
  }
  if (safe.size() > longest_message) {
    std::size_t end = longest_message;
    while ((static_cast<unsigned char>(safe[end]) & 0xC0U) == 0x80) {
      --end;
    }
    safe.resize(end);
    safe += "\n… (cut)";
  }
  return safe;
}

/// One grading: what is known while it goes on.
class grading {
 public:
  grading(const workspace& where, const submission_request& wanted)
      : where_(where),
        wanted_(wanted),
        sandbox_(programs() / "workbook_confine", wanted.wanted) {
    result_.name = harmless(wanted.submission.filename().string());
    result_.full_isolation = sandbox_.full();
    result_.lacks = sandbox_.lacks();
    result_.base = wanted.base;
    result_.term = wanted.term;
    for (const std::string& lab : wanted.labs) {
      chapters_.push_back(read_chapter(
          where.tests(where.find_lab(lab)) / "chapter.json"));
    }
  }

  submission_record run() {
    build_shared_parts(where_, chapters_);
    give(area_.root / "in", sandbox_.user());
    give(area_.out(), sandbox_.user());
    result_.status = submission_record::state::graded;
    if (!take_in()) {
      return result_;
    }
    for (const chapter& of : chapters_) {
      prepare(of);
      grade_lab(of);
    }
    settle();
    return result_;
  }

  /// The record where the machine or the workbook failed.
  submission_record broken_off(const std::string& why) {
    fail(state::infra_error, harmless(why));
    return result_;
  }

 private:
  using state = submission_record::state;

  void fail(state status, const std::string& why) {
    result_.status = status;
    result_.message = why;
  }

  /// Copies the files that are allowed. False: there is nothing to
  /// grade.
  bool take_in() {
    const fs::path source = fs::absolute(wanted_.submission);
    const fs::path taker = programs() / "workbook_take_in";
    const fs::path in = area_.root / "in";
    confined_run run;
    run.readable = {taker, copy_of(source)};
    run.writable = {in};
    run.folder = in;
    run.cpu_seconds = 20;
    run.file_mebibytes = 4;
    child_request request;
    request.command = sandbox_.launcher(run);
    request.folder = in;
    request.command.insert(
        request.command.end(),
        {taker.string(), run.readable[1].string(), in.string()});
    for (const chapter& of : chapters_) {
      for (const std::string& file : of.all_files()) {
        request.command.push_back("labs/" + of.lab + "/" + file);
      }
    }
    test_limits limits;
    limits.cpu_seconds = 20;
    limits.still_seconds = 20;
    const bounded_result done = run_bounded(request, limits);
    const bool any = read_files(in / "files.json", done);
    keep_taken(in / "labs");
    return any;
  }

  /// What was graded stays beside the record, for whoever asks.
  void keep_taken(const fs::path& labs) const {
    const fs::path kept = wanted_.out / "taken";
    std::error_code failed;
    fs::remove_all(kept, failed);
    for (const chapter& of : chapters_) {
      for (const std::string& file : of.all_files()) {
        const fs::path from = labs / of.lab / file;
        if (fs::is_regular_file(fs::symlink_status(from, failed))) {
          fs::create_directories(kept / "labs" / of.lab);
          fs::copy_file(from, kept / "labs" / of.lab / file);
        }
      }
    }
  }

  /// A submission lies where the sandbox's user may not look: then what
  /// is read is a copy, of regular files and in bounds.
  fs::path copy_of(const fs::path& source) {
    if (::geteuid() != 0) {
      return source;
    }
    const fs::path copy = area_.root / "submission";
    if (!fs::is_directory(source)) {
      fs::copy_file(source, copy);
      ::chmod(copy.c_str(), 0444);
      return copy;
    }
    copy_folder(source, copy);
    return copy;
  }

  static void copy_folder(const fs::path& source,
                          const fs::path& copy) {
    constexpr std::size_t most = 4000;
    constexpr std::uintmax_t largest = 2 * 1024 * 1024;
    std::size_t count = 0;
    fs::create_directories(copy);
    for (const auto& entry : fs::recursive_directory_iterator(
             source, fs::directory_options::skip_permission_denied)) {
      const fs::path to =
          copy / entry.path().lexically_relative(source);
      std::error_code failed;
      if (++count > most) {
        break;
      }
      if (entry.is_symlink()) {
        fs::create_symlink("a-link", to, failed);
      } else if (entry.is_directory()) {
        fs::create_directories(to, failed);
      } else if (entry.is_regular_file() &&
                 entry.file_size(failed) <= largest) {
        fs::copy_file(entry.path(), to, failed);
        ::chmod(to.c_str(), 0444);
      } else if (entry.is_regular_file()) {
        std::ofstream(to) << std::string(largest, ' ');
      } else {
        ::mkfifo(to.c_str(), 0444);
      }
    }
  }

  bool read_files(const fs::path& file, const bounded_result& done) {
    std::error_code missing;
    const bool there = fs::is_regular_file(file, missing);
    const json report =
        there ? json::parse(read_text(file), nullptr, false) : json();
    if (!report.is_object()) {
      if (done.infrastructure || done.status == 126) {
        fail(state::infra_error, "the submission could not be read: " +
                                     harmless(done.output));
      } else {
        fail(state::not_gradable,
             "reading the submission was stopped: " +
                 (done.stopped.empty() ? harmless(done.output)
                                       : done.stopped));
      }
      return false;
    }
    for (const json& each : report.at("files")) {
      result_.files.push_back({harmless(each.at("file")),
                               each.at("taken").get<bool>(),
                               harmless(each.at("why"))});
    }
    const std::string error = report.at("error");
    const bool any = std::any_of(
        result_.files.begin(), result_.files.end(),
        [](const submitted_file& each) { return each.taken; });
    if (!error.empty() || !any) {
      fail(state::not_gradable,
           error.empty() ? "it holds no file that the lab asks for"
                         : harmless(error));
      return false;
    }
    return true;
  }

  /// The lab's folder: what was handed in, else what the reader began
  /// with; and the chapters that it rests on.
  void prepare(const chapter& of) {
    fill(of, area_.lab(of.lab));
    fs::remove_all(area_.root / "base");
    for (const std::string& other : of.rests_on) {
      const chapter base =
          read_chapter(where_.tests(other) / "chapter.json");
      const bool own = wanted_.base == "labs" &&
                       fs::exists(area_.root / "in" / "labs" / other);
      if (own) {
        fill(base, area_.base(other));
      } else {
        fs::create_directories(area_.base(other).parent_path());
        fs::copy(reference_of(other), area_.base(other));
      }
    }
  }

  [[nodiscard]] fs::path reference_of(const std::string& lab) const {
    const fs::path reference = where_.root / "solutions" / lab;
    return fs::exists(reference) ? reference
                                 : where_.root / "labs" / lab;
  }

  void fill(const chapter& of, const fs::path& folder) {
    fs::create_directories(folder);
    const fs::path handed_in = area_.root / "in" / "labs" / of.lab;
    file_set begun;
    if (fs::exists(where_.root / "solutions" / of.lab)) {
      begun =
          skeleton(of, where_.root / "solutions" / of.lab, "0", where_);
    }
    for (const std::string& file : of.all_files()) {
      std::error_code missing;
      if (fs::is_regular_file(handed_in / file, missing)) {
        fs::copy_file(handed_in / file, folder / file,
                      fs::copy_options::overwrite_existing);
      } else if (begun.contains(file)) {
        write_text(folder / file, begun.at(file));
      } else if (fs::exists(where_.root / "labs" / of.lab / file)) {
        fs::copy_file(where_.root / "labs" / of.lab / file,
                      folder / file);
      }
      ::chmod((folder / file).c_str(), 0444);
    }
  }

  [[nodiscard]] bool is_asked(const chapter& of,
                              const std::string& step) const {
    const std::size_t last = of.place_of(wanted_.step);
    return last == of.steps.size() || of.place_of(step) <= last;
  }

  void grade_lab(const chapter& of) {
    const auto start = std::chrono::steady_clock::now();
    record lab;
    lab.lab = of.lab;
    lab.title = of.title;
    lab.page = of.page;
    lab.variant = "labs";
    lab.base = wanted_.base;
    for (graded_test& test : list_tests(where_, of)) {
      lab.tests.push_back({std::move(test), {}});
    }
    const unit_builder builder(where_, of, area_, sandbox_,
                               wanted_.compiler_seconds);
    std::string violation =
        first_violation(where_, of,
                        {area_.lab(of.lab), area_.root / "base",
                         wanted_.base == "labs"},
                        [&](const unit_command& unit) {
                          return builder.preprocess(unit);
                        });
    if (violation.starts_with(area_.root.string() + "/")) {
      violation.erase(0, area_.root.string().size() + 1);
    }
    if (violation.empty()) {
      judge(of, builder, lab.tests);
    }
    for (graded& each : lab.tests) {
      finish(each, violation);
    }
    lab.runtime = "explore";
    lab.finished = time_stamp();
    lab.duration = std::chrono::duration<double>(
                       std::chrono::steady_clock::now() - start)
                       .count();
    result_.labs.push_back(std::move(lab));
  }

  static void finish(graded& each, const std::string& violation) {
    outcome& result = each.result;
    if (!violation.empty()) {
      result.status = verdict::not_run;
      result.message = violation;
    }
    result.message = harmless(result.message);
    result.promise = harmless(result.promise.empty() ? each.test.promise
                                                     : result.promise);
    if (result.step_not_written.size() > 16) {
      result.step_not_written.clear();
    }
  }

  void judge(const chapter& of, const unit_builder& builder,
             std::vector<graded>& tests) {
    std::map<std::string, unit_result> units;
    for (graded& each : tests) {
      if (!is_asked(of, each.test.step)) {
        each.result.message = "is not part of this assignment";
        continue;
      }
      const std::string unit = each.test.unit();
      if (!units.contains(unit)) {
        units[unit] = builder.build(unit);
      }
      judge_one(of, units[unit], each);
    }
    judge_hidden(of, builder);
  }

  void judge_one(const chapter& of, const unit_result& unit,
                 graded& each) {
    if (interrupted()) {
      each.result.status = verdict::infrastructure;
      each.result.message = "was interrupted";
      return;
    }
    if (unit.program.empty()) {
      each.result.status = unit.infrastructure ? verdict::infrastructure
                                               : verdict::not_run;
      each.result.message = "does not compile: " + unit.error;
      return;
    }
    each.result =
        run_test(request_for(of, unit.program, each.test, false));
    if (each.result.status != verdict::pass) {
      return;
    }
    const outcome planted =
        run_test(request_for(of, unit.program, each.test, true));
    if (planted.status == verdict::pass) {
      result_.forged.push_back(each.test.id);
    }
  }

  test_request request_for(const chapter& of, const fs::path& program,
                           const graded_test& test, bool canary) {
    test_request request;
    request.program = program;
    request.name = test.full_name();
    request.folder = area_.out();
    const bool explored = test.kind == "explored";
    request.limits.cpu_seconds =
        explored ? wanted_.explored_seconds : wanted_.native_seconds;
    request.limits.still_seconds = explored ? 8 : 4;
    request.limits.memory_bytes = 2UL << 30U;
    request.environment = {
        {"WORKBOOK_SOURCES", area_.lab(of.lab).string()},
        {"WORKBOOK_SEEDS", std::to_string(first_seed())}};
    confined_run run;
    run.readable = {program, where_.build / "tests" / "explore",
                    where_.tests(of.lab), area_.lab(of.lab)};
    run.hidden = {where_.tests(of.lab) / "mutants",
                  where_.tests(of.lab) / "alternatives"};
    run.folder = "/tmp";
    run.cpu_seconds =
        static_cast<unsigned>(request.limits.cpu_seconds) + 1;
    run.canary = canary;
    request.launcher = sandbox_.launcher(run);
    return request;
  }

  /// 0 without a term: the schedules that `make grade` tries.
  [[nodiscard]] std::uint64_t first_seed() const {
    constexpr std::uint64_t terms = 400;
    constexpr std::uint64_t apart = 1000;
    return wanted_.term.empty()
               ? 0
               : (fingerprint(wanted_.term) % terms + 1) * apart;
  }

  /// Hidden tests: <folder>/01_pooling/*.cpp, compiled as the lab's own
  /// first test file is.
  void judge_hidden(const chapter& of, const unit_builder& builder) {
    std::error_code missing;
    const fs::path folder = wanted_.hidden / of.lab;
    if (wanted_.hidden.empty() || !fs::is_directory(folder, missing)) {
      return;
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".cpp") {
        files.push_back(entry.path());
      }
    }
    std::sort(files.begin(), files.end());
    const std::string& first = of.steps.front().tests.front();
    for (const fs::path& file : files) {
      std::vector<std::string> faults;
      const auto tests =
          scan_tests(read_text(file), file.filename().string(), faults);
      if (!faults.empty()) {
        throw problem("{}: {}", file.string(), faults.front());
      }
      const unit_result unit =
          builder.build(first.substr(0, first.rfind('.')), file);
      for (const graded_test& test : tests) {
        graded each{test, {}};
        each.test.id = of.number() + "." + test.name;
        each.test.file = file.filename().string();
        judge_one(of, unit, each);
        finish(each, "");
        result_.hidden.push_back(std::move(each));
      }
    }
  }

  /// What follows for the whole from what happened to the tests.
  void settle() {
    const auto is_ours = [](const graded& each) {
      return each.result.status == verdict::infrastructure;
    };
    bool ours = std::any_of(result_.hidden.begin(),
                            result_.hidden.end(), is_ours);
    for (record& lab : result_.labs) {
      for (graded& each : lab.tests) {
        ours = ours || is_ours(each);
        void_if_forged(each);
      }
    }
    for (graded& each : result_.hidden) {
      void_if_forged(each);
    }
    if (ours) {
      fail(state::infra_error,
           "some tests could not be run, through no fault of the "
           "submission");
    }
  }

  /// Who forges one result has none.
  void void_if_forged(graded& each) {
    if (!result_.forged.empty() && each.passed()) {
      each.result.status = verdict::crash;
      each.result.message = fmt::format(
          "{} reported a pass although the grader had planted a "
          "failure "
          "in it: no result of this submission can be trusted",
          result_.forged.front());
    }
  }

  const workspace& where_;
  const submission_request& wanted_;
  const sandbox sandbox_;
  const temporary_area holder_;
  const grading_area& area_ = holder_.area();
  std::vector<chapter> chapters_;
  submission_record result_;
};

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) / 1e6;
}

const char* word_for(submission_record::state status) {
  switch (status) {
    case submission_record::state::graded:
      return "graded";
    case submission_record::state::not_gradable:
      return "not_gradable";
    case submission_record::state::infra_error:
      break;
  }
  return "infra_error";
}

template <typename Member>
int sum_of(const submission_record& of, Member member) {
  int sum = 0;
  for (const record& each : of.labs) {
    sum += (each.*member)();
  }
  return sum;
}

}  // namespace

int submission_record::score() const {
  int sum = sum_of(*this, &record::score);
  for (const graded& each : hidden) {
    sum += each.earned();
  }
  return sum;
}

int submission_record::max_score() const {
  int sum = sum_of(*this, &record::max_score);
  for (const graded& each : hidden) {
    sum += each.test.points;
  }
  return sum;
}

int submission_record::bonus() const {
  return sum_of(*this, &record::bonus);
}

submission_record grade_submission(const workspace& where,
                                   const submission_request& wanted) {
  const auto start = std::chrono::steady_clock::now();
  if (!fs::exists(fs::symlink_status(wanted.submission))) {
    throw problem("{}: is not there", wanted.submission.string());
  }
  grading work(where, wanted);
  submission_record result;
  try {
    result = work.run();
  } catch (const std::runtime_error& trouble) {  // a problem is one
    result = work.broken_off(trouble.what());
  }
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  result.cpu_seconds =
      seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
  result.peak_kibibytes = used.ru_maxrss;
  result.finished = time_stamp();
  result.duration = std::chrono::duration<double>(
                        std::chrono::steady_clock::now() - start)
                        .count();
  if (!interrupted()) {
    write_text(wanted.out / "result.json",
               submission_json(where, result));
  }
  return result;
}

std::string submission_json(const workspace& where,
                            const submission_record& of) {
  json files = json::array();
  for (const submitted_file& each : of.files) {
    files.push_back({{"file", each.file},
                     {"taken", each.taken},
                     {"why", each.why}});
  }
  json labs = json::array();
  for (const record& each : of.labs) {
    labs.push_back(to_json(
        each, read_chapter(where.tests(each.lab) / "chapter.json")));
  }
  json hidden = json::array();
  for (const graded& each : of.hidden) {
    hidden.push_back({{"name", each.test.id},
                      {"step", each.test.step},
                      {"points", each.test.points},
                      {"score", each.earned()},
                      {"status", name_of(each.result.status)},
                      {"message", each.result.message},
                      {"duration", each.result.duration},
                      {"file", each.test.file},
                      {"line", each.test.line}});
  }
  const bool has_score = of.status == submission_record::state::graded;
  const json whole = {
      {"schema", 1},
      {"submission", of.name},
      {"status", word_for(of.status)},
      {"message", of.message},
      {"isolation", of.full_isolation ? "full" : "reduced"},
      {"isolation_lacks", of.lacks},
      {"base", of.base},
      {"term", of.term},
      {"score", has_score ? json(of.score()) : json()},
      {"max_score", has_score ? json(of.max_score()) : json()},
      {"bonus", has_score ? json(of.bonus()) : json()},
      {"forged", of.forged},
      {"files", files},
      {"labs", labs},
      {"hidden", hidden},
      {"cpu_seconds", of.cpu_seconds},
      {"peak_kibibytes", of.peak_kibibytes},
      {"duration", of.duration},
      {"finished", of.finished}};
  return whole.dump(2, ' ', false, json::error_handler_t::replace) +
         "\n";
}

}  // namespace workbook
