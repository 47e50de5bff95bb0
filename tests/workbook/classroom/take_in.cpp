// Copies the files of a submission that the lab allows, and no others.
//
//   workbook_take_in SUBMISSION OUT ALLOWED…
//
// SUBMISSION is a folder, or an archive that libarchive reads. ALLOWED
// are "labs/01_pooling/task_pool.hpp", …; a file of the submission is
// taken if its path ends with the folder and the name of one, or, where
// only one lab is asked for, if it has the name alone. OUT/files.json
// lists what was there, what was taken and why the rest was not.
//
// Invariants:
//   (I1) Only regular files are read: no links, devices or pipes.
//   (I2) Nothing is written but OUT/<one of ALLOWED> and files.json.
//
// It reads what a stranger made, so it runs in the sandbox itself.
// Exit status 1: the submission is not one; files.json says why.

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t most_bytes = 1024 * 1024;  // of one file
constexpr std::size_t most_entries = 2000;
constexpr std::size_t most_unpacked = 64 * 1024 * 1024;
constexpr std::size_t most_listed = 100;

struct not_a_submission : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string last_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

class taker {
 public:
  taker(fs::path out, std::vector<std::string> allowed)
      : out_(std::move(out)), allowed_(std::move(allowed)) {
    std::set<std::string> labs;
    for (const std::string& each : allowed_) {
      labs.insert(each.substr(0, each.rfind('/')));
    }
    one_lab_ = labs.size() == 1;
  }

  /// Which of the allowed files `path` is; none if it is no such file.
  [[nodiscard]] std::optional<std::string> match(
      const std::string& path) const {
    const std::string slashed = "/" + path;
    for (const std::string& each : allowed_) {
      const std::string in_folder =
          each.substr(each.find('/'));  // "/01_pooling/file"
      const bool whole = slashed.ends_with(in_folder);
      const bool alone = one_lab_ && path == last_of(each);
      if (whole || alone) {
        return each;
      }
    }
    return std::nullopt;
  }

  void count() {
    if (++entries_ > most_entries) {
      throw not_a_submission("it has more than 2000 files and folders");
    }
  }

  void refuse(const std::string& path, const std::string& why) {
    if (report_.size() < most_listed) {
      report_.push_back(
          {{"file", path}, {"taken", false}, {"why", why}});
    }
  }

  /// True if the file is to be read; refuses it otherwise.
  bool wants(const std::string& path, const std::string& name) {
    for (const fs::path& part : fs::path(path)) {
      if (part == "..") {
        refuse(path, "its path has a `..`");
        return false;
      }
    }
    if (path.starts_with('/')) {
      refuse(path, "its path begins at the root");
      return false;
    }
    if (taken_.contains(name)) {
      refuse(path, "it was handed in twice; the first one counts");
      return false;
    }
    return true;
  }

  void take(const std::string& path, const std::string& name,
            const std::string& bytes) {
    if (bytes.size() > most_bytes) {
      refuse(path, "it is larger than 1 MiB");
      return;
    }
    if (bytes.find('\0') != std::string::npos) {
      refuse(path, "it is no text: it holds a zero byte");
      return;
    }
    fs::create_directories((out_ / name).parent_path());
    std::ofstream(out_ / name, std::ios::binary) << bytes;
    taken_.insert(name);
    report_.push_back({{"file", path}, {"taken", true}, {"why", ""}});
  }

  void write_report(const std::string& error) const {
    const json whole = {{"error", error}, {"files", report_}};
    std::ofstream(out_ / "files.json")
        << whole.dump(2, ' ', false, json::error_handler_t::replace);
  }

 private:
  const fs::path out_;
  const std::vector<std::string> allowed_;
  bool one_lab_ = false;
  std::size_t entries_ = 0;
  std::set<std::string> taken_;
  json report_ = json::array();
};

// ---- A folder -----------------------------------------------------------

/// Up to one byte more than a file may have.
std::optional<std::string> read_regular(const fs::path& file) {
  const int source = ::open(
      file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat facts {};
  if (source < 0 || ::fstat(source, &facts) != 0 ||
      !S_ISREG(facts.st_mode)) {
    if (source >= 0) {
      ::close(source);
    }
    return std::nullopt;
  }
  std::string bytes(most_bytes + 1, '\0');
  std::size_t size = 0;
  for (ssize_t got = 1; got > 0 && size < bytes.size();) {
    got = ::read(source, bytes.data() + size, bytes.size() - size);
    size += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  ::close(source);
  bytes.resize(size);
  return bytes;
}

void take_folder(const fs::path& folder, taker& into) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(
           folder, fs::directory_options::skip_permission_denied)) {
    into.count();
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    const std::string path = file.lexically_relative(folder).string();
    const auto name = into.match(path);
    const auto status = fs::symlink_status(file);
    if (fs::is_directory(status)) {
      continue;
    }
    if (!fs::is_regular_file(status)) {
      into.refuse(path, fs::is_symlink(status)
                            ? "it is a link, not a file"
                            : "it is no regular file");
    } else if (!name) {
      into.refuse(path, "no lab asks for it");
    } else if (into.wants(path, *name)) {
      if (const auto bytes = read_regular(file)) {
        into.take(path, *name, *bytes);
      } else {
        into.refuse(path, "it cannot be read");
      }
    }
  }
}

// ---- An archive ---------------------------------------------------------

using archive_handle =
    std::unique_ptr<archive, decltype(&::archive_read_free)>;

std::string words_of(archive* from) {
  const char* words = ::archive_error_string(from);
  return words == nullptr ? "no reason given" : words;
}

/// The bytes of the entry, up to one more than a file may have.
std::string read_entry(archive* from, std::size_t& unpacked) {
  std::string bytes;
  std::vector<char> buffer(64 * 1024);
  while (bytes.size() <= most_bytes) {
    const la_ssize_t got =
        ::archive_read_data(from, buffer.data(), buffer.size());
    if (got < 0) {
      throw not_a_submission("the archive is damaged: " +
                             words_of(from));
    }
    if (got == 0) {
      break;
    }
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    unpacked += static_cast<std::size_t>(got);
    if (unpacked > most_unpacked) {
      throw not_a_submission("the archive unpacks to more than 64 MiB");
    }
  }
  return bytes;
}

void take_entry(archive* from, archive_entry* entry, taker& into,
                std::size_t& unpacked) {
  const char* given = ::archive_entry_pathname(entry);
  std::string path =
      given == nullptr ? "(a name that is no text)" : given;
  while (path.starts_with("./")) {
    path.erase(0, 2);
  }
  const auto name = into.match(path);
  const bool link = ::archive_entry_hardlink(entry) != nullptr ||
                    ::archive_entry_symlink(entry) != nullptr;
  if (link) {
    into.refuse(path, "it is a link, not a file");
  } else if (::archive_entry_filetype(entry) == AE_IFDIR) {
    return;
  } else if (::archive_entry_filetype(entry) != AE_IFREG) {
    into.refuse(path, "it is no regular file");
  } else if (!name) {
    into.refuse(path, "no lab asks for it");
  } else if (into.wants(path, *name)) {
    into.take(path, *name, read_entry(from, unpacked));
  }
}

void take_archive(const fs::path& file, taker& into) {
  const archive_handle from(::archive_read_new(), ::archive_read_free);
  ::archive_read_support_format_zip(from.get());
  ::archive_read_support_format_tar(from.get());
  ::archive_read_support_format_gnutar(from.get());
  ::archive_read_support_filter_gzip(from.get());
  ::archive_read_support_filter_xz(from.get());
  ::archive_read_support_filter_zstd(from.get());
  ::archive_read_support_filter_bzip2(from.get());
  if (::archive_read_open_filename(from.get(), file.c_str(), 10240) !=
      ARCHIVE_OK) {
    throw not_a_submission("it is neither a folder nor a zip or tar: " +
                           words_of(from.get()));
  }
  std::size_t unpacked = 0;
  archive_entry* entry = nullptr;
  for (;;) {
    const int result = ::archive_read_next_header(from.get(), &entry);
    if (result == ARCHIVE_EOF) {
      return;
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
      throw not_a_submission("the archive is damaged: " +
                             words_of(from.get()));
    }
    into.count();
    take_entry(from.get(), entry, into, unpacked);
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) {
    std::fprintf(stderr,
                 "usage: workbook_take_in SUBMISSION OUT ALLOWED…\n");
    return 2;
  }
  const fs::path submission = words[1];
  taker into(words[2],
             std::vector<std::string>(words + 3, words + count));
  try {
    if (fs::is_directory(submission)) {
      take_folder(submission, into);
    } else {
      take_archive(submission, into);
    }
    into.write_report("");
    return 0;
  } catch (const not_a_submission& why) {
    into.write_report(why.what());
    return 1;
  } catch (const fs::filesystem_error& why) {
    into.write_report(std::string("it cannot be read: ") +
                      why.code().message());
    return 1;
  }
}
