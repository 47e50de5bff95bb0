// What the explorer's own tests ask it.

#pragma once

#include "explore/search.hpp"

namespace explore {

/// What a search of `body` finds, with the default budget.
inline ending ending_of(scenario body, options wanted = {}) {
  search looking(body, wanted);
  looking.run();
  return looking.log().how;
}

}  // namespace explore
