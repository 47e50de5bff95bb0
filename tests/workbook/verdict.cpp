// What a graded test ended as.

#include "workbook/verdict.hpp"

#include <array>
#include <utility>

#include "workbook/problem.hpp"

namespace workbook {

namespace {

constexpr std::array<std::pair<verdict, std::string_view>, 7> names = {
    {{verdict::pass, "pass"},
     {verdict::fail, "fail"},
     {verdict::timeout, "timeout"},
     {verdict::crash, "crash"},
     {verdict::not_written, "not_written"},
     {verdict::not_run, "not_run"},
     {verdict::infrastructure, "infrastructure"}}};

}  // namespace

std::string_view name_of(verdict status) {
  for (const auto& [each, name] : names) {
    if (each == status) {
      return name;
    }
  }
  return "unknown";
}

verdict verdict_of(std::string_view name) {
  for (const auto& [status, each] : names) {
    if (each == name) {
      return status;
    }
  }
  throw problem("\"{}\" is no status of a test", name);
}

}  // namespace workbook
