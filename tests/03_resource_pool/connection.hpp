// A connection to an SQLite database, as thin as it can be: what the
// demo, the benchmark and the native tests pool.
//
// Model: sqlite3_open_v2 with one connection per thread at a time
// (SQLITE_OPEN_NOMUTEX): the pool sees to the "at a time".

#pragma once

#include <sqlite3.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "resource_pool.hpp"

namespace workbook {

/// One open connection. Not for two threads at once.
class connection {
 public:
  /// Opens the database in `file`, which is made if it is not there.
  /// Throws std::runtime_error.
  explicit connection(const std::string& file) {
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                      SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(file.c_str(), &database_, flags, nullptr) !=
        SQLITE_OK) {
      const std::string reason = sqlite3_errmsg(database_);
      sqlite3_close(database_);
      throw std::runtime_error(file + ": " + reason);
    }
    sqlite3_busy_timeout(database_, 5'000);
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() { kill(); }

  /// The first column of the first row that `sql` gives, or 0. Throws
  /// std::runtime_error if the connection is dead or the query wrong.
  long long ask(const std::string& sql) {
    if (database_ == nullptr) {
      throw std::runtime_error("the connection is dead");
    }
    long long answer = 0;
    char* error = nullptr;
    if (sqlite3_exec(database_, sql.c_str(), &first_column, &answer,
                     &error) != SQLITE_OK) {
      const std::string reason = error != nullptr ? error : "failed";
      sqlite3_free(error);
      throw std::runtime_error(reason);
    }
    return answer;
  }

  /// Whether it still answers: a validate for a pool.
  bool answers() {
    try {
      return ask("SELECT 1") == 1;
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  /// Cuts the connection, as a server that restarts would.
  void kill() {
    sqlite3_close(database_);
    database_ = nullptr;
  }

 private:
  static int first_column(void* answer, int columns, char** values,
                          char**) {
    if (columns > 0 && values[0] != nullptr) {
      *static_cast<long long*>(answer) = std::stoll(values[0]);
    }
    return 0;
  }

  sqlite3* database_ = nullptr;  // null once dead
};

/// Options for a pool of at most `capacity` connections to `file`.
inline resource_pool_options<connection> connections(
    const std::string& file, std::size_t capacity) {
  return {
      .capacity = capacity,
      .factory = [file] { return std::make_unique<connection>(file); },
      .validate = [](connection& each) { return each.answers(); }};
}

/// Writes a table of squares 1 … `rows` to `file`; a query for the
/// sum of the first n is work that can be checked.
inline void write_squares(const std::string& file, int rows) {
  connection(file).ask(
      "DROP TABLE IF EXISTS squares;"
      "CREATE TABLE squares (n INTEGER PRIMARY KEY, square INTEGER);"
      "WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL "
      "SELECT n + 1 FROM count WHERE n < " +
      std::to_string(rows) +
      ") INSERT INTO squares SELECT n, n * n FROM count;");
}

/// The query for the sum of the first `n` squares.
inline std::string sum_of_squares(int n) {
  return "SELECT sum(square) FROM squares WHERE n <= " +
         std::to_string(n);
}

}  // namespace workbook
