// Litmus tests: small programs of atomic operations, and which outcomes
// they may have.
//
//   x=1.rlx; a=y.acq || y=1.sc; b=x.sc
//
// A line of threads, divided by ||, each of statements, divided by ;.
//   x=1.rlx      a store            F.sc           a fence
//   a=x.acq      a load             a=x+1.ar       fetch_add
//   a=x~1.ar     an exchange       a=x?0>1.ar/acq a compare_exchange
// (it stores 1 if x is 0; with the order after the / if it is not).
// Objects are x, y and z, all 0 at first; registers are a to h.
// Orders: rlx, acq, rel, ar, sc.
//
// Two independent judges say what the outcomes are: the explorer's
// memory model, run in every interleaving with every choice that it
// offers; and the axioms of the standard, applied to every candidate
// execution. (Model for the second: herd, Alglave et al. 2014.)

#pragma once

#include <set>
#include <string>
#include <vector>

namespace explore::litmus {

enum class kind { load, store, add, exchange, compare, fence };

struct statement {
  kind what = kind::load;
  int object = 0;
  int result = 0;  // the register
  int value = 0;   // stored, or added
  int order = 0;
  int expected = 0;  // by a compare_exchange_strong
  int failure = 0;   // its order if it fails
};

using program = std::vector<std::vector<statement>>;

inline constexpr int objects = 3;
inline constexpr int registers = 8;

/// Throws std::invalid_argument, with the statement that is none.
program read_program(const std::string& text);

/// The outcomes: of each name in `shown` its digit at the end (a
/// register, or an object's newest value).
using outcomes = std::set<std::string>;

/// What the memory model shows, in all interleavings. The objects are
/// words of eight bytes, or bytes next to each other.
outcomes run_all(const program& which, const std::string& shown);
outcomes run_all_in_bytes(const program& which,
                          const std::string& shown);

/// What [atomics.order] and [intro.races] of C++20 allow, less load
/// buffering: happens-before with reads-from has no cycle.
outcomes allowed(const program& which, const std::string& shown);

/// The same, where the order S has to agree with happens-before as
/// well: invariant (I4) of the model.
outcomes allowed_with_s(const program& which, const std::string& shown);

/// The outcome as text.
std::string show(const std::string& shown,
                 const std::vector<int>& registers_then_objects);

}  // namespace explore::litmus
