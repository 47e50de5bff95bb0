// Output of a process: its beginning and its end, however long.

#include "workbook/bounded_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "workbook/text_file.hpp"

namespace workbook {

void bounded_text::append(std::string_view text) {
  total_ += text.size();
  const std::size_t room = each_end_ - head_.size();
  head_ += text.substr(0, room);
  text.remove_prefix(std::min(room, text.size()));
  if (text.size() > each_end_) {
    text.remove_prefix(text.size() - each_end_);
  }
  tail_ += text;
  if (tail_.size() > 2 * each_end_) {
    tail_.erase(0, tail_.size() - each_end_);
  }
}

std::string bounded_text::text() const {
  const std::size_t kept = std::min(tail_.size(), each_end_);
  const std::size_t left_out = total_ - head_.size() - kept;
  if (left_out == 0) {
    return head_ + tail_;
  }
  return fmt::format("{}\n… {} bytes left out …\n{}", head_, left_out,
                     tail_.substr(tail_.size() - kept));
}

std::string bounded_text::last_lines(std::size_t lines) const {
  const std::vector<std::string> all = lines_of(text());
  const std::size_t first = all.size() > lines ? all.size() - lines : 0;
  std::string last;
  for (std::size_t i = first; i < all.size(); ++i) {
    last += (last.empty() ? "" : "\n") + all[i];
  }
  return last;
}

}  // namespace workbook
