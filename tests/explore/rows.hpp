// Which steps of a failing schedule a report shows.

#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "places.hpp"
#include "record.hpp"

namespace explore {

/// The steps that show what went wrong, a dozen at most: where each
/// thread waits, what should have woken it, the steps around the last
/// preemption or the last ones of all.
std::set<std::uint32_t> choose_rows(const record& log,
                                    const places& where);

/// Every step but those in the inside of the library.
std::set<std::uint32_t> all_rows(const record& log,
                                 const places& where);

/// The last step that notified the condition variable `object`.
std::optional<std::uint32_t> last_notify(const record& log,
                                         const void* object);

}  // namespace explore
