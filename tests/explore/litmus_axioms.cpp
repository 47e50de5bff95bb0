// The second judge of litmus.hpp: the standard's rules, applied to every
// candidate execution (which store each load reads, and in which order
// the stores of each object are). It shares nothing with the explorer's
// memory model but the names of the orders.

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>

#include "litmus.hpp"
#include "memory_model.hpp"

namespace explore::litmus {
namespace {

constexpr std::size_t most_events = 20;

/// A relation between the events of one execution.
class relation {
 public:
  bool has(std::size_t a, std::size_t b) const { return in_[a][b]; }
  void add(std::size_t a, std::size_t b) { in_[a][b] = true; }

  relation operator|(const relation& other) const {
    relation both = *this;
    for (std::size_t a = 0; a < most_events; ++a) {
      for (std::size_t b = 0; b < most_events; ++b) {
        both.in_[a][b] = in_[a][b] || other.in_[a][b];
      }
    }
    return both;
  }

  /// This one, then `next`.
  relation then(const relation& next) const {
    relation chain;
    for (std::size_t a = 0; a < most_events; ++a) {
      for (std::size_t b = 0; b < most_events; ++b) {
        if (!in_[a][b]) {
          continue;
        }
        for (std::size_t c = 0; c < most_events; ++c) {
          chain.in_[a][c] = chain.in_[a][c] || next.in_[b][c];
        }
      }
    }
    return chain;
  }

  relation closed() const {
    relation all = *this;
    for (std::size_t via = 0; via < most_events; ++via) {
      for (std::size_t a = 0; a < most_events; ++a) {
        for (std::size_t b = 0; all.in_[a][via] && b < most_events;
             ++b) {
          all.in_[a][b] = all.in_[a][b] || all.in_[via][b];
        }
      }
    }
    return all;
  }

  bool is_irreflexive() const {
    for (std::size_t a = 0; a < most_events; ++a) {
      if (in_[a][a]) {
        return false;
      }
    }
    return true;
  }

 private:
  std::array<std::array<bool, most_events>, most_events> in_{};
};

struct event {
  std::size_t thread = 0;  // 0: the initial stores
  statement does;
  bool reads = false;
  bool writes = false;
  int read = 0;     // the value
  int written = 0;  // the value
};

/// One candidate: the events, and for each load and each object a
/// choice that the enumeration has made.
class execution {
 public:
  /// `succeeding`: of which compare_exchanges, a bit for each in order,
  /// the value has to be the expected one.
  execution(const program& which, unsigned succeeding) {
    for (int i = 0; i < objects; ++i) {
      events_.push_back(
          {.does = {.what = kind::store, .object = i}, .writes = true});
    }
    for (std::size_t i = 0; i < which.size(); ++i) {
      for (statement each : which[i]) {
        bool fails = false;
        if (each.what == kind::compare) {
          fails = (succeeding & 1u) == 0;
          succeeding >>= 1u;
          each.order = fails ? each.failure : each.order;
        }
        const bool fence = each.what == kind::fence;
        events_.push_back(
            {.thread = i + 1,
             .does = each,
             .reads = !fence && each.what != kind::store,
             .writes = !fence && !fails && each.what != kind::load});
      }
    }
    for (std::size_t a = 0; a < events_.size(); ++a) {
      for (std::size_t b = a + 1; b < events_.size(); ++b) {
        if (events_[b].thread > 0 &&
            (events_[a].thread == 0 ||
             events_[a].thread == events_[b].thread)) {
          sequenced_.add(a, b);
        }
      }
    }
    from_.resize(events_.size());
    order_.resize(objects);
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].writes) {
        order_[object_of(i)].push_back(i);
      }
    }
  }

  void enumerate(const std::string& shown, bool with_s,
                 outcomes& into) {
    choose_sources(0, [&] {
      choose_orders(0, [&] {
        if (is_consistent(with_s)) {
          into.insert(outcome(shown));
        }
      });
    });
  }

 private:
  std::size_t object_of(std::size_t i) const {
    return static_cast<std::size_t>(events_[i].does.object);
  }
  bool is_fence(std::size_t i) const {
    return events_[i].does.what == kind::fence;
  }
  int order_of(std::size_t i) const { return events_[i].does.order; }
  bool modifies(std::size_t i) const {
    return events_[i].reads && events_[i].writes;
  }

  // ---- Enumeration ------------------------------------------------

  void choose_sources(std::size_t at,
                      const std::function<void()>& then) {
    if (at == events_.size()) {
      if (compute_values()) {
        then();
      }
      return;
    }
    if (!events_[at].reads) {
      choose_sources(at + 1, then);
      return;
    }
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (i != at && events_[i].writes &&
          object_of(i) == object_of(at)) {
        from_[at] = i;
        choose_sources(at + 1, then);
      }
    }
  }

  void choose_orders(std::size_t object,
                     const std::function<void()>& then) {
    if (object == order_.size()) {
      then();
      return;
    }
    auto& order = order_[object];  // the initial store comes first
    std::sort(order.begin() + 1, order.end());
    do {
      choose_orders(object + 1, then);
    } while (std::next_permutation(order.begin() + 1, order.end()));
  }

  /// The values that follow from the sources; false if a load would
  /// read what depends on it (load buffering).
  bool compute_values() {
    relation reads_from;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].reads) {
        reads_from.add(from_[i], i);
      }
    }
    reads_from_ = reads_from;
    if (!(sequenced_ | reads_from_).closed().is_irreflexive()) {
      return false;
    }
    std::vector<bool> known(events_.size(), false);
    for (std::size_t left = events_.size(); left > 0;) {
      for (std::size_t i = 0; i < events_.size(); ++i) {
        event& each = events_[i];
        if (known[i] || (each.reads && !known[from_[i]])) {
          continue;
        }
        each.read = each.reads ? events_[from_[i]].written : 0;
        each.written = each.does.what == kind::add
                           ? each.read + each.does.value
                           : each.does.value;
        known[i] = true;
        --left;
      }
    }
    return std::ranges::all_of(events_, [](const event& each) {
      return each.does.what != kind::compare ||
             (each.read == each.does.expected) == each.writes;
    });
  }

  // ---- [intro.races] ----------------------------------------------

  /// Whether `store` is in the release sequence that `head` heads: the
  /// head, or a read-modify-write that reads from it or from one of it.
  bool continues(std::size_t head, std::size_t store) const {
    while (store != head) {
      if (!modifies(store)) {
        return false;
      }
      store = from_[store];
    }
    return true;
  }

  /// A release operation, or a release fence before `store`, that an
  /// acquire of `store`'s release sequence synchronises with.
  relation synchronizes() const {
    relation made;
    for (std::size_t load = 0; load < events_.size(); ++load) {
      if (!events_[load].reads) {
        continue;
      }
      for (std::size_t head = 0; head < events_.size(); ++head) {
        if (!events_[head].writes || !continues(head, from_[load])) {
          continue;
        }
        for (std::size_t a = 0; a < events_.size(); ++a) {
          const bool publishes =
              releases(order_of(a)) &&
              (a == head || (is_fence(a) && sequenced_.has(a, head)));
          for (std::size_t b = 0; publishes && b < events_.size();
               ++b) {
            const bool learns =
                acquires(order_of(b)) &&
                (b == load || (is_fence(b) && sequenced_.has(load, b)));
            if (learns && events_[a].thread > 0) {
              made.add(a, b);
            }
          }
        }
      }
    }
    return made;
  }

  // ---- Consistency ------------------------------------------------

  bool is_consistent(bool with_s) const {
    relation modification;
    for (const auto& order : order_) {
      for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t j = i + 1; j < order.size(); ++j) {
          modification.add(order[i], order[j]);
        }
      }
    }
    relation before;  // a load reads before the next stores
    for (std::size_t i = 0; i < events_.size(); ++i) {
      for (std::size_t j = 0; events_[i].reads && j < events_.size();
           ++j) {
        if (j != i && modification.has(from_[i], j)) {
          before.add(i, j);
        }
      }
    }
    const relation coherence =
        (reads_from_ | modification | before).closed();
    const relation synchronizes_with = synchronizes();
    const relation happens = (sequenced_ | synchronizes_with).closed();
    return coherence.is_irreflexive() && is_atomic() &&
           happens.then(coherence).is_irreflexive() &&
           has_s(coherence, synchronizes_with, happens, with_s);
  }

  /// A read-modify-write is next to what it read.
  bool is_atomic() const {
    for (const auto& order : order_) {
      for (std::size_t i = 0; i < order.size(); ++i) {
        if (modifies(order[i]) &&
            (i == 0 || order[i - 1] != from_[order[i]])) {
          return false;
        }
      }
    }
    return true;
  }

  /// Whether the seq_cst operations have a total order S as
  /// [atomics.order]/4 wants it.
  bool has_s(const relation& coherence,
             const relation& synchronizes_with, const relation& happens,
             bool with_s) const {
    relation in_s;
    const auto add = [&](std::size_t a, std::size_t b) {
      if (a != b && events_[a].thread > 0 && events_[b].thread > 0 &&
          order_of(a) == seq_cst && order_of(b) == seq_cst) {
        in_s.add(a, b);
      }
    };
    relation strongly;  // strongly happens before
    for (std::size_t a = 0; a < events_.size(); ++a) {
      for (std::size_t b = 0; b < events_.size(); ++b) {
        if (synchronizes_with.has(a, b) && order_of(a) == seq_cst &&
            order_of(b) == seq_cst && !is_fence(a) && !is_fence(b)) {
          strongly.add(a, b);
        }
      }
    }
    strongly = (strongly | sequenced_ |
                sequenced_.then(happens).then(sequenced_))
                   .closed();
    for (std::size_t a = 0; a < events_.size(); ++a) {
      for (std::size_t b = 0; b < events_.size(); ++b) {
        if (strongly.has(a, b)) {
          add(a, b);
        }
        if (coherence.has(a, b)) {
          add_with_fences(a, b, happens, add);
        }
      }
    }
    return with_s ? (in_s | sequenced_ | reads_from_)
                        .closed()
                        .is_irreflexive()
                  : in_s.closed().is_irreflexive();
  }

  /// `a` is coherence-ordered before `b`: so are, in S, they or the
  /// fences around them.
  template <typename Add>
  void add_with_fences(std::size_t a, std::size_t b,
                       const relation& happens, const Add& add) const {
    for (std::size_t x = 0; x < events_.size(); ++x) {
      const bool first = x == a || (is_fence(x) && happens.has(x, a));
      for (std::size_t y = 0; first && y < events_.size(); ++y) {
        if (y == b || (is_fence(y) && happens.has(b, y))) {
          add(x, y);
        }
      }
    }
  }

  std::string outcome(const std::string& shown) const {
    std::vector<int> results(registers + objects);
    for (const event& each : events_) {
      if (each.reads) {
        results[static_cast<std::size_t>(each.does.result)] = each.read;
      }
    }
    for (std::size_t i = 0; i < order_.size(); ++i) {
      results[registers + i] = events_[order_[i].back()].written;
    }
    return show(shown, results);
  }

  std::vector<event> events_;
  relation sequenced_;
  relation reads_from_;
  std::vector<std::size_t> from_;                // by load
  std::vector<std::vector<std::size_t>> order_;  // by object
};

outcomes allowed_by(const program& which, const std::string& shown,
                    bool with_s) {
  std::ptrdiff_t compares = 0;
  for (const auto& thread : which) {
    compares +=
        std::ranges::count(thread, kind::compare, &statement::what);
  }
  outcomes found;
  for (unsigned ends = 0; ends < 1u << compares; ++ends) {
    execution(which, ends).enumerate(shown, with_s, found);
  }
  return found;
}

}  // namespace

outcomes allowed(const program& which, const std::string& shown) {
  return allowed_by(which, shown, false);
}

outcomes allowed_with_s(const program& which,
                        const std::string& shown) {
  return allowed_by(which, shown, true);
}

}  // namespace explore::litmus
