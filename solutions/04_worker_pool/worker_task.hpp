// What a worker is handed: the callable of chapter 1, under the name
// that chapter 4 uses.
//
// Book: chapter 4, "Worker pool". Given to the reader as it is.

#pragma once

#include "task.hpp"

namespace workbook {

/// A move-only callable that takes nothing and returns nothing.
using worker_task = task;

}  // namespace workbook
