// The look of the program on a terminal: widths, colours, bars.

#include "workbook/screen.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace workbook {

namespace {

bool begins_character(char each) {
  return (static_cast<unsigned char>(each) & 0xC0U) != 0x80U;
}

std::string between(bool wanted, const char* code,
                    std::string_view text) {
  if (!wanted || text.empty()) {
    return std::string(text);
  }
  return "\033[" + std::string(code) + "m" + std::string(text) +
         "\033[0m";
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

}  // namespace

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), begins_character));
}

std::string fitted(std::string_view text, std::size_t width) {
  const std::size_t own = columns(text);
  if (own <= width) {
    return std::string(text) + std::string(width - own, ' ');
  }
  std::string cut;
  std::size_t taken = 0;
  for (const char each : text) {
    taken += begins_character(each) ? 1 : 0;
    if (taken >= width) {
      break;
    }
    cut += each;
  }
  return cut + "…";
}

std::vector<std::string> wrapped(std::string_view text,
                                 std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && columns(line) + 1 + columns(word) > width) {
      lines.push_back(line);
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  lines.push_back(line);
  return lines;
}

std::string bar(double part, double whole, std::size_t width) {
  const double share =
      whole > 0 ? std::clamp(part / whole, 0.0, 1.0) : 0.0;
  const auto full = static_cast<std::size_t>(
      std::floor(share * static_cast<double>(width) + 1e-9));
  std::string drawn;
  for (std::size_t i = 0; i < width; ++i) {
    drawn += i < full ? "━" : "─";
  }
  return drawn;
}

screen screen::of_standard_output() {
  const char* term = std::getenv("TERM");
  const bool terminal = ::isatty(STDOUT_FILENO) == 1 &&
                        term != nullptr &&
                        std::string_view(term) != "dumb";
  winsize size{};
  const bool known =
      terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return {terminal && !is_set("NO_COLOR"), terminal,
          known ? size.ws_row : std::size_t{0}};
}

std::string screen::green(std::string_view text) const {
  return between(colour, "32", text);
}
std::string screen::red(std::string_view text) const {
  return between(colour, "31", text);
}
std::string screen::bold(std::string_view text) const {
  return between(colour, "1", text);
}
std::string screen::dim(std::string_view text) const {
  return between(colour, "2", text);
}

void screen::show_in_place(std::string_view text) const {
  if (moving) {
    std::printf("\r\033[K%.*s", static_cast<int>(text.size()),
                text.data());
    std::fflush(stdout);
  }
}

}  // namespace workbook
