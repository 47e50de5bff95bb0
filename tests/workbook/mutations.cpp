// Small edits of a source: what is kept of each.

#include "workbook/mutations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "workbook/mutation_edits.hpp"
#include "workbook/text_file.hpp"

namespace workbook {

namespace {

/// `text` without what only layout needs.
std::string one_line(std::string_view text) {
  std::string joined;
  for (const std::string& line : lines_of(text)) {
    const std::string_view bare = trimmed(line);
    if (!bare.empty() && !bare.starts_with("//")) {
      joined += (joined.empty() ? "" : " ") + std::string(bare);
    }
  }
  return joined;
}

std::size_t line_at(std::string_view text, std::size_t place) {
  return 1 +
         static_cast<std::size_t>(std::count(
             text.begin(),
             text.begin() + static_cast<std::ptrdiff_t>(place), '\n'));
}

}  // namespace

mutation_edits::mutation_edits(std::string_view source,
                               std::string file)
    : in_(source), file_(std::move(file)) {}

void mutation_edits::replace(const char* kind, std::size_t from,
                             std::size_t to, const std::string& with) {
  if (from >= to || to > in_.size()) {
    return;
  }
  mutation made;
  made.begin = in_.at(from).begin;
  made.end = in_.at(to - 1).end();
  editable who;
  if (!in_.may_edit(made.begin, made.end, who)) {
    return;
  }
  const std::string_view text = in_.text();
  const std::size_t first =
      made.begin == 0 ? 0 : text.rfind('\n', made.begin - 1) + 1;
  const std::size_t last =
      std::min(text.find('\n', made.end), text.size());
  made.file = file_;
  made.step = who.step;
  made.function = who.function;
  made.kind = kind;
  made.line = line_at(text, made.begin);
  made.replacement = with;
  made.before = one_line(text.substr(first, last - first));
  made.after = one_line(
      std::string(text.substr(first, made.begin - first)) + with +
      std::string(text.substr(made.end, last - made.end)));
  made_.push_back(std::move(made));
}

std::string mutation_edits::text(std::size_t from,
                                 std::size_t to) const {
  return std::string(in_.text().substr(
      in_.at(from).begin, in_.at(to - 1).end() - in_.at(from).begin));
}

std::vector<mutation> mutation_edits::take() {
  std::stable_sort(made_.begin(), made_.end(),
                   [](const mutation& a, const mutation& b) {
                     return a.begin < b.begin;
                   });
  std::map<std::string, std::size_t> alike;
  for (mutation& each : made_) {
    each.nth = ++alike[each.key()];
  }
  return std::move(made_);
}

std::string mutation::key() const {
  std::string text = fmt::format("{} {} {}: {} -> {}", file, function,
                                 kind, before, after);
  return nth == 1 ? text : fmt::format("{} #{}", text, nth);
}

std::string mutation::applied(std::string_view source) const {
  return std::string(source.substr(0, begin)) + replacement +
         std::string(source.substr(end));
}

std::vector<mutation> mutations_of(std::string_view source,
                                   const std::string& file) {
  mutation_edits edits(source, file);
  for (std::size_t i = 0; i < edits.source().size(); ++i) {
    mutate_token(edits, i);
    mutate_statement(edits, i);
    mutate_call(edits, i);
  }
  return edits.take();
}

}  // namespace workbook
