// Ctrl-C: noticed, so that nothing that was started stays behind.

#pragma once

namespace workbook {

/// From now on SIGINT and SIGTERM only set a mark; a second one ends
/// the program at once.
void catch_interrupts();

/// Whether SIGINT or SIGTERM came since catch_interrupts().
bool interrupted();

/// The exit status of a program that the reader interrupted.
constexpr int interrupted_status = 130;

}  // namespace workbook
