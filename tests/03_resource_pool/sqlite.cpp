// Step 3.6, on a real resource: the document's 25 queries over two
// pooled connections to a database in a file.

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "connection.hpp"
#include "grading/grading.hpp"

namespace workbook {
namespace {

constexpr int queries = 25;

// A file name that is free, and the file's end.
class temporary_file {
 public:
  temporary_file() { close(mkstemp(name.data())); }
  ~temporary_file() { unlink(name.c_str()); }

  std::string name = "/tmp/workbook_squares_XXXXXX";
};

GRADED(resource_sqlite, two_connections_serve_25_queries, 3.6, 1) {
  contract("at most `capacity` of which are alive at once");
  const temporary_file file;
  write_squares(file.name, queries);
  std::atomic<int> right = 0;
  resource_pool<connection> pool(connections(file.name, 2));

  {
    std::vector<std::jthread> callers;
    for (int n = 1; n <= queries; ++n) {
      callers.emplace_back([&, n] {
        const int expected = n * (n + 1) * (2 * n + 1) / 6;
        right += pool.acquire()->ask(sum_of_squares(n)) == expected;
      });
    }
  }

  EXPECT_EQ(right, queries) << "a query had a wrong answer";
  EXPECT_LE(pool.stats().created, 2U)
      << "25 callers shall share two connections; the document's pool "
         "opens up to 25";
}

GRADED(resource_sqlite, a_dead_connection_is_replaced, 3.6, 1) {
  contract("lends an idle resource that is still good");
  const temporary_file file;
  write_squares(file.name, queries);
  resource_pool<connection> pool(connections(file.name, 1));
  EXPECT_EQ(pool.acquire()->ask(sum_of_squares(3)), 14);

  pool.acquire()->kill();

  EXPECT_EQ(pool.acquire()->ask(sum_of_squares(3)), 14)
      << "a dead connection was lent; ask validate before";
  EXPECT_EQ(pool.stats().created, 2U);
  EXPECT_EQ(pool.stats().alive, 1U);
}

}  // namespace
}  // namespace workbook
