// Which scopes the calling thread is inside of.
//
// Book: chapter 5, "Leaks". Given: nothing here is left to write.

#pragma once

#include <system_error>

namespace workbook {

/// One per task_scope. "Inside" means: on the thread of a child of the
/// scope, or of a child of a scope that was created inside. Thread
/// safety: any member from any thread.
class scope_nesting {
 public:
  scope_nesting() = default;
  scope_nesting(const scope_nesting&) = delete;
  scope_nesting& operator=(const scope_nesting&) = delete;

  /// The calling thread is a child of this scope from now on.
  void enter() const { innermost_ = this; }

  bool inside() const {
    for (const scope_nesting* each = innermost_; each != nullptr;
         each = each->creator_) {
      if (each == this) {
        return true;
      }
    }
    return false;
  }

  /// Throws std::system_error, resource_deadlock_would_occur, if the
  /// caller is inside: it would wait for its own end.
  void refuse_inside() const {
    if (inside()) {
      throw std::system_error(
          std::make_error_code(
              std::errc::resource_deadlock_would_occur),
          "task_scope: joined by its own child");
    }
  }

 private:
  // The scope whose child the calling thread is, or null.
  static inline thread_local const scope_nesting* innermost_ = nullptr;

  const scope_nesting* const creator_ = innermost_;
};

}  // namespace workbook
